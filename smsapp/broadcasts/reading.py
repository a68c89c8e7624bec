"""Reading broadcasts: the list of them, and what waits for a second person."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.broadcasts.steps import seen_by
from smsapp.broadcasts.tables import OVER, WAITING, Broadcast, Recipient
from smsapp.paging import Page
from smsapp.scopes import Scope

KEPT = timedelta(days=90)  # numbers of a broadcast that was stopped: so long it can be sent to the others


def listing(db: Session, scope: Scope, statuses: tuple[str, ...] = (), after: str | None = None) -> Page:
    """Broadcasts, the last made first."""
    chosen = select(Broadcast).where(seen_by(scope))
    if statuses:
        chosen = chosen.where(Broadcast.status.in_(statuses))
    return paging.page(db, chosen, [Broadcast.id], after)


def waiting_for_approval(db: Session, scope: Scope) -> int:
    return db.scalar(select(func.count()).where(Broadcast.status == WAITING, seen_by(scope))) or 0


def forget_old(db: Session, now: datetime) -> None:
    """Whoever was not reached by a broadcast that is long over."""
    over = select(Broadcast.id).where(Broadcast.status.in_(OVER), Broadcast.ended_at < now - KEPT)
    db.execute(delete(Recipient).where(Recipient.broadcast_id.in_(over)))
