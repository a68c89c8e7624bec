"""Keeping threads: each text that is heard moves its number's thread, in the transaction that hears it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.messages import MT, Message, Thread

ANSWERS_FOR = timedelta(days=7)  # how long a text is taken for an answer to the broadcast before it
REACHED = ("sent", "delivered", "unknown")


_WRITE = insert(cast(Table, Thread.__table__)).values(facility_id=people.FACILITY_OF_SERVED)
_MOVED: dict[str, Any] = {name: _WRITE.excluded[name] for name in ("facility_id", "last_id", "last_at")}
_WAITING = {
    "waiting": Thread.waiting + 1,
    "waiting_since": func.coalesce(Thread.waiting_since, _WRITE.excluded.waiting_since),
    "broadcast_id": _WRITE.excluded.broadcast_id,
    "done_at": None,
    "done_by": None,
}
_MOVE = _WRITE.on_conflict_do_update(index_elements=["number"], set_=_MOVED)
_WAIT = _WRITE.on_conflict_do_update(index_elements=["number"], set_=_MOVED | _WAITING)


def heard(db: Session, text: Message, now: datetime) -> None:
    """Move the thread of a text that was just heard; one that no flow took waits for the staff.

    An answer that was erased leaves no trace here: when somebody answered is nobody's business either.
    """
    if text.text is None:
        return
    waits = text.status == "unheard"
    if waits:
        text.broadcast_id = _broadcast_before(db, text.number, now)
    values = {
        "number": text.number,
        "served": text.number,
        "last_id": text.id,
        "last_at": now,
        "waiting": int(waits),
        "waiting_since": now if waits else None,
        "broadcast_id": text.broadcast_id,
    }
    db.execute(_WAIT if waits else _MOVE, values)


def _broadcast_before(db: Session, number: str, now: datetime) -> int | None:
    """The last broadcast that reached this number, or may have, within a week."""
    sent_at = func.coalesce(Message.sent_at, Message.claimed_at)
    reached = select(Message.broadcast_id).where(
        Message.number == number,
        Message.direction == MT,
        Message.broadcast_id.is_not(None),
        Message.status.in_(REACHED),
        sent_at > now - ANSWERS_FOR,
    )
    return db.scalar(reached.order_by(sent_at.desc(), Message.id.desc()).limit(1))
