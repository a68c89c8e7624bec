"""Reminders before and after a birth, how a child is, and two runs side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from smsapp import people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.vaccines import births, ending, giving, registering
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Contact, Reminder, Wish
from smsapp.vaccines.registering import Born
from smsapp.vaccines.reminding import remind
from smsapp.vaccines.tables import Attended, Child, Pregnancy
from tests import nursery, reminded
from tests.nursery import EAST
from tests.village import MOTHERS, SOTUBA, settle

BY = Giver("ussd")
TODAY = date(2026, 3, 10)  # of the tests' clock: a Tuesday


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def run(rt, clock, day, hour=6):
    clock.at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return remind(rt)


def looked_at(rt, clock, last):
    """A run on each day on which something is to be thought of, up to the last; what each told."""
    with rt.sessions() as db:
        tables = (Child.look_on, Pregnancy.look_on)
        while (
            day := min(filter(None, (db.scalar(select(func.min(column))) for column in tables)), default=last)
        ) < last:
            db.commit()
            run(rt, clock, max(day, rt.local_now().date()))
    return rows(rt)


def rows(rt, *subjects):
    with rt.sessions() as db:
        chosen = db.scalars(select(Reminder).order_by(Reminder.planned_for, Reminder.id)).all()
        wanted = subjects or {row.subject for row in chosen}
        return [(row.subject, row.planned_for, row.step, row.why_not) for row in chosen if row.subject in wanted]


def texts(rt):
    with rt.sessions() as db:
        return [row.text for row in db.scalars(select(Message).where(Message.kind == "reminder").order_by(Message.id))]


def attended(rt, pregnancy, on, kind="antenatal"):
    with transaction(rt.sessions) as db:
        row = db.get_one(Pregnancy, pregnancy.id)
        db.add(Attended(pregnancy_id=row.id, kind=kind, on=on, recorded_at=rt.now(), channel="ussd"))
        registering.plan_again(db, rt, row)


def born(rt, pregnancy, on):
    with transaction(rt.sessions) as db:
        row = db.get_one(Pregnancy, pregnancy.id, with_for_update=True)
        told = Born(on, SOTUBA, mother_id=row.mother_id, sex="F", village_id=EAST, pregnancy_id=row.id)
        births.born(db, rt, row, told, by=None, channel="ussd", confirmed=True)
        return registering.child(db, rt, told, by=None, channel="ussd", key=f"born:{row.id}")


def test_a_pregnancy_has_its_four_visits_its_plan_and_its_question(care, clock):
    start = TODAY - timedelta(weeks=10)
    pregnancy = nursery.pregnancy(care, start)
    attended(care, pregnancy, TODAY)
    due = start + timedelta(days=280)
    told = looked_at(care, clock, due + timedelta(days=30))
    first = [(subject, (day - start).days // 7, step) for subject, day, step, why in told if why is None]
    assert first == [
        ("antenatal", 23, -3),
        ("antenatal", 24, 0),
        ("antenatal", 25, 7),
        ("antenatal", 28, 28),
        ("antenatal", 31, -3),
        ("antenatal", 32, 0),
        ("antenatal", 33, 7),
        ("antenatal", 35, -3),
        ("antenatal", 36, 0),
        ("antenatal", 37, 7),
        ("birth_plan", 38, -14),
        ("antenatal", 40, 28),
        ("born", 41, 7),
    ]
    assert texts(care)[-1] == "CSCom Sotuba : avez-vous du nouveau ? Répondez 1 oui, 2 pas encore, 3 autre."
    with care.sessions() as db:
        assert db.get_one(Pregnancy, pregnancy.id).look_on is None


def test_a_visit_that_took_place_is_not_reminded_of(care, clock):
    start = TODAY - timedelta(weeks=23)
    pregnancy = nursery.pregnancy(care, start)
    run(care, clock, start + timedelta(days=24 * 7 - 3))
    attended(care, pregnancy, start + timedelta(days=24 * 7 - 3))
    told = looked_at(care, clock, start + timedelta(weeks=30))
    assert told == []  # the text of the morning was taken back with its row


def test_frank_and_neutral_before_a_birth(care, clock):
    start = TODAY - timedelta(days=280 - 20)
    pregnancy = nursery.pregnancy(care, start)
    attended(care, pregnancy, TODAY)
    run(care, clock, start + timedelta(days=266))
    with transaction(care.sessions) as db:
        db.add(Wish(person_id=pregnancy.mother_id, frank=True))
    run(care, clock, start + timedelta(days=287))
    neutral, frank = texts(care)
    assert neutral.startswith("CSCom Sotuba : pensez au transport et à un peu d'épargne")
    assert frank == "CSCom Sotuba : avez-vous accouché ? Répondez 1 oui, 2 pas encore, 3 autre."


@pytest.mark.parametrize("busy", [1, 2])
def test_what_is_said_once_waits_for_a_day_without_another_text(care, clock, busy):
    start = TODAY - timedelta(days=280 - 20)
    pregnancy, child = nursery.pregnancy(care, start), nursery.child(care, TODAY)
    attended(care, pregnancy, TODAY)
    days = [start + timedelta(days=266 + n) for n in range(busy + 2)]
    for n, day in enumerate(days):
        clock.at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
        if n < busy:
            reminded.asked(care, child, day=day, step=n)
        remind(care)
        remind(care)
    assert rows(care, "birth_plan") == [("birth_plan", days[busy], -14, None)]


def test_eight_visits_where_the_setting_says_so(care, clock):
    eight = replace(care, settings=replace(care.settings, antenatal_visits=8))
    start = TODAY - timedelta(weeks=10)
    nursery.pregnancy(eight, start)
    looked_at(eight, clock, start + timedelta(weeks=41))
    weeks = {(day - start).days // 7 for _, day, step, _ in rows(eight, "antenatal") if step == 0}
    assert weeks == {10, 20, 26, 30, 34, 36, 38, 40}


def test_after_a_birth_come_the_mothers_visits_and_the_childs_by_themselves(care, clock):
    start = TODAY - timedelta(days=280)
    pregnancy = nursery.pregnancy(care, start)
    attended(care, pregnancy, TODAY)
    clock.move(days=1)
    on = care.local_now().date()
    born(care, pregnancy, on)
    looked_at(care, clock, on + timedelta(days=60))
    after = [(day - on).days for _, day, _, why in rows(care, "postnatal") if why is None]
    told = {(day - on).days for _, day, _, why in rows(care, "vaccines") if why is None}
    assert set(after) >= {1, 3, 7, 14, 42}
    assert {1, 8, 39, 42, 49} <= told
    assert not rows(care, "born", "birth_plan")


def test_of_a_child_that_died_nothing_more_is_said_to_her_mother(care, clock):
    """Neither what waits, nor her visits after the birth, nor how her other child is."""
    elder = nursery.child(care, TODAY - timedelta(days=500))
    with transaction(care.sessions) as db:
        giving.give(
            db, care, db.get_one(Child, elder.id), [d.code for d in giving.calendar(care).doses], None, BY, key="all"
        )
    pregnancy = nursery.pregnancy(care, TODAY - timedelta(days=280))
    child = born(care, pregnancy, TODAY)
    run(care, clock, TODAY + timedelta(days=1))
    with transaction(care.sessions) as db:
        assert {row.status for row in db.scalars(select(Message))} == {"queued"}
        ending.end(db, care, db.get_one(Child, child.id), "dead", by=None, channel="sms")
    looked_at(care, clock, TODAY + timedelta(days=70))
    with care.sessions() as db:
        assert {row.status for row in db.scalars(select(Message))} == {"cancelled"}
    assert {why for _, _, _, why in rows(care) if why} == {"needless"}  # the elder's doses, as her mother told


def test_how_the_child_is_is_asked_where_nobody_spoke_to_her_that_week(care, clock):
    nursery.child(care, TODAY - timedelta(days=480), name="Old")
    child = nursery.child(care, TODAY - timedelta(days=290))
    with transaction(care.sessions) as db:
        for one in db.scalars(select(Child)):
            one.look_on = TODAY + timedelta(days=45)
    run(care, clock, TODAY + timedelta(days=45))
    with transaction(care.sessions) as db:
        told = {"mother_id": child.mother_id, "facility_id": SOTUBA, "on": TODAY + timedelta(days=57), "visited": True}
        db.add(Contact(**told))
    run(care, clock, TODAY + timedelta(days=60))
    run(care, clock, TODAY + timedelta(days=75))
    with care.sessions() as db:
        assert set(db.scalars(select(Reminder.child_id).where(Reminder.subject == "check_in"))) == {child.id}
    assert [(day - TODAY, why) for _, day, _, why in rows(care, "check_in")] == [
        (timedelta(days=45), None),
        (timedelta(days=60), "told"),
        (timedelta(days=75), None),
    ]
    assert texts(care)[-1] == "CSCom Sotuba : votre enfant va-t-il bien ? Répondez 1 oui, 2 non."


def test_two_runs_side_by_side_tell_each_family_once(live_rt, clock):
    settle(live_rt)
    nursery.staffed(live_rt)
    with transaction(live_rt.sessions) as db:
        for number in MOTHERS:
            people.add(db, live_rt.now(), number=number, name="Kadia", facility_id=SOTUBA)
        mothers = db.execute(select(people.Number.person_id, people.Number.number)).all()
        for person_id, number in mothers:
            if number in MOTHERS:
                for sex in "FM":
                    told = Born(TODAY - timedelta(days=42), SOTUBA, mother_id=person_id, sex=sex)
                    registering.child(db, live_rt, told, by=None, channel="sms", key=f"{person_id}{sex}")
    clock.move(days=1)
    with ThreadPoolExecutor(4) as threads:
        ran = list(threads.map(lambda _: remind(live_rt), range(4)))
    assert sum(told.texts for told in ran) == len(MOTHERS)
    with live_rt.sessions() as db:
        assert sorted(db.scalars(select(Message.number))) == sorted(MOTHERS)
        rows = db.execute(
            select(Reminder.number, func.count(), func.count(Reminder.message_id.distinct())).group_by(Reminder.number)
        )
        assert {(count, messages) for _, count, messages in rows} == {(4, 1)}
    assert remind(live_rt).files == 0
