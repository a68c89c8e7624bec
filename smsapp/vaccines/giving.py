"""Doses given to a child, each booked once, and what they mean for her plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import NamedTuple, cast

from sqlalchemy import Executable, Table, select
from sqlalchemy.orm import Session

from smsapp import arrays
from smsapp.arrays import among_told
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import files, sought, withdrawing
from smsapp.vaccines import planning as plans
from smsapp.vaccines import schedule as schedules
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Child, Dose

CARD, REPORTED = "card", "reported"


@dataclass(frozen=True)
class Giver:
    """Who says that a dose was given: a person by her phone, or one of the staff."""

    channel: str
    person_id: int | None = None
    staff_id: int | None = None


@dataclass(frozen=True)
class Told:
    """Doses of one child whose row is locked; `key` makes each of them once."""

    child: Child
    codes: Collection[str]
    key: str


@dataclass(frozen=True)
class Given:
    """The doses of a child that were new, and her plan with them."""

    new: list[Dose]
    plan: Plan


class Written(NamedTuple):
    """A dose as plans and reminders read it: thousands of them are no rows to change."""

    id: int
    child_id: int | None
    code: str
    given_on: date | None
    source: str
    valid: bool | None
    recorded_at: datetime


# Made once: to make one takes longer than to read a few doses.
_ALL_TOLD = select(Dose).where(among_told(Dose.child_id, "children")).order_by(Dose.given_on, Dose.id)
_STANDING = _ALL_TOLD.where(Dose.struck_at.is_(None))
_WRITTEN = Read(
    _STANDING.with_only_columns(
        Dose.id, Dose.child_id, Dose.code, Dose.given_on, Dose.source, Dose.valid, Dose.recorded_at
    )
)
_NEW = (
    *("child_id", "code", "given_on", "source", "elsewhere", "valid", "reason", "on_time"),
    *("recorded_at", "recorded_by", "staff_id", "channel", "key"),
)


def calendar(rt: Runtime) -> Schedule:
    """The country's calendar as this service uses it."""
    return schedules.in_use(rt.settings.country, rt.settings.vaccines_on)


def give(
    db: Session,
    rt: Runtime,
    child: Child,
    codes: Collection[str],
    on: date | None,
    by: Giver,
    *,
    key: str,
    elsewhere: bool = False,
) -> list[Dose]:
    """Book these doses of a child whose row is locked; those that were new. Without a date they are only reported.

    A dose of the same code and day is booked already; `key` makes each of them once. Refused where the child is in
    nobody's care any more, or the day can not be.
    """
    return give_all(db, rt, [Told(child, codes, key)], on, by, elsewhere=elsewhere)[child.id].new


def give_all(
    db: Session,
    rt: Runtime,
    told: Sequence[Told],
    on: date | None,
    by: Giver,
    *,
    elsewhere: bool = False,
    had: Mapping[int, list[Dose]] | None = None,
) -> Mapping[int, Given]:
    """As `give`, for the children of a whole session: nothing of any where one is Refused.

    `had` is what `standing` says of them, where that was read.
    """
    if not told:
        return {}
    for one in told:
        check(rt, one.child, on)
    had = standing(db, [one.child.id for one in told]) if had is None else had
    new = {one.child.id: list(_new(rt, one, on, by, had[one.child.id], elsewhere=elsewhere)) for one in told}
    every = {child_id: [*had[child_id], *doses] for child_id, doses in new.items()}
    return _settle(db, rt, [one.child for one in told], every)


def _new(
    rt: Runtime, told: Told, on: date | None, by: Giver, had: Iterable[Dose], *, elsewhere: bool
) -> Iterator[Dose]:
    known = {(dose.code, dose.given_on) for dose in had}
    for code in dict.fromkeys(told.codes):
        if (code, on) not in known:
            yield Dose(
                child_id=told.child.id,
                code=code,
                given_on=on,
                source=CARD if on else REPORTED,
                elsewhere=elsewhere,
                recorded_at=rt.now(),
                recorded_by=by.person_id,
                staff_id=by.staff_id,
                channel=by.channel,
                key=f"{told.key}:{code}",
            )


def strike(db: Session, rt: Runtime, child: Child, dose: Dose, why: str) -> None:
    """Take a dose back that was written by mistake; the row stays."""
    dose.struck_at, dose.struck_why = rt.now(), why
    db.flush()
    settle(db, rt, child)


def settle(db: Session, rt: Runtime, child: Child) -> Plan:
    """Say of each dose whether it counts, and have the reminders look at the child again."""
    return _settle(db, rt, [child], standing(db, [child.id]))[child.id].plan


def _settle(
    db: Session, rt: Runtime, children: Sequence[Child], had: Mapping[int, Sequence[Dose]]
) -> Mapping[int, Given]:
    """The same for several; what is new among the doses that they had is written with it."""
    made = plans_of(db, rt, children, had=had)
    for child in children:
        for dose in had[child.id]:
            dose.valid, dose.reason, dose.on_time = judged(made[child.id], dose.code, dose.given_on, dose.source)
    new = _write(db, [dose for child in children for dose in had[child.id] if dose.id is None])
    found = [(child, made[child.id]) for child in children]
    sought.settle(db, calendar(rt), found, rt.local_now().date())
    withdrawing.withdraw(db, rt, *(child for child in children if child.state == "active"))
    db.flush()
    return {child.id: Given(new[child.id], made[child.id]) for child in children}


def _write(db: Session, new: Iterable[Dose]) -> defaultdict[int, list[Dose]]:
    """All in one statement that is always the same: the ORM makes one for each number of rows."""
    rows = [{name: getattr(dose, name) for name in _NEW} for dose in new]
    if not rows:
        return defaultdict(list)
    db.flush()  # her own row may be new
    return _by_child(db.scalars(_write_all(), arrays.told(rows)))


@cache
def _write_all() -> Executable:
    """Made at the first dose, when every table is known."""
    return select(Dose).from_statement(arrays.write_all(cast(Table, Dose.__table__), _NEW).returning(Dose))


def judged(made: Plan, code: str, given_on: date | None, source: str) -> tuple[bool | None, str, bool | None]:
    """What the plan says of one dose: whether it counts, why not, and whether it was on time."""
    planned = made.doses.get(code)
    if planned is None or source != CARD or given_on is None:
        return (False if source == CARD else None), "", None
    counts = planned.valid is True and planned.given == given_on
    return counts, made.reasons.get((code, given_on), ""), planned.on_time if counts else None


def plan_of(db: Session, rt: Runtime, child: Child) -> Plan:
    return plans_of(db, rt, [child])[child.id]


def plans_of(
    db: Session,
    rt: Runtime,
    children: Sequence[Child],
    today: date | None = None,
    had: Mapping[int, Sequence[Dose | Written]] | None = None,
    who: Mapping[int, plans.Child] | None = None,
) -> Mapping[int, Plan]:
    """The plan of each of these children, by her id; `had` and `who` are what was read of them, where it was."""
    given = written(db, [child.id for child in children]) if had is None else had
    known = planned(db, children) if who is None else who
    on, whole = today or rt.local_now().date(), calendar(rt)
    return {i: plans.plan(whole, child, dated(given.get(i, ())), on) for i, child in known.items()}


def planned(db: Session, children: Iterable[Child]) -> Mapping[int, plans.Child]:
    """What the plan of each of them depends on besides her doses."""
    children = list(children)
    districts = files.districts_of(db, {child.facility_id for child in children}) if children else {}
    return {
        child.id: plans.Child(child.born_on, districts.get(child.facility_id, ""), child.sex or "")
        for child in children
    }


def standing(db: Session, child_ids: Iterable[int]) -> defaultdict[int, list[Dose]]:
    """The doses of these children that nobody took back, in the order of their days."""
    return _by_child(db.scalars(_STANDING, {"children": sorted(child_ids)}))


def all_told(db: Session, child_ids: Iterable[int]) -> defaultdict[int, list[Dose]]:
    """The same, and those that somebody took back."""
    return _by_child(db.scalars(_ALL_TOLD, {"children": sorted(child_ids)}))


def _by_child(doses: Iterable[Dose]) -> defaultdict[int, list[Dose]]:
    found: defaultdict[int, list[Dose]] = defaultdict(list)
    for dose in doses:
        found[dose.child_id or 0].append(dose)
    return found


def written(db: Session, child_ids: Iterable[int]) -> Mapping[int, list[Written]]:
    """The same doses to read alone."""
    found: dict[int, list[Written]] = defaultdict(list)
    for row in map(Written._make, _WRITTEN.rows(db, {"children": sorted(child_ids)})):
        found[row.child_id or 0].append(row)
    return found


def dated(doses: Iterable[Dose | Written]) -> Mapping[str, list[date]]:
    """What a plan is made of: only what a card shows."""
    days: dict[str, list[date]] = defaultdict(list)
    for dose in doses:
        if dose.source == CARD and dose.given_on is not None:
            days[dose.code].append(dose.given_on)
    return days


def check(rt: Runtime, child: Child, on: date | None) -> None:
    """Refused where the child is in nobody's care any more, or the day can not be."""
    if child.state != "active":
        raise Refused("care.ended")
    if on is not None and on > rt.local_now().date():
        raise Refused("care.dose_future", day=f"{on:%d/%m/%Y}")
    if on is not None and on < child.born_on:
        raise Refused("care.dose_before_birth", day=f"{on:%d/%m/%Y}", born=f"{child.born_on:%d/%m/%Y}")
