"""What a phone has texted lately: an answer that comes twice must not be taken for something new."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.messages import MO, Message

LATELY = timedelta(minutes=10)


def lately(db: Session, number: str, message_id: int | None, now: datetime) -> str:
    """Its last text of the ten minutes before this message; empty where there was none."""
    chosen = select(Message.text).where(
        Message.direction == MO, Message.number == number, Message.created_at > now - LATELY
    )
    if message_id is not None:
        chosen = chosen.where(Message.id < message_id)
    return db.scalar(chosen.order_by(Message.id.desc()).limit(1)) or ""
