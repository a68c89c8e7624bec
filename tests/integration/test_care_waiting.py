"""Mothers who registered themselves wait for their centre's word: who hears of them, when, and where nobody can."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, select, update

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Person, Role
from smsapp.vaccines import births, heeding, waiting, workers
from smsapp.vaccines.registering import Born
from tests import nursery
from tests.nursery import AWA, BINTA, HEAD, MIDWIFE
from tests.village import SOTUBA, settle


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def own(rt, number=AWA, facility_id=SOTUBA):
    """A child whom her mother registered herself."""
    with transaction(rt.sessions) as db:
        mother = nursery.mother_of(db, number)
        told = Born(date(2026, 3, 1), facility_id, mother_id=mother.id, sex="F")
        return births.register(db, rt, told, by=mother.id, channel="ussd", key=f"own:{number}", confirmed=False).child


def tell(rt):
    with transaction(rt.sessions) as db:
        waiting.tell(db, rt, SOTUBA)


def texts(rt, number=MIDWIFE):
    with rt.sessions() as db:
        rows = db.scalars(select(Message).where(Message.number == number).order_by(Message.id)).all()
        return [row.text.partition(" :")[0] for row in rows]


def without(rt, *roles):
    with transaction(rt.sessions) as db:
        db.execute(delete(Role).where(Role.role.in_(roles)))


def test_each_morning_while_somebody_waits_her_midwife_hears_once(care, clock):
    own(care)
    tell(care)
    assert texts(care) == ["1 inscription à confirmer"]
    assert waiting.tell_all(care) == 1
    assert len(texts(care)) == 1, "she was told that day"
    clock.at = clock.at.replace(hour=6, minute=59)
    clock.move(days=1)
    assert waiting.tell_all(care) == 0, "not before the morning"
    own(care, BINTA)
    clock.move(minutes=1)
    for _ in range(3):
        assert waiting.tell_all(care) == 1
    assert texts(care) == ["1 inscription à confirmer", "2 inscriptions à confirmer"]
    tell(care)
    assert len(texts(care)) == 2, "who registers later that day is told of the next morning"


def test_nobody_hears_once_nobody_waits(care, clock):
    child = own(care)
    clock.move(days=1)
    with transaction(care.sessions) as db:
        waiting.confirm(db, care, workers.of_number(db, MIDWIFE), child.mother_id, None, channel="ussd")
    assert waiting.tell_all(care) == 0
    tell(care)
    assert texts(care) == []


def test_the_head_hears_where_there_is_no_midwife_and_nobody_where_there_is_neither(care, clock):
    own(care)
    without(care, "midwife")
    assert waiting.tell_all(care) == 1
    assert (texts(care), texts(care, HEAD)) == ([], ["1 inscription à confirmer"])
    without(care, "dtc")
    clock.move(days=1)
    assert waiting.tell_all(care) == 1
    assert len(texts(care, HEAD)) == 1


@pytest.mark.parametrize(
    ("gone", "village", "births_to"),
    [
        ([], nursery.ASC, MIDWIFE),
        (["asc"], MIDWIFE, MIDWIFE),
        (["asc", "midwife"], HEAD, HEAD),
        (["midwife", "dtc"], nursery.ASC, nursery.ASC),
        (["asc", "midwife", "dtc"], None, None),
    ],
)
def test_somebody_of_the_centre_hears_as_long_as_anybody_works_there(care, gone, village, births_to):
    child = nursery.child(care, date(2026, 1, 20))
    without(care, *gone)
    with transaction(care.sessions) as db:
        hers, about_birth = heeding.of_village(db, child), heeding.of_births(db, child)
        heeding.tell(db, care, hers, "care.alert.cannot", "test", child)
    assert [worker.number for worker in hers] == ([village] if village else [])
    assert [worker.number for worker in about_birth] == ([births_to] if births_to else [])
    with care.sessions() as db:
        assert list(db.scalars(select(Message.number))) == ([village] if village else [])


def test_a_mother_without_a_name_is_told_of_as_the_family(care):
    child = nursery.child(care, date(2026, 1, 20))
    with transaction(care.sessions) as db:
        db.execute(update(Person).values(name=None))
        heeding.tell(db, care, heeding.of_village(db, child), "care.alert.call", "test", child)
    with care.sessions() as db:
        told = "Sotuba Est : la famille (1001F) demande que vous l'appeliez."
        assert db.scalars(select(Message.text)).one() == told


def test_a_child_of_no_village_is_for_whoever_works_there_where_no_midwife_does(care):
    child = nursery.child(care, date(2026, 1, 20), village_id=None)
    without(care, "midwife", "dtc")
    with transaction(care.sessions) as db:
        assert {worker.number for worker in heeding.of_village(db, child)} == {nursery.ASC, nursery.ASC_2}
