"""Posts the simulator's callbacks to the service's own webhooks, from the background."""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

import redis
import structlog

from smsapp.addresses import hook_url
from smsapp.config import Settings
from smsapp.handlers.simulator.store import Event, Store

log = structlog.get_logger(__name__)

THREADS = 2
MOST_WAITING = 20_000
SECONDS = 10  # for one callback
PAUSES = (1.0, 2.0, 4.0, 8.0)  # Africa's Talking repeats for twelve hours; a simulator need not


@dataclass(order=True)
class Callback:
    """One form for one webhook; `ticks` is told to the number's phone once it is taken (or not)."""

    due: float
    turn: int
    kind: str = field(compare=False)
    form: Mapping[str, str] = field(compare=False)
    number: str = field(compare=False)
    ticks: Mapping[bool, Event] = field(compare=False)
    tries: int = field(default=0, compare=False)
    posted: threading.Event = field(default_factory=threading.Event, compare=False)


class Courier:
    """A heap of callbacks by due time and a few threads that post them; each process has its own."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._waiting: list[Callback] = []
        self._turns = itertools.count()
        self._changed = threading.Condition()
        self._pid = 0

    def post(
        self,
        kind: str,
        form: Mapping[str, str],
        number: str,
        after: float = 0.0,
        ticks: Mapping[bool, Event] | None = None,
    ) -> threading.Event:
        """Have it posted `after` seconds; the event is set once the service has answered."""
        callback = Callback(time.monotonic() + after, next(self._turns), kind, form, number, ticks or {})
        with self._changed:
            self._start()
            if len(self._waiting) < MOST_WAITING:
                heapq.heappush(self._waiting, callback)
                self._changed.notify()
                return callback.posted
        log.warning("simulator_callback_dropped", kind=kind, waiting=MOST_WAITING)
        callback.posted.set()
        return callback.posted

    def _start(self) -> None:
        """Threads do not outlive a fork: start them where they are first needed."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            for n in range(THREADS):
                threading.Thread(target=self._work, name=f"simulator-courier-{n}", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._deliver(self._next())

    def _next(self) -> Callback:
        with self._changed:
            while True:
                wait = self._waiting[0].due - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)
                self._changed.wait(wait)

    def _deliver(self, callback: Callback) -> None:
        try:
            status = _post(hook_url(self._settings, callback.kind), callback.form)
            taken, words = status == 200, f"HTTP {status}"
        except (OSError, HTTPException) as why:
            taken, words = False, type(why).__name__
        callback.posted.set()
        if not taken and callback.tries < len(PAUSES):
            self._again(callback)
            return
        if not taken:
            log.warning("simulator_callback_refused", kind=callback.kind, words=words)
        if taken in callback.ticks:
            try:
                self._store.add([(callback.number, callback.ticks[taken])])
            except redis.RedisError as why:  # a tick less on a screen
                log.warning("simulator_tick_lost", why=type(why).__name__)

    def _again(self, callback: Callback) -> None:
        callback.due = time.monotonic() + PAUSES[callback.tries]
        callback.tries += 1
        with self._changed:
            heapq.heappush(self._waiting, callback)
            self._changed.notify()


def _post(url: str, form: Mapping[str, str]) -> int:
    """The status of the answer. Nothing but the standard library: the web server holds no other client in memory."""
    to = urlsplit(url)
    with closing(HTTPConnection(to.hostname or "", to.port, timeout=SECONDS)) as line:
        line.request("POST", to.path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        return line.getresponse().status
