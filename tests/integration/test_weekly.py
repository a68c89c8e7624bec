"""Weekly reports: of whom one is expected, and how complete and in time they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from smsapp.db import transaction
from smsapp.people import Person
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.surveillance import weekly
from smsapp.surveillance.tables import CaseReport, Reporter
from smsapp.surveillance.weekly import LATE, MISSING, TIMELY, UNEXPECTED, WAITING
from smsapp.surveillance.weeks import Heard, Week
from tests import outposts, village
from tests.outposts import ASC, ASC_2, DJOUMANZANA, FAR_ASC, HEAD, KOUROUBA, SALA, STRANGER, TIENFALA
from tests.village import BOULKA, CENTRAL, COMMUNE_1, KADIOLO, SOTUBA

WEEK = Week(2026, 10)  # 2 to 8 March
BEFORE = WEEK.plus(-1)
IN_TIME, TOO_LATE = datetime(2026, 3, 9, 11, 59, tzinfo=UTC), datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def there(rt):
    """Those who report have been there since January."""
    village.settle(rt)
    outposts.settle(rt)
    with transaction(rt.sessions) as db:
        db.execute(update(Person).values(created_at=datetime(2026, 1, 5, tzinfo=UTC)))
    return rt


def told(rt, number, week=WEEK, at=IN_TIME, **more):
    """A report of no case, or what `more` says."""
    with transaction(rt.sessions) as db:
        sender = outposts.reporters.of_number(db, number)
        values = {
            "kind": "zero",
            "disease": "zero",
            "reporter_id": sender and sender.id,
            "facility_id": sender and sender.facility_id,
            "week": week.monday,
            "counted_on": at.date(),
            "received_at": at,
            "channel": "sms",
        }
        db.execute(insert(CaseReport), [values | more])


def case(rt, number, village_id, **more):
    told(rt, number, kind="case", disease="measles", village_id=village_id, **more)


def read(rt, scope=EVERYWHERE, first=WEEK, last=WEEK):
    with transaction(rt.sessions) as db:
        return weekly.read(db, rt, scope, first, last)


def marks(rt, week=WEEK, **more):
    found = read(rt, first=week, last=week, **more)
    return {i: found.mark(i, week, rt.now()) for i in found.villages}


def test_villages_that_a_worker_answers_for_and_centres_where_somebody_reports(there):
    found = read(there)
    assert set(found.villages) == {KOUROUBA, SALA, TIENFALA, DJOUMANZANA}
    assert set(found.centres) == {SOTUBA, BOULKA, CENTRAL}
    assert (found.villages[KOUROUBA].facility_id, found.villages[KOUROUBA].district_id) == (SOTUBA, COMMUNE_1)
    assert found.heard(WEEK) == Heard(4, 0, 0)


def test_a_week_with_nothing_speaks_for_all_villages_of_a_worker(there):
    told(there, ASC_2)
    assert marks(there) == {KOUROUBA: MISSING, SALA: TIMELY, TIENFALA: TIMELY, DJOUMANZANA: MISSING}


def test_a_case_speaks_for_its_village_alone(there):
    case(there, ASC_2, SALA)
    assert marks(there) == {KOUROUBA: MISSING, SALA: TIMELY, TIENFALA: MISSING, DJOUMANZANA: MISSING}


def test_a_case_of_an_unknown_village_speaks_for_all_of_hers(there):
    case(there, ASC_2, None)
    assert (marks(there)[SALA], marks(there)[TIENFALA]) == (TIMELY, TIMELY)


def test_a_case_seen_by_somebody_else_is_not_the_report_of_the_worker(there):
    case(there, HEAD, KOUROUBA)
    case(there, ASC_2, KOUROUBA)
    assert marks(there)[KOUROUBA] == MISSING


@pytest.mark.parametrize(("at", "mark"), [(IN_TIME, TIMELY), (TOO_LATE, LATE)])
def test_in_time_before_monday_noon(there, at, mark):
    told(there, ASC, at=at)
    assert marks(there)[KOUROUBA] == mark


def test_the_first_report_of_a_week_decides(there):
    told(there, ASC, at=TOO_LATE)
    case(there, ASC, KOUROUBA, at=IN_TIME - timedelta(days=4))
    assert marks(there)[KOUROUBA] == TIMELY


def test_before_its_deadline_a_week_is_waited_for(there, clock):
    clock.at = IN_TIME
    assert set(marks(there).values()) == {WAITING}
    clock.at = TOO_LATE
    assert set(marks(there).values()) == {MISSING}


@pytest.mark.parametrize(
    ("standing", "mark"),
    [("counted", TIMELY), ("dismissed", TIMELY), ("withdrawn", MISSING), ("training", MISSING), ("signal", MISSING)],
)
def test_which_reports_count(there, standing, mark):
    case(there, ASC, KOUROUBA, standing=standing)
    assert marks(there)[KOUROUBA] == mark


def test_strangers_speak_for_no_place(there):
    told(there, STRANGER, facility_id=SOTUBA, village_id=KOUROUBA, kind="case", disease="measles")
    assert read(there).heard(WEEK, "facility").received == 0


def test_complete_and_in_time_by_centre_and_district(there):
    told(there, ASC)
    told(there, ASC_2, at=TOO_LATE)
    told(there, FAR_ASC)
    found = read(there)
    assert found.by_facility(WEEK) == {SOTUBA: Heard(3, 3, 1), BOULKA: Heard(1, 0, 0)}
    assert found.by_district(WEEK) == {COMMUNE_1: Heard(4, 3, 1)}
    # Kadiolo's worker has no villages: she reports for the centre.
    assert found.by_district(WEEK, "facility") == {COMMUNE_1: Heard(2, 1, 1), KADIOLO: Heard(1, 1, 1)}
    assert found.heard(WEEK, "facility") == Heard(3, 2, 2)


def test_a_centre_has_until_tuesday_noon(there):
    told(there, HEAD, at=IN_TIME + timedelta(days=1))
    told(there, FAR_ASC, at=TOO_LATE + timedelta(days=1))
    assert read(there).by_district(WEEK, "facility") == {COMMUNE_1: Heard(2, 1, 1), KADIOLO: Heard(1, 1, 0)}


def test_nothing_is_expected_of_those_in_training(there):
    with transaction(there.sessions) as db:
        row = Reporter(person_id=outposts.person_id(there, ASC), code="4711", training_since=there.now())
        db.add(row)
    assert KOUROUBA not in read(there).villages


def test_a_village_is_expected_from_the_first_whole_week_of_its_worker(there):
    with transaction(there.sessions) as db:
        hers = update(Person).where(Person.id == outposts.person_id(there, ASC))
        db.execute(hers.values(created_at=datetime(2026, 3, 3, tzinfo=UTC)))
    assert marks(there)[KOUROUBA] == UNEXPECTED
    assert marks(there, WEEK.plus(1))[KOUROUBA] == WAITING
    assert marks(there, BEFORE)[SALA] == MISSING
    told(there, ASC, week=BEFORE, at=IN_TIME - timedelta(weeks=1))  # it turns out that she was there
    assert (marks(there, BEFORE)[KOUROUBA], marks(there)[KOUROUBA]) == (TIMELY, MISSING)


def test_a_scope_shows_its_own_places(there):
    told(there, ASC)
    found = read(there, Scope(frozenset({BOULKA})))
    assert (set(found.villages), set(found.centres)) == ({DJOUMANZANA}, {BOULKA})
    assert found.came == {}


def test_villages_that_nobody_heard_from_for_two_weeks(there):
    told(there, ASC, week=BEFORE)
    told(there, ASC_2)
    found = read(there, first=WEEK.plus(-5))
    assert found.silent(WEEK, 2) == {DJOUMANZANA: 6}
    assert found.silent(BEFORE, 2) == {SALA: 5, TIENFALA: 5, DJOUMANZANA: 5}


def test_the_last_week_that_is_due(there, clock):
    clock.at = IN_TIME
    assert weekly.last_due(there) == BEFORE
    clock.at = TOO_LATE
    assert (weekly.last_due(there), weekly.last_due(there, "facility")) == (WEEK, BEFORE)
