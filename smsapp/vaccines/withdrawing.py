"""What waits about a file is taken back when the file changes: the next run tells what is still to be told."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from smsapp.outbox import cancelling
from smsapp.runtime import Runtime
from smsapp.vaccines.families import File
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child, Pregnancy

CHANGED = "its file has changed"


def withdraw(db: Session, rt: Runtime, file: File) -> None:
    """Take back the texts about this file that have not left, and have all the files that they tell of looked at."""
    about = select(Reminder.message_id).where(whose(file), Reminder.message_id.is_not(None))
    today = rt.local_now().date()
    waiting = db.scalars(about.where(Reminder.planned_for >= today).limit(1)).first()
    if waiting is None:
        return
    stopped = cancelling.cancel(db, rt.now(), about.where(Reminder.planned_for >= today), CHANGED)
    if not stopped:
        return
    told = delete(Reminder).where(Reminder.message_id.in_(stopped))
    rows = db.execute(told.returning(Reminder.child_id, Reminder.pregnancy_id)).all()
    for table, ids in ((Child, {row[0] for row in rows}), (Pregnancy, {row[1] for row in rows})):
        live = table.id.in_(ids - {None}), table.state.in_(["active", "born"])
        db.execute(update(table).where(*live).values(look_on=today))


def whose(file: File) -> ColumnElement[bool]:
    return Reminder.child_id == file.id if isinstance(file, Child) else Reminder.pregnancy_id == file.id
