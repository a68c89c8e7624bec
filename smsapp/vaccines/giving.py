"""Doses given to a child, each booked once, and what they mean for her plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

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
    check(rt, child, on)
    known = {(dose.code, dose.given_on) for dose in standing(db, [child.id])[child.id]}
    new = [
        Dose(
            child_id=child.id,
            code=code,
            given_on=on,
            source=CARD if on else REPORTED,
            elsewhere=elsewhere,
            reason="",
            recorded_at=rt.now(),
            recorded_by=by.person_id,
            staff_id=by.staff_id,
            channel=by.channel,
            key=f"{key}:{code}",
        )
        for code in dict.fromkeys(codes)
        if (code, on) not in known
    ]
    db.add_all(new)
    db.flush()
    settle(db, rt, child)
    return new


def strike(db: Session, rt: Runtime, child: Child, dose: Dose, why: str) -> None:
    """Take a dose back that was written by mistake; the row stays."""
    dose.struck_at, dose.struck_why = rt.now(), why
    db.flush()
    settle(db, rt, child)


def settle(db: Session, rt: Runtime, child: Child) -> Plan:
    """Say of each dose whether it counts, and have the reminders look at the child again."""
    had = standing(db, [child.id])
    made = plans_of(db, rt, [child], had=had)[child.id]
    for dose in had[child.id]:
        dose.valid, dose.reason, dose.on_time = judged(made, dose.code, dose.given_on, dose.source)
    if child.state == "active":
        child.look_on = rt.local_now().date()
        withdrawing.withdraw(db, rt, child)
    sought.settle(db, calendar(rt), child, made)
    db.flush()
    return made


def judged(made: Plan, code: str, given_on: date | None, source: str) -> tuple[bool | None, str, bool | None]:
    """What the plan says of one dose: whether it counts, why not, and whether it was on time."""
    planned = made.doses.get(code)
    counts = planned is not None and planned.valid is True and planned.given == given_on
    shown = planned is not None and planned.given == given_on
    if planned is None or source != CARD:
        return (counts if source == CARD else None), "", None
    return counts, planned.reason if shown and not counts else "", planned.on_time if counts else None


def plan_of(db: Session, rt: Runtime, child: Child) -> Plan:
    return plans_of(db, rt, [child])[child.id]


def plans_of(
    db: Session,
    rt: Runtime,
    children: Sequence[Child],
    today: date | None = None,
    had: Mapping[int, Sequence[Dose]] | None = None,
) -> Mapping[int, Plan]:
    """The plan of each of these children, by her id; `had` is what `standing` says of them, where that was read."""
    given = standing(db, [child.id for child in children]) if had is None else had
    districts = files.districts_of(db, {child.facility_id for child in children})
    on, whole = today or rt.local_now().date(), calendar(rt)
    return {
        child.id: plans.plan(
            whole,
            plans.Child(child.born_on, districts.get(child.facility_id, ""), child.sex or ""),
            dated(given.get(child.id, ())),
            on,
        )
        for child in children
    }


def standing(db: Session, child_ids: Iterable[int]) -> Mapping[int, list[Dose]]:
    """The doses of these children that nobody took back, in the order of their days."""
    chosen = select(Dose).where(Dose.child_id.in_(sorted(child_ids)), Dose.struck_at.is_(None))
    found: dict[int, list[Dose]] = defaultdict(list)
    for dose in db.scalars(chosen.order_by(Dose.given_on, Dose.id)):
        found[dose.child_id or 0].append(dose)
    return found


def dated(doses: Iterable[Dose]) -> Mapping[str, list[date]]:
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
