"""The end of a file: a death, a loss, a move. From that moment on nothing more is said about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from smsapp.outbox import cancelling
from smsapp.runtime import Runtime
from smsapp.vaccines import files, mentioning, sought, welcoming, withdrawing
from smsapp.vaccines.families import File
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child, Pregnancy

NOT_SENT = "the file that it was about was closed"


def end(
    db: Session, rt: Runtime, file: File, state: str, *, by: int | None, channel: str, staff_id: int | None = None
) -> None:
    """Close a file whose row is locked, once; whatever waits to be sent about it is not sent.

    A text that told of brothers and sisters too is made again for them.
    """
    if file.state == state:
        return
    today = rt.local_now().date()
    file.state, file.ended_on, file.look_on = state, today, None
    if isinstance(file, Child):
        sought.end(db, file, state, today)
    silence(db, rt, file)
    about = [file, *_mother(db, rt, file)]
    freed = {key for one in about for key in mentioning.take_back(db, rt, one, NOT_SENT, facility_id=one.facility_id)}
    welcoming.again(db, rt, file, freed, channel=channel)
    files.note(db, rt, file, state, by=by, channel=channel, staff_id=staff_id)
    db.flush()


def silence(db: Session, rt: Runtime, file: File) -> None:
    """Nothing that waits about this file goes out."""
    about = select(Reminder.message_id).where(withdrawing.whose(file), Reminder.message_id.is_not(None))
    stopped = cancelling.cancel(db, rt.now(), about, NOT_SENT)
    if stopped:
        _again_for_others(db, rt, stopped, file)


def _mother(db: Session, rt: Runtime, child: File) -> Sequence[Pregnancy]:
    """Nothing reminds a mother of a birth of which no child is left in care: her file, where that is so."""
    if not isinstance(child, Child):
        return []
    db.flush()
    lives = select(Child.id).where(Child.pregnancy_id == child.pregnancy_id, Child.state == "active")
    mother = db.get(Pregnancy, child.pregnancy_id) if child.pregnancy_id is not None else None
    if mother is not None and db.scalar(lives.limit(1)) is None:
        silence(db, rt, mother)
        return [mother]
    return []


def _again_for_others(db: Session, rt: Runtime, messages: Collection[int], file: File) -> None:
    today = rt.local_now().date()
    others = db.scalars(select(Reminder).where(Reminder.message_id.in_(messages))).all()
    for table, column in ((Child, "child_id"), (Pregnancy, "pregnancy_id")):
        ids = {getattr(row, column) for row in others} - {None, file.id if isinstance(file, table) else None}
        live = table.state.in_(["active", "born"])
        db.execute(update(table).where(table.id.in_(ids), live).values(look_on=today))
    mine = {row.id for row in others if _is_about(row, file)}
    db.execute(delete(Reminder).where(Reminder.id.in_({row.id for row in others} - mine)))


def _is_about(row: Reminder, file: File) -> bool:
    return row.child_id == file.id if isinstance(file, Child) else row.pregnancy_id == file.id
