"""A day of vaccination at a centre: who is expected with which doses, and what was given, written down at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.arrays import among
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.staff import Staff, audit
from smsapp.vaccines import clinic, codes, families, filed, giving, lacking, reading, visits
from smsapp.vaccines.clinic import Calendar
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.planning import NOT_YET, Plan
from smsapp.vaccines.reading import Named, NotHere
from smsapp.vaccines.tables import Child, Dose

MOST_PLANNED = 1000  # the youngest of those who lack something for their age
MOST_SHOWN = 120
SHOWN = 12  # characters of what is no dose
SERVICE = "vaccines"
A_LITTLE_EARLY = timedelta(days=28)


@dataclass(frozen=True)
class Expected:
    """A child of the list: what can be given her together, and what she could have besides if she must."""

    child: Child
    family: reading.Family
    village: str
    codes: Sequence[str]
    others: Sequence[str]
    reported: Collection[str]  # told of without a card: shown, and not counted
    overdue_since: date | None
    added: bool = False  # by her code, whether or not she was expected

    @property
    def code(self) -> str:
        return codes.of(self.child.number)


@dataclass(frozen=True)
class Day:
    """`held`: whether the centre holds a session that day; `left` are overdue children for whom there was no room."""

    held: bool
    next: date
    children: Sequence[Expected]
    left: int


@dataclass(frozen=True)
class Known:
    """A dose that somebody else wrote down before this form came in."""

    dose: Dose
    by: str


@dataclass(frozen=True)
class Outcome:
    """What became of a child's ticks; `refused` says why nothing of hers was written."""

    child: Child
    family: reading.Family
    booked: Sequence[Dose] = ()
    known: Sequence[Known] = ()
    refused: Refused | None = None

    @property
    def code(self) -> str:
        return codes.of(self.child.number)


# ---- who is expected


def expected(db: Session, rt: Runtime, facility_id: int, day: date, added: Sequence[Child] = ()) -> Day:
    """Those whose visit falls on this day first, then the overdue, who waited least first; then those added."""
    calendar = clinic.of_facility(db, facility_id)
    lacks = lacking.something(db, giving.calendar(rt), day)
    here = Child.facility_id == facility_id, Child.state == "active"
    youngest = select(Child).where(*here, lacks).order_by(Child.born_on.desc(), Child.id)
    found = db.scalars(youngest.limit(MOST_PLANNED)).all()
    more = {child.id: child for child in added}
    due = [one for one in _due(db, rt, calendar, day, found) if one[0].id not in more]
    due.sort(key=lambda one: (one[1] is not None, -(one[1] or day).toordinal(), one[0].id))
    shown = [*due[:MOST_SHOWN], *((child, None) for child in more.values())]
    listed = list(_listed(db, rt, day, shown, set(more)))
    rules = [rule for rule in calendar.rules if rule.service == SERVICE]
    villages = {None, *(rule.village_id for rule in rules)}
    held = any(calendar.held(day, SERVICE, village) for village in villages)
    return Day(held, calendar.next_day(day, SERVICE), listed, max(len(due) - MOST_SHOWN, 0))


def _due(
    db: Session, rt: Runtime, calendar: Calendar, day: date, found: Sequence[Child]
) -> Iterator[tuple[Child, date | None]]:
    """Each child whose village is served that day and whose visit is on it, or since when it is overdue."""
    found = [child for child in found if calendar.held(day, SERVICE, child.village_id)]
    plans = giving.plans_of(db, rt, found, day)
    for child in found:
        ahead = visits.visits(plans[child.id], child.registered_on)
        days = [calendar.next_day(visit.day, SERVICE, child.village_id) for visit in ahead if visit.due_on <= day]
        if day in days:
            yield child, None
        elif early := [one for one in days if one < day]:
            yield child, min(early)


def _listed(
    db: Session, rt: Runtime, day: date, shown: Sequence[tuple[Child, date | None]], added: Collection[int]
) -> Iterator[Expected]:
    found = [child for child, _ in shown]
    names, plans = reading.named(db, found), giving.plans_of(db, rt, found, day)
    doses = giving.standing(db, [child.id for child in found])
    for child, overdue in shown:
        given = {dose.code for dose in doses[child.id] if dose.valid}
        told = {dose.code for dose in doses[child.id] if dose.source == giving.REPORTED}
        plan = plans[child.id]
        now = [code for code in lacking.together(plan) if code not in given]
        others = [code for code in _early(plan) if code not in given]
        family, village = names.of(child), names.place(child.village_id)
        yield Expected(child, family, village, now, others, told, overdue, child.id in added)


def _early(plan: Plan) -> Iterator[str]:
    """What is not due yet, and could be next of its series."""
    for dose in plan.doses.values():
        near = dose.due is not None and dose.due <= plan.today + A_LITTLE_EARLY
        if dose.state == NOT_YET and near and not dose.waits:
            yield dose.code


def by_code(db: Session, facility_id: int, day: date, typed: str) -> Child:
    """A child to add to the list of a day; Refused for no code, another centre's child, or one born after it."""
    number = codes.read(typed)
    child = db.scalar(select(Child).where(Child.number == number, Child.facility_id == facility_id))
    if child is None:
        raise Refused("care.code_unknown", typed=typed.strip()[:12])
    if child.state != "active":
        raise Refused("care.ended")
    if day < child.born_on:
        raise Refused("care.not_born_yet", code=codes.of(number), born=f"{child.born_on:%d/%m/%Y}")
    return child


# ---- what was given


def save(
    db: Session,
    rt: Runtime,
    staff: Staff,
    facility_id: int,
    day: date,
    ticked: Mapping[int, Collection[str]],
    token: str,
) -> Sequence[Outcome]:
    """Write down what was ticked, once for each form, which its token names; what others wrote before it stays theirs.

    The ids are locked in their order: two forms that hold the same children wait for one another.
    """
    if not staff.scope.covers(facility_id):
        raise NotHere(facility_id)
    which = among(Child.id, ticked), staff.scope.within(Child.facility_id)
    families.hold(db, Child, *which)
    locked = select(Child).where(*which).order_by(Child.id).with_for_update().execution_options(populate_existing=True)
    found = db.scalars(locked).all()
    outcomes, new = _book(db, rt, staff, found, day, ticked, f"session:{token}:{day}")
    if new:
        told: dict[str, Any] = {"day": day.isoformat(), "children": len(found), "doses": new}
        audit.note(db, rt.now(), staff, "care.session", f"place:{facility_id}", facility_id=facility_id, **told)
    return outcomes


@dataclass(frozen=True)
class _Ticked:
    """What is ticked of one child: written by this form before, by somebody else before it, and still to write."""

    child: Child
    key: str
    told: Sequence[str]
    ours: Sequence[Dose] = ()
    known: Sequence[Dose] = ()
    free: Sequence[str] = ()
    refused: Refused | None = None


def _book(
    db: Session,
    rt: Runtime,
    staff: Staff,
    found: Sequence[Child],
    day: date,
    ticked: Mapping[int, Collection[str]],
    key: str,
) -> tuple[Sequence[Outcome], int]:
    sheet = [_checked(rt, child, day, ticked[child.id], f"{key}:{child.id}") for child in found]
    doses = giving.all_told(db, [one.child.id for one in sheet if one.told])
    sheet = [_compared(one, day, doses[one.child.id]) for one in sheet]
    standing = {child_id: [dose for dose in some if dose.struck_at is None] for child_id, some in doses.items()}
    free = [giving.Told(one.child, one.free, one.key) for one in sheet if one.free]
    given = giving.give_all(db, rt, free, day, Giver("console", staff_id=staff.id), had=standing)
    new = {child_id: one.new for child_id, one in given.items()}
    names = Named(reading.families(db, {families.reads(child) for child in found}))
    by = filed.recorders(db, [dose for one in sheet for dose in one.known])
    outcomes = [_outcome(one, new.get(one.child.id, ()), names, by) for one in sheet]
    return outcomes, sum(map(len, new.values()))


def _checked(rt: Runtime, child: Child, day: date, wanted: Collection[str], key: str) -> _Ticked:
    told = [code for code in dict.fromkeys(wanted) if code in giving.calendar(rt).by_code]
    try:
        giving.check(rt, child, day)
        if not told:
            raise Refused("care.dose_not_used", typed=", ".join(wanted)[:SHOWN])
    except Refused as why:
        return _Ticked(child, key, (), refused=why)
    return _Ticked(child, key, told)


def _compared(one: _Ticked, day: date, doses: Sequence[Dose]) -> _Ticked:
    keys = {f"{one.key}:{code}" for code in one.told}
    ours = [dose for dose in doses if dose.key in keys]
    mine = {dose.code for dose in ours}
    standing = [dose for dose in doses if dose.struck_at is None and dose.code not in mine]
    theirs = [dose for dose in standing if dose.valid or dose.given_on == day]
    known = [dose for dose in theirs if dose.code in one.told]
    taken = mine | {dose.code for dose in known}
    return replace(one, ours=ours, known=known, free=[code for code in one.told if code not in taken])


def _outcome(
    one: _Ticked, new: Sequence[Dose], names: Named, by: tuple[Mapping[int, str], Mapping[int, str]]
) -> Outcome:
    family, (people, accounts) = names.of(one.child), by
    if one.refused is not None:
        return Outcome(one.child, family, refused=one.refused)
    known = [Known(d, people.get(d.recorded_by or 0) or accounts.get(d.staff_id or 0, "")) for d in one.known]
    booked = [*(dose for dose in one.ours if dose.struck_at is None), *new]
    return Outcome(one.child, family, sorted(booked, key=lambda dose: one.told.index(dose.code)), known)
