"""A mother who can not come and chose another clinic day: wherever her next visit is told, that day is."""

from __future__ import annotations

from datetime import date

import pytest

from smsapp.vaccines import next_visit, upcoming
from smsapp.vaccines.reminding import running as reminding
from tests import nursery
from tests.handset import Handset
from tests.nursery import AWA
from tests.village import settle

BORN = date(2026, 1, 20)
LAST = date(2025, 12, 17)  # twelve weeks before the tests' today


@pytest.fixture
def awa(rt):
    settle(rt)
    nursery.staffed(rt)
    return Handset(rt, AWA)


def cannot(phone, clock, days):
    """She is told of her visit when so many days have gone by, and chooses the next clinic day."""
    clock.move(days=days)
    reminding.remind(phone.rt)
    assert len(phone.arrived()) == 1
    phone.say("3")
    phone.say("1")


def told(phone):
    with phone.rt.sessions() as db:
        return [one.day for one in upcoming.visits_of(db, phone.rt, phone.number)]


def on_her_page(phone, file):
    with phone.rt.sessions() as db:
        return next_visit.clinic_day(db, phone.rt, file)


def test_her_next_visits_name_the_day_that_she_chose(awa, clock):
    child = nursery.child(awa.rt, BORN)
    cannot(awa, clock, 1)
    assert told(awa) == [date(2026, 3, 12)]
    awa.dial()
    assert "jeudi 12/03/2026, CSCom Sotuba" in awa.key("2", "1")[0]
    assert on_her_page(awa, child) == date(2026, 3, 12)


def test_once_that_day_is_over_it_is_the_next_clinic_day_again(awa, clock):
    nursery.child(awa.rt, BORN)
    cannot(awa, clock, 1)
    clock.move(days=2)
    assert told(awa) == [date(2026, 3, 13)]


def test_so_it_is_of_a_visit_before_the_birth(awa, clock):
    mother = nursery.pregnancy(awa.rt, LAST)
    cannot(awa, clock, 1)
    assert told(awa) == [date(2026, 3, 12)]
    assert on_her_page(awa, mother) == date(2026, 3, 12)
