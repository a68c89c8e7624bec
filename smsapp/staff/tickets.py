"""One-time links, by which somebody chooses her first password or a new one; an administrator hands them over."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from smsapp.staff.signins import digest
from smsapp.staff.tables import Account, Ticket

GOOD_FOR = timedelta(hours=48)


def make(db: Session, now: datetime, account_id: int) -> str:
    """A new one, shown once; the one before it opens nothing any more."""
    withdraw(db, account_id)
    token = secrets.token_urlsafe(32)
    db.add(Ticket(digest=digest(token), account_id=account_id, expires_at=now + GOOD_FOR))
    return token


def withdraw(db: Session, account_id: int) -> None:
    db.execute(delete(Ticket).where(Ticket.account_id == account_id))


def holder(db: Session, now: datetime, token: str) -> Account | None:
    """For whom it is; looking does not use it up."""
    ticket = select(Account).join(Ticket, Ticket.account_id == Account.id)
    return db.scalar(ticket.where(*_good(now, token), Account.active))


def use(db: Session, now: datetime, token: str) -> int | None:
    """The account that it opens, once: of two clicks at the same time the second gets nothing."""
    once = update(Ticket).where(*_good(now, token)).values(used_at=now).returning(Ticket.account_id)
    return db.scalar(once, execution_options={"synchronize_session": False})


def waiting(db: Session, now: datetime, account_id: int) -> datetime | None:
    """Until when a link is good that nobody has used."""
    mine = Ticket.account_id == account_id, Ticket.used_at.is_(None), Ticket.expires_at > now
    return db.scalar(select(Ticket.expires_at).where(*mine))


def forget_old(db: Session, now: datetime) -> None:
    db.execute(delete(Ticket).where(Ticket.expires_at < now - GOOD_FOR))


def _good(now: datetime, token: str) -> tuple[ColumnElement[bool], ...]:
    return Ticket.digest == digest(token), Ticket.used_at.is_(None), Ticket.expires_at > now
