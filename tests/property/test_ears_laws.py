"""Laws of EARS, for any series of counts."""

from __future__ import annotations

from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.surveillance.described import describe
from smsapp.surveillance.ears import ears

COUNTS = st.lists(st.integers(0, 5) | st.integers(0, 10**9), max_size=40)
BASELINES = st.integers(2, 12)
FLOORS = st.sampled_from((0, 0.2, 0.5, 1))


def statistics(rows):
    return [(row.c1, row.c2, row.c3) for row in rows]


def near(rows):
    return [tuple(None if value is None else pytest.approx(value, abs=1e-6, rel=1e-6) for value in row) for row in rows]


@given(COUNTS, BASELINES, FLOORS)
def test_each_is_its_definition(y, baseline, floor):
    """By the textbook's own words, with none of the code's sums."""
    for at, row in enumerate(ears(y, baseline, floor)):
        for value, lag in ((row.c1, 0), (row.c2, 2)):
            before = y[max(0, at - baseline - lag) : max(0, at - lag)]
            spread = max(stdev(before), floor) if len(before) == baseline else 0
            assert (value is None) == (spread == 0)
            if value is not None:
                assert value == pytest.approx((y[at] - mean(before)) / spread, abs=1e-6, rel=1e-6)


@given(COUNTS, BASELINES, FLOORS)
def test_the_third_adds_up_three_days_of_the_second(y, baseline, floor):
    rows = ears(y, baseline, floor)
    for at, row in enumerate(rows):
        last = [before.c2 for before in rows[max(0, at - 2) : at + 1]]
        if len(last) < 3 or None in last:
            assert row.c3 is None
        else:
            assert row.c3 == pytest.approx(sum(max(0, value - 1) for value in last))


@given(COUNTS, BASELINES, FLOORS)
def test_an_alarm_is_where_it_can_be_computed_and_is_high(y, baseline, floor):
    for row in ears(y, baseline, floor):
        for value, alarm, least in ((row.c1, row.c1_alarm, 3), (row.c2, row.c2_alarm, 3), (row.c3, row.c3_alarm, 2)):
            assert alarm == (value is not None and value >= least)


@given(COUNTS, BASELINES, FLOORS, st.integers(1, 1000))
def test_more_cases_on_every_day_change_nothing(y, baseline, floor, more):
    shifted = ears([value + more for value in y], baseline, floor)
    assert statistics(shifted) == statistics(ears(y, baseline, floor))


@given(COUNTS, BASELINES, st.integers(2, 1000))
def test_so_many_times_the_cases_change_nothing_without_a_floor(y, baseline, times):
    scaled = ears([value * times for value in y], baseline)
    assert statistics(scaled) == near(statistics(ears(y, baseline)))


@given(COUNTS, COUNTS, BASELINES, FLOORS)
def test_what_comes_later_changes_nothing_that_was_computed(y, later, baseline, floor):
    assert ears([*y, *later], baseline, floor)[: len(y)] == ears(y, baseline, floor)


@given(COUNTS, BASELINES, FLOORS, st.integers(1, 100))
def test_a_day_with_more_cases_is_no_less_of_an_alarm(y, baseline, floor, more):
    rows = ears([*y, 3], baseline, floor), ears([*y, 3 + more], baseline, floor)
    for name in ("c1", "c2", "c3"):
        before, after = (getattr(row[-1], name) for row in rows)
        assert (before is None) == (after is None)
        assert before is None or after >= before


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(ANYTHING | st.fixed_dictionaries({"y": ANYTHING}, optional={"baseline": ANYTHING, "min_sd": ANYTHING}))
def test_any_document_gives_rows_or_one_sentence(told):
    assert len(said(told)) == 1


def said(told):
    try:
        rows = describe(told)["rows"]
    except ValueError as why:
        return str(why).splitlines()
    assert len(rows) == len(told["y"])
    return ["rows"]
