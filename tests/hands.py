"""The service at work in several processes or threads at once, on one database; each has a clock and a gateway."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from multiprocessing import get_context
from typing import Any, TypeVar

from flask.testing import FlaskClient

from smsapp import conversations, logs, outbox
from smsapp.app import settle_down
from smsapp.config import Settings
from smsapp.db import transaction
from smsapp.runtime import Runtime, build
from smsapp.staff import Staff
from smsapp.vaccines import giving, planning, registering, reminding, sessions, visits
from smsapp.vaccines.registering import Born
from smsapp.vaccines.schedule import Schedule
from tests import promised
from tests.fakes import Clock, FakeGateway
from tests.handset import Handset, web
from tests.promised import Known

TAKEN_APART = 100_000_000  # between the ids that the gateways of two hands give

Done = TypeVar("Done")
_mine = threading.local()


@dataclass(frozen=True)
class Hand:
    """One worker of the service, who is told the time with every task."""

    rt: Runtime
    clock: Clock
    gateway: FakeGateway
    client: FlaskClient

    @classmethod
    def of(cls, rt: Runtime, number: int) -> Hand:
        clock, gateway = Clock(), FakeGateway(next(iter(build(rt.settings).gateways.values())))
        gateway.begin(number * TAKEN_APART)
        whole = replace(rt, now=clock, gateways={gateway.name: gateway})
        return cls(whole, clock, gateway, web(whole))

    # What it can be asked for: each answers with what can be sent between processes

    def remind(self) -> None:
        reminding.remind(self.rt)

    def deliver(self, queue: str) -> list[str]:
        """The numbers of what was sent."""
        before = len(self.gateway.requests)
        outbox.deliver(self.rt, queue)
        return [number for _, numbers in self.gateway.requests[before:] for number in numbers]

    def register(self, births: Sequence[tuple[str, Born]]) -> list[int]:
        with transaction(self.rt.sessions) as db:
            return [
                registering.child(db, self.rt, born, by=None, channel="console", key=key).id for key, born in births
            ]

    def session(self, staff: Staff, facility: int, day: date, coming: Mapping[int, Coming], token: str) -> list[Given]:
        """What can be given to these children on that day is given, and written down on the centre's page."""
        schedule = giving.calendar(self.rt)
        ticked = {child_id: due for child_id, one in coming.items() if (due := one.due(schedule, day))}
        with transaction(self.rt.sessions) as db:
            saved = sessions.save(db, self.rt, staff, facility, day, ticked, token)
            return [Given(o.child.id, [d.code for d in o.booked if d.valid], str(o.refused or "")) for o in saved]

    def check(self, some: Sequence[Known], until: date) -> tuple[Counter[str], list[str]]:
        """What became of the visits of these children, and what is wrong with them."""
        with transaction(self.rt.sessions) as db:
            return promised.check(db, giving.calendar(self.rt), some, until)

    def text(self, said: dict[str, str]) -> None:
        for number, word in said.items():
            Handset(self.rt, number, self.client).text(word)

    def hear(self) -> None:
        conversations.hear_waiting(self.rt)
        outbox.deliver(self.rt, "replies")


@dataclass(frozen=True)
class Coming:
    """A child who comes to a session, as her card tells of her."""

    who: planning.Child
    since: date  # in care
    had: Mapping[str, date]

    def due(self, schedule: Schedule, day: date) -> list[str]:
        plan = planning.plan(schedule, self.who, self.had, day)
        ways = visits.visits(plan, self.since)
        return [code for one in ways for code in one.doses if (on := plan.doses[code].due) and on <= day]


@dataclass(frozen=True)
class Given:
    """The doses of a child that count, as a session wrote them down; or why it did not."""

    child_id: int
    codes: Sequence[str]
    refused: str


class Hands:
    """Several who work at the same moment; each task is one's."""

    def __init__(self, executor: Executor, count: int) -> None:
        self._executor = executor
        self.count = count

    def do(self, at: datetime, calls: Iterable[tuple[Callable[..., Done], tuple[Any, ...]]]) -> list[Done]:
        """What each call of a method of `Hand` gives, in their order; none is under way any more."""
        waiting = [self._executor.submit(_do, at, what.__name__, told) for what, told in calls]
        return [one.result() for one in waiting]

    def all(self, at: datetime, what: Callable[..., Done], *told: Any) -> list[Done]:
        """The same by as many as there are."""
        return self.do(at, [(what, told)] * self.count)

    def shares(self, work: Sequence[Done]) -> list[Sequence[Done]]:
        """The work in parts of the same size, at most one for each."""
        size = -(-len(work) // self.count)
        return [work[n : n + size] for n in range(0, len(work), size or 1)]


@contextmanager
def threads(rt: Runtime, number: int) -> Iterator[Hands]:
    """In this process, on the connections of this runtime."""
    numbers = count(1)
    with ThreadPoolExecutor(number, initializer=lambda: _begin(rt, next(numbers))) as executor:
        yield Hands(executor, number)


@contextmanager
def processes(settings: Settings, number: int) -> Iterator[Hands]:
    """Each a process of its own, as the service's workers are."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])  # the service is loaded once, not by each
    numbers = context.Value("i", 0)
    with ProcessPoolExecutor(number, context, _begin_process, (settings, numbers)) as executor:
        for _ in range(number):
            executor.submit(_load)  # while there is nothing to do yet
        yield Hands(executor, number)


def _begin_process(settings: Settings, numbers: Any) -> None:
    with numbers.get_lock():
        numbers.value += 1
        number = numbers.value
    _begin(build(settings), number)
    logs.configure(quiet=True)
    settle_down()  # as in the service's own processes


def _load() -> None:
    """Nothing: whoever is asked for it is there afterwards."""


def _begin(rt: Runtime, number: int) -> None:
    _mine.hand = Hand.of(rt, number)


def _do(at: datetime, what: str, told: tuple[Any, ...]) -> Any:
    hand: Hand = _mine.hand
    hand.clock.at = at
    return getattr(hand, what)(*told)
