"""What lies between one birth of a mother and her next pregnancy or child; pregnancies whose end nobody told of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.vaccines import codes, ending, families, files
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import Child, Pregnancy

OVERDUE = timedelta(days=42)  # after the day that was expected nobody asks any more, and a new file may begin
SOON = timedelta(days=28)  # after a birth no pregnancy begins
ABOUT = timedelta(days=30)  # as far a pregnancy's beginning may be wrong where only the month is known
NEXT_CHILD = timedelta(days=150)
TWIN = timedelta(days=1)  # born before and after midnight


def lose_sight(db: Session, rt: Runtime, hers: Iterable[Pregnancy], by: Giver) -> None:
    """Close her files whose birth nobody told of, their rows locked: what is told now is of another pregnancy."""
    today = rt.local_now().date()
    for row in hers:
        if row.state == "active" and row.due_on is not None and row.due_on + OVERDUE < today:
            files.note(db, rt, row, "overdue", by=by.person_id, channel=by.channel, staff_id=by.staff_id)
            ending.end(db, rt, row, "moved", by=by.person_id, channel=by.channel, staff_id=by.staff_id)


def last_birth(db: Session, mother_id: int, due_on: date, today: date, *, exact: bool) -> date | None:
    """A birth of hers before or just after which this pregnancy would have begun; None where it fits.

    A number may serve the other wife of a house, too: a worker's word is taken, and she reads what is known.
    """
    began = min(due_on - TERM + (timedelta() if exact else ABOUT), today)
    last = db.scalar(select(func.max(Child.born_on)).where(Child.mother_id == mother_id))
    return last if last is not None and began < last + SOON else None


def near_child(db: Session, told: Born) -> Child | None:
    """Another child of this mother who was born near that day, and not on it; as of a pregnancy."""
    if told.mother_id is None:
        return None
    near = Child.born_on > told.born_on - NEXT_CHILD, Child.born_on < told.born_on + NEXT_CHILD
    known = select(Child).where(Child.mother_id == told.mother_id, Child.state.in_(["active", "dead"]), *near)
    for child in db.scalars(known.order_by(Child.id)):
        if abs(child.born_on - told.born_on) > TWIN:
            return child
    return None


def named(child: Child) -> str:
    """`Fanta 42L`."""
    return f"{families.first_name(child.name)} {codes.of(child.number)}".strip()
