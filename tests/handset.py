"""A basic phone on the service's own webhooks, in this process: dials, types, texts, and reads what comes back."""

from __future__ import annotations

import uuid
from copy import copy
from dataclasses import replace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from smsapp import conversations, outbox
from smsapp.app import create_plain
from smsapp.db import transaction
from smsapp.handlers import hooks
from smsapp.outbox import Draft
from smsapp.runtime import Runtime
from tests.fakes import FakeGateway

MOTHER, BINTA, STRANGER = "+22370000101", "+22370000102", "+22370009901"


BEHIND: list[Flask] = []  # the door of every test: an application that reads its routes once


def web(rt: Runtime) -> FlaskClient:
    """The service's door for gateways; without the simulator, which would open threads of its own."""
    if not BEHIND:
        BEHIND.append(create_plain(replace(rt, settings=replace(rt.settings, simulator=False))))
    app = copy(BEHIND[0])
    app.wsgi_app = hooks.Door(rt, BEHIND[0].wsgi_app.inner)
    return app.test_client()


class Handset:
    """One number. `say` hears what it texts at once, as the worker would."""

    def __init__(self, rt: Runtime, number: str = STRANGER, client: FlaskClient | None = None) -> None:
        self.rt, self.number = rt, number
        self.client = client or web(rt)
        self.session = ""
        self.typed: list[str] = []

    def post(self, kind: str, form: Any, **more: Any) -> Any:
        return self.client.post(f"/hooks/africastalking/dev/{kind}", data=form, **more)

    def hop(self, path: str, session: str = "", number: str = "") -> tuple[str, bool]:
        """One request as the gateway makes it; the screen, and whether the session ends with it."""
        form = {"sessionId": session or self.session, "phoneNumber": number or self.number, "text": path}
        answer = self.post("ussd", form | {"serviceCode": "*384*223#", "networkCode": "61002"})
        assert answer.status_code == 200
        assert answer.content_type == "text/plain; charset=utf-8"
        words = answer.get_data(as_text=True)
        assert words[:4] in {"CON ", "END "}, words
        return words[4:], words.startswith("END ")

    def dial(self, text: str = "") -> tuple[str, bool]:
        self.session = f"ATUid_{uuid.uuid4().hex}"
        self.typed = text.split("*") if text else []
        return self.hop(text)

    def key(self, *typed: str) -> tuple[str, bool]:
        """One hop for each; the last screen."""
        for text in typed:
            self.typed.append(text)
            last = self.hop("*".join(self.typed))
        return last

    def text(self, text: str, id: str = "") -> None:
        """The message is stored, and nobody has heard it yet."""
        form = {"id": id or uuid.uuid4().hex, "from": self.number, "to": "36223", "text": text}
        answer = self.post("sms", form | {"date": "2026-03-10 10:00:00"})
        assert (answer.status_code, answer.data) == (200, b"")

    def say(self, text: str) -> list[str]:
        """Text the short code; what comes back, as it is sent."""
        self.text(text)
        conversations.hear_waiting(self.rt)
        return self.arrived()

    def answered(self, times: int) -> None:
        """As if so many of its texts had been heard just now: the answers are promised."""
        with transaction(self.rt.sessions) as db:
            outbox.post_many(db, self.rt, [Draft(self.number, "Entendu", "reply")] * times)

    def arrived(self) -> list[str]:
        """What is due to this number by now."""
        gateway = next(iter(self.rt.gateways.values()))
        assert isinstance(gateway, FakeGateway)
        before = len(gateway.requests)
        outbox.deliver(self.rt, "replies")
        outbox.deliver(self.rt, "bulk")
        return [text for text, numbers in gateway.requests[before:] if self.number in numbers]
