"""Laws of the weekly report and of 7-1-7, for any days and whoever reports."""

from __future__ import annotations

from datetime import UTC, date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.sevenoneseven import ACTIONS, sevenoneseven
from smsapp.surveillance.weeks import Week, deadline, heard, heard_by, last_due, silent

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
MAYBE = st.none() | st.dates(date(2026, 1, 1), date(2026, 2, 28))
WEEK = Week(2026, 10)
DUE = {who: told.due for who, told in of_country("ML").facts.deadlines.items()}
NOON = deadline(WEEK, DUE["village"], UTC)
PLACES = st.integers(1, 8)
REPORTS = st.lists(st.tuples(PLACES, st.integers(-200, 200).map(lambda hours: NOON + timedelta(hours=hours))))


@given(DAYS, st.integers(-300, 300))
def test_a_week_is_its_label_and_its_days(day, weeks):
    week = Week.of(day)
    assert Week.read(str(week)) == week
    assert week.monday <= day <= week.sunday
    assert week.plus(weeks).monday == week.monday + timedelta(weeks=weeks)
    assert (week < week.plus(weeks)) == (weeks > 0)


@given(st.datetimes(NOON.replace(tzinfo=None), timezones=st.just(UTC)), st.sampled_from(sorted(DUE)))
def test_the_last_week_that_is_due_is_followed_by_one_that_is_not(now, kind):
    week = last_due(now, DUE[kind], UTC)
    assert deadline(week, DUE[kind], UTC) <= now < deadline(week.plus(1), DUE[kind], UTC)


@given(st.dictionaries(PLACES, st.integers(10, 12)), REPORTS, st.randoms(use_true_random=False))
def test_in_time_is_heard_and_heard_is_expected(above, received, chance):
    told = heard(above, received, NOON)
    assert 0 <= told.timely <= told.received <= told.expected == len(above)
    assert heard(above, chance.sample(received, len(received)), NOON) == told
    parts = heard_by(above, received, NOON).values()
    assert told.expected == sum(part.expected for part in parts)
    assert told.received == sum(part.received for part in parts)
    assert told.timely == sum(part.timely for part in parts)


@given(st.lists(st.tuples(st.frozensets(PLACES), st.frozensets(PLACES)), min_size=1, max_size=5))
def test_who_is_silent_was_expected_and_not_heard(weeks):
    expected = {WEEK.plus(-n): places for n, (places, _) in enumerate(weeks)}
    reported = {WEEK.plus(-n): places for n, (_, places) in enumerate(weeks)}
    found = silent(expected, reported, WEEK, 2)
    for place in range(1, 9):
        missed = [place in places and place not in told for places, told in weeks]
        running = missed.index(False) if False in missed else len(missed)
        assert found.get(place, 0) == (running if running >= 2 else 0)


@given(
    MAYBE,
    MAYBE,
    MAYBE,
    st.dictionaries(st.sampled_from(ACTIONS), MAYBE),
    st.frozensets(st.sampled_from(ACTIONS)),
    MAYBE,
)
def test_no_interval_is_told_where_a_date_is_not(emergence, detection, notification, actions, none, today):
    told = sevenoneseven(emergence, detection, notification, actions, none, today)
    detect, notify, respond = told.intervals
    assert (detect.days is None) >= (emergence is None or detection is None)
    assert (notify.days is None) >= (detection is None or notification is None)
    missing = {action for action in ACTIONS if action not in none and actions.get(action) is None}
    assert (respond.days is None) == (notification is None or bool(missing))
    assert missing <= set(told.asked)
    assert all(interval.days is None or interval.days >= 0 for interval in told.intervals)
    assert bool(told.stuck) == (False in [interval.met for interval in told.intervals])
    assert told.met is not True or not told.asked
