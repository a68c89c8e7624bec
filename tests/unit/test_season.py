"""The same week of the years before: the third quartile of malaria, and meningitis in non-epidemic years."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from smsapp.surveillance.cases import Case, Population
from smsapp.surveillance.met import Days
from smsapp.surveillance.rules import BadRule, read, usual
from smsapp.surveillance.season import lacking, same, third_quartile
from smsapp.surveillance.season import usual as usually
from smsapp.surveillance.signals import raised, replay
from smsapp.surveillance.weeks import Week

RULES = {rule.key: rule for rule in usual()}
MALARIA, EPIDEMIC, MENINGITIS = (RULES[key] for key in ("malaria-season", "malaria-epidemic", "meningitis-season"))
FACILITY, DISTRICT = 10, 100
WATCHED = date(2019, 12, 30)  # the Monday of 2020W1
SMALL = {DISTRICT: [Population(20_000, WATCHED)]}
LARGE = {DISTRICT: [Population(30_000, WATCHED)]}


def weekly(disease, counts):
    """So many cases on the Wednesday of each of these weeks, `2025W1`."""
    told = [(Week.read(label).monday + timedelta(days=2), n) for label, n in counts.items() if n]
    return [
        Case(at, day, disease, facility=FACILITY, district=DISTRICT, count=n)
        for at, (day, n) in enumerate(sorted(told), start=1)
    ]


def years(week, *counts, last=2024):
    """So many cases in this week of the years up to the last."""
    return {f"{last - len(counts) + 1 + at}W{week}": n for at, n in enumerate(counts)}


def days_of(rule, counts, people=None, since=WATCHED):
    """The days on which it is met, of all that are on record."""
    told = weekly(rule.disease, counts)
    found = replay(rule, told, people or {}, date(2000, 1, 1), date(2027, 12, 31), since)
    return [(signal.day, signal.numbers) for signal in found]


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ((3, 5, 6, 7, 9), 7),  # of five it is the fourth
        ((9, 7, 6, 5, 3), 7),  # whatever the order of the years
        ((7, 7, 7, 7, 7), 7),
        ((0, 0, 0, 0, 50), 0),
        ((0, 0, 0, 8, 8), 8),
        ((4,), 4),
        ((2, 4), Fraction(7, 2)),
        ((1, 2, 3, 4), Fraction(13, 4)),
    ],
)
def test_the_third_quartile(counts, wanted):
    assert third_quartile(counts) == wanted


def test_malaria_above_the_third_quartile_of_five_years():
    before = years(30, 3, 9, 6, 7, 5)
    assert days_of(MALARIA, before | {"2025W30": 7}) == []  # as many are not above
    [(day, numbers)] = days_of(MALARIA, before | {"2025W30": 8})
    assert day == Week(2025, 30).monday + timedelta(days=2)
    assert numbers == {
        "cases": 8, "week": "2025W30", "weeks": 1, "measure": "quartile", "years": [2020, 2021, 2022, 2023, 2024],
        "before": [3, 9, 6, 7, 5], "usual": 7.0, "threshold": 5,
    }  # fmt: skip


def test_other_weeks_say_nothing_of_this_one():
    assert days_of(MALARIA, years(29, 90, 90, 90, 90, 90) | {"2025W30": 5}) != []
    assert days_of(MALARIA, years(30, 90, 90, 90, 90, 90) | {"2025W30": 90}) == []


def test_too_few_to_say_anything():
    assert days_of(MALARIA, {"2025W30": 4}) == []
    assert len(days_of(MALARIA, {"2025W30": 5})) == 1


def test_it_is_said_on_the_day_on_which_it_is_enough():
    told = weekly("malaria_fever", years(30, 7, 7, 7, 7, 7))
    monday = Week(2025, 30).monday
    told += [Case(100 + n, monday + timedelta(days=n), "malaria_fever", facility=FACILITY, count=3) for n in range(5)]
    [signal] = replay(MALARIA, told, {}, monday, monday + timedelta(days=9), WATCHED)
    assert (signal.day, signal.numbers["cases"]) == (monday + timedelta(days=2), 9)
    assert [one.key for one in raised(MALARIA, told, {}, monday + timedelta(days=6), since=WATCHED)] == [signal.key]


@pytest.mark.parametrize(
    ("since", "lacks"),
    [
        (WATCHED, ()),
        (Week(2020, 30).monday, ()),
        (Week(2020, 30).monday + timedelta(days=1), (2020,)),
        (date(2023, 1, 1), (2020, 2021, 2022)),
        (date(2025, 7, 1), (2020, 2021, 2022, 2023, 2024)),
    ],
)
def test_with_a_year_lacking_nothing_is_worked_out_and_nobody_is_alerted(since, lacks):
    week = Week(2025, 30)
    assert lacking(MALARIA, week, since) == lacks
    assert days_of(MALARIA, {"2025W30": 50}, since=since) == days_of(MALARIA, {} if lacks else {"2025W30": 50})
    assert (usually(MALARIA, Days([]), week, since) is None) == bool(lacks)


def test_a_place_that_began_later_waits_for_its_own_years():
    told = weekly("malaria_fever", {"2025W30": 50})
    last = date(2025, 12, 31)
    assert len(replay(MALARIA, told, {}, WATCHED, last, {FACILITY: WATCHED})) == 1
    assert replay(MALARIA, told, {}, WATCHED, last, {FACILITY: date(2022, 1, 1)}) == []


def test_a_year_without_a_week_53_is_compared_by_its_last():
    assert same(Week(2026, 53), 2025) == Week(2025, 52)
    assert same(Week(2026, 53), 2020) == Week(2020, 53)
    last = {"2021W52": 6, "2022W52": 6, "2023W52": 6, "2024W52": 6, "2025W52": 6}
    assert days_of(MALARIA, last | {"2026W53": 6}) == []
    [(_, numbers)] = days_of(MALARIA, last | {"2026W53": 7})
    assert numbers["before"] == [6, 6, 6, 6, 6]


def test_week_1_after_a_week_53_is_compared_with_weeks_1():
    [(day, numbers)] = days_of(MALARIA, {"2020W53": 40} | {"2025W1": 9})
    assert day == date(2025, 1, 1)
    assert (numbers["years"], numbers["before"]) == ([2020, 2021, 2022, 2023, 2024], [0] * 5)


def test_the_epidemic_takes_two_weeks_running():
    usual_weeks = years(30, 6, 6, 6, 6, 6) | years(31, 8, 8, 8, 8, 8) | years(33, 6, 6, 6, 6, 6)
    assert days_of(EPIDEMIC, usual_weeks | {"2025W30": 7, "2025W31": 8}) == []
    assert days_of(EPIDEMIC, usual_weeks | {"2025W30": 7, "2025W32": 9}) == []
    [(day, numbers)] = days_of(EPIDEMIC, usual_weeks | {"2025W30": 7, "2025W31": 9})
    assert day == Week(2025, 31).monday + timedelta(days=2)
    assert (numbers["cases"], numbers["usual"], numbers["weeks"]) == (9, 8.0, 2)


def test_meningitis_where_few_live_against_years_without_an_epidemic():
    calm = years(10, 0, 1, 0, 0, 0) | years(11, 1, 0, 0, 0, 0)
    assert days_of(MENINGITIS, calm | {"2025W10": 1, "2025W11": 1}, SMALL) == []
    assert len(days_of(MENINGITIS, years(40, 1, 1, 1, 1, 1) | {"2025W10": 1, "2025W11": 1}, SMALL)) == 1
    assert days_of(MENINGITIS, years(40, 1, 1, 1, 1, 1) | {"2025W10": 1, "2025W11": 1}, LARGE) == []
    # 2022 was an epidemic year: what it had says nothing of what is usual
    epidemic = {"2022W8": 5, "2022W10": 4, "2022W11": 4}
    [(_, numbers)] = days_of(MENINGITIS, epidemic | {"2025W10": 1, "2025W11": 1}, SMALL)
    assert numbers["years"] == [2020, 2021, 2023, 2024]


def test_where_every_year_was_epidemic_nothing_is_worked_out():
    every = {f"{year}W8": 5 for year in range(2020, 2025)}
    assert usually(MENINGITIS, Days(weekly("meningitis", every)), Week(2025, 10), WATCHED) is None
    assert days_of(MENINGITIS, every | {"2025W10": 1, "2025W11": 1}, SMALL) == []


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"years": 0}, "years can not be 0"),
        ({"years": 11}, "years can not be 11"),
        ({"measure": "median"}, "measure should be one of quartile, highest"),
        ({"calm": -1}, "calm can not be -1"),
        ({"times": 2}, "'times' does not belong to a rule of kind season"),
        ({"within": "km", "km": 3}, "only a rule of kind count can be within km"),
    ],
)
def test_a_rule_of_this_kind_that_can_not_be(told, words):
    with pytest.raises(BadRule) as no:
        read(MALARIA.told() | told)
    assert words in str(no.value)
