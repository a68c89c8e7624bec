"""`python -m docs.pictures`: the picture in README.md, taken of the running service.

Needs the packages of requirements-dev.txt and Chromium, as `make test` has them.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.checkout import copied
from tests.e2e.conftest import launch
from tests.e2e.phones import Simulator

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1280, 820
ASKED, TEXTED = "+22370000101", "+22370000103"


def main() -> None:
    with copied() as service, sync_playwright() as playwright:
        service.start(QUIET_HOURS="00:00-00:00")
        service.wait_until_ready()
        browser = launch(playwright.chromium)
        with Simulator.on(browser, service.url, viewport={"width": WIDTH, "height": HEIGHT}) as simulator:
            take(simulator)
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


if __name__ == "__main__":
    main()
