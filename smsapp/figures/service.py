"""What holds messages up: gateways that stand still, and how long the oldest has waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, column, func, or_, select, true, values
from sqlalchemy.orm import Session

from smsapp.kinds import QUEUES
from smsapp.messages import GatewayState, Message

PRIORITIES = (0, 9)  # as in data/kinds.yaml


@dataclass(frozen=True)
class HeldUp:
    """A gateway that does not send; `paused`: it refuses us, else it is out of reach."""

    gateway: str
    paused: bool
    since: datetime
    reason: str


def held_up(db: Session) -> Sequence[HeldUp]:
    state = GatewayState
    rows = db.scalars(
        select(state).where(or_(state.paused_at.is_not(None), state.troubled_at.is_not(None))).order_by(state.gateway)
    )
    return [
        HeldUp(row.gateway, row.paused_at is not None, since, row.reason or "")
        for row in rows
        if (since := row.paused_at or row.troubled_at)
    ]


def oldest_due(db: Session, now: datetime) -> datetime | None:
    """Since when the longest waiting message has been due; None if nothing is late.

    The first of each queue and priority, as the index has them: a broadcast may have a hundred thousand rows there.
    """
    queue = values(column("name", String), name="queue").data([(name,) for name in QUEUES])
    priority = func.generate_series(*PRIORITIES).table_valued("priority").render_derived("priorities")
    first = (
        select(Message.due_at)
        .where(Message.status == "queued", Message.queue == queue.c.name, Message.priority == priority.c.priority)
        .order_by(Message.due_at)
        .limit(1)
        .lateral()
    )
    every = select(func.min(first.c.due_at)).select_from(queue.join(priority, true()).join(first, true()))
    oldest = db.scalar(every)
    return oldest if oldest is not None and oldest <= now else None
