"""The weekly report: ISO weeks at the turn of a year, deadlines, how complete and in time, and who is silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.weeks import Heard, Week, deadline, heard, heard_by, last_due, silent

WEEK = Week(2026, 10)  # 2 to 8 March
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
DUE = {who: told.due for who, told in of_country("ML").facts.deadlines.items()}
NOON = deadline(WEEK, DUE["village"], UTC)


def at(hours):
    return MONDAY + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2024, 12, 30), "2025W1"),
        (date(2021, 1, 3), "2020W53"),
        (date(2027, 1, 1), "2026W53"),
        (date(2026, 1, 1), "2026W1"),
        (date(2026, 3, 2), "2026W10"),
        (date(2026, 3, 8), "2026W10"),
        (date(2026, 3, 9), "2026W11"),
    ],
)
def test_the_week_of_a_day(day, label):
    week = Week.of(day)
    assert str(week) == label
    assert week.monday <= day <= week.sunday
    assert (week.monday.weekday(), week.sunday.weekday()) == (0, 6)


def test_weeks_go_on_over_the_turn_of_a_year():
    assert Week(2026, 53).plus(1) == Week(2027, 1)
    assert Week(2025, 1).plus(-1) == Week(2024, 52)
    assert Week(2026, 53) < Week(2027, 1) < Week(2027, 10)


@pytest.mark.parametrize("label", ["2025W1", "2025W01", "2025-W01"])
def test_a_week_is_read_as_it_is_written(label):
    assert Week.read(label) == Week(2025, 1)


@pytest.mark.parametrize("label", ["2025W53", "2025W0", "0000W1", "2025", "W1", "2025W1 ", "²025W1", "2025W100"])
def test_a_week_that_is_not_there(label):
    with pytest.raises(ValueError) as no:
        Week.read(label)
    assert len(str(no.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("place", "moment"),
    [
        ("village", datetime(2026, 3, 9, 12, tzinfo=UTC)),
        ("facility", datetime(2026, 3, 10, 12, tzinfo=UTC)),
        ("district", datetime(2026, 3, 11, 23, 59, tzinfo=UTC)),
    ],
)
def test_when_a_report_is_due(place, moment):
    assert deadline(WEEK, DUE[place], UTC) == moment
    assert last_due(moment, DUE[place], UTC) == WEEK
    assert last_due(moment - timedelta(seconds=1), DUE[place], UTC) == Week(2026, 9)


def test_a_deadline_is_in_the_time_of_the_place():
    assert deadline(WEEK, DUE["village"], ZoneInfo("Africa/Nairobi")) == datetime(2026, 3, 9, 9, tzinfo=UTC)


def test_how_complete_and_how_much_in_time():
    told = heard({1, 2, 3, 4}, [(1, at(11)), (2, at(13)), (3, at(-24)), (9, at(1))], NOON)
    assert told == Heard(expected=4, received=3, timely=2)
    assert (told.completeness, told.timeliness) == (Fraction(3, 4), Fraction(1, 2))


def test_of_two_reports_the_first_counts_in_any_order():
    assert heard([1], [(1, at(13)), (1, at(11)), (1, at(20))], NOON) == Heard(1, 1, 1)


def test_at_the_deadline_itself_it_is_late():
    assert heard([1, 2], [(1, NOON), (2, NOON - timedelta(seconds=1))], NOON) == Heard(2, 2, 1)


def test_where_nothing_is_expected_there_is_no_share():
    told = heard([], [(1, at(1))], NOON)
    assert (told, told.completeness, told.timeliness) == (Heard(0, 0, 0), None, None)


def test_the_shares_of_each_facility():
    above = {1: 10, 2: 10, 3: 11, 4: 12}
    told = heard_by(above, iter([(1, at(1)), (3, at(20)), (9, at(1))]), NOON)
    assert told == {10: Heard(2, 1, 1), 11: Heard(1, 1, 0), 12: Heard(1, 0, 0)}


def test_a_place_is_silent_after_two_weeks_running():
    weeks = [Week(2026, 8), Week(2026, 9), Week(2026, 10)]
    expected = {weeks[0]: {1, 2, 3}, weeks[1]: {1, 2, 3, 5}, weeks[2]: {1, 2, 3, 4, 5}}
    reported = {weeks[0]: {2, 3}, weeks[1]: {3}}
    assert silent(expected, reported, weeks[2], 2) == {1: 3, 2: 2, 5: 2}
    assert silent(expected, reported, weeks[1], 2) == {1: 2}
    assert silent(expected, reported | {weeks[2]: {1}}, weeks[2], 2) == {2: 2, 5: 2}
    assert silent(expected, reported, weeks[2], 3) == {1: 3}


def test_silence_goes_on_over_the_turn_of_a_year():
    last = Week(2027, 1)
    assert silent({last: [1], Week(2026, 53): [1]}, {}, last, 2) == {1: 2}
