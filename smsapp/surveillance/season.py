"""The cases of a week against those of the same ISO week in the years before (malaria's epidemic threshold).

A week is met where it has more cases than the third quartile of those years, or than the highest of them, and `cases`
or more; with `weeks` so did each of so many weeks running. With `calm`, years in which a week had so many cases or more
were epidemic and are left out. What has as many cases as the quartile is not above it. Where a year has no week 53,
its last week stands for it. A year from before anybody reported there is not a year without a case: as long as one of
the `years` is not on record, nothing can be worked out, and nothing is met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from smsapp.surveillance.cases import Population, population
from smsapp.surveillance.met import Days, Hit, few
from smsapp.surveillance.rules import HIGHEST, Rule
from smsapp.surveillance.weeks import Week


@dataclass(frozen=True)
class Usual:
    """How many cases a week had in the years that it is compared with, and the number that is still usual."""

    years: tuple[int, ...]
    before: tuple[int, ...]
    most: Fraction


def same(week: Week, year: int) -> Week:
    """That week in another year; the last week of a year that has none of this number."""
    return Week(year, min(week.number, _last(year)))


def lacking(rule: Rule, week: Week, since: date) -> tuple[int, ...]:
    """The years that it would have to be compared with, and of which not everything needed is on record."""
    return tuple(year for year in _years(rule, week) if _first(rule, week, year).monday < since)


def usual(rule: Rule, days: Days, week: Week, since: date) -> Usual | None:
    """What is usual in this week; None where it can not be worked out."""
    if lacking(rule, week, since):
        return None
    years = tuple(year for year in _years(rule, week) if not (rule.calm and _worst(days, year) >= rule.calm))
    if not years:  # every one of them was an epidemic year
        return None
    before = tuple(_count(days, same(week, year)) for year in years)
    return Usual(years, before, Fraction(max(before)) if rule.measure == HIGHEST else third_quartile(before))


def third_quartile(counts: Sequence[int]) -> Fraction:
    """The third quartile, between two counts where none is it; of five the fourth."""
    ordered = sorted(counts)
    at = Fraction(3 * (len(ordered) - 1), 4)
    low = at.numerator // at.denominator
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def hits(rule: Rule, days: Days, people: Sequence[Population], since: date) -> Iterator[Hit]:
    """The days on which the cases of a week, so far, were more than usual."""
    known: dict[Week, Usual | None] = {}
    for day in days.with_cases():
        week, here = Week.of(day), population(people, day)
        if rule.small and here is not None and not few(rule, here):
            continue
        running = [week.plus(n - rule.weeks + 1) for n in range(rule.weeks)]
        for one in running:
            if one not in known:
                known[one] = usual(rule, days, one, since)
        counts = [days.between(one.monday, min(one.sunday, day)) for one in running]
        told = [known[one] for one in running]
        now = told[-1]
        if now and all(_above(rule, count, one) for count, one in zip(counts, told, strict=True)):
            numbers = {"cases": counts[-1], "week": str(week), "weeks": rule.weeks, "measure": rule.measure}
            numbers |= {"years": list(now.years), "before": list(now.before), "usual": float(now.most)}
            yield Hit(day, running[0].monday, numbers | {"threshold": rule.cases})


def _above(rule: Rule, count: int, one: Usual | None) -> bool:
    return one is not None and count >= rule.cases and count > one.most


def _years(rule: Rule, week: Week) -> range:
    return range(week.year - rule.years, week.year)


def _first(rule: Rule, week: Week, year: int) -> Week:
    """The first week of a year that is looked at."""
    return Week(year, 1) if rule.calm else same(week, year)


def _count(days: Days, week: Week) -> int:
    return days.between(week.monday, week.sunday)


def _worst(days: Days, year: int) -> int:
    """The most cases that a week of the year had."""
    return max(_count(days, Week(year, number)) for number in range(1, _last(year) + 1))


def _last(year: int) -> int:
    """The number of a year's last week: 28 December always lies in it."""
    return Week.of(date(year, 12, 28)).number
