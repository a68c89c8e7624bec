"""`python -m docs.pictures`: the pictures in README.md, taken of the running service.

Needs the packages of requirements-dev.txt and Chromium, as `make test` has them.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.e2e.checkout import copied
from tests.e2e.conftest import launch
from tests.e2e.desks import COACH, PATIENCE, Desk, Staff, text_from
from tests.e2e.phones import Simulator

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1280, 820
ASKED, TEXTED = "+22370000101", "+22370000103"
SCREENS = {1280: {"width": WIDTH, "height": HEIGHT}, 360: {"width": 360, "height": 740}}
WRITER = "+22370000107"
TEXTS = {
    "fr": "Bonjour {name}, la pesée des enfants est ce jeudi à 8 h au centre. Apportez le carnet.",
    "bm": "I ni ce {name}, denw pesɛ bɛ kɛ alamisa. Na ni karinɛ ye.",  # composed: needs a native reader
}


def main() -> None:
    with copied() as service, sync_playwright() as playwright:
        service.start(QUIET_HOURS="00:00-00:00")
        service.wait_until_ready()
        expect.set_options(timeout=PATIENCE)
        browser = launch(playwright.chromium)
        with Simulator.on(browser, service.url, viewport={"width": WIDTH, "height": HEIGHT}) as simulator:
            take(simulator)
        staff = Staff(browser, service.url)
        [[centre]] = service.rows("SELECT id FROM places WHERE code = '1201'")
        with staff.desk() as desk:
            text_from(service, desk, WRITER, "Bonjour, la pesée des enfants est quel jour ?")
        for width, screen in SCREENS.items():
            with staff.desk(COACH, viewport=screen) as desk:
                take_console(desk, width, centre)
        browser.close()
        service.end()


def take(simulator: Simulator) -> None:
    """One phone at a question by USSD; on the other the same survey as a thread of SMS."""
    asked, texted = simulator.open(ASKED, TEXTED)
    texted.open_messages()
    texted.text("AVIS")
    texted.has_tick("D'accord ?", "✓✓")
    texted.text("1")
    texted.has_tick("1/6", "✓✓")
    asked.dial()
    for words, keys in (("Donner mon avis", "1"), ("D'accord ?", "1"), ("1/6", "1")):
        asked.sees(words)
        asked.answer(keys)
    asked.sees("2/6")
    asked.press("2")
    simulator.page.evaluate("document.activeElement.blur()")
    simulator.page.screenshot(path=FOLDER / "simulator.png", animations="disabled")


def take_console(desk: Desk, width: int, centre: int) -> None:
    """How things stand, a thread with its answer, a broadcast as it is written, and a centre's year."""
    desk.open("/")
    shoot(desk, f"console-home-{width}")
    desk.open(f"/inbox/{WRITER}")
    desk.page.get_by_label("Votre réponse").fill("Jeudi à 8 h. Apportez le carnet de l’enfant.")
    expect(desk.page.locator("#measure")).to_contain_text("1 SMS")
    shoot(desk, f"console-inbox-{width}")
    desk.open("/broadcasts/new")
    desk.page.get_by_label("mère", exact=True).check()
    for code, text in TEXTS.items():
        desk.page.locator(f"textarea[lang={code}]").fill(text)
    preview = desk.page.locator("#preview")
    expect(preview.locator(".bubble")).to_have_count(2)
    expect(preview.locator(".total")).to_be_visible()
    if width == 360:
        preview.scroll_into_view_if_needed()
    shoot(desk, f"console-broadcast-{width}")
    desk.open(f"/places/{centre}")
    expect(desk.page.locator("[data-drawn=yes]")).to_be_visible()
    shoot(desk, f"console-place-{width}")


def shoot(desk: Desk, name: str) -> None:
    desk.page.evaluate("document.activeElement.blur()")
    desk.page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
