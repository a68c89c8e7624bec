"""Broadcasts whose messages wait, or go out no more, though they stand in the outbox."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from smsapp.db import Base, Big
from smsapp.messages import Message
from smsapp.outbox import tries

PUT_OFF = timedelta(minutes=10)  # what waits must not stand before what may go
CANCELLED = "its broadcast was cancelled"


class Hold(Base):
    """One broadcast that is held: paused, or cancelled for good."""

    __tablename__ = "broadcast_holds"

    broadcast_id: Mapped[int] = mapped_column(Big, primary_key=True)
    cancelled: Mapped[bool]


def of(db: Session, broadcast_ids: Collection[int]) -> dict[int, bool]:
    """Those of these broadcasts that are held, and whether for good."""
    if not broadcast_ids:
        return {}
    held = select(Hold.broadcast_id, Hold.cancelled).where(Hold.broadcast_id.in_(broadcast_ids))
    return dict(db.execute(held).all())


def pause(db: Session, broadcast_id: int) -> None:
    """Nothing more of it is claimed; what a gateway is being asked at this moment is finished."""
    db.execute(insert(Hold).values(broadcast_id=broadcast_id, cancelled=False).on_conflict_do_nothing())


def resume(db: Session, broadcast_id: int, now: datetime) -> None:
    """Let it go on where it stood; the caller rings."""
    db.execute(delete(Hold).where(Hold.broadcast_id == broadcast_id, Hold.cancelled.is_(False)))
    waiting = Message.broadcast_id == broadcast_id, Message.status == "queued", Message.due_at > now
    soon = func.greatest(now, func.coalesce(Message.not_before, now))
    change = update(Message).where(*waiting).values(due_at=soon)
    db.execute(change, execution_options={"synchronize_session": False})


def cancel(db: Session, broadcast_id: int, now: datetime) -> int:
    """Take back what has not gone out, now and when a try that is under way comes to nothing; how many."""
    held = insert(Hold).values(broadcast_id=broadcast_id, cancelled=True)
    db.execute(held.on_conflict_do_update(index_elements=["broadcast_id"], set_={"cancelled": True}))
    # One that may have gone out once stays queued: when it is claimed it is not said to be unsent.
    waiting = Message.broadcast_id == broadcast_id, Message.status == "queued", Message.possible_repeat.is_(False)
    told = {"status": "cancelled", "reason": CANCELLED, "final_at": now}
    change = update(Message).where(*waiting).values(**told, history=tries.noted(now, "cancelled", CANCELLED))
    stopped = db.scalars(change.returning(Message.id), execution_options={"synchronize_session": False})
    return len(stopped.all())
