"""When a pregnancy's visits are, before and after the birth."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from smsapp.vaccines import antenatal
from smsapp.vaccines.antenatal import FOLDER, after_birth, before_birth, due_on, of_country, weeks

MALI = of_country("ML")
LAST_PERIOD, BIRTH = date(2025, 1, 1), date(2025, 10, 8)


def test_the_day_of_birth_is_280_days_after_the_last_period():
    assert due_on(LAST_PERIOD) == BIRTH
    assert (weeks(LAST_PERIOD, LAST_PERIOD + timedelta(days=118)), weeks(LAST_PERIOD, BIRTH)) == (16, 40)


def test_eight_visits_are_in_their_weeks():
    visits = before_birth(MALI, 8, BIRTH)
    assert {visit.code: f"{visit.latest}" for visit in visits} == {
        "C1": "2025-03-26",
        "C2": "2025-05-21",
        "C3": "2025-07-02",
        "C4": "2025-07-30",
        "C5": "2025-08-27",
        "C6": "2025-09-10",
        "C7": "2025-09-24",
        "C8": "2025-10-08",
    }
    assert all(visit.due == visit.latest for visit in visits[1:])


def test_four_visits_are_in_their_weeks():
    first, *others = before_birth(MALI, 4, BIRTH)
    assert (first.due, first.latest) == (LAST_PERIOD, date(2025, 4, 23))
    assert {visit.code: f"{visit.due}" for visit in others} == {
        "CPN2": "2025-06-18",
        "CPN3": "2025-08-13",
        "CPN4": "2025-09-10",
    }


@pytest.mark.parametrize(
    ("week", "code"), [(0, "CPN1"), (16, "CPN1"), (18, None), (20, "CPN2"), (28, "CPN2"), (29, "CPN3"), (35, "CPN4")]
)
def test_a_visit_counts_by_its_completed_weeks(week, code):
    for day in (LAST_PERIOD + timedelta(days=7 * week), LAST_PERIOD + timedelta(days=7 * week + 6)):
        found = [visit.code for visit in before_birth(MALI, 4, BIRTH) if visit.taken([day])]
        assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("after", "code"), [(1, "PNC1"), (3, "PNC2"), (4, "PNC2"), (5, None), (7, "PNC3"), (14, "PNC3"), (42, "PNC4")]
)
def test_a_visit_after_the_birth_counts_by_its_days(after, code):
    day = BIRTH + timedelta(days=after)
    assert [visit.code for visit in after_birth(MALI, BIRTH) if visit.taken([day])] == ([code] if code else [])


def test_windows_of_every_country_follow_one_another():
    for path in sorted(FOLDER.glob("*.yaml")):
        care = antenatal.read(path)
        for visits in (*(before_birth(care, n, BIRTH) for n in care.before), after_birth(care, BIRTH)):
            assert all(one.closes < other.opens for one, other in pairwise(visits))
            assert all(one.opens <= one.due <= one.latest <= one.closes for one in visits)


def test_a_country_without_a_file_has_no_visits():
    assert before_birth(of_country("XX"), 4, BIRTH) == []
