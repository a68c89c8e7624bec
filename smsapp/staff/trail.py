"""Reading the audit trail: by who, what, on whom, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from smsapp.paging import Page, page
from smsapp.staff.tables import Account, AuditEntry


@dataclass(frozen=True)
class Wanted:
    """Which entries; what is not given narrows nothing."""

    account_id: int | None = None
    who: str | None = None  # of entries without an account: the command line, or nobody
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(db: Session, wanted: Wanted, after: str | None = None) -> Page:
    """The latest first."""
    return page(db, select(AuditEntry).where(*_conditions(wanted)), (AuditEntry.at, AuditEntry.id), after)


def people(db: Session) -> Sequence[Row[int, str, str]]:
    """Everybody who has an account, also a closed one, by name."""
    return db.execute(select(Account.id, Account.name, Account.email).order_by(Account.name, Account.id)).all()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    said = []
    if wanted.account_id is not None:
        said.append(AuditEntry.account_id == wanted.account_id)
    if wanted.who is not None:
        said += [AuditEntry.account_id.is_(None), AuditEntry.who == wanted.who]
    if wanted.action:
        said.append(AuditEntry.action == wanted.action)
    if wanted.subject:
        said.append(AuditEntry.subject == wanted.subject)
    if wanted.since:
        said.append(AuditEntry.at >= wanted.since)
    if wanted.until:
        said.append(AuditEntry.at < wanted.until)
    return said
