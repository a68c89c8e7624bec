"""The two things of the outside world that tests replace: the clock, and a gateway's taking of messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from smsapp.gateways.base import Gateway, SendError, Taken

Answer = Taken | SendError
SECRET_KEY = "for tests only"


class Clock:
    """`rt.now` of a test: stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        """As in `clock.move(minutes=5)`."""
        self.at += timedelta(**by)
        return self.at


class FakeGateway:
    """Reads and writes as the real gateway does, takes every message, and remembers it in `sent`.

    `answer(text, number)` says otherwise: a Taken, a SendError for that recipient, or a raised SendError for all.
    """

    def __init__(self, real: Gateway) -> None:
        self.real = real
        self.name = real.name
        self.recipients_per_request = real.recipients_per_request
        self.requests_at_once = real.requests_at_once
        self.requests: list[tuple[str, list[str]]] = []
        self.answer: Callable[[str, str], Answer] = self._take
        self._last = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    @property
    def sent(self) -> list[tuple[str, str]]:
        """(number, text), one for each recipient that was asked for."""
        return [(number, text) for text, numbers in self.requests for number in numbers]

    def send(self, text: str, numbers: Sequence[str]) -> dict[str, Answer]:
        self.requests.append((text, list(numbers)))
        return {number: self.answer(text, number) for number in numbers}

    def begin(self, after: int) -> None:
        """Of several gateways on one database each gives ids of its own."""
        self._last = after

    def _take(self, text: str, number: str) -> Answer:
        self._last += 1
        return Taken(external_id=f"fake-{self._last}")
