"""What a domain tells about itself, in one registration: what is counted of a day, its cards, and its chores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Date, DateTime, Select, bindparam
from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.scopes import Scope

# What `Day.values` tells a statement that is made once, for every day.
ON: BindParameter[date] = bindparam("on_day", type_=Date())
MONTH: BindParameter[date] = bindparam("in_month", type_=Date())
SINCE: BindParameter[datetime] = bindparam("since", type_=DateTime(timezone=True))
UNTIL: BindParameter[datetime] = bindparam("until", type_=DateTime(timezone=True))


@dataclass(frozen=True)
class Day:
    """A day on the clock of the people served, seen from `today`."""

    on: date
    today: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return midnight(self.on, self.zone)

    @property
    def until(self) -> datetime:
        return midnight(self.on + timedelta(days=1), self.zone)

    @property
    def month(self) -> date:
        return self.on.replace(day=1)

    @property
    def values(self) -> Mapping[str, date | datetime]:
        return {ON.key: self.on, MONTH.key: self.month, SINCE.key: self.since, UNTIL.key: self.until}

    @property
    def ends_month(self) -> bool:
        return (self.on + timedelta(days=1)).day == 1

    @property
    def age(self) -> int:
        return (self.today - self.on).days


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True)
class Count:
    """Figures to be written anew: all measures that begin with `under`, on the day `on`.

    `rows` selects (facility_id, measure, n, amount) of a day's `values`, and is made once for all days; without it
    there are none any more.
    """

    under: str
    on: date
    rows: Select[int, str, int, Decimal] | None = None
    values: Mapping[str, date | datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Week:
    """A figure of today, of this week so far, of the same days of the week before, and of each day up to today."""

    today: int
    week: int
    before: int
    days: Mapping[date, int]

    @classmethod
    def of(cls, days: Mapping[date, int], today: date) -> Week:
        """From a figure for each day that has one."""
        monday = today - timedelta(days=today.weekday())
        so_far = [monday + timedelta(days=n) for n in range(today.weekday() + 1)]
        shown = [today - timedelta(days=n) for n in reversed(range(SHOWN_DAYS))]
        return cls(
            days.get(today, 0),
            sum(days.get(day, 0) for day in so_far),
            sum(days.get(day - timedelta(days=7), 0) for day in so_far),
            {day: days.get(day, 0) for day in shown},
        )


SHOWN_DAYS = 28  # of a small line on a card


@dataclass(frozen=True)
class Card:
    """A figure of the first page; `title` is a text of the console, `template` what shows the `values`."""

    title: str
    values: Mapping[str, Any]
    template: str = "week"
    endpoint: str = ""  # where it leads, with `query`
    query: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Chore:
    """Something that waits for somebody, said in the console's words: for one and for several, or for all alike."""

    n: int
    one: str
    several: str = ""
    endpoint: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)  # that fill the words, beside `num`
    urgent: bool = False  # the service itself is held up


@dataclass(frozen=True)
class Domain:
    """One domain's part in the figures. Whatever it leaves out is not there."""

    name: str
    count: Callable[[Day], Sequence[Count]] = lambda day: ()
    adds_up: str = ""  # how the measures begin whose days make a month: once it is settled only its sum is kept
    cards: Callable[[Session, Runtime, Scope], Sequence[Card]] = lambda db, rt, scope: ()
    chores: Callable[[Session, Runtime, Scope], Sequence[Chore]] = lambda db, rt, scope: ()
