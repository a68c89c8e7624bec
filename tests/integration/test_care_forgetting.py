"""A mother or a carer who is forgotten: neither her number nor a name stays in the files, which stay for their sums."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update

from smsapp import outbox, people, registry
from smsapp.db import Base, transaction
from smsapp.messages import Message
from smsapp.people import Person
from smsapp.vaccines import (
    codes,
    ending,
    giving,
    heeding,
    mondays,
    mothers_doses,
    moving,
    reminding,
    reopening,
    searching,
    welcoming,
    wishes,
)
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Reminder, Search, Wish
from smsapp.vaccines.tables import CareEvent, Child, Dose, Pregnancy
from tests import nursery
from tests.desk import Desk
from tests.handset import Handset
from tests.nursery import ASC, AWA, BINTA
from tests.village import SOTUBA, settle

CARER = "+22370112299"
BORN = date(2026, 3, 1)
LAST = date(2026, 1, 10)


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def written(rt):
    with transaction(rt.sessions) as db:
        tables = [f'SELECT t::text FROM "{table.name}" t' for table in Base.metadata.sorted_tables]
        return "\n".join(db.scalars(text(" UNION ALL ".join(tables))))


def newborn(rt):
    """As phones register her: the key of the file is no name."""
    made = nursery.child(rt, BORN, name="Niamoye Bagayoko")
    with transaction(rt.sessions) as db:
        db.execute(update(Child).values(key="told"))
    return made


def forget(rt, person_id, staff=None):
    with transaction(rt.sessions) as db:
        registry.forget(db, rt, staff or Desk.of(rt).staff, person_id)


def test_nobody_is_reminded_or_looked_for_of_a_family_that_was_forgotten(care, clock):
    made = newborn(care)
    nursery.pregnancy(care, LAST)
    clock.move(days=90)
    assert searching.open_searches(care, care.local_now().date()) == 1
    forget(care, made.mother_id)
    with transaction(care.sessions) as db:
        assert db.scalars(select(Search.closed_on)).all() == [care.local_now().date()]
        assert db.execute(select(Child.look_on, Child.seek_on)).all() == [(None, None)]
        assert db.scalars(select(Pregnancy.look_on)).all() == [None]
        child = db.get_one(Child, made.id, with_for_update=True)
        giving.give(db, care, child, ["BCG"], BORN, Giver("console"), key="a")  # she still comes with her card
    clock.move(days=100)
    reminding.remind(care)
    today = care.local_now().date()
    assert searching.open_searches(care, today) == 0
    assert mondays.lists(care, today + timedelta(days=1)) == 0


def test_a_child_with_a_carer_is_still_looked_after_when_her_mother_is_forgotten(care):
    made = newborn(care)
    with transaction(care.sessions) as db:
        carer = nursery.mother_of(db, BINTA)
        moving.hand_over(db, care, db.get_one(Child, made.id, with_for_update=True), carer, by=None, channel="sms")
    staff = Desk.of(care).staff
    for person_id, goes_on in ((made.mother_id, True), (carer.id, False)):
        with transaction(care.sessions) as db:
            registry.forget(db, care, staff, person_id)
            assert (db.scalar(select(Child.look_on)) is not None) is goes_on


def test_of_a_mother_only_what_was_counted_stays(care):
    made = newborn(care)
    nursery.pregnancy(care, LAST)
    with transaction(care.sessions) as db:
        db.execute(update(Pregnancy).values(key="expected"))
        db.execute(update(Person).where(Person.id == made.mother_id).values(name="Awa Bagayoko"))
        wishes.frank(db, [made.mother_id], wanted=True)
        welcoming.welcome(db, care, db.get_one(Child, made.id), by=None, channel="sms")
    reminding.remind(care, BORN + timedelta(days=42))
    assert "Niamoye" in written(care)
    forget(care, made.mother_id)
    left = written(care)
    assert not any(word in left for word in (AWA[1:], "Bagayoko", "Niamoye"))
    with transaction(care.sessions) as db:
        assert db.scalars(select(Wish)).all() == []
        assert {reminder.number for reminder in db.scalars(select(Reminder))} <= {None}


@pytest.mark.parametrize(("with_mother", "stays"), [(False, False), (True, True)])
def test_a_carer_takes_the_childs_name_with_her_where_there_is_no_mother(care, with_mother, stays):
    made = newborn(care)
    with transaction(care.sessions) as db:
        told = {"number": CARER, "name": "Kadia Sanogo", "language": "fr", "facility_id": SOTUBA, "roles": ["mother"]}
        carer = people.add(db, care.now(), **told)
        child = db.get_one(Child, made.id, with_for_update=True)
        moving.hand_over(db, care, child, carer, by=None, channel="sms")
        if not with_mother:
            child.mother_id = None
    reminding.remind(care, BORN + timedelta(days=42))
    forget(care, carer.id)
    left = written(care)
    assert ("Niamoye" in left) is stays
    assert not any(word in left for word in (CARER[1:], "Sanogo"))


def test_what_the_staff_wrote_of_her_in_their_own_words_goes_too(care):
    made, mother, staff = newborn(care), nursery.pregnancy(care, LAST), Desk.of(care).staff
    with transaction(care.sessions) as db:
        child, hers = (db.get_one(type(one), one.id, with_for_update=True) for one in (made, mother))
        [dose] = giving.give(db, care, child, ["BCG"], BORN, Giver("console"), key="a")
        mothers_doses.give(db, care, hers, ["TD1"], BORN, Giver("console"), key="b")
        [td] = mothers_doses.had(db, made.mother_id)
        giving.strike(db, care, child, dose, "celle de Niamoye")
        mothers_doses.strike(db, care, hers, td, "celle de Niamoye")
        for file in (child, hers):
            ending.end(db, care, file, "moved", by=None, channel="console")
            reopening.reopen(db, care, staff, file, "Niamoye est revenue")
    forget(care, made.mother_id, staff)
    assert "Niamoye" not in written(care)
    with transaction(care.sessions) as db:
        details = db.scalars(select(CareEvent.details).where(CareEvent.what == "reopened")).all()
    assert details == [{"before": "moved"}, {"before": "moved"}]


def test_families_of_a_worker_who_is_forgotten_are_still_looked_for(care, clock):
    made = newborn(care)
    with transaction(care.sessions) as db:
        worker = nursery.mother_of(db, ASC)
        db.execute(update(Child).values(registered_by=worker.id))
        child = db.get_one(Child, made.id, with_for_update=True)
        [dose] = giving.give(db, care, child, ["BCG"], BORN, Giver("console"), key="a")
        giving.strike(db, care, child, dose, "pas la sienne")
    clock.move(days=90)
    searching.open_searches(care, care.local_now().date())
    forget(care, worker.id)
    with transaction(care.sessions) as db:
        assert db.scalars(select(Search.closed_on)).all() == [None]
        assert db.scalars(select(Dose.struck_why)).all() == ["pas la sienne"]


# ---- what others were told


def texts(rt, number, kinds=("alert", "reply")):
    with rt.sessions() as db:
        chosen = select(Message).where(Message.number == number, Message.kind.in_(kinds)).order_by(Message.id)
        return [(row.text, row.status) for row in db.scalars(chosen)]


def test_her_workers_texts_name_nobody_of_her_family_any_more(care, clock):
    asc = Handset(care, ASC)
    [answer] = asc.say("NAISSANCE 01/03/2026 F 70000101 Niamoye")
    code = answer.split()[1]
    asc.say(f"VACCIN {code} BCG 03/03/2026")
    with transaction(care.sessions) as db:
        child = db.scalar(select(Child).order_by(Child.id))
        heeding.tell(db, care, heeding.of_village(db, child), "care.alert.cannot", "test", child)
        db.execute(update(Child).values(key="told"))
    asc.arrived()
    clock.move(days=90)
    searching.open_searches(care, care.local_now().date())
    mondays.lists(care, care.local_now().date())
    assert "Niamoye" in written(care)
    before = texts(care, ASC)
    forget(care, child.mother_id)
    assert [text for text, _ in texts(care, ASC)] == [None] * len(before)
    assert texts(care, ASC)[-1] == (None, "cancelled"), "the list that still waited"
    left = written(care)
    assert not any(word in left for word in ("Niamoye", code, "70000101"))


def test_what_tells_of_other_families_stays(care):
    made, other = newborn(care), nursery.child(care, BORN, BINTA, name="Oumou")
    with transaction(care.sessions) as db:
        heeding.tell(db, care, heeding.of_village(db, other), "care.alert.cannot", "test", other)
    Handset(care, ASC).say(f"VACCIN {codes.of(other.number)} BCG 03/03/2026")
    before = texts(care, ASC)
    assert len(before) == 2
    forget(care, made.mother_id)
    assert texts(care, ASC) == before


def test_a_list_that_waits_is_made_anew_of_the_others(care, clock):
    made, _ = newborn(care), nursery.child(care, BORN, BINTA, name="Oumou")
    clock.move(days=90)
    monday = care.local_now().date()
    mondays.lists(care, monday)
    assert "Niamoye" in texts(care, ASC)[-1][0]
    forget(care, made.mother_id)
    mondays.lists(care, monday)
    told, _ = texts(care, ASC)[-1]
    assert "Oumou" in told
    assert "Niamoye" not in told


def test_what_several_on_one_phone_were_told_together_names_her_no_more(care):
    with transaction(care.sessions) as db:
        told = {"number": AWA, "name": "Kadia Sanogo", "language": "fr", "facility_id": SOTUBA, "roles": ["mother"]}
        kadia = people.add(db, care.now(), **told)
        mother = nursery.mother_of(db, AWA)
        sent = outbox.post(db, care, AWA, "Awa et Kadia, rappel", kind="reminder", key="both", person_id=mother.id)
        lent = {"subject": "vaccines", "due_on": BORN, "step": 0, "day": BORN, "number": AWA, "planned_for": BORN}
    child = nursery.child(care, BORN)
    with transaction(care.sessions) as db:
        db.add(Reminder(**lent, child_id=child.id, person_id=kadia.id, facility_id=SOTUBA, message_id=sent.id))
    forget(care, kadia.id)
    assert texts(care, AWA, ["reminder"])[0] == (None, "cancelled")
