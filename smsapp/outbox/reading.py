"""Reading the outbox: what operators list and what is measured."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from smsapp.messages import MT, STATUSES, GatewayState, Message
from smsapp.scopes import Scope

OPEN = ("queued", "sending", "unknown")
RECENT = timedelta(hours=24)


def listing(
    db: Session, number: str | None = None, state: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Messages to phones, newest first."""
    if state is not None and state not in STATUSES:
        raise ValueError(f"{state!r} is none of {', '.join(STATUSES)}")
    chosen = select(Message).where(Message.direction == MT)
    if number is not None:
        chosen = chosen.where(Message.number == number)
    if state is not None:
        chosen = chosen.where(Message.status == state)
    rows = db.scalars(chosen.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit))
    return [
        {
            "id": row.id,
            "to": row.number,
            "text": row.sent_text,
            "state": row.status,
            "gateway_id": row.external_id,
            "attempts": row.attempts,
            "created": row.created_at.isoformat(),
        }
        for row in rows
    ]


def unknowns(db: Session, scope: Scope) -> int:
    """How many messages wait for a person, or a report, to say what became of them."""
    open_ = Message.status == "unknown", scope.within(Message.facility_id)
    return db.scalar(select(func.count()).where(*open_)) or 0


def stats(db: Session, now: datetime) -> dict[str, Any]:
    """For the gauges: messages of the last day and all open ones by status and gateway, and how long the due wait."""
    counted = select(Message.status, Message.gateway, func.count()).where(
        Message.direction == MT, or_(Message.status.in_(OPEN), Message.created_at > now - RECENT)
    )
    waiting = select(Message.queue, func.count(), func.min(Message.due_at)).where(
        Message.status == "queued", Message.due_at <= now
    )
    due = db.execute(waiting.group_by(Message.queue)).all()
    return {
        "messages": {
            (status, gateway): n for status, gateway, n in db.execute(counted.group_by(Message.status, Message.gateway))
        },
        "due": {queue: n for queue, n, _ in due},
        "oldest_due_seconds": {queue: max((now - at).total_seconds(), 0.0) for queue, _, at in due},
        "paused": list(db.scalars(select(GatewayState.gateway).where(GatewayState.paused_at.is_not(None)))),
    }
