"""Weekly reports: of whom one is expected, when it came, and how complete and in time that makes places and weeks.

Expected are a village that some community health worker answers for and a centre for which somebody reports, from the
first whole week that one of them was there, or from her first report. A village is heard by a report of its worker for
it, with cases or none; a report that names no village, as that of a week with nothing, speaks for all of hers. A centre
is heard by any report of those who work for it. Those in training report nothing, and nothing is expected of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ScalarSelect, case, func, null, select
from sqlalchemy.orm import Session

from smsapp.people import Person, Post, Role
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.surveillance import weeks
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.reporters import ROLES
from smsapp.surveillance.tables import CaseReport, Reporter
from smsapp.surveillance.weeks import Heard, Week

ASC = "asc"
VILLAGE, FACILITY = "village", "facility"
COUNTED = ("counted", "dismissed")  # what was found not real was told all the same
TIMELY, LATE, MISSING, WAITING, UNEXPECTED = "timely", "late", "missing", "waiting", ""


@dataclass(frozen=True)
class Expected:
    """A village or a centre of which a report is expected from the week `since` on, and those who may send it."""

    id: int
    name: str
    facility_id: int
    district_id: int | None
    since: Week
    workers: frozenset[int]


@dataclass(frozen=True)
class Besides:
    """How many cases somebody reported in a week of which she says that there was none, and the last such report."""

    cases: int
    report: int


@dataclass(frozen=True)
class Weekly:
    """Some weeks of some places: `came` says when the first report of a place for a week did."""

    weeks: Sequence[Week]
    villages: Mapping[int, Expected]
    centres: Mapping[int, Expected]
    came: Mapping[Week, Mapping[int, datetime]]
    due: Mapping[str, timedelta]
    zone: tzinfo

    def expected(self, week: Week, kind: str = VILLAGE) -> Mapping[int, Expected]:
        """Of which places a report of this week is expected."""
        return {i: one for i, one in self._all(kind).items() if one.since <= week}

    def deadline(self, week: Week, kind: str = VILLAGE) -> datetime:
        return weeks.deadline(week, self.due[kind], self.zone)

    def heard(self, week: Week, kind: str = VILLAGE) -> Heard:
        """How complete and in time a week is, all places together."""
        return weeks.heard(self.expected(week, kind), self._came(week), self.deadline(week, kind))

    def by_facility(self, week: Week) -> Mapping[int, Heard]:
        """The villages of each centre."""
        above = {i: one.facility_id for i, one in self.expected(week).items()}
        return weeks.heard_by(above, self._came(week), self.deadline(week))

    def by_district(self, week: Week, kind: str = VILLAGE) -> Mapping[int, Heard]:
        """The villages, or the centres, of each district."""
        places = self.expected(week, kind).items()
        above = {i: one.district_id for i, one in places if one.district_id is not None}
        return weeks.heard_by(above, self._came(week), self.deadline(week, kind))

    def mark(self, place_id: int, week: Week, now: datetime, kind: str = VILLAGE) -> str:
        """What is to be said of one place in one week."""
        if self._all(kind)[place_id].since > week:
            return UNEXPECTED
        at, due = self.came.get(week, {}).get(place_id), self.deadline(week, kind)
        if at is None:
            return WAITING if now < due else MISSING
        return TIMELY if at < due else LATE

    def silent(self, last: Week, least: int) -> Mapping[int, int]:
        """The villages not heard for so many weeks running, up to the last, and for how many of these weeks."""
        expected = {week: self.expected(week) for week in self.weeks}
        return weeks.silent(expected, self.came, last, least)

    def _all(self, kind: str) -> Mapping[int, Expected]:
        return self.villages if kind == VILLAGE else self.centres

    def _came(self, week: Week) -> Iterator[tuple[int, datetime]]:
        return iter(self.came.get(week, {}).items())


def read(db: Session, rt: Runtime, scope: Scope, first: Week, last: Week) -> Weekly:
    """The weeks from the first to the last of all that lies in a scope."""
    span = [first.plus(n) for n in range((last.monday - first.monday).days // 7 + 1)]
    due = {who: told.due for who, told in of_country(rt.settings.country).facts.deadlines.items()}
    here = workers(db, rt, scope)
    villages, centres = _villages(db, here), _centres(here)
    came = _came(db, scope, first, last, villages)
    return Weekly(span, villages, centres, came, due, rt.settings.timezone)


def last_due(rt: Runtime, kind: str = VILLAGE) -> Week:
    """The last week of which every report should be there by now."""
    due = of_country(rt.settings.country).facts.deadlines[kind].due
    return weeks.last_due(rt.now(), due, rt.settings.timezone)


def deadline(rt: Runtime, week: Week, kind: str = VILLAGE) -> datetime:
    """When the report of a week should have come."""
    due = of_country(rt.settings.country).facts.deadlines[kind].due
    return weeks.deadline(week, due, rt.settings.timezone)


@dataclass(frozen=True)
class Worker:
    """Somebody of a centre who reports, from the week `since` on."""

    id: int
    facility: Place
    asc: bool
    since: Week


def workers(db: Session, rt: Runtime, scope: Scope) -> Mapping[int, Worker]:
    """Those of a scope who report and are not in training."""
    trains = select(Reporter.person_id).where(Reporter.person_id == Person.id, Reporter.training_since.is_not(None))
    rows = db.execute(
        select(Person.id, Person.created_at, Place, func.bool_or(Role.role == ASC), _began(scope))
        .join(Role, Role.person_id == Person.id)
        .join(Place, (Place.id == Person.facility_id) & (Place.kind == FACILITY))
        .where(Role.role.in_(ROLES), Person.forgotten_at.is_(None), ~trains.exists(), scope.within(Person.facility_id))
        .group_by(Person.id, Place.id)
    ).all()
    return {i: Worker(i, place, asc, _since(rt, at, began)) for i, at, place, asc, began in rows}


def _began(scope: Scope) -> ScalarSelect[date]:
    """The first week that a person told of: the first row of hers that an index gives."""
    hers = CaseReport.reporter_id == Person.id, CaseReport.standing.in_(COUNTED)
    return select(func.min(CaseReport.week)).where(*hers, scope.within(CaseReport.facility_id)).scalar_subquery()


def _since(rt: Runtime, at: datetime, began: date | None) -> Week:
    there = at.astimezone(rt.settings.timezone).date()
    week = Week.of(there + timedelta(days=6))  # the first that begins on that day or later
    return week if began is None else min(week, Week.of(began))


def _villages(db: Session, workers: Mapping[int, Worker]) -> Mapping[int, Expected]:
    held = (
        select(Place.id, Place.name, Place.parent_id, func.array_agg(Post.person_id))
        .join(Post, Post.place_id == Place.id)
        .where(Place.kind == VILLAGE, Post.person_id.in_([one.id for one in workers.values() if one.asc]))
        .group_by(Place.id)
    )
    found = {}
    for village_id, name, facility_id, ids in db.execute(held):
        hers = [workers[i] for i in ids]
        centre = next((one.facility for one in hers if one.facility.id == facility_id), hers[0].facility)
        found[village_id] = _expected(village_id, name, centre, hers)
    return found


def _centres(workers: Mapping[int, Worker]) -> Mapping[int, Expected]:
    here: dict[int, list[Worker]] = defaultdict(list)
    for one in workers.values():
        here[one.facility.id].append(one)
    return {i: _expected(i, ours[0].facility.name, ours[0].facility, ours) for i, ours in here.items()}


def _expected(place_id: int, name: str, centre: Place, workers: Sequence[Worker]) -> Expected:
    since = min(one.since for one in workers)
    return Expected(place_id, name, centre.id, centre.parent_id, since, frozenset(one.id for one in workers))


def _came(
    db: Session, scope: Scope, first: Week, last: Week, villages: Mapping[int, Expected]
) -> Mapping[Week, Mapping[int, datetime]]:
    row = CaseReport
    where = case((row.kind == "zero", null()), else_=row.village_id)
    rows = db.execute(
        select(row.week, row.facility_id, row.reporter_id, where, func.min(row.received_at))
        .where(row.week.between(first.monday, last.monday), row.standing.in_(COUNTED))
        .where(row.reporter_id.is_not(None), row.facility_id.is_not(None), scope.within(row.facility_id))
        .group_by(row.week, row.facility_id, row.reporter_id, where)
    )
    theirs: dict[int, set[int]] = defaultdict(set)
    for village in villages.values():
        for worker in village.workers:
            theirs[worker].add(village.id)
    came: dict[Week, dict[int, datetime]] = defaultdict(dict)
    for monday, facility_id, reporter_id, village_id, at in rows:
        hers = theirs.get(reporter_id, set())
        told = came[Week.of(monday)]
        for place in (facility_id, *_spoken_for(hers, village_id)):
            told[place] = min(at, told.get(place, at))
    return came


def _spoken_for(hers: Collection[int], village_id: int | None) -> Collection[int]:
    return hers if village_id is None else {village_id}.intersection(hers)


def told_besides(db: Session, reporter_id: int | None, monday: date) -> Besides | None:
    """The cases of hers that count in a week; None where there are none."""
    hers = CaseReport.reporter_id == reporter_id, CaseReport.standing == "counted", CaseReport.kind != "zero"
    in_week = CaseReport.counted_on.between(monday, monday + timedelta(days=6))
    chosen = select(func.sum(CaseReport.count), func.max(CaseReport.number)).where(*hers, in_week)
    cases, report = db.execute(chosen).one()
    return Besides(cases, report) if cases else None
