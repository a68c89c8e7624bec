"""A mother's visit that was written down by mistake: struck out at the console, never deleted, with who and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.staff import Staff
from smsapp.vaccines import desk, filed, files, reading, registering
from smsapp.vaccines.reading import NotHere
from smsapp.vaccines.tables import Attended, CareEvent, Pregnancy

STRUCK = "visit_struck"  # of the file's events: it tells the visit and why


@dataclass(frozen=True)
class Seen:
    """A visit as the page shows it: `by` wrote it down; why it was struck out, where it was."""

    row: Attended
    by: str
    why: str


def strike(db: Session, rt: Runtime, staff: Staff, pregnancy_id: int, visit_id: int, why: str) -> Attended | None:
    """Taken back, with the reason; None where that was done already."""
    file = reading.pregnancy(db, staff.scope, pregnancy_id, lock=True)
    said = desk.reason(why)
    visit = of(db, file, visit_id)
    if visit.struck_at is not None:
        return None
    visit.struck_at = rt.now()
    registering.plan_again(db, rt, file)
    told = {"visit": visit.id, "kind": visit.kind, "on": visit.on.isoformat(), "why": said}
    files.note(db, rt, file, STRUCK, by=None, channel=desk.CHANNEL, staff_id=staff.id, **told)
    desk.note(db, rt, staff, file, STRUCK)
    return visit


def of(db: Session, file: Pregnancy, visit_id: int) -> Attended:
    """This visit of hers; NotHere where it is none."""
    visit = db.scalar(select(Attended).where(Attended.id == visit_id, Attended.pregnancy_id == file.id))
    if visit is None:
        raise NotHere(visit_id)
    return visit


def visits(db: Session, file: Pregnancy) -> Sequence[Seen]:
    """All of hers by day, those struck out too."""
    rows = db.scalars(select(Attended).where(Attended.pregnancy_id == file.id).order_by(Attended.on, Attended.id)).all()
    details = select(CareEvent.details).where(CareEvent.pregnancy_id == file.id, CareEvent.what == STRUCK)
    why = {told["visit"]: told.get("why", "") for told in db.scalars(details)}
    people, accounts = filed.recorders(db, rows)
    return [
        Seen(row, people.get(row.recorded_by or 0) or accounts.get(row.staff_id or 0, ""), why.get(row.id, ""))
        for row in rows
    ]
