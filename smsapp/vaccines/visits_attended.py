"""Visits of a mother that took place, before and after the birth: each once a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import clinic, codes, files, withdrawing
from smsapp.vaccines.antenatal import TERM, Visit, after_birth, before_birth, of_country
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.tables import Attended, Child, Pregnancy
from smsapp.vaccines.workers import Worker

ANTENATAL, POSTNATAL = "antenatal", "postnatal"


@dataclass(frozen=True)
class Noted:
    """`new` is false where it was noted before.

    `nth` of the country's visits it is, by its window; 0 where the day is in none. `beside` is another day in the same
    window: both together are that one visit.
    """

    pregnancy: Pregnancy
    kind: str
    on: date
    new: bool
    nth: int
    beside: date | None
    next_day: date | None


def file_of(db: Session, worker: Worker, typed: str, *, lock: bool = False) -> Pregnancy:
    """The mother's file with this code, or that of the child with it; Refused as in `files`."""
    found = files.anyone(db, worker, typed, lock=lock)
    if isinstance(found, Pregnancy):
        return found
    return _of_child(db, found, lock=lock)


def _of_child(db: Session, child: Child, *, lock: bool = False) -> Pregnancy:
    own = select(Pregnancy).where(Pregnancy.id == child.pregnancy_id)
    found = db.scalar(own.with_for_update() if lock else own, execution_options={"populate_existing": lock})
    if found is None:
        raise Refused("care.no_mothers_file", code=codes.of(child.number))
    return found


def kind_of(pregnancy: Pregnancy) -> str:
    """The visits that this file is at; Refused where it has none any more."""
    kind = {"active": ANTENATAL, "born": POSTNATAL}.get(pregnancy.state)
    if kind is None:
        raise Refused("care.ended")
    return kind


def attend(db: Session, rt: Runtime, pregnancy: Pregnancy, kind: str, on: date, by: Giver) -> Noted:
    """Note a visit of a pregnancy whose row is locked; Refused where it can not have been."""
    check(rt, pregnancy, kind, on)
    days = attended(db, pregnancy, kind)
    new = on not in days
    if new:
        db.add(
            Attended(
                pregnancy_id=pregnancy.id,
                kind=kind,
                on=on,
                recorded_at=rt.now(),
                recorded_by=by.person_id,
                staff_id=by.staff_id,
                channel=by.channel,
            )
        )
        pregnancy.look_on = rt.local_now().date()
        withdrawing.withdraw(db, rt, pregnancy)
        db.flush()
    days = sorted({*days, on})
    nth, beside = _place(planned(rt, pregnancy, kind), days, on)
    return Noted(pregnancy, kind, on, new, nth, beside, _next_day(db, rt, pregnancy, kind, days))


def _place(visits: Sequence[Visit], days: Sequence[date], on: date) -> tuple[int, date | None]:
    """Which of these visits a day is, 0 for none, and another of these days on which that one was."""
    if not visits:
        return days.index(on) + 1, None  # the country has no windows: one after the other
    for nth, visit in enumerate(visits, start=1):
        if visit.taken([on]):
            return nth, visit.taken(day for day in days if day != on)
    return 0, None


def attended(db: Session, pregnancy: Pregnancy, kind: str) -> Sequence[date]:
    chosen = select(Attended.on).where(Attended.pregnancy_id == pregnancy.id, Attended.kind == kind)
    return db.scalars(chosen.where(Attended.struck_at.is_(None)).order_by(Attended.on)).all()


def check(rt: Runtime, pregnancy: Pregnancy, kind: str, on: date) -> None:
    """Refused for a visit of the wrong time of this pregnancy, or a day that can not be."""
    code = codes.of(pregnancy.number)
    if kind_of(pregnancy) != kind:
        raise Refused(f"care.not_{kind}", code=code)
    if on > rt.local_now().date():
        raise Refused("care.visit_future", day=f"{on:%d/%m/%Y}")
    first = _first_day(pregnancy, kind)
    if first is not None and on < first:
        raise Refused(f"care.{kind}_before", day=f"{on:%d/%m/%Y}", first=f"{first:%d/%m/%Y}")


def _first_day(pregnancy: Pregnancy, kind: str) -> date | None:
    if kind == POSTNATAL:
        return pregnancy.ended_on
    if pregnancy.last_period is not None:
        return pregnancy.last_period
    return pregnancy.due_on - TERM if pregnancy.due_on else None


def _next_day(db: Session, rt: Runtime, pregnancy: Pregnancy, kind: str, days: Sequence[date]) -> date | None:
    """The clinic day of the next visit that has not been; None after the last."""
    today = rt.local_now().date()
    ahead = [visit for visit in planned(rt, pregnancy, kind) if visit.latest > today and not visit.taken(days)]
    if not ahead:
        return None
    calendar = clinic.of_facility(db, pregnancy.facility_id)
    return calendar.next_day(max(ahead[0].due, today + timedelta(days=1)), ANTENATAL, pregnancy.village_id)


def planned(rt: Runtime, pregnancy: Pregnancy, kind: str) -> Sequence[Visit]:
    """The visits of this kind that the country has for her, the earliest first."""
    care = of_country(rt.settings.country)
    if kind == ANTENATAL:
        due_on = pregnancy.due_on
        return before_birth(care, rt.settings.antenatal_visits, due_on) if due_on else ()
    return after_birth(care, pregnancy.ended_on) if pregnancy.ended_on else ()
