"""Two phones that tell of one family at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from sqlalchemy import func, select

from smsapp.db import transaction
from smsapp.people import Number
from smsapp.vaccines import births, codes, expecting, losing, mothers
from smsapp.vaccines.registering import Born, Expected
from smsapp.vaccines.tables import CareEvent, Child, Pregnancy
from tests import nursery
from tests.village import SOTUBA, settle

NEW = "+22370112233"
AT_ONCE = 6


def at_once(call):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(call, range(AT_ONCE)))


def test_a_child_told_of_by_several_at_once_is_one(live_rt):
    settle(live_rt)
    nursery.staffed(live_rt)

    def tell(n):
        with transaction(live_rt.sessions) as db:
            mother = mothers.of_number(db, live_rt, NEW, SOTUBA)
            told = Born(date(2026, 3, 8), SOTUBA, mother_id=mother.id, sex="F")
            return births.register(db, live_rt, told, by=None, channel="sms", key=f"told:{n}").child.id

    [child_id] = set(at_once(tell))

    def lose(n):
        with transaction(live_rt.sessions) as db:
            losing.tell(db, live_rt, losing.file_of(db, None, NEW, _code(db, child_id)), by=None, channel="sms")

    at_once(lose)
    with transaction(live_rt.sessions) as db:
        assert db.scalar(select(func.count()).where(Number.number == NEW)) == 1
        assert [db.scalar(select(func.count()).select_from(table)) for table in (Child, Pregnancy)] == [1, 1]
        assert db.scalar(select(func.count()).where(CareEvent.what == "dead")) == 1


def test_a_pregnancy_told_of_by_several_at_once_is_one(live_rt):
    """The mother herself and her worker, from different phones: no number is looked up twice."""
    settle(live_rt)
    with transaction(live_rt.sessions) as db:
        mother_id = nursery.mother_of(db, nursery.AWA).id

    def tell(n):
        with transaction(live_rt.sessions) as db:
            told = Expected(mother_id, SOTUBA, last_period=date(2026, 1, 10))
            return expecting.register(db, live_rt, told, by=None, channel="sms", key=f"told:{n}")[0].id

    assert len(set(at_once(tell))) == 1


def _code(db, child_id):
    return codes.of(db.get_one(Child, child_id).number)
