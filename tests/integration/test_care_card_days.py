"""Of which day a mother's card may be: one on which every dose of the visit could have counted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.vaccines import births, giving
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Reminder, Wish
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import Attended, Child, Dose, Pregnancy
from tests import nursery, reminded
from tests.handset import Handset
from tests.nursery import AWA
from tests.village import SOTUBA, settle

FANTA, ALI = date(2026, 1, 20), date(2026, 1, 27)  # six weeks old on 03/03 and on 10/03, the tests' today
DAY = date(2026, 3, 12)
LAST = date(2025, 9, 24)  # of a mother: her first visit may be until 20/01
THIRD = date(2026, 3, 3)  # a birth: the second visit after it may be until 07/03


@pytest.fixture
def awa(rt):
    settle(rt)
    nursery.staffed(rt)
    return Handset(rt, AWA)


def told(rt):
    """The answers by reminder, and by child and code the days of doses that count."""
    with rt.sessions() as db:
        answers = list(db.scalars(select(Reminder.answer).order_by(Reminder.id)))
        return answers, {(d.child_id, d.code): d.given_on for d in db.scalars(select(Dose)) if d.valid}


def visits(rt):
    with rt.sessions() as db:
        return list(db.scalars(select(Attended.on).order_by(Attended.id)))


@pytest.mark.parametrize("said", ["2 20/01/2026", "2 2 mars 2026"])
def test_a_day_on_which_she_was_too_young_books_nothing_and_says_from_when(awa, said):
    child = nursery.child(awa.rt, FANTA)
    reminded.asked(awa.rt, child, day=DAY, doses=("OPV1", "PENTA1"))
    [refused] = awa.say(said)
    assert refused.startswith("Date invalide : possible à partir du 03/03/2026, pas dans le futur. Ex. 12/03/2026\n")
    assert told(awa.rt) == ([None], {})
    assert awa.say("3 mars 2026") == ["C'est noté pour le 03/03/2026. Merci."]
    assert told(awa.rt) == (["done"], {(child.id, code): date(2026, 3, 3) for code in ("OPV1", "PENTA1")})


def test_a_day_too_soon_after_the_dose_before_is_none_either(awa):
    child = nursery.child(awa.rt, date(2025, 12, 1))
    with transaction(awa.rt.sessions) as db:
        locked = db.get_one(Child, child.id)
        giving.give(db, awa.rt, locked, ["PENTA1"], date(2026, 2, 15), Giver("console"), key="before")
    reminded.asked(awa.rt, child, day=date(2026, 3, 16), doses=("PENTA2",))
    [refused] = awa.say("2 09/03/2026")
    assert refused.startswith("Date invalide : possible à partir du 15/03/2026")
    answers, doses = told(awa.rt)
    assert (answers, list(doses)) == ([None], [(child.id, "PENTA1")])


@pytest.mark.parametrize(("frank", "who"), [(False, "un autre enfant"), (True, "Ali")])
def test_of_two_children_the_one_for_whom_the_day_can_not_be_waits_for_another(awa, frank, who):
    children = nursery.child(awa.rt, FANTA), nursery.child(awa.rt, ALI, name="Ali")
    with transaction(awa.rt.sessions) as db:
        db.add(Wish(person_id=children[0].mother_id, frank=frank))
    reminded.asked(awa.rt, *children, day=DAY, doses=("PENTA1",))
    left = f"Pas noté pour {who} : possible à partir du 10/03/2026."
    assert awa.say("2 05/03/2026") == [f"C'est noté pour le 05/03/2026. {left} Merci."]
    assert told(awa.rt) == (["done", None], {(children[0].id, "PENTA1"): date(2026, 3, 5)})
    assert awa.say("2 10/03/2026") == ["C'est noté pour le 10/03/2026. Merci."]
    assert told(awa.rt)[1] == {
        (child.id, "PENTA1"): date(2026, 3, day) for child, day in zip(children, (5, 10), strict=True)
    }


def test_a_dose_for_which_she_was_too_old_is_not_booked_with_the_others(awa):
    child = nursery.child(awa.rt, date(2025, 1, 1))
    reminded.asked(awa.rt, child, day=DAY, doses=("OPV0", "PENTA1"))
    assert awa.say("2 05/03/2026") == ["C'est noté pour le 05/03/2026. Merci."]
    assert told(awa.rt) == (["done"], {(child.id, "PENTA1"): date(2026, 3, 5)})


@pytest.mark.parametrize(
    ("subject", "typed", "first"),
    [
        ("antenatal", "23/09/2025", "21/01/2026"),  # before this pregnancy
        ("antenatal", "11/03/2026", "21/01/2026"),  # tomorrow
        ("antenatal", "20/01/2026", "21/01/2026"),  # still the first visit's, of which the card tells too
        ("postnatal", "03/03/2026", "08/03/2026"),  # before the birth
        ("postnatal", "11/03/2026", "08/03/2026"),
        ("postnatal", "07/03/2026", "08/03/2026"),
    ],
)
def test_a_mothers_visit_is_neither_before_its_time_nor_to_come(awa, subject, typed, first):
    mother = nursery.pregnancy(awa.rt, LAST)
    due_on = LAST + timedelta(weeks=24)
    if subject == "postnatal":
        due_on = THIRD + timedelta(days=7)
        with transaction(awa.rt.sessions) as db:
            born = Born(THIRD, SOTUBA, mother_id=mother.mother_id, sex="F")
            births.register(db, awa.rt, born, by=None, channel="console", key="born")
            mother = db.get_one(Pregnancy, mother.id)
    reminded.asked(awa.rt, mother, day=DAY, subject=subject, due_on=due_on)
    refused = f"Date invalide : possible à partir du {first}, pas dans le futur. Ex. 12/03/2026"
    assert awa.say(f"2 {typed}")[0].startswith(refused)
    assert visits(awa.rt) == []
    assert awa.say(first) == [f"C'est noté pour le {first}. Merci."]
    assert len(visits(awa.rt)) == 1


def test_after_the_birth_nothing_is_noted_as_before_it(awa):
    mother = nursery.pregnancy(awa.rt, LAST)
    reminded.asked(awa.rt, mother, day=DAY, subject="antenatal", due_on=LAST + timedelta(weeks=24))
    awa.say("2")
    with transaction(awa.rt.sessions) as db:
        born = Born(date(2026, 3, 9), SOTUBA, mother_id=mother.mother_id, sex="F")
        births.register(db, awa.rt, born, by=None, channel="console", key="born")
    assert awa.say("10/03/2026") == ["Merci. Ce message est clos."]
    assert visits(awa.rt) == []


def test_by_keypad_the_date_is_asked_for_again(awa):
    reminded.asked(awa.rt, nursery.child(awa.rt, FANTA), day=DAY, doses=("PENTA1",))
    awa.dial("2*2")
    awa.key("2")
    screen, end = awa.key("20/01/2026")
    assert screen.startswith("Date invalide : possible à partir du 03/03/2026")
    assert not end
    assert told(awa.rt) == ([None], {})
