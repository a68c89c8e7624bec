"""Sending an unknown message again by hand, within what it and its broadcast still allow."""

from __future__ import annotations

from sqlalchemy.orm import Session

from smsapp.broadcasts import progress
from smsapp.broadcasts.tables import CANCELLED, CAPPED, Broadcast
from smsapp.messages import MT, Message
from smsapp.outbox import settling
from smsapp.runtime import Runtime
from smsapp.staff import Staff

LATE = "late"


class TooLate(Exception):
    """It is not sent again; `why` is LATE, CANCELLED or CAPPED."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def settle(db: Session, rt: Runtime, staff: Staff, message_id: int, verdict: str) -> int | None:
    """As `settling.settle`; TooLate, and nothing settled, where it may not go out again."""
    if verdict == settling.AGAIN:
        row = settling.held(db, staff, message_id)
        if row.status == "unknown" and (why := hindrance(db, rt, row)):
            raise TooLate(why)
    return settling.settle(db, rt, staff, message_id, verdict)


def hindrance(db: Session, rt: Runtime, row: Message) -> str | None:
    """Why nothing may go out in place of an unknown message."""
    if row.use_by is not None and row.use_by <= rt.now():
        return LATE
    broadcast = db.get(Broadcast, row.broadcast_id) if row.direction == MT and row.broadcast_id else None
    if broadcast is None:
        return None
    if broadcast.status in {CANCELLED, CAPPED}:
        return broadcast.status
    return CAPPED if broadcast.cap is not None and _dearer(db, rt, row, broadcast.id, broadcast.cap) else None


def _dearer(db: Session, rt: Runtime, row: Message, broadcast_id: int, cap: int) -> bool:
    """Whether it would cost more than it may; the first one may have been charged as well."""
    counts, price = progress.count(db, broadcast_id), rt.settings.price_per_part
    return counts.cost(price) + row.parts * counts.per_part(price) > cap
