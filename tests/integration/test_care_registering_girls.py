"""Girls who come for their dose against papilloma virus, registered on the keypad: the worker says that it is one."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.vaccines import codes, giving, moving, registering
from smsapp.vaccines.tables import Child, Dose
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC, AWA
from tests.village import settle

TODAY = date(2026, 3, 10)  # of the tests' clock
BORN = "09/03/2016"  # ten years and a day


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def at_births(rt):
    """A worker's phone at the first question."""
    phone = Handset(rt, ASC)
    phone.dial()
    way = [entry.goto for entry in rt.flows.live["care_menu"].entries].index("care_birth") + 1
    assert phone.key("1", str(way))[0].startswith("Date de naissance ?")
    return phone


def children(rt):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Child).order_by(Child.id)).all()


def test_a_girl_of_ten_is_registered_on_the_keypad_and_has_her_dose(care):
    phone = at_births(care)
    asked = "Née il y a 10 ans : l'inscrire pour le vaccin des filles (HPV) ?\n1. Oui, c'est une fille\n2. Non"
    assert phone.key(BORN)[0].startswith(asked)
    assert phone.key("1")[0].startswith("Prénom de l'enfant ?")
    phone.key("Rokia", "1", "70000101")
    said, end = phone.key("1")  # Mère 1
    assert end
    assert "Rokia (F), 09/03/2016" in said
    [girl] = children(care)
    assert (girl.sex, girl.born_on, girl.pregnancy_id) == ("F", date(2016, 3, 9), None)
    assert Handset(care, ASC).say(f"VACCIN {codes.of(girl.number)} HPV")[0].startswith("Noté Rokia")
    with transaction(care.sessions) as db:
        assert [(dose.code, dose.valid) for dose in db.scalars(select(Dose))] == [("HPV", True)]


def test_a_year_that_was_mistyped_begins_nothing(care):
    phone = at_births(care)
    phone.key("09/03/2016")
    assert phone.key("2") == ("Rien n'est noté.", True)
    assert children(care) == []


@pytest.mark.parametrize("born", ["10/03/2020", "10/03/2011", "12/03/1990"])
def test_at_an_age_without_a_dose_nobody_is_begun_by_phone(care, born):
    assert at_births(care).key(born)[0].startswith("Date invalide : né le")
    assert Handset(care, ASC).say(f"NAISSANCE {BORN} F 70000101")[0].startswith("Date invalide : né le 09/03/2016")
    assert children(care) == []


@pytest.mark.parametrize(
    ("born", "fits"),
    [
        (date(2017, 3, 10), True),  # nine years and a day
        (date(2017, 3, 11), False),
        (date(2011, 3, 11), True),
        (date(2011, 3, 10), False),  # her fifteenth birthday
    ],
)
def test_the_calendar_says_at_which_age(care, born, fits):
    assert registering.is_for_girls(giving.calendar(care), born, TODAY) is fits


def test_the_day_of_an_older_girl_is_put_right_and_no_child_becomes_one(care):
    girl = nursery.child(care, date(2016, 3, 9), name="Rokia")
    young = nursery.child(care, date(2026, 3, 1), AWA)
    with transaction(care.sessions) as db:
        moving.put_right(db, care, db.get_one(Child, girl.id), by=None, channel="ussd", born_on=date(2015, 3, 9))
        assert db.get_one(Child, girl.id).born_on == date(2015, 3, 9)
        with pytest.raises(Refused, match="born_long_ago"):
            moving.check_birth(care, db.get_one(Child, young.id), date(2016, 3, 1))
