"""Fifty phones that walk through surveys over kept connections, in one light loop: it must not be what is measured."""

from __future__ import annotations

import gc
import random
import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.place import Failed

CONSENT, QUESTIONS = ("1", "1"), 6  # the menu's first entry, then yes, then the questions
HOPS = 1 + len(CONSENT) + QUESTIONS
SLOWEST = 20.0  # seconds without any answer: something hangs
FIRST_NUMBER = 22376000000


class Walks:
    """Surveys to be walked, each with a session and a number of its own; what each hop posts and must get back."""

    def __init__(self, path: str, screens: Sequence[str], first: int, end: int) -> None:
        if len(screens) != HOPS:
            raise Failed(f"a survey has {HOPS} hops, not {len(screens)}")
        self.path = path
        self.expected = [b"\r\n\r\n" + screen.encode() for screen in screens]
        self.finished = 0
        self._numbers = iter(range(first, end))
        self._chance = random.Random(7)

    def survey(self) -> Iterator[tuple[bytes, bytes]]:
        """Request and expected end of the answer, hop by hop."""
        n = next(self._numbers, None)
        if n is None:
            raise Failed("there are not enough numbers for a machine as fast as this: raise bench.hops.NUMBERS")
        typed = [*CONSENT, *(self._chance.choice("1234") for _ in range(QUESTIONS))]
        for hop, expected in enumerate(self.expected):
            yield request(self.path, n, typed[:hop]), expected

    def heard(self, expected: bytes) -> None:
        self.finished += expected is self.expected[-1]


def number(n: int) -> str:
    return f"+{FIRST_NUMBER + n}"


def request(path: str, n: int, typed: Sequence[str]) -> bytes:
    """What Africa's Talking posts for a hop."""
    body = (
        f"sessionId=ATUid_{n:032x}&phoneNumber=%2B{FIRST_NUMBER + n}&networkCode=61002"
        f"&serviceCode=%2A384%2A223%23&text={'%2A'.join(typed)}"
    )
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return f"{head}{body}".encode()


@dataclass
class Phone:
    """One phone: the survey it is in the middle of, and the answer that it waits for. It outlives a round."""

    walks: Walks
    survey: Iterator[tuple[bytes, bytes]] = field(default_factory=lambda: iter(()))
    expected: bytes = b""
    heard: bytes = b""
    asked_at: float = 0.0

    def ask(self, line: socket.socket) -> None:
        step = next(self.survey, None)
        if step is None:
            self.survey = self.walks.survey()
            step = next(self.survey)
        asked, self.expected = step
        self.heard = b""
        self.asked_at = time.perf_counter()
        line.sendall(asked)

    def hear(self, chunk: bytes) -> bool:
        """Whether the answer is whole; anything but the right one fails the run."""
        self.heard += chunk
        if self.heard.startswith(b"HTTP/1.1 200 ") and self.heard.endswith(self.expected):
            self.walks.heard(self.expected)
            return True
        head, gap, body = self.heard.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
        if not chunk or (gap and length and len(body) >= int(length[1])):
            raise Failed(f"expected {self.expected.decode()!r}, got {self.heard.decode(errors='replace')!r}")
        return False


@dataclass(frozen=True)
class Round:
    """What one server did in one round."""

    hops: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return self.hops / self.seconds


def talk(port: int, phones: Sequence[Phone], seconds: float) -> Round:
    """All phones at once for so long; what was asked is waited for."""
    latencies: list[float] = []
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in phones]
        for line, phone in zip(lines, phones, strict=True):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line, selectors.EVENT_READ, phone)
        gc.disable()  # a pause here would look like one of the server's
        began = time.perf_counter()
        for line, phone in zip(lines, phones, strict=True):
            phone.ask(line)
        try:
            _loop(selector, len(lines), began + seconds, latencies)
        finally:
            gc.enable()
        return Round(len(latencies), time.perf_counter() - began, latencies)


def _loop(selector: selectors.BaseSelector, waiting: int, ends: float, latencies: list[float]) -> None:
    while waiting:
        ready = selector.select(SLOWEST)
        if not ready:
            raise Failed(f"no answer for {SLOWEST:.0f} seconds")
        for key, _ in ready:
            line, phone = key.fileobj, key.data
            assert isinstance(line, socket.socket)
            if not phone.hear(line.recv(65536)):
                continue
            now = time.perf_counter()
            latencies.append(now - phone.asked_at)
            if now < ends:
                phone.ask(line)
            else:
                waiting -= 1
