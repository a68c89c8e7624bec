"""The simulator's page as the hands and eyes of its users have it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, expect


def _choice(response: Response) -> bool:
    """The page also looks now and then which troubles are on: that is no choice of anybody."""
    return response.url.endswith("/simulator/faults") and response.request.method == "POST"


class Phone:
    """One phone on the page."""

    def __init__(self, page: Page, number: str) -> None:
        pretty = re.sub(r"^\+223(..)(..)(..)(..)$", r"+223 \1 \2 \3 \4", number)
        self.number = number
        self.box = page.get_by_role("group", name=f"Téléphone {pretty}", exact=True)
        self.dialog = self.box.get_by_role("dialog")
        self.reply = self.dialog.get_by_label("Votre réponse")
        self.unread = self.box.locator(".unread")

    def button(self, name: str) -> Locator:
        return self.box.get_by_role("button", name=name, exact=True)

    def press(self, keys: str) -> None:
        for key in keys:
            self.box.locator(f'.keys button[value="{key}"]').click()

    def dial(self) -> None:
        self.button("Appeler").click()

    def answer(self, keys: str) -> None:
        """On the keypad, then the green key."""
        self.press(keys)
        self.button("Appeler").click()

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.dialog).to_contain_text(words)

    def sees_no_session(self) -> None:
        expect(self.dialog).to_be_hidden()

    def open_messages(self) -> None:
        self.box.get_by_role("button", name=re.compile("^Messages")).click()  # how many are unread stands behind it

    def text(self, words: str) -> None:
        self.box.get_by_placeholder("Votre SMS").fill(words)
        self.box.locator(".compose").get_by_role("button", name="Envoyer").click()

    def message(self, words: str | re.Pattern[str]) -> Locator:
        """The message on the thread that holds these words."""
        return self.box.get_by_role("listitem").filter(has_text=words)

    def has_tick(self, words: str | re.Pattern[str], tick: str) -> None:
        # Twice 429's own wait, a growing pause and two rounds of the schedule may lie before the last tick.
        expect(self.message(words).locator(".tick")).to_have_text(tick, timeout=40_000)


class Simulator:
    """The page, and what it complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)

    @classmethod
    @contextmanager
    def on(cls, browser: Browser, url: str, **screen: Any) -> Iterator[Simulator]:
        here = {"locale": "fr-FR", "timezone_id": "Africa/Bamako", "reduced_motion": "reduce"}
        context = browser.new_context(base_url=url, **here, **screen)
        try:
            yield cls(context.new_page(), url)
        finally:
            context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:")):
            self.complaints.append(f"asked for {request.url}")

    def open(self, *numbers: str) -> list[Phone]:
        """The page as somebody finds it who had these phones on it; none: as it comes."""
        kept = json.dumps({"phones": [{"number": number} for number in numbers]})
        script = f"localStorage.simulator = {json.dumps(kept)}" if numbers else "localStorage.clear()"
        with self.page.add_init_script(script):  # for this one time: a reload keeps what the page has kept
            self.page.goto("/simulator")
        return [Phone(self.page, number) for number in numbers]

    def phone(self, number: str) -> Phone:
        return Phone(self.page, number)

    def fault(self, label: str, times: int = 1) -> None:
        """Choose a trouble under "Pannes", for so many requests."""
        self._open_faults()
        row = self.page.locator(".fault").filter(has=self.page.get_by_label(label, exact=True))
        row.get_by_label("nombre de fois").fill(str(times))
        with self.page.expect_response(_choice):
            row.get_by_label(label, exact=True).check()

    def reports(self, how: str) -> None:
        self._open_faults()
        with self.page.expect_response(_choice):
            self.page.get_by_label("Rapports de remise").select_option(label=how)

    def _open_faults(self) -> None:
        if not self.page.get_by_role("button", name="Tout éteindre").is_visible():
            self.page.get_by_text("Pannes").click()

    def events(self, phone: Phone) -> list[dict[str, Any]]:
        """What came to a phone and what became of it, as the simulator has it."""
        answer = self.page.request.get("/simulator/events", params={"phone": f"{phone.number},0"})
        return answer.json()["phones"][phone.number]["events"]
