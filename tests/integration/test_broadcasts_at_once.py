"""Broadcasts with several at work at the same time: feeders, workers, staff; and with thousands of numbers."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from smsapp import broadcasts, outbox, people
from smsapp.broadcasts import Audience, Broadcast, Content, Problem, feeding, planning
from smsapp.db import transaction
from smsapp.gateways.base import Rejected, Taken
from smsapp.messages import Message
from smsapp.queues import BULK
from smsapp.staff import accounts
from tests.desk import employ
from tests.village import SOTUBA, settle

MANY = 1500


@pytest.fixture
def crowd(live_rt):
    """Many people of Sotuba, written by the database itself."""
    settle(live_rt)
    with transaction(live_rt.sessions) as db:
        db.execute(
            text(
                "INSERT INTO persons (id, name, language, facility_id, created_at)"
                " SELECT 1000 + n, 'Mère ' || n, 'fr', :place, :now FROM generate_series(1, :many) n"
            ),
            {"place": SOTUBA, "now": live_rt.now(), "many": MANY},
        )
        db.execute(
            text(
                "INSERT INTO person_numbers (number, person_id, main, since)"
                " SELECT '+223' || 71000000 + n, 1000 + n, true, :now FROM generate_series(1, :many) n"
            ),
            {"now": live_rt.now(), "many": MANY},
        )
        people.join_group(db, "Foule", [1000 + n for n in range(1, MANY + 1)])
    return live_rt


@pytest.fixture
def boss(crowd):
    account = employ(crowd)
    with transaction(crowd.sessions) as db:
        return accounts.staff(db, account)


@pytest.fixture
def begin(crowd, boss):
    """A broadcast to the crowd that runs."""

    def begin(words="Bonjour", **more):
        with transaction(crowd.sessions) as db:
            [group] = db.scalars(select(people.Group.id))
            content = Content({"fr": words}, Audience(groups=(group,)), **more)
            row = broadcasts.make(db, crowd, boss, content)
            row.made_by = None
            row.status = "planning"
            planning.plan(db, crowd, row)
            feeding.begin(row, crowd)
        return row.id

    return begin


def at_once(times, call):
    with ThreadPoolExecutor(times) as pool:
        return [each.result() for each in [pool.submit(call) for _ in range(times)]]


def state(rt, broadcast_id):
    with rt.sessions() as db:
        row = db.get(Broadcast, broadcast_id)
        of_it = select(Message.status, func.count()).where(Message.broadcast_id == broadcast_id)
        return row, dict(db.execute(of_it.group_by(Message.status)).all())


def numbers_sent(gateway):
    return [number for number, _ in gateway.sent]


def test_two_planners_plan_once(crowd, boss):
    with transaction(crowd.sessions) as db:
        content = Content({"fr": "x"}, Audience(places=(SOTUBA,)))
        row = broadcasts.make(db, crowd, boss, content)
        broadcasts.submit(db, crowd, boss, row)
    assert sorted(at_once(4, lambda: planning.plan_waiting(crowd))) == [0, 0, 0, 1]
    row, _ = state(crowd, row.id)
    assert (row.status, row.planned) == ("waiting", MANY + 20)


def test_feeders_and_workers_at_once_send_each_once(crowd, begin, gateway):
    number = begin("{name}")
    stop = time.monotonic() + 60

    def work():
        while state(crowd, number)[0].status == "running" and time.monotonic() < stop:
            feeding.feed(crowd)
            outbox.deliver(crowd, BULK, seconds=5)

    at_once(4, work)
    row, statuses = state(crowd, number)
    assert (row.status, row.fed, row.dropped, statuses) == ("finished", MANY, 0, {"sent": MANY})
    assert len(set(numbers_sent(gateway))) == len(gateway.sent) == MANY


def test_paused_under_a_running_worker_it_sends_nothing_more_and_then_the_rest(crowd, begin, boss, gateway):
    number = begin("{name}")
    feeding.feed(crowd)
    began = threading.Event()

    def slow(words, to):
        began.set()
        time.sleep(0.01)
        return Taken(to)

    gateway.answer = slow
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(outbox.deliver, crowd, BULK)
        began.wait(10)
        with transaction(crowd.sessions) as db:
            broadcasts.pause(db, crowd, boss, broadcasts.find(db, boss.scope, number, lock=True))
        time.sleep(0.5)  # what the gateway was being asked at that moment
        then = len(gateway.sent)
        assert worker.result(20) == then < MANY, "nothing more after that"
    time.sleep(0.2)
    assert len(gateway.sent) == then
    row, statuses = state(crowd, number)
    assert (row.status, statuses) == ("paused", {"sent": then, "queued": MANY - then})
    gateway.answer = lambda words, to: Taken(to)
    with transaction(crowd.sessions) as db:
        broadcasts.resume(db, crowd, boss, broadcasts.find(db, boss.scope, number, lock=True))
    outbox.deliver(crowd, BULK)
    feeding.feed(crowd)
    assert state(crowd, number)[0].status == "finished"
    assert len(set(numbers_sent(gateway))) == len(gateway.sent) == MANY


def test_cancelled_under_a_running_worker_and_feeder(crowd, begin, boss, gateway):
    number = begin("{name}")
    feeding.hand_over(crowd, number)

    def slow(words, to):
        time.sleep(0.005)
        return Taken(to)

    gateway.answer = slow
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(outbox.deliver, crowd, BULK), pool.submit(feeding.feed, crowd)]
        time.sleep(0.2)
        with transaction(crowd.sessions) as db:
            broadcasts.cancel(db, crowd, boss, broadcasts.find(db, boss.scope, number, lock=True))
        for job in jobs:
            job.result(20)
    row, statuses = state(crowd, number)
    assert (row.status, set(statuses)) == ("cancelled", {"sent", "cancelled"})
    assert statuses["sent"] == len(gateway.sent) < MANY
    assert sum(statuses.values()) == row.fed
    feeding.feed(crowd)
    outbox.deliver(crowd, BULK)
    assert state(crowd, number)[1] == statuses


def test_a_cap_holds_with_several_feeders(crowd, begin, gateway):
    number = begin(cap=12 * 1234)
    for _ in range(4):
        at_once(4, lambda: feeding.feed(crowd))
        at_once(2, lambda: outbox.deliver(crowd, BULK))
    assert (len(gateway.sent), state(crowd, number)[0].status) == (1234, "capped")


def test_several_who_send_again_at_once_make_one(crowd, begin, boss, gateway):
    gateway.answer = lambda words, to: Rejected("no") if to.endswith("7") else Taken(to)
    number = begin()
    while state(crowd, number)[0].status == "running":
        feeding.feed(crowd)
        outbox.deliver(crowd, BULK)

    def again():
        with transaction(crowd.sessions) as db:
            draft = broadcasts.repeat(db, crowd, boss, broadcasts.find(db, boss.scope, number, lock=True))
        try:
            with transaction(crowd.sessions) as db:
                broadcasts.submit(db, crowd, boss, broadcasts.find(db, boss.scope, draft.id, lock=True))
        except Problem:
            return draft.id, False
        return draft.id, True

    made = at_once(4, again)
    assert len({draft for draft, _ in made}) == 1
    assert sum(handed_in for _, handed_in in made) == 1
    gateway.answer = lambda words, to: Taken(to)
    before = len(gateway.sent)
    for _ in range(3):
        at_once(3, lambda: feeding.feed(crowd))
        at_once(2, lambda: outbox.deliver(crowd, BULK))
    again_sent = numbers_sent(gateway)[before:]
    assert len(again_sent) == len(set(again_sent)) == MANY // 10
    assert all(to.endswith("7") for to in again_sent)
