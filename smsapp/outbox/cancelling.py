"""Taking back a promise: what has not gone out yet never will."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, update
from sqlalchemy.orm import Session

from smsapp.messages import Message
from smsapp.outbox.tries import noted, nothing_out

OPEN = ("queued", "sending", "unknown")  # something may yet go out, or be tried again


def cancel(db: Session, now: datetime, ids: Select[int | None], reason: str) -> Sequence[int]:
    """Cancel those of these messages that wait and of which no try can have reached a phone; their ids.

    Of the others no try is made any more: they may have gone out, and go on saying so.
    """
    which = Message.id.in_(ids), Message.status == "queued", nothing_out()
    change = (
        update(Message)
        .where(*which)
        .values(status="cancelled", reason=reason, final_at=now, history=noted(now, "cancelled", reason))
    )
    quietly = {"synchronize_session": False}
    stopped = db.scalars(change.returning(Message.id), execution_options=quietly).all()
    no_more = update(Message).where(Message.id.in_(ids), Message.status.in_(OPEN))
    db.execute(no_more.values(use_by=func.least(Message.use_by, now)), execution_options=quietly)
    return stopped
