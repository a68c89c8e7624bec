"""Figures that are worked out from figures: weeks, days within months, costs and what a month will have cost."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.figures.satisfaction import Score, by_month, came, together
from smsapp.figures.shapes import Week
from smsapp.figures.spending import Spent, projected
from smsapp.figures.traffic import Cost, Traffic

TUESDAY = date(2026, 3, 10)


def days(first, *figures):
    return {first + timedelta(days=n): figure for n, figure in enumerate(figures)}


# ---- weeks


def test_a_week_is_held_against_the_same_days_of_the_one_before():
    week = Week.of(days(date(2026, 3, 2), 1, 2, 4, 8, 16, 32, 64, 100, 200), TUESDAY)
    assert (week.today, week.week, week.before) == (200, 300, 3)
    assert list(week.days.values())[-9:] == [1, 2, 4, 8, 16, 32, 64, 100, 200]
    assert (min(week.days), max(week.days), len(week.days)) == (date(2026, 2, 11), TUESDAY, 28)


def test_on_a_monday_the_week_is_that_day():
    week = Week.of(days(date(2026, 3, 2), 7, 9, 9, 9, 9, 9, 9, 5), date(2026, 3, 9))
    assert (week.today, week.week, week.before) == (5, 5, 7)


def test_a_week_without_figures_is_empty():
    week = Week.of({}, TUESDAY)
    assert (week.today, week.week, week.before, set(week.days.values())) == (0, 0, 0, {0})


# ---- what came on a day, where only the sum of its month is known


def test_what_came_is_the_difference_to_the_day_before():
    assert came(days(date(2026, 3, 1), 2, 2, 7)) == days(date(2026, 3, 1), 2, 0, 5)


def test_days_on_which_nobody_counted_share_what_came():
    assert came({date(2026, 3, 1): 1, date(2026, 3, 4): 8}) == days(date(2026, 3, 1), 1, 2, 2, 3)


def test_each_month_begins_at_nothing():
    found = came({date(2026, 2, 27): 40, date(2026, 2, 28): 41, date(2026, 3, 1): 3})
    assert (found[date(2026, 2, 28)], found[date(2026, 3, 1)]) == (1, 3)
    assert sum(n for day, n in found.items() if day.month == 2) == 41


def test_a_month_that_was_only_counted_at_its_end_is_spread_over_it():
    found = came({date(2026, 2, 28): 28})
    assert found == days(date(2026, 2, 1), *[1] * 28)


def test_answers_that_were_taken_away_make_no_negative_day():
    assert came(days(date(2026, 3, 1), 10, 8, 9)) == days(date(2026, 3, 1), 10, 0, 1)


@given(st.dictionaries(st.dates(date(2025, 11, 1), date(2026, 3, 31)), st.integers(0, 50), max_size=40))
def test_days_add_up_to_their_month(more):
    noted, had = {}, 0
    for day, n in sorted(more.items()):
        had = n if not noted or max(noted).replace(day=1) != day.replace(day=1) else had + n
        noted[day] = had
    found, months = came(noted), by_month(noted)
    assert {m: sum(n for day, n in found.items() if day.replace(day=1) == m) for m in months} == months
    assert all(n >= 0 for n in found.values())


# ---- centres together


def test_centres_count_by_their_answers():
    sotuba, bakon = Score(1, TUESDAY, 30, 2700.0), Score(2, TUESDAY, 10, 500.0)
    assert (sotuba.rate.percent, together([sotuba, bakon]).percent, together([sotuba, bakon]).n) == (90.0, 80.0, 40)
    assert together([]).percent is None


# ---- money


def test_costs_add_up_and_currencies_stay_apart():
    one = Cost(Decimal(24), Decimal(12), {"KES": Decimal("1.6")})
    both = one + Cost(Decimal(1), Decimal(2), {"KES": Decimal("0.4"), "USD": Decimal(3)})
    assert (both.told, both.estimated, both.francs) == (25, 14, 39)
    assert both.others == {"KES": Decimal("2.0"), "USD": Decimal(3)}


def test_traffic_adds_up_by_status():
    both = Traffic(1, {"sent": 2, "failed": 1}) + Traffic(2, {"delivered": 3, "sent": 1})
    assert (both.received, dict(both.out), both.written) == (3, {"sent": 3, "failed": 1, "delivered": 3}, 7)


PROJECTIONS = [
    (0, "2.9", None),  # the first days tell too little
    (300, "3", 3000),
    (1000, "15", 2000),
    (1000, "30", 1000),
    (0, "20", 0),
]


@pytest.mark.parametrize(("spent", "gone", "expected"), PROJECTIONS)
def test_what_a_month_of_thirty_days_will_have_cost(spent, gone, expected):
    assert projected(Decimal(spent), Decimal(gone), 30) == expected


BUDGETS = [
    (99_999, 120_000, 100_000, 99, False, True),
    (100_000, None, 100_000, 100, False, False),
    (100_001, 100_001, 100_000, 100, True, True),
    (250_000, 260_000, 100_000, 250, True, True),
    (5, 5, None, None, False, False),
]


@pytest.mark.parametrize(("francs", "at_end", "budget", "percent", "over", "will_be"), BUDGETS)
def test_a_budget_is_kept_or_not(francs, at_end, budget, percent, over, will_be):
    spent = Spent(TUESDAY, Cost(Decimal(francs)), None if at_end is None else Decimal(at_end), budget)
    assert (spent.percent, spent.over, spent.will_be_over) == (percent, over, will_be)
