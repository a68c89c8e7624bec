"""ISO weeks of the weekly report: when it is due, how complete and how much in time, and who has fallen silent.

Completeness is the share of the expected places that reported, a report of no case included; timeliness is the share
that did before the deadline; a place is silent that was expected and not heard in two weeks running (IDSR).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from fractions import Fraction

_LABEL = re.compile(r"([0-9]{4})-?W([0-9]{1,2})")


@dataclass(frozen=True, order=True)
class Week:
    """A week of ISO 8601, Monday to Sunday; it belongs to the year in which its Thursday lies."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Week:
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def read(cls, label: str) -> Week:
        """`2025W1`, or `2025-W01`; ValueError for a week that is not there."""
        found = _LABEL.fullmatch(label)
        if found is None:
            raise ValueError(f"a week should be like 2025W1, not {label!r}"[:100])
        week = cls(int(found[1]), int(found[2]))
        try:
            return cls.of(week.monday)
        except ValueError as why:
            raise ValueError(f"{week.year} has no week {week.number}") from why

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    def plus(self, weeks: int) -> Week:
        return Week.of(self.monday + timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year}W{self.number}"


def deadline(week: Week, due: timedelta, zone: tzinfo) -> datetime:
    """The moment before which the report of a week is in time; `due` is how long after the end of its Sunday."""
    return datetime.combine(week.monday + timedelta(weeks=1), time(), zone) + due


def last_due(now: datetime, due: timedelta, zone: tzinfo) -> Week:
    """The last week whose reports should all be there by now."""
    week = Week.of(now.astimezone(zone).date()).plus(-1)
    while deadline(week, due, zone) > now:
        week = week.plus(-1)
    return week


@dataclass(frozen=True)
class Heard:
    """Of how many places a week's report was expected, came, and came in time; a share of none is None."""

    expected: int
    received: int
    timely: int

    @property
    def completeness(self) -> Fraction | None:
        return Fraction(self.received, self.expected) if self.expected else None

    @property
    def timeliness(self) -> Fraction | None:
        return Fraction(self.timely, self.expected) if self.expected else None


def heard(expected: Collection[int], received: Iterable[tuple[int, datetime]], due: datetime) -> Heard:
    """How complete one week is, by reports as place and time; only the first of each expected place counts."""
    places = set(expected)
    first = _first(places, received)
    return Heard(len(places), len(first), sum(at < due for at in first.values()))


def heard_by(above: Mapping[int, int], received: Iterable[tuple[int, datetime]], due: datetime) -> dict[int, Heard]:
    """The same for each place above: `above` says of every expected place to which facility or district it belongs."""
    first = _first(above, received)
    expected: dict[int, list[int]] = {}
    for place, over in above.items():
        expected.setdefault(over, []).append(place)
    return {
        over: heard(below, ((place, first[place]) for place in below if place in first), due)
        for over, below in sorted(expected.items())
    }


def silent(
    expected: Mapping[Week, Collection[int]], reported: Mapping[Week, Collection[int]], last: Week, least: int
) -> dict[int, int]:
    """For how many weeks running, up to the last, each place was expected and not heard; those of `least` or more."""
    weeks = {}
    for place in expected.get(last, ()):
        week = last
        while place in expected.get(week, ()) and place not in reported.get(week, ()):
            week = week.plus(-1)
        weeks[place] = (last.monday - week.monday).days // 7
    return {place: count for place, count in sorted(weeks.items()) if count >= least}


def _first(expected: Collection[int], received: Iterable[tuple[int, datetime]]) -> dict[int, datetime]:
    first: dict[int, datetime] = {}
    for place, at in received:
        if place in expected:
            first[place] = min(at, first.get(place, at))
    return first
