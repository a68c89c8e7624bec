"""When a centre holds its services, and the next such day for a village."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from smsapp.arrays import among_told
from smsapp.reads import Read
from smsapp.vaccines.tables import ClinicDay, Closure

AS_A_RULE = range(5)  # Monday to Friday, where a centre has told no days
FARTHEST = 62  # days ahead: a centre that is closed for longer is asked by somebody else
MOST_FOUND = 1000  # days that a calendar keeps

# Made once: to make them takes longer than to read the few rows of a centre.
_RULES = Read(
    select(
        *(
            ClinicDay.facility_id,
            ClinicDay.service,
            ClinicDay.village_id,
            ClinicDay.weekday,
            ClinicDay.nth,
            ClinicDay.on,
        )
    ).where(among_told(ClinicDay.facility_id, "facilities"))
)
_CLOSED = Read(
    select(Closure.facility_id, Closure.first, Closure.last).where(
        or_(Closure.facility_id.is_(None), among_told(Closure.facility_id, "facilities"))
    )
)


@dataclass(frozen=True)
class Held:
    """One rule of a centre's calendar, as of a `ClinicDay`."""

    service: str
    village_id: int | None = None
    weekday: int | None = None
    nth: int | None = None
    on: date | None = None

    def covers(self, day: date) -> bool:
        if self.on is not None:
            return day == self.on
        return day.weekday() == self.weekday and self.nth in {None, (day.day - 1) // 7 + 1}


@dataclass(frozen=True)
class Calendar:
    """A centre's rules, and the days on which it is closed whatever they say."""

    rules: Sequence[Held] = ()
    closed: Sequence[tuple[date, date]] = ()
    found: dict[tuple[date, str, int | None], date] = field(default_factory=dict, compare=False, repr=False)

    def held(self, day: date, service: str, village_id: int | None = None) -> bool:
        """Whether somebody of this village is served that day: at the centre, or where the service comes to her."""
        return next(self._held([day], service, village_id), None) is not None

    def next_day(self, day: date, service: str, village_id: int | None = None) -> date:
        """The first such day not before `day`; the day itself where none comes for two months."""
        if (known := self.found.get((day, service, village_id))) is not None:
            return known
        ahead = (day + timedelta(days=n) for n in range(FARTHEST))
        first = next(self._held(ahead, service, village_id), day)
        if len(self.found) >= MOST_FOUND:
            self.found.clear()
        self.found[day, service, village_id] = first
        return first

    def _held(self, days: Iterable[date], service: str, village_id: int | None) -> Iterator[date]:
        """Those of these days on which somebody of this village is served."""
        rules = [rule for rule in self.rules if rule.service == service]
        as_a_rule = AS_A_RULE if all(rule.village_id is not None for rule in rules) else ()
        hers = [rule for rule in rules if rule.village_id in {None, village_id}]
        for day in days:
            if any(first <= day <= last for first, last in self.closed):
                continue
            if day.weekday() in as_a_rule or any(rule.covers(day) for rule in hers):
                yield day

    def comes_to(self, day: date, service: str, village_id: int | None) -> bool:
        """Whether that day's service is held in the village itself."""
        if village_id is None:
            return False
        rules = (rule for rule in self.rules if rule.service == service and rule.village_id == village_id)
        return any(rule.covers(day) for rule in rules)


def of_facility(db: Session, facility_id: int) -> Calendar:
    return of_facilities(db, [facility_id])[facility_id]


def of_facilities(db: Session, facility_ids: Collection[int]) -> Mapping[int, Calendar]:
    """The calendar of each of these centres."""
    which = {"facilities": list(facility_ids)}
    rules: dict[int, list[Held]] = defaultdict(list)
    for facility_id, *rule in _RULES.rows(db, which):
        rules[facility_id].append(Held(*rule))
    closed: dict[int | None, list[tuple[date, date]]] = defaultdict(list)
    for closed_id, first, last in _CLOSED.rows(db, which):
        closed[closed_id].append((first, last))
    return {one: _calendar(tuple(rules[one]), (*closed[None], *closed[one])) for one in facility_ids}


@lru_cache(maxsize=128)
def _calendar(rules: Sequence[Held], closed: Sequence[tuple[date, date]]) -> Calendar:
    """While nothing of it changes the same one, with the days that it has found."""
    return Calendar(rules, closed)
