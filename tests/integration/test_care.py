"""The files of children and pregnancies: begun once, doses booked once, ended for good."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number
from smsapp.refusals import Refused
from smsapp.vaccines import codes, ending, families, files, giving, next_visit, visits, visits_attended, workers
from smsapp.vaccines.clinic import Calendar, Held
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Reminder, Wish
from smsapp.vaccines.tables import Child, Dose, Pregnancy
from tests import nursery
from tests.nursery import ASC, AWA, EAST, FAR_ASC, HEAD, WEST
from tests.village import SOTUBA, settle

BORN = date(2026, 1, 15)
BY = Giver("ussd")


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def test_a_code_tells_of_a_slip():
    assert codes.read(f" {codes.of(1042).lower()}. ") == 1042
    for typed, why in (("1042", "care.code_format"), ("PENTA", "care.code_format"), ("1024K", "care.code_letter")):
        with pytest.raises(Refused) as no:
            codes.read(typed)
        assert no.value.key == why


def test_a_dose_is_booked_once_and_judged_by_the_whole_plan(care):
    made = nursery.child(care, BORN)
    with transaction(care.sessions) as db:
        child = db.get_one(Child, made.id, with_for_update=True)
        assert len(giving.give(db, care, child, ["BCG", "OPV0"], BORN, BY, key="a")) == 2
        assert giving.give(db, care, child, ["BCG"], BORN, BY, key="b") == []
        giving.give(db, care, child, ["PENTA1"], BORN + timedelta(days=36), BY, key="c")
        giving.give(db, care, child, ["PCV1"], None, BY, key="d")
        told = {dose.code: (dose.valid, dose.reason, dose.on_time) for dose in db.scalars(select(Dose))}
        assert told == {
            "BCG": (True, "", True),
            "OPV0": (True, "", True),
            "PENTA1": (False, "too_young", None),
            "PCV1": (None, "", None),
        }
        found = visits.visits(giving.plan_of(db, care, child), child.registered_on)
        assert found[0].doses == ("OPV1", "PCV1", "ROTA1")
        giving.strike(db, care, child, db.scalars(select(Dose).where(Dose.code == "PENTA1")).one(), "another child's")
        assert giving.plan_of(db, care, child).doses["PENTA1"].given is None


def test_a_dose_that_was_repeated_keeps_the_reason_for_it(care):
    made = nursery.child(care, BORN - timedelta(days=60))
    early, again = made.born_on + timedelta(days=36), made.born_on + timedelta(days=70)
    with transaction(care.sessions) as db:
        child = db.get_one(Child, made.id, with_for_update=True)
        for nth, day in enumerate((early, again, again + timedelta(days=1))):
            giving.give(db, care, child, ["PENTA1"], day, BY, key=f"{nth}")
        told = [(dose.valid, dose.reason) for dose in db.scalars(select(Dose).order_by(Dose.given_on))]
        assert told == [(False, "too_young"), (True, ""), (False, "")]


@pytest.mark.parametrize(
    ("on", "why"), [(date(2026, 3, 11), "care.dose_future"), (date(2026, 1, 14), "care.dose_before_birth")]
)
def test_a_day_that_can_not_be_books_nothing(care, on, why):
    made = nursery.child(care, BORN)
    with transaction(care.sessions) as db:
        with pytest.raises(Refused) as no:
            giving.give(db, care, db.get_one(Child, made.id), ["BCG"], on, BY, key="a")
        assert no.value.key == why
        assert db.scalars(select(Dose)).all() == []


def test_twins_are_two_and_the_same_child_is_one(care):
    first = nursery.child(care, BORN, name="Fanta")
    assert nursery.child(care, BORN, name="Fanta").id == first.id
    assert nursery.child(care, BORN, name="Awa").id != first.id
    with transaction(care.sessions) as db:
        assert len(files.children_of(db, AWA)) == 2
        reader = families.readers(db, [families.reads(first)])[first.mother_id]
        assert (reader.number, reader.frank, reader.shared) == (AWA, False, False)


def test_what_she_wished_to_read_alone_others_do_not_read(care):
    """Her phone became her sister's too, after she had wished for frank texts."""
    made = nursery.child(care, BORN)
    with transaction(care.sessions) as db:
        db.add(Wish(person_id=made.mother_id, frank=True))
        db.flush()
        assert families.readers(db, [made.mother_id])[made.mother_id].frank
        other = nursery.mother_of(db, nursery.BINTA)
        db.add(Number(number=AWA, person_id=other.id, main=False, since=care.now()))
        db.flush()
        shared = families.readers(db, [made.mother_id])[made.mother_id]
        assert (shared.frank, shared.shared) == (False, True)


def test_a_visit_that_took_place_is_not_the_next_one(care):
    made = nursery.pregnancy(care, date(2026, 1, 1))
    with transaction(care.sessions) as db:
        file = db.get_one(Pregnancy, made.id, with_for_update=True)
        assert next_visit.clinic_day(db, care, file) == date(2026, 3, 10)
        visits_attended.attend(db, care, file, "antenatal", date(2026, 3, 10), BY)
        assert next_visit.clinic_day(db, care, file) == date(2026, 6, 18)  # in the 24th week
        file.state, file.ended_on = "lost", date(2026, 3, 10)
        assert next_visit.clinic_day(db, care, file) is None


def test_only_her_own_centre_finds_a_child(care):
    made = nursery.child(care, BORN)
    with transaction(care.sessions) as db:
        asc, far = workers.of_number(db, ASC), workers.of_number(db, FAR_ASC)
        assert asc is not None
        assert far is not None
        assert (asc.villages, asc.confirms, asc.sees_all, far.sees_all) == ((EAST,), False, False, True)
        assert files.child(db, asc, codes.of(made.number)).id == made.id
        with pytest.raises(Refused) as no:
            files.child(db, far, codes.of(made.number))
        assert no.value.key == "care.other_centre"
        assert [one.number for one in workers.answering(db, SOTUBA, WEST)] == [nursery.ASC_2]
        assert [one.number for one in workers.at(db, SOTUBA, "dtc")] == [HEAD]


def test_an_end_takes_back_what_waits_and_spares_brothers_and_sisters(care):
    dead, lives = nursery.child(care, BORN, name="Fanta"), nursery.child(care, BORN, name="Awa")
    with transaction(care.sessions) as db:
        waits = outbox.post(db, care, AWA, "Rappel", kind="reminder", key="r")
        for child in (dead, lives):
            told = {"child_id": child.id, "facility_id": SOTUBA, "due_on": BORN, "day": BORN, "planned_for": BORN}
            db.add(Reminder(**told, subject="vaccines", step=0, doses=[], message_id=waits.id))
            child.look_on = None
        db.flush()
        ending.end(db, care, db.get_one(Child, dead.id), "dead", by=None, channel="sms")
        db.flush()
        db.expire_all()
        assert db.get_one(Message, waits.id).status == "cancelled"
        assert (db.get_one(Child, dead.id).look_on, db.get_one(Child, dead.id).state) == (None, "dead")
        assert db.get_one(Child, lives.id).look_on == care.local_now().date()
        assert [row.child_id for row in db.scalars(select(Reminder))] == [dead.id]


def test_a_clinic_day_is_the_next_one_for_her_village():
    monday, thursday = Held("vaccines", weekday=0), Held("vaccines", weekday=3)
    outreach = Held("vaccines", village_id=EAST, weekday=1, nth=2)
    calendar = Calendar([monday, thursday, outreach], [(date(2026, 3, 12), date(2026, 3, 16))])
    assert calendar.next_day(date(2026, 3, 10), "vaccines", EAST) == date(2026, 3, 10)  # the second Tuesday
    assert calendar.next_day(date(2026, 3, 10), "vaccines", WEST) == date(2026, 3, 19)  # closed on the 12th and 16th
    assert calendar.next_day(date(2026, 3, 10), "antenatal", WEST) == date(2026, 3, 10)  # no days told: as a rule
    assert Calendar().next_day(date(2026, 3, 14), "vaccines") == date(2026, 3, 16)
    assert calendar.comes_to(date(2026, 3, 10), "vaccines", EAST)
