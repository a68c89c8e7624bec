"""Reminders that nobody got, and why: for the console, and for whoever goes to see the family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from smsapp.messages import Message
from smsapp.scopes import Scope
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child, Pregnancy

SPOILT = ("expired", "failed", "cancelled")
LIVE = ("active", "born")
MOST = 500


@dataclass(frozen=True)
class NotSent:
    """A step and why it was not told: a reason of its own, or what became of its message."""

    reminder: Reminder
    why: str
    reason: str | None  # of the message
    file_number: int
    child_name: str | None
    village_id: int | None


def not_sent(db: Session, scope: Scope, since: date, limit: int = MOST) -> Sequence[NotSent]:
    """Steps from this day on that nobody was told of, the newest first; never of a file that was closed."""
    number, village = _either("number"), _either("village_id")
    rows = db.execute(
        select(Reminder, Message.status, Message.reason, number, Child.name, village)
        .join(Message, Message.id == Reminder.message_id, isouter=True)
        .join(Child, Child.id == Reminder.child_id, isouter=True)
        .join(Pregnancy, Pregnancy.id == Reminder.pregnancy_id, isouter=True)
        .where(scope.within(Reminder.facility_id), Reminder.planned_for >= since)
        .where(or_(Reminder.why_not.is_not(None), Message.status.in_(SPOILT)), _either("state").in_(LIVE))
        .order_by(Reminder.planned_for.desc(), Reminder.id.desc())
        .limit(limit)
    )
    return [NotSent(row, row.why_not or status, reason, *whose) for row, status, reason, *whose in rows]


def _either(column: str) -> ColumnElement[Any]:
    return func.coalesce(getattr(Child, column), getattr(Pregnancy, column))
