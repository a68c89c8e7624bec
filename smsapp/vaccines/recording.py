"""What a worker tells of a child's doses: all of it is booked or nothing, and what it means is known at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import clinic, files, giving, lacking, mothers_doses, visits
from smsapp.vaccines.families import File
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.planning import INVALID, Plan
from smsapp.vaccines.tables import Child, Dose
from smsapp.vaccines.workers import Worker

# Why a dose was booked and does not count, beside the plan's own reasons.
COUNTED, OUTSIDE = "counted", "outside"
BY_PHONE = ("sms", "ussd")
CORRECTED_WITHIN = timedelta(days=30)
MOST_CORRECTED = 6  # doses of a list on a phone
MOST_LOOKED_AT, MOST_EXPECTED = 150, 30
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Uncounted:
    """Doses that do not count for one reason, and from when they are given again; None: they are not."""

    codes: tuple[str, ...]
    reason: str
    again: date | None


@dataclass(frozen=True)
class Outcome:
    """What was new, what had been booked before, what does not count, and the next day at the clinic."""

    child: Child
    on: date
    new: tuple[str, ...]
    known: tuple[str, ...]
    uncounted: Sequence[Uncounted]
    next_day: date | None


def record(
    db: Session,
    rt: Runtime,
    child: Child,
    codes: Sequence[str],
    on: date,
    by: Giver,
    *,
    key: str,
    elsewhere: bool = False,
) -> Outcome:
    """Book these doses of a child whose row is locked; Refused as in `giving.give`."""
    told = [giving.Told(child, codes, key)]
    given = giving.give_all(db, rt, told, on, by, elsewhere=elsewhere)[child.id]
    new = {dose.code for dose in given.new}
    today = rt.local_now().date()
    return Outcome(
        child,
        on,
        tuple(code for code in dict.fromkeys(codes) if code in new),
        tuple(code for code in dict.fromkeys(codes) if code not in new),
        _uncounted(given.plan, given.new),
        next_day(db, rt, child, given.plan, today + DAY if on == today else today),
    )


def _uncounted(plan: Plan, new: Sequence[Dose]) -> Sequence[Uncounted]:
    found: dict[tuple[str, date | None], list[str]] = defaultdict(list)
    for dose in new:
        if dose.valid is not False:
            continue
        planned = plan.doses.get(dose.code)
        if planned is None or (planned.state == INVALID and planned.due is None):  # it is not for her
            found[OUTSIDE, None].append(dose.code)
        elif planned.valid:
            found[dose.reason or COUNTED, None].append(dose.code)
        else:
            found[dose.reason or planned.reason, planned.due].append(dose.code)
    return [Uncounted(tuple(codes), reason, again) for (reason, again), codes in found.items()]


def next_day(db: Session, rt: Runtime, child: Child, plan: Plan, since: date) -> date | None:
    """The clinic day of her next visit, not before `since`; None where nothing is left to give."""
    ahead = visits.visits(plan, child.registered_on)
    if not ahead:
        return None
    calendar = clinic.of_facility(db, child.facility_id)
    return calendar.next_day(max(ahead[0].day, since), "vaccines", child.village_id)


def now(db: Session, rt: Runtime, child: Child) -> tuple[tuple[str, ...], date | None]:
    """What can be given her today, all on one way, and the clinic day of what comes next."""
    plan, today = giving.plan_of(db, rt, child), rt.local_now().date()
    return lacking.together(plan), next_day(db, rt, child, plan, today)


def expected(db: Session, rt: Runtime, worker: Worker) -> Sequence[Child]:
    """The children of her list to whom something can be given today, those who have waited least first."""
    today = rt.local_now().date()
    here = Child.facility_id == worker.facility_id, Child.state == "active", worker.within(Child.village_id)
    lacks = lacking.something(db, giving.calendar(rt), today)
    chosen = select(Child).where(*here, lacks).order_by(Child.born_on.desc(), Child.id).limit(MOST_LOOKED_AT)
    found = db.scalars(chosen).all()
    plans = giving.plans_of(db, rt, found, today)
    waiting = [(_since(plans[child.id], lacking.together(plans[child.id])), child) for child in found]
    ready = sorted(
        ((since, child) for since, child in waiting if since), key=lambda one: (-one[0].toordinal(), one[1].id)
    )
    return [child for _, child in ready][:MOST_EXPECTED]


def _since(plan: Plan, codes: Sequence[str]) -> date | None:
    return max((due for code in codes if (due := plan.doses[code].due)), default=None)


def in_use(rt: Runtime, codes: Sequence[str]) -> str:
    """The first of these that the country does not give; empty where it gives all."""
    return next((code for code in codes if code not in giving.calendar(rt).by_code), "")


def by_phone(db: Session, rt: Runtime, file: File) -> Sequence[Dose]:
    """What was booked of a child or a mother by phone lately and stands, the newest first: one may be a mistake."""
    whose = Dose.child_id == file.id if isinstance(file, Child) else Dose.mother_id == file.mother_id
    lately = Dose.recorded_at >= rt.now() - CORRECTED_WITHIN, Dose.channel.in_(BY_PHONE)
    chosen = select(Dose).where(whose, Dose.struck_at.is_(None), *lately)
    return db.scalars(chosen.order_by(Dose.recorded_at.desc(), Dose.id.desc()).limit(MOST_CORRECTED)).all()


def one_by_phone(db: Session, rt: Runtime, file: File, dose_id: int) -> Dose:
    """One of them; Refused where somebody took it back meanwhile."""
    found = next((dose for dose in by_phone(db, rt, file) if dose.id == dose_id), None)
    if found is None:
        raise Refused("care.dose_gone", final=True)
    return found


def strike(db: Session, rt: Runtime, worker: Worker, file: File, dose_id: int, why: str, channel: str) -> Dose:
    """Take one of them back; the row of the file is locked."""
    dose = one_by_phone(db, rt, file, dose_id)
    if isinstance(file, Child):
        giving.strike(db, rt, file, dose, why)
    else:
        mothers_doses.strike(db, rt, file, dose, why)
    day = dose.given_on.isoformat() if dose.given_on else ""
    files.note(db, rt, file, "dose_struck", by=worker.id, channel=channel, dose=dose.code, day=day, why=why)
    return dose
