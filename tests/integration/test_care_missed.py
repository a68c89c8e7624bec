"""Children who missed a visit: looked for once, told of on Monday, and found in every way there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.vaccines import ending, escalating, giving, missing, mondays, searching, workers
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Reminder, Search
from smsapp.vaccines.tables import Child
from tests import nursery
from tests.nursery import ASC, ASC_2, AWA, BINTA, EAST, HEAD, WEST
from tests.village import SOTUBA, settle

TODAY = date(2026, 3, 10)  # a Tuesday
MONDAY = date(2026, 3, 16)
BY = Giver("ussd")


@pytest.fixture
def care(rt, clock):
    """On the day before the children's files are five weeks old."""
    settle(rt)
    nursery.staffed(rt)
    clock.at = datetime(2026, 2, 4, 10, 0, tzinfo=UTC)
    return rt


def children(care, clock, *names, village_id=EAST, number=AWA):
    """Newborns of the fourth of February who were given nothing, seen from today."""
    now, clock.at = clock.at, datetime(2026, 2, 4, 10, 0, tzinfo=UTC)
    made = [nursery.child(care, date(2026, 2, 3), number, name=name, village_id=village_id) for name in names]
    clock.at = now
    return made


def searches(db):
    db.expire_all()
    return db.scalars(select(Search).order_by(Search.id)).all()


def at(clock, day, hour=8):
    clock.at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hour)


def texts(db):
    return {m.number: m.text for m in db.scalars(select(Message).where(Message.kind == "alert").order_by(Message.id))}


def test_a_search_opens_on_the_day_and_only_once(care, db, clock):
    children(care, clock, "Fanta")
    for day, new in ((date(2026, 3, 3), 0), (date(2026, 3, 4), 1), (date(2026, 3, 4), 0), (TODAY, 0)):
        at(clock, day)
        assert searching.open_searches(care, day) == new, day
    [search] = searches(db)
    assert (search.opened_on, search.doses, search.village_id) == (date(2026, 3, 4), ["BCG"], EAST)


def test_whoever_was_told_of_a_later_clinic_day_is_not_looked_for_before_it(care, db, clock):
    [child] = children(care, clock, "Fanta")
    at(clock, date(2026, 3, 4))
    with transaction(care.sessions) as own:
        message = outbox.post(own, care, AWA, "Rappel", kind="reminder", key="r")
        told = {"child_id": child.id, "facility_id": SOTUBA, "due_on": date(2026, 2, 4), "day": date(2026, 3, 6)}
        own.add(Reminder(**told, subject="vaccines", step=28, doses=[], planned_for=TODAY, message_id=message.id))
    for day, new in ((date(2026, 3, 4), 0), (date(2026, 3, 6), 0), (date(2026, 3, 7), 1)):
        at(clock, day)
        assert searching.open_searches(care, day) == new, day


def test_a_dose_ends_the_search_and_a_death_too(care, db, clock):
    found, died, waits = children(care, clock, "Fanta", "Issa", "Awa")
    at(clock, TODAY)
    assert searching.open_searches(care, TODAY) == 3
    with transaction(care.sessions) as own:
        giving.give(own, care, own.get_one(Child, found.id), ["BCG"], TODAY, BY, key="a")
        ending.end(own, care, own.get_one(Child, died.id), "dead", by=None, channel="ussd")
    told = {row.child_id: (row.outcome, row.closed_on) for row in searches(db)}
    assert told == {found.id: ("vaccinated", TODAY), died.id: ("died", TODAY), waits.id: (None, None)}


def test_what_else_she_missed_is_looked_for_when_four_weeks_have_passed(care, db, clock):
    [child] = children(care, clock, "Fanta")
    late = date(2026, 6, 1)
    at(clock, late)
    assert searching.open_searches(care, late) == 1
    [search] = searches(db)
    assert {"BCG", "PENTA1"} <= set(search.doses)
    assert "PENTA2" not in search.doses
    search.doses = ["BCG"]
    db.commit()
    with transaction(care.sessions) as own:
        giving.give(own, care, own.get_one(Child, child.id), ["BCG"], late, BY, key="a")
    assert searches(db)[0].outcome == "vaccinated"
    for day, new in ((late, 0), (date(2026, 6, 28), 0), (date(2026, 6, 29), 1)):
        at(clock, day)
        assert searching.open_searches(care, day) == new, day
    assert "BCG" not in searches(db)[1].doses


def test_a_dose_without_a_card_ends_nothing(care, db, clock):
    [child] = children(care, clock, "Fanta")
    at(clock, TODAY)
    searching.open_searches(care, TODAY)
    with transaction(care.sessions) as own:
        giving.give(own, care, own.get_one(Child, child.id), ["BCG"], None, BY, key="a")
    assert searches(db)[0].closed_on is None
    assert searching.open_searches(care, TODAY) == 0


def test_what_her_centre_has_not_confirmed_is_not_looked_for(care, db, clock):
    [child] = children(care, clock, "Fanta")
    at(clock, TODAY)
    db.get_one(Child, child.id).confirmed_on = None
    db.commit()
    assert searching.open_searches(care, TODAY) == 0


def test_monday_tells_each_worker_once_and_never_on_tuesday(care, db, clock):
    children(care, clock, *(f"Aminata{n}" for n in range(25)))
    children(care, clock, "Moussa", village_id=WEST, number=BINTA)
    at(clock, MONDAY, 6)
    assert mondays.monday_lists(care) == 0
    at(clock, MONDAY, 7)
    assert mondays.monday_lists(care) == 3
    at(clock, MONDAY, 19)
    assert mondays.monday_lists(care) == 0
    told = texts(db)
    assert set(told) == {ASC, ASC_2, HEAD}
    assert told[ASC].startswith("25 enfants à retrouver : Aminata0, Aminata1, ")
    assert told[ASC].endswith("*384*223#")
    assert " +" in told[ASC]
    assert all(parts == 1 for parts in db.scalars(select(Message.parts)))
    assert told[ASC_2] == "1 enfant à retrouver : Moussa. Composez *384*223#"
    assert told[HEAD] == "Enfants à retrouver : 26. Retrouvés en 7 jours : 0. Nouveaux : 26."
    assert {row.told_on for row in searches(db)} == {MONDAY}
    assert db.scalar(select(func.max(Message.use_by))) == datetime(2026, 3, 17, tzinfo=UTC)
    at(clock, MONDAY + timedelta(days=1), 9)
    assert mondays.monday_lists(care) == 0


def test_an_empty_list_is_praised_in_its_week_alone(care, db, clock):
    [child] = children(care, clock, "Fanta")
    at(clock, MONDAY)
    mondays.monday_lists(care)
    at(clock, MONDAY + timedelta(days=3))
    with transaction(care.sessions) as own:
        giving.give(own, care, own.get_one(Child, child.id), ["BCG"], TODAY, BY, key="a")
    said = []
    for weeks in (1, 2):
        at(clock, MONDAY + timedelta(weeks=weeks))
        mondays.monday_lists(care)
        said.append(texts(db)[ASC])
    assert said == ["Bravo, aucun enfant à retrouver"] * 2
    assert db.scalar(select(func.count()).where(Message.number == ASC)) == 2
    assert ASC_2 not in texts(db)


def test_families_without_a_phone_are_a_line_of_their_own(care, db, clock):
    [child] = children(care, clock, "Fanta")
    at(clock, MONDAY)
    told = {"child_id": child.id, "facility_id": SOTUBA, "due_on": TODAY, "day": MONDAY, "person_id": child.mother_id}
    db.add(Reminder(**told, subject="vaccines", step=0, doses=[], planned_for=MONDAY, why_not="no_phone"))
    db.commit()
    mondays.monday_lists(care)
    first, second = texts(db)[ASC].split("\n")
    assert (first[:10], second) == ("1 enfant à", "1 famille sans téléphone.")


def test_the_head_hears_after_two_weeks_of_silence_by_village_and_once(care, db, clock):
    children(care, clock, "Fanta", "Issa")
    children(care, clock, "Moussa", village_id=WEST, number=BINTA)
    at(clock, MONDAY)
    mondays.monday_lists(care)
    with transaction(care.sessions) as own:
        own.scalars(select(Search).order_by(Search.id)).first().outcome = "seen"
    for days, new in ((13, 0), (14, 2), (14, 0), (15, 0)):
        day = MONDAY + timedelta(days=days)
        at(clock, day)
        assert escalating.escalate(care, day) == new, days
    said = db.scalars(select(Message.text).where(Message.number == HEAD).order_by(Message.id)).all()[1:]
    assert said == [
        "Sotuba Est : 1 enfant sans nouvelles depuis 14 jours : Issa. Composez *384*223#",
        "Sotuba Ouest : 1 enfant sans nouvelles depuis 14 jours : Moussa. Composez *384*223#",
    ]
    assert [row.escalated_on is not None for row in searches(db)] == [False, True, True]


def test_the_head_hears_once_of_a_child_who_was_seen_and_given_nothing(care, db, clock):
    _, given = children(care, clock, "Fanta", "Issa")
    at(clock, MONDAY)
    mondays.monday_lists(care)
    for days in (1, 8, 10):  # told again and again that she will come
        at(clock, MONDAY + timedelta(days=days))
        with transaction(care.sessions) as own:
            worker = workers.of_number(own, ASC)
            for search in searches(own):
                missing.tell(own, care, worker, search.id, "seen", channel="ussd")
    with transaction(care.sessions) as own:
        search = next(one for one in searches(own) if one.child_id == given.id)
        search.doses = ["BCG", "PENTA1"]
        giving.give(own, care, own.get_one(Child, given.id), ["BCG"], MONDAY + timedelta(days=9), BY, key="a")
    for days, new in ((14, 0), (15, 1), (15, 0), (30, 0)):
        day = MONDAY + timedelta(days=days)
        at(clock, day)
        assert escalating.escalate(care, day) == new, days
    [said] = [text for text in db.scalars(select(Message.text).where(Message.number == HEAD)) if "sans nouv" in text]
    assert said == "Sotuba Est : 1 enfant sans nouvelles depuis 14 jours : Fanta. Composez *384*223#"


def test_two_runs_at_once_send_one_list(live_rt, clock):
    settle(live_rt)
    nursery.staffed(live_rt)
    children(live_rt, clock, "Fanta")
    at(clock, MONDAY, 9)
    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(lambda _: mondays.monday_lists(live_rt), range(4)))
    with live_rt.sessions() as db:
        assert db.scalar(select(func.count()).where(Message.kind == "alert")) == sum(new) == 2
        assert db.scalar(select(func.count()).select_from(Search)) == 1
