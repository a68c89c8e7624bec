"""A gateway that sends nothing: it remembers what it was given and answers as it was told. For tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from threading import Lock

from smsapp.gateways.base import Form, Hop, Inbound, OptOut, Report, SendError, SessionEnd, Taken, Unusable

Answer = dict[str, Taken | SendError]


class FakeGateway:
    """`answers` are used up one a request: an error to raise, or what makes an answer; then `always`, or all is taken."""

    name = "fake"

    def __init__(self, seconds: float = 0.0, recipients_per_request: int = 100, requests_at_once: int = 32) -> None:
        self.recipients_per_request = recipients_per_request
        self.requests_at_once = requests_at_once
        self.seconds = seconds
        self.sent: list[tuple[str, tuple[str, ...]]] = []
        self.answers: list[SendError | Callable[[Sequence[str]], Answer]] = []
        self.always: SendError | None = None
        self._lock, self._ids = Lock(), count(1)

    def send(self, text: str, numbers: Sequence[str]) -> Answer:
        with self._lock:
            self.sent.append((text, tuple(numbers)))
            answer = self.answers.pop(0) if self.answers else self.always
            taken: Answer = {number: Taken(f"fake-{next(self._ids)}") for number in numbers}
        time.sleep(self.seconds)
        if isinstance(answer, SendError):
            raise answer
        return answer(numbers) if answer else taken

    def read_hop(self, form: Form) -> Hop:
        raise Unusable("the fake reads nothing")

    def read_inbound(self, form: Form) -> Inbound:
        raise Unusable("the fake reads nothing")

    def read_report(self, form: Form) -> Report:
        raise Unusable("the fake reads nothing")

    def read_session_end(self, form: Form) -> SessionEnd:
        raise Unusable("the fake reads nothing")

    def read_opt_out(self, form: Form) -> OptOut:
        raise Unusable("the fake reads nothing")

    def write_hop(self, text: str, end: bool) -> str:
        return text
