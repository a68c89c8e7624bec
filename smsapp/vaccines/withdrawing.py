"""What waits about a file is taken back when the file changes: the next run tells what is still to be told."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from smsapp.arrays import among, among_told
from smsapp.messages import Message
from smsapp.outbox import cancelling
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.vaccines.families import File
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child, Pregnancy

CHANGED = "its file has changed"

# Made once: it is asked at each dose that is written down, and mostly there is nothing to take back.
_HELD = Read(
    select(Reminder.message_id)
    .join(Message, Message.id == Reminder.message_id)
    .where(or_(among_told(Reminder.child_id, "children"), among_told(Reminder.pregnancy_id, "mothers")))
    .where(Reminder.planned_for >= bindparam("today"), among(Message.status, cancelling.OPEN))
    .limit(1)
)


def withdraw(db: Session, rt: Runtime, *files: File) -> None:
    """Take back the texts about these files that have not left, and have all files that they tell of looked at."""
    if not files:
        return
    today = rt.local_now().date()
    if not _HELD.rows(db, {"children": _ids(files, Child), "mothers": _ids(files, Pregnancy), "today": today}):
        return
    about = select(Reminder.message_id).where(whose(*files), Reminder.planned_for >= today)
    stopped = cancelling.cancel(db, rt.now(), about.where(Reminder.message_id.is_not(None)), CHANGED)
    if not stopped:
        return
    told = delete(Reminder).where(among(Reminder.message_id, stopped))
    rows = db.execute(told.returning(Reminder.child_id, Reminder.pregnancy_id)).all()
    for table, ids in ((Child, {row[0] for row in rows}), (Pregnancy, {row[1] for row in rows})):
        live = among(table.id, ids - {None}), table.state.in_(["active", "born"])
        db.execute(update(table).where(*live).values(look_on=today))


def whose(*files: File) -> ColumnElement[bool]:
    children, mothers = _ids(files, Child), _ids(files, Pregnancy)
    if not mothers:
        return among(Reminder.child_id, children)
    return or_(among(Reminder.child_id, children), among(Reminder.pregnancy_id, mothers))


def _ids(files: Iterable[File], table: type[File]) -> list[int]:
    return [file.id for file in files if isinstance(file, table)]
