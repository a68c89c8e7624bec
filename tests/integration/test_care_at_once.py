"""Two who change files of one family at the same moment: neither waits for the other without end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from threading import Barrier, BrokenBarrierError

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from smsapp.db import transaction, twice_if_deadlocked
from smsapp.messages import Message
from smsapp.people import Number
from smsapp.vaccines import files, giving, reading, reminding, sessions
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.tables import Dose
from tests import nursery
from tests.desk import Desk
from tests.village import MOTHERS, SOTUBA, settle

BORN = date(2026, 3, 10)
BY = Giver("sms")


def by_code(db, rt, child, meet):
    found = files.by_number(db, child.number, lock=True)
    meet()
    giving.give(db, rt, found, ["BCG"], BORN, BY, key=f"told:{child.id}")


def at_the_console(db, rt, child, meet):
    found = reading.child(db, Desk.of(rt).staff.scope, child.id, lock=True)
    meet()
    giving.give(db, rt, found, ["BCG"], BORN, BY, key=f"told:{child.id}")


def of_a_session(db, rt, child, meet):
    staff = Desk.of(rt).staff
    sessions.save(db, rt, staff, SOTUBA, BORN, {child.id: ["BCG"]}, "f" * 32)
    meet()


def lend(db, mother, number):
    """She has no phone of her own: this one serves her as well."""
    hers = db.get_one(Number, (mother, nursery.mother_of(db, mother).id))
    hers.number, hers.main = number, False


@pytest.mark.parametrize("shared", [False, True], ids=["twins", "neighbours"])
@pytest.mark.parametrize("second", [by_code, at_the_console, of_a_session])
def test_children_whom_one_text_tells_of_are_written_in_by_two_at_once(live_rt, second, shared):
    settle(live_rt)
    nursery.staffed(live_rt)
    mothers = MOTHERS[:2] if shared else MOTHERS[:1] * 2
    twins = [
        nursery.child(live_rt, BORN, *told, name=name) for *told, name in zip(mothers, ("Fanta", "Awa"), strict=True)
    ]
    if shared:
        with transaction(live_rt.sessions) as db:
            lend(db, MOTHERS[1], MOTHERS[0])
    assert reminding.remind(live_rt, BORN + timedelta(days=39)).texts == 1
    both = Barrier(2, timeout=0.3)

    def meet():
        with suppress(BrokenBarrierError):  # the other one waits already
            both.wait()

    def tell(child, how):
        with transaction(live_rt.sessions) as db:
            how(db, live_rt, child, meet)

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(tell, *each) for each in zip(twins, (by_code, second), strict=True)]
        assert [one.result() for one in done] == [None, None]
    with transaction(live_rt.sessions) as db:
        assert db.scalar(select(func.count()).select_from(Dose)) == 2


def test_runs_side_by_side_share_the_families_and_tell_nobody_twice(live_rt, gateway, monkeypatch):
    monkeypatch.setattr(reminding.reading, "AT_ONCE", 3)
    settle(live_rt)
    nursery.staffed(live_rt)
    for number in MOTHERS:
        nursery.child(live_rt, BORN, number)
    with transaction(live_rt.sessions) as db:  # who serves two mothers: one text tells both, whoever comes to them
        for mother, lends in zip(MOTHERS[10:], MOTHERS, strict=False):
            lend(db, mother, lends)
    day, meet = BORN + timedelta(days=39), Barrier(3, timeout=5)

    def run():
        meet.wait()
        return reminding.remind(live_rt, day)

    with ThreadPoolExecutor(3) as pool:
        told = [one.result() for one in [pool.submit(run) for _ in range(3)]]
    assert [sum(one.texts for one in told), sum(one.reminders for one in told)] == [10, 20]
    with transaction(live_rt.sessions) as db:
        assert sorted(db.scalars(select(Message.number).where(Message.kind == "reminder"))) == sorted(MOTHERS[:10])


def test_what_is_told_to_a_number_is_one_runs_and_the_next_run_has_what_it_left(live_rt):
    settle(live_rt)
    nursery.staffed(live_rt)
    for number in MOTHERS[:2]:
        nursery.child(live_rt, BORN, number)
    with transaction(live_rt.sessions) as db:
        reminding.reading.batch(db, live_rt, BORN - timedelta(days=1), [nursery.mother_of(db, MOTHERS[0]).id], None)
        assert reminding.remind(live_rt, BORN + timedelta(days=39)).texts == 1
    assert reminding.remind(live_rt, BORN + timedelta(days=39)).texts == 1


def test_what_a_deadlock_undid_is_done_once_more_and_nothing_else_is():
    dead = psycopg.errors.DeadlockDetected()
    fails = [OperationalError("UPDATE", {}, dead), None, dead, None, dead, dead, OperationalError("", {}, ValueError())]

    def call():
        if error := fails.pop(0):
            raise error
        return "done"

    assert [twice_if_deadlocked(call), twice_if_deadlocked(call)] == ["done", "done"]
    with pytest.raises(psycopg.errors.DeadlockDetected):
        twice_if_deadlocked(call)
    with pytest.raises(OperationalError):
        twice_if_deadlocked(call)
    assert fails == []
