"""The phone in the terminal: dials, types and texts through the running service's webhooks, and keeps the story."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import click
import requests
import yaml

from smsapp import oneline, phones
from smsapp.addresses import hook_url, local_url
from smsapp.config import BadSettings, Settings

NETWORK = "99999"
HOP_SECONDS = 10  # after that Africa's Talking gives up
REPLY_SECONDS = 10
HELP = """dial [TEXT]   dial the service code, with TEXT as if it followed the code
1, 2, Awa …   what she types in the session (key TEXT, if TEXT is one of these words)
sms TEXT      text the short code
drop          the line goes dead
quit          hang up and leave"""


class NoService(Exception):
    """The service does not answer as it should; one sentence."""


@dataclass
class Phone:
    """One number's line to the service, as the gateway would carry it."""

    settings: Settings
    number: str
    http: requests.Session = field(default_factory=requests.Session)
    session_id: str = ""
    typed: list[str] = field(default_factory=list)
    _cursor: str = "0"
    _began: float = 0.0
    _last: str = ""

    @property
    def talking(self) -> bool:
        return bool(self.session_id)

    def dial(self, text: str) -> tuple[str, bool]:
        self.session_id, self.typed = f"ATUid_{uuid.uuid4().hex}", text.split("*") if text else []
        self._began = time.monotonic()
        return self._hop()

    def key(self, text: str) -> tuple[str, bool]:
        self.typed.append(text)
        return self._hop()

    def _hop(self) -> tuple[str, bool]:
        """The screen, and whether the session has ended with it."""
        answer = self._post("ussd", {"text": "*".join(self.typed)}, HOP_SECONDS)
        if answer is None or answer.status_code != 200 or answer.text[:4] not in {"CON ", "END "}:
            words = "no answer" if answer is None else f"HTTP {answer.status_code}: {answer.text[:60]!r}"
            self.hang("Failed")
            raise NoService(f"The operator would show an error and end the session ({words}).")
        self._last = answer.text
        end = answer.text.startswith("END ")
        if end:
            self.hang("Success")
        return answer.text[4:], end

    def hang(self, status: str) -> None:
        """The session is over; the service is told, as far as it is ever told."""
        spent = int(1000 * (time.monotonic() - self._began))
        more = {"status": status, "durationInMillis": str(spent), "input": "*".join(self.typed)}
        self._post("ussd-end", more | {"lastAppResponse": self._last, "hopsCount": str(len(self.typed) + 1)}, 5)
        self.session_id = ""

    def text(self, text: str) -> None:
        url = f"{local_url(self.settings)}/simulator/phones/{self.number}/sms"
        answer = self._ask("POST", url, json={"text": text})
        if answer.status_code != 202:
            raise NoService(f"The SMS did not leave (HTTP {answer.status_code}: {answer.text[:100]!r}).")

    def arrived(self) -> list[str]:
        """The SMS that came since the last look."""
        url = f"{local_url(self.settings)}/simulator/events"
        answer = self._ask("GET", url, params={"phone": f"{self.number},{self._cursor}"})
        if answer.status_code != 200:
            raise NoService(
                f"No simulator at {local_url(self.settings)} (HTTP {answer.status_code}): is SIMULATOR=1 set?"
            )
        found = answer.json()["phones"][self.number]
        self._cursor = found["cursor"]
        return [event["text"] for event in found["events"] if event["type"] == "mt"]

    def wait_for_reply(self, seconds: float = REPLY_SECONDS) -> list[str]:
        """What comes within `seconds`; a moment longer once something came, for it may be in two messages."""
        found: list[str] = []
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if fresh := self.arrived():
                found += fresh
                ends = min(ends, time.monotonic() + 0.8)
            time.sleep(0.1)
        return found

    def _post(self, kind: str, more: dict[str, str], seconds: float) -> requests.Response | None:
        form = {"phoneNumber": self.number, "serviceCode": self.settings.service_code, "networkCode": NETWORK}
        form |= {"sessionId": self.session_id} | more
        try:
            return self.http.post(hook_url(self.settings, kind), data=form, timeout=seconds)
        except requests.RequestException:
            return None

    def _ask(self, method: str, url: str, **what: Any) -> requests.Response:
        try:
            return self.http.request(method, url, timeout=5, **what)
        except requests.RequestException as why:
            here = local_url(self.settings)
            raise NoService(f"Nothing answers at {here} ({type(why).__name__}): is `make run` running?") from why


class Teller:
    """Does what is typed, says what happens, remembers it as steps of a story."""

    def __init__(self, phone: Phone, say: Callable[[str], None]) -> None:
        self.phone, self.say = phone, say
        self.steps: list[dict[str, Any]] = []

    def do(self, line: str) -> None:
        """One line of the terminal; raises NoService."""
        word, _, rest = line.strip().partition(" ")
        if word == "dial" or line.strip() == self.phone.settings.service_code:
            self._show({"dial": rest.strip()}, lambda: self.phone.dial(rest.strip()))
        elif word == "sms" and rest.strip():
            self._text(rest.strip())
        elif word == "drop" and self.phone.talking:
            self.phone.hang("Incomplete")
            self.steps.append({"drop": True})
            self.say("(the line goes dead)")
        elif self.phone.talking:
            text = rest if word == "key" else line.strip()
            self._show({"key": text}, lambda: self.phone.key(text))
        else:
            self.say(HELP)

    def look(self) -> None:
        """Say what has arrived meanwhile."""
        for text in self.phone.arrived():
            self.say(f"[SMS] {text}")

    def _show(self, step: dict[str, Any], hop: Callable[[], tuple[str, bool]]) -> None:
        if "dial" in step and self.phone.talking:
            self.phone.hang("Incomplete")
        self.steps.append(step)
        screen, end = hop()
        step["see"] = screen
        if end:
            step["end"] = True
        self.say(screen + ("\n(the session ends)" if end else ""))

    def _text(self, text: str) -> None:
        self.look()
        self.phone.text(text)
        step: dict[str, Any] = {"sms": text}
        self.steps.append(step)
        if found := self.phone.wait_for_reply():
            step["see"] = "\n".join(found)
        for reply in found or [f"nothing within {REPLY_SECONDS} s"]:
            self.say(f"[SMS] {reply}")


class _Story(yaml.SafeDumper):
    """Screens as blocks of text, so that a person reads them as the phone showed them."""


def _string(dumper: _Story, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Story.add_representer(str, _string)


def story(number: str, language: str | None, steps: list[dict[str, Any]]) -> str:
    """The conversation as a file for tests/stories/."""
    head = {"number": number} | ({"language": language} if language else {})
    return yaml.dump(head | {"steps": steps}, Dumper=_Story, allow_unicode=True, sort_keys=False, width=1000)


@click.command(cls=oneline.Command)
@click.option("--number", default="+22370000101", show_default=True, help="Whose phone it is.")
@click.option("--language", help="Text LANGUE and this code first, and note it in the story.")
@click.option("--story", "to", type=click.Path(dir_okay=False, path_type=Path), help="Write the story there.")
def simulate(number: str, language: str | None, to: Path | None) -> None:
    """A basic phone in the terminal, on the running service; `help` says what can be typed."""
    try:
        settings = Settings.load()
        phone = Phone(settings, phones.caller(number, settings.country))
        phone.http.trust_env = False
        teller = Teller(phone, click.echo)
        phone.arrived()  # what came before is not part of this story
        if language:
            phone.text(f"LANGUE {language}")
            phone.wait_for_reply()
    except (BadSettings, NoService) as why:
        raise click.ClickException(str(why)) from why
    except phones.BadNumber as why:
        raise click.ClickException(f"{number!r} is not a number: {why}") from why
    _talk(teller, sys.stdin)
    written = story(phone.number, language, teller.steps)
    if to:
        to.write_text(written, encoding="utf-8")
        click.echo(f"The story is in {to}.", err=True)
    elif teller.steps:
        click.echo(f"\n{written}", nl=False)


def _talk(teller: Teller, stream: TextIO) -> None:
    for line in _lines(stream, lambda: "> " if teller.phone.talking else f"{teller.phone.number} > "):
        if line.strip() in {"quit", "exit"}:
            break
        try:
            if line.strip():
                teller.do(line)
            teller.look()
        except NoService as why:
            click.echo(str(why), err=True)
    if teller.phone.talking:
        teller.phone.hang("Incomplete")


def _lines(stream: TextIO, prompt: Callable[[], str]) -> Iterator[str]:
    """What is typed, line by line, with a prompt where a person types."""
    watched = stream.isatty()
    while True:
        if watched:
            click.echo(prompt(), nl=False)
        line = stream.readline()
        if not line:
            return
        yield line.rstrip("\r\n")
