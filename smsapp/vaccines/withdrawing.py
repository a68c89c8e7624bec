"""What waits about a file is taken back when the file changes: the next run tells what is still to be told."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from smsapp.arrays import among
from smsapp.messages import Message
from smsapp.outbox import cancelling
from smsapp.runtime import Runtime
from smsapp.vaccines.families import File
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child, Pregnancy

CHANGED = "its file has changed"


def withdraw(db: Session, rt: Runtime, *files: File) -> None:
    """Take back the texts about these files that have not left, and have all files that they tell of looked at."""
    if not files:
        return
    today = rt.local_now().date()
    about = select(Reminder.message_id).where(whose(*files), Reminder.planned_for >= today)
    held = select(Message.id).where(Message.id == Reminder.message_id, Message.status.in_(cancelling.OPEN))
    if db.scalar(about.where(held.exists()).limit(1)) is None:
        return
    stopped = cancelling.cancel(db, rt.now(), about.where(Reminder.message_id.is_not(None)), CHANGED)
    if not stopped:
        return
    told = delete(Reminder).where(among(Reminder.message_id, stopped))
    rows = db.execute(told.returning(Reminder.child_id, Reminder.pregnancy_id)).all()
    for table, ids in ((Child, {row[0] for row in rows}), (Pregnancy, {row[1] for row in rows})):
        live = among(table.id, ids - {None}), table.state.in_(["active", "born"])
        db.execute(update(table).where(*live).values(look_on=today))


def whose(*files: File) -> ColumnElement[bool]:
    children = [file.id for file in files if isinstance(file, Child)]
    mothers = [file.id for file in files if isinstance(file, Pregnancy)]
    if not mothers:
        return among(Reminder.child_id, children)
    return or_(among(Reminder.child_id, children), among(Reminder.pregnancy_id, mothers))
