"""A centre's timetable as its staff keep it: clinic days, outreach, closures. Reminders follow every change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.segments import clean
from smsapp.vaccines import clinic
from smsapp.vaccines.tables import SERVICES, Child, ClinicDay, Closure, Pregnancy

SHOWN_DAYS = 42
LONGEST = timedelta(days=366)  # of a closure
WORDS = 80  # characters of its reason


class Misfit(ValueError):
    """A rule that can not be; `why` is village, when, past, order, long, known or empty."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(field, why)
        self.field, self.why = field, why


@dataclass(frozen=True)
class Rule:
    """What somebody typed of a clinic day."""

    service: str
    weekday: int | None = None
    nth: int | None = None
    on: date | None = None
    village_id: int | None = None


def days(db: Session, facility_id: int) -> Sequence[tuple[ClinicDay, str | None]]:
    """A centre's rules and the village of each that has one; a day that is over is not shown."""
    rows = db.execute(
        select(ClinicDay, Place.name)
        .join(Place, Place.id == ClinicDay.village_id, isouter=True)
        .where(ClinicDay.facility_id == facility_id)
        .order_by(ClinicDay.service.desc(), ClinicDay.village_id.nulls_first(), ClinicDay.weekday, ClinicDay.on)
    )
    return [(day, village) for day, village in rows]


def closures(db: Session, facility_id: int, today: date) -> Sequence[Closure]:
    """Those of a centre and of the whole country that are not over."""
    here = or_(Closure.facility_id == facility_id, Closure.facility_id.is_(None))
    return db.scalars(select(Closure).where(here, Closure.last >= today).order_by(Closure.first)).all()


def ahead(db: Session, facility_id: int, villages: Sequence[Place], today: date) -> list[tuple[date, list[str]]]:
    """The days of the next weeks on which something is held: each service at the centre, and villages it goes to."""
    calendar = clinic.of_facility(db, facility_id)
    shown = []
    for day in (today + timedelta(days=n) for n in range(SHOWN_DAYS)):
        held = [service for service in SERVICES if calendar.held(day, service)]
        held += [
            f"{service}:{village.name}"
            for village in villages
            for service in SERVICES
            if calendar.comes_to(day, service, village.id) and calendar.held(day, service, village.id)
        ]
        if held:
            shown.append((day, held))
    return shown


def villages(db: Session, facility_id: int) -> Sequence[Place]:
    chosen = select(Place).where(Place.kind == "village", Place.parent_id == facility_id)
    return db.scalars(chosen.order_by(Place.name)).all()


def add_day(db: Session, rt: Runtime, facility_id: int, rule: Rule) -> ClinicDay:
    today = rt.local_now().date()
    if (rule.weekday is None) == (rule.on is None):
        raise Misfit("weekday", "when")
    if rule.on is not None and rule.on < today:
        raise Misfit("on", "past")
    if rule.village_id is not None and rule.village_id not in {place.id for place in villages(db, facility_id)}:
        raise Misfit("village", "village")
    told = {**vars(rule), "nth": rule.nth if rule.weekday is not None else None}
    same = [getattr(ClinicDay, name).is_not_distinct_from(value) for name, value in told.items()]
    if db.scalar(select(ClinicDay.id).where(ClinicDay.facility_id == facility_id, *same)) is not None:
        raise Misfit("weekday", "known")
    row = ClinicDay(facility_id=facility_id, **told)
    db.add(row)
    _follow(db, today, facility_id)
    return row


def remove_day(db: Session, rt: Runtime, facility_id: int, day_id: int) -> ClinicDay | None:
    """Gone; None where it was gone already."""
    row = db.scalar(select(ClinicDay).where(ClinicDay.id == day_id, ClinicDay.facility_id == facility_id))
    if row is not None:
        db.delete(row)
        _follow(db, rt.local_now().date(), facility_id)
    return row


def close(db: Session, rt: Runtime, facility_id: int | None, first: date, last: date, why: str) -> Closure:
    """No service on these days; of the whole country where no centre is named."""
    today, said = rt.local_now().date(), " ".join(clean(why).split())
    if last < first or last - first > LONGEST:
        raise Misfit("last", "order")
    if last < today:
        raise Misfit("last", "past")
    if not said or len(said) > WORDS:
        raise Misfit("why", "long" if said else "empty")
    row = Closure(facility_id=facility_id, first=first, last=last, why=said)
    db.add(row)
    _follow(db, today, facility_id)
    return row


def reopen(db: Session, rt: Runtime, facility_id: int | None, closure_id: int) -> Closure | None:
    """Open after all; None where nothing was closed any more."""
    chosen = select(Closure).where(Closure.id == closure_id, Closure.facility_id.is_not_distinct_from(facility_id))
    row = db.scalar(chosen)
    if row is not None:
        db.delete(row)
        _follow(db, rt.local_now().date(), facility_id)
    return row


def _follow(db: Session, today: date, facility_id: int | None) -> None:
    """Have the reminders look again at every file whose clinic day may be another one now."""
    db.flush()
    for table in (Child, Pregnancy):
        here = [] if facility_id is None else [table.facility_id == facility_id]
        waiting = update(table).where(table.look_on > today, *here)
        db.execute(waiting.values(look_on=today), execution_options={"synchronize_session": False})
