"""Laws of the same week in the years before, for any counts in any years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from statistics import quantiles

from hypothesis import given
from hypothesis import strategies as st

from smsapp.surveillance.cases import Case
from smsapp.surveillance.met import Days
from smsapp.surveillance.rules import usual
from smsapp.surveillance.season import hits, lacking, same, third_quartile
from smsapp.surveillance.signals import replay
from smsapp.surveillance.weeks import Week

MALARIA = next(rule for rule in usual() if rule.key == "malaria-season")
WEEKS = st.dates(date(2020, 1, 1), date(2032, 12, 31)).map(Week.of)
COUNTS = st.lists(st.integers(0, 60), min_size=5, max_size=5)


@given(st.lists(st.integers(0, 500), min_size=2, max_size=12))
def test_the_third_quartile_is_that_of_the_textbook(counts):
    assert float(third_quartile(counts)) == quantiles(counts, n=4, method="inclusive")[2]


@given(WEEKS, COUNTS, st.integers(0, 80), st.integers(1, 20))
def test_a_week_is_met_exactly_where_it_is_above_the_fourth_of_five(week, before, now, least):
    rule = replace(MALARIA, cases=least)
    years = range(week.year - 5, week.year)
    told = [Case(year, same(week, year).sunday, count=n) for year, n in zip(years, before, strict=True) if n]
    told += [Case(1, week.monday, count=now)] if now else []
    found = [hit for hit in hits(rule, Days(told), (), Week(week.year - 5, 1).monday) if Week.of(hit.day) == week]
    assert bool(found) == (now > sorted(before)[3] and now >= least)


@given(WEEKS, st.integers(0, 3000))
def test_nothing_is_met_before_its_years_are_there(week, ago):
    since = week.monday - timedelta(days=ago)
    told = [Case(1, week.monday, MALARIA.disease, facility=10, count=1000)]
    found = replay(MALARIA, told, {}, week.monday, week.sunday, since)
    lacks = lacking(MALARIA, week, since)
    assert bool(found) == (not lacks)
    assert set(lacks) <= set(range(week.year - 5, week.year))
    assert list(lacks) == sorted(lacks)


@given(WEEKS, st.integers(1990, 2040))
def test_the_same_week_of_another_year_lies_in_that_year(week, year):
    other = same(week, year)
    assert other.year == year
    assert Week.of(other.monday) == other
    assert abs(other.number - week.number) <= 1
