"""On which days a visit is told of."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from smsapp.config import QuietHours, Settings
from smsapp.vaccines.clinic import Calendar, Held
from smsapp.vaccines.reminding.hours import window
from smsapp.vaccines.reminding.steps import Occasion, sort_out, steps

MONDAY = date(2026, 3, 9)
THURSDAYS = Calendar([Held("vaccines", weekday=3)])


def days(known, calendar=THURSDAYS, day=MONDAY, **told):
    one = Occasion("vaccines", day, day, (-3, 0, 7, 28), service="vaccines", **told)
    return {step.step: (step.day - MONDAY).days for step in steps(one, calendar, None, MONDAY + timedelta(days=known))}


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (-10, {-3: 0, 0: 3, 7: 10, 28: 31}),
        (-1, {-3: 0, 0: 3, 7: 10, 28: 31}),
        (0, {-3: 1, 0: 3, 7: 10, 28: 31}),  # registered three days before: told the next day
        (1, {-3: 2, 0: 3, 7: 10, 28: 31}),
        (2, {0: 3, 7: 10, 28: 31}),  # the day before: on the day itself
        (3, {-3: 7, 0: 10, 7: 17, 28: 38}),  # registered on the clinic day: the next one
    ],
)
def test_nothing_is_said_on_the_day_of_registration_and_the_first_text_soon_after(known, told):
    assert days(known) == told


def test_a_later_text_names_the_next_clinic_day_from_then():
    one = Occasion("vaccines", MONDAY, MONDAY, (-3, 0, 7, 28), service="vaccines")
    calendar = Calendar([Held("vaccines", weekday=3)], [(date(2026, 3, 19), date(2026, 3, 19))])
    named = {step.step: step.names for step in steps(one, calendar, None, date(2026, 3, 1))}
    assert named == {-3: date(2026, 3, 12), 0: date(2026, 3, 12), 7: date(2026, 3, 26), 28: date(2026, 4, 9)}


def test_after_its_window_a_visit_is_not_told_of():
    assert days(-10, last=MONDAY + timedelta(days=10)) == {-3: 0, 0: 3, 7: 10}
    assert days(-10, last=MONDAY + timedelta(days=1)) == {-3: -3, 0: 0}  # no clinic in time: any day
    assert days(5, last=MONDAY + timedelta(days=1)) == {}


def test_another_clinic_day_that_she_promised_is_told_of_on_that_day_and_what_comes_later_after_it():
    promised = MONDAY + timedelta(days=11)  # a Friday; the clinic is on the next Thursday
    assert days(-10, promised=MONDAY + timedelta(days=10)) == {10: 10, 7: 17, 28: 38}
    assert days(-10, promised=promised) == {11: 17, 7: 24, 28: 45}, "a calendar that changed moves it"
    assert days(10, promised=MONDAY + timedelta(days=10)) == {7: 17, 28: 38}
    assert days(-10, promised=MONDAY + timedelta(days=10), last=MONDAY + timedelta(days=9)) == {}


def test_what_was_told_is_not_thought_of_again():
    one = Occasion("vaccines", MONDAY, MONDAY, (-3, 0, 7), service="vaccines")
    every = steps(one, THURSDAYS, None, date(2026, 3, 1))
    found = sort_out(every, {("vaccines", MONDAY, 0)}, date(2026, 3, 12))
    assert ([step.step for step in found.past], list(found.now), found.next_on) == ([-3], [], date(2026, 3, 19))


@pytest.mark.parametrize(
    ("quiet", "hour", "opens", "closes"),
    [
        ((20, 7), None, 9, 20),
        ((20, 7), 17, 17, 20),
        ((20, 7), 6, 7, 20),
        ((20, 7), 23, 19, 20),
        ((0, 7), 5, 7, 24),
        ((12, 14), 9, 9, 12),
        ((12, 14), 13, 14, 24),
        ((0, 0), 22, 22, 24),
    ],
)
def test_a_text_has_its_hour_and_the_end_of_its_day(quiet, hour, opens, closes):
    some = Settings("", "", "", "", timezone=ZoneInfo("Etc/GMT-2"), quiet_hours=QuietHours(*map(time, quiet)))
    midnight = datetime(2026, 3, 8, 22, tzinfo=UTC)
    assert window(MONDAY, hour, some) == tuple(midnight + timedelta(hours=n) for n in (opens, closes))
