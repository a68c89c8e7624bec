"""After a file's end no text that waits tells of it: lists, alerts, first texts; of the others they are made anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.vaccines import births, codes, ending, escalating, heeding, mondays, moving, waiting, workers
from smsapp.vaccines.promises import Search
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import Child
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC, AWA, FAR_ASC, HEAD, MIDWIFE
from tests.village import SOTUBA, settle

BORN = date(2026, 2, 3)
MONDAY = date(2026, 3, 16)


@pytest.fixture
def care(rt, clock):
    settle(rt)
    nursery.staffed(rt)
    clock.at = datetime(2026, 2, 4, 10, 0, tzinfo=UTC)
    return rt


@pytest.fixture
def sought(care, clock):
    """Two children of Sotuba Est whom their worker is to look for on Monday; at night nothing has left yet."""
    made = [nursery.child(care, BORN, name=name) for name in ("Fanta", "Issa")]
    clock.at = datetime(2026, 3, 16, 7, 0, tzinfo=UTC)
    mondays.monday_lists(care)
    return made


def end(rt, file, state="dead"):
    with transaction(rt.sessions) as db:
        ending.end(db, rt, db.get_one(type(file), file.id), state, by=None, channel="ussd")


def waits(rt, *numbers):
    """The texts to these numbers that may still go out."""
    with rt.sessions() as db:
        chosen = select(Message.text).where(Message.number.in_(numbers), Message.status == "queued")
        return db.scalars(chosen.order_by(Message.id)).all()


def test_a_list_of_monday_is_made_again_without_a_child_who_died(care, sought):
    assert waits(care, ASC) == ["2 enfants à retrouver : Fanta, Issa. Composez *384*223#"]
    end(care, sought[0])
    assert waits(care, ASC) == []
    assert mondays.monday_lists(care) == 1
    assert mondays.monday_lists(care) == 0
    assert waits(care, ASC) == ["1 enfant à retrouver : Issa. Composez *384*223#"]
    end(care, sought[1])
    assert mondays.monday_lists(care) == 0
    assert waits(care, ASC) == [], "and no praise that there is none left"


def test_a_head_hears_of_the_others_of_a_village_alone(care, clock, sought):
    clock.at += timedelta(days=14)
    today = clock.at.date()
    assert escalating.escalate(care, today) == 2
    end(care, sought[0])
    assert [text for text in waits(care, HEAD) if "Fanta" in text] == []
    assert escalating.escalate(care, today) == 1
    assert escalating.escalate(care, today) == 0
    [told] = [text for text in waits(care, HEAD) if "sans nouvelles" in text]
    assert told == "Sotuba Est : 1 enfant sans nouvelles depuis 14 jours : Issa. Composez *384*223#"


def test_a_list_taken_back_escalates_nobody_twice(care, clock, sought):
    clock.at += timedelta(days=14)
    escalating.escalate(care, clock.at.date())
    clock.at += timedelta(days=7)
    with transaction(care.sessions) as db:
        for row in db.scalars(select(Message).where(Message.status == "queued")):
            row.status = "sent"
    assert mondays.monday_lists(care) == 2
    end(care, sought[0])
    with care.sessions() as db:
        chosen = select(Search.escalated_on).where(Search.child_id == sought[1].id)
        assert db.scalars(chosen).one() == MONDAY + timedelta(days=14)


def test_an_alert_about_a_child_who_died_since_is_not_sent(care):
    child = nursery.child(care, BORN)
    with transaction(care.sessions) as db:
        heeding.tell(db, care, workers.at(db, SOTUBA, "asc"), "care.alert.sick", "sick", db.get_one(Child, child.id))
    assert len(waits(care, ASC)) == 1
    end(care, child)
    assert waits(care, ASC) == []


def born_tonight(care, clock, *names):
    """Registered by her worker in quiet hours: the codes."""
    clock.at = datetime(2026, 2, 4, 22, 30, tzinfo=UTC)
    for name in names:
        Handset(care, ASC).say(f"NAISSANCE 03/02/2026 F 70000101 {name}")
    with care.sessions() as db:
        return [codes.of(number) for number in db.scalars(select(Child.number).order_by(Child.id))]


def test_the_first_text_does_not_come_after_a_death_of_the_same_night(care, clock):
    [code] = born_tonight(care, clock, "Fanta")
    assert len(waits(care, AWA)) == 1
    Handset(care, ASC).say(f"DECES {code}")
    assert waits(care, AWA) == []
    clock.move(days=60)
    Handset(care, ASC).say("GROSSESSE 10/03/2026 70000101")
    [text] = waits(care, AWA)
    assert text.startswith("CSCom Sotuba : vous recevrez parfois un rappel"), "another time she is welcomed"


def test_of_twins_the_other_s_family_is_welcomed(care, clock):
    first, _ = born_tonight(care, clock, "Fanta", "Awa")
    Handset(care, ASC).say(f"DECES {first}")
    assert len(waits(care, AWA)) == 1


def test_who_waits_for_her_centre_is_named_only_while_she_does(care):
    with transaction(care.sessions) as db:
        mother = nursery.mother_of(db, AWA)
        told = Born(date(2026, 2, 1), SOTUBA, mother_id=mother.id, sex="F")
        child = births.register(db, care, told, by=mother.id, channel="ussd", key="own", confirmed=False).child
        waiting.tell(db, care, SOTUBA)
    assert len(waits(care, MIDWIFE)) == 1
    end(care, child, "moved")
    assert waits(care, MIDWIFE) == []


def test_who_was_taken_over_by_another_centre_is_on_no_list_of_the_first(care, sought):
    with transaction(care.sessions) as db:
        worker = workers.of_number(db, FAR_ASC)
        moving.arrive(db, care, worker, codes.of(sought[0].number), None, channel="ussd")
    assert waits(care, ASC) == []
    mondays.monday_lists(care)
    assert waits(care, ASC) == ["1 enfant à retrouver : Issa. Composez *384*223#"]
