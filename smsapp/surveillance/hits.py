"""When a rule is met in one place: each day on which its condition holds, and the numbers that it rests on.

A day is judged by its own cases and those before it only, so that what a rule says of a day does not change later:

- case, count: on a day with a case, `cases` or more in the `days` that end with it;
- rate: on a day with a case, the cases of the 7 × `weeks` days that end with it per 100,000 people, and never fewer
  than `cases`; where fewer than `small` people live, `small_cases` instead (meningitis: WHO 2014, below 30,000);
- growth: the cases of an ISO week, as soon as they are enough, against the mean of the `weeks` before it, or against
  the week before, and that against the one before it, over `weeks` weeks (1, 2, 4 doubles over three);
- season: what `season` says of a week and the same week of the years before;
- ears: a day whose C1, C2 or C3 is an alarm, with `cases` or more.

Weeks and days from before anybody reported are not weeks and days without a case: growth and EARS begin with `since`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from smsapp.surveillance import rules, season
from smsapp.surveillance.cases import Population, population
from smsapp.surveillance.ears import ears
from smsapp.surveillance.met import Days, Hit, few
from smsapp.surveillance.rules import Rule
from smsapp.surveillance.weeks import Week

PER = 100_000
LEAST_DAYS = 10  # of data, before EARS is believed


def hits(rule: Rule, days: Days, people: Sequence[Population], since: date, last: date) -> Iterator[Hit]:
    """The days on which the rule was met in a place, in order."""
    match rule.kind:
        case rules.CASE | rules.COUNT:
            return _counted(rule, days)
        case rules.RATE:
            return _rated(rule, days, people)
        case rules.GROWTH:
            return _grown(rule, days, people, since)
        case rules.SEASON:
            return season.hits(rule, days, people, since)
        case _:
            return _signalled(rule, days, since, last)


def _counted(rule: Rule, days: Days) -> Iterator[Hit]:
    for day in days.with_cases():
        since = day - timedelta(days=rule.window - 1)
        if (count := days.between(since, day)) >= rule.cases:
            yield Hit(day, since, {"cases": count, "days": rule.window, "threshold": rule.cases})


def _rated(rule: Rule, days: Days, people: Sequence[Population]) -> Iterator[Hit]:
    for day in days.with_cases():
        since = day - timedelta(days=rule.window - 1)
        count, here = days.between(since, day), population(people, day)
        numbers: dict[str, Any] = {"cases": count, "days": rule.window}
        if here is not None:
            numbers |= {"population": here.people, "population_on": here.on.isoformat()}
        if here is None or few(rule, here):
            if count >= rule.small_cases:
                yield Hit(day, since, numbers | {"threshold": rule.small_cases})
        elif count >= rule.cases and count * PER >= rule.rate * here.people:
            rate = count * PER / here.people
            yield Hit(day, since, numbers | {"rate": rate, "threshold_rate": rule.rate, "threshold": rule.cases})


def _grown(rule: Rule, days: Days, people: Sequence[Population], since: date) -> Iterator[Hit]:
    first = Week.of(since)
    if first.monday < since:
        first = first.plus(1)  # a week that nobody watched from its first day compares with none
    for day in days.with_cases():
        week, here = Week.of(day), population(people, day)
        begins = week.plus(-_compared(rule))
        if begins < first or (rule.small and here is not None and not few(rule, here)):
            continue
        before = [days.between(w.monday, w.sunday) for w in (begins.plus(n) for n in range(_compared(rule)))]
        count = days.between(week.monday, day)
        if count >= rule.cases and _more(rule, [*before, count]):
            numbers = {"cases": count, "week": str(week), "before": before, "times": rule.times}
            yield Hit(day, week.monday, numbers | {"threshold": rule.cases})


def _compared(rule: Rule) -> int:
    """How many weeks before the present one it looks at."""
    return rule.weeks if rule.against == rules.MEAN else rule.weeks - 1


def _more(rule: Rule, counts: Sequence[int]) -> bool:
    """Whether the last of these weeks is so many times the mean of the others, or each so many times the one before."""
    if rule.against == rules.BEFORE:
        return counts[0] > 0 and all(_reaches(rule, now, then) for then, now in pairwise(counts))
    *before, now = counts
    return _reaches(rule, now * len(before), sum(before))


def _reaches(rule: Rule, now: int, then: int) -> bool:
    return now > then * rule.times if rule.strictly else now >= then * rule.times


def _signalled(rule: Rule, days: Days, since: date, last: date) -> Iterator[Hit]:
    every = [since + timedelta(days=n) for n in range((last - since).days + 1)]
    for day, row in zip(every, ears([days.between(on, on) for on in every], min_sd=rule.min_sd), strict=True):
        alarm = {"c1": row.c1_alarm, "c2": row.c2_alarm, "c3": row.c3_alarm}[rule.statistic]
        if alarm and row.t >= LEAST_DAYS and row.y >= rule.cases:
            values = {"c1": row.c1, "c2": row.c2, "c3": row.c3}
            yield Hit(day, day, {"cases": int(row.y), "statistic": rule.statistic, **values, "threshold": rule.cases})
