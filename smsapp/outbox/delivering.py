"""Delivering: claim, talk, record, for a while. No database connection is held during the talk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from smsapp.db import transaction
from smsapp.gateways.base import Gateway, SendError, Taken, Unclear
from smsapp.outbox.claims import LOOK_AHEAD, Claim, Request, anything_due, claim
from smsapp.outbox.posting import DELIVER
from smsapp.outbox.recording import Answered, HeldBack, record
from smsapp.runtime import Runtime

SECONDS = {"replies": 8.0, "bulk": 45.0}  # of claiming in one job; texts that wait to be heard share the first queue
GATHER_SECONDS = 0.05  # answers that come this close together are recorded together
LOOK_AGAIN_SECONDS = 1.0  # one slow answer does not hold what has become due since
TIRED_AFTER = 20  # requests in a row that came to nothing clear: the rest waits for the next ring
RECORD_PAUSES = (0.5, 1.0, 3.0, 9.0)

log = structlog.get_logger(__name__)


def deliver(rt: Runtime, queue: str, seconds: float | None = None, stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due in this queue, until nothing is, time is up or `stop` says so. How many were tried."""
    run = _Run(rt, queue, time.monotonic() + (SECONDS[queue] if seconds is None else seconds), stop)
    with ThreadPoolExecutor(sum(g.requests_at_once for g in rt.gateways.values()) or 1) as pool:
        return run.work(pool)


class _Run:
    """One job's work: requests in flight, and whether to claim more."""

    def __init__(self, rt: Runtime, queue: str, until: float, stop: Callable[[], bool]) -> None:
        self.rt, self.queue, self.until, self.stop = rt, queue, until, stop
        self.flying: dict[Future[Answered], Request] = {}
        self.refused_in_a_row = 0
        self.tried = 0
        self.rang = False
        self.look = LOOK_AHEAD
        self.silent_until: dict[str, float] = {}  # gateways that asked to wait

    def work(self, pool: ThreadPoolExecutor) -> int:
        while True:
            claimed = self.claim()
            for request in claimed.requests:
                self.flying[pool.submit(self.talk, request)] = request
            if self.flying:
                self.record(self.landed())
            elif not claimed.more:
                break
        if not self.stop() and time.monotonic() >= self.until:
            self.rt.bell.ring(DELIVER[self.queue])  # there may be more
        return self.tried

    def claim(self) -> Claim:
        if self.stop() or time.monotonic() >= self.until or self.refused_in_a_row >= TIRED_AFTER:
            return Claim([], more=False)
        free = self.free()
        if not any(free.values()):
            return Claim([], more=True)
        try:
            if not anything_due(self.rt, self.queue):
                return Claim([], more=False)
            with transaction(self.rt.sessions) as db:
                claimed = claim(db, self.rt, self.queue, free, self.look)
        except (DBAPIError, psycopg.Error):
            if not self.flying:
                raise
            log.warning("not claimed", queue=self.queue)
            self.until = 0.0  # what is under way must still be recorded
            return Claim([], more=False)
        # Texts that differ fill the requests with few rows: to look at many for each round is wasted on them.
        self.look = LOOK_AHEAD if claimed.rows * 2 > claimed.seen else max(100, claimed.rows * 2)
        if claimed.more and not self.rang:
            self.rang = True
            self.rt.bell.ring(DELIVER[self.queue])  # there is enough for a second worker
        return claimed

    def free(self) -> Mapping[str, int]:
        busy = [request.gateway for request in self.flying.values()]
        # As many again wait for a thread, so that none is idle while this one records and claims.
        return {name: g.requests_at_once * 2 - busy.count(name) for name, g in self.rt.gateways.items()}

    def landed(self) -> list[Answered]:
        if not wait(self.flying, timeout=LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED).done:
            return []
        done, _ = wait(self.flying, timeout=GATHER_SECONDS)
        for future in done:
            del self.flying[future]
        return [future.result() for future in done]

    def talk(self, request: Request) -> Answered:
        """In a thread of its own. What has not gone out when the gateway asks to wait, does not."""
        if time.monotonic() < self.silent_until.get(request.gateway, 0.0):
            return Answered(request, dict.fromkeys(request.rows, HeldBack("the gateway asks to wait")))
        answered = _talk(self.rt.gateways[request.gateway], request)
        asked = [o.retry_after for o in answered.outcomes.values() if isinstance(o, SendError) and o.retry]
        if seconds := max(filter(None, asked), default=0.0):
            self.silent_until[request.gateway] = time.monotonic() + seconds
        return answered

    def record(self, answered: Sequence[Answered]) -> None:
        for each in answered:
            self.tried += len(each.request.rows)
            took = any(isinstance(o, Taken) or not (o.retry or o.unclear) for o in each.outcomes.values())
            self.refused_in_a_row = 0 if took else self.refused_in_a_row + 1
        if answered:
            _record_surely(self.rt, answered)


def _record_surely(rt: Runtime, answered: Sequence[Answered]) -> None:
    """What was sent is known here alone: a database that is away for a moment is tried again."""
    for pause in (*RECORD_PAUSES, None):
        try:
            with transaction(rt.sessions) as db:
                record(db, answered, rt.now())
            return
        except DBAPIError:
            if pause is None:
                raise
            log.warning("not recorded yet", requests=len(answered))
            time.sleep(pause)


def _talk(gateway: Gateway, request: Request) -> Answered:
    began = time.monotonic()
    numbers = list(request.rows)
    try:
        outcomes: dict[str, Taken | SendError] = dict(gateway.send(request.text, numbers))
    except SendError as error:
        outcomes = dict.fromkeys(numbers, error)
    except Exception as error:  # a gateway that breaks in our hands may have sent before
        log.exception("gateway broke", gateway=request.gateway)
        outcomes = dict.fromkeys(numbers, Unclear(f"{type(error).__name__} in the gateway"))
    return Answered(request, outcomes, time.monotonic() - began)
