"""The audit trail: written in the transaction of what it tells of, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from smsapp.staff.accounts import Staff
from smsapp.staff.tables import AuditEntry

COMMAND_LINE = "command line"
NOBODY = ""  # who was not signed in

_NOTE = insert(cast(Table, AuditEntry.__table__))  # as the ORM writes a row it takes twice as long


def note(
    db: Session,
    now: datetime,
    staff: Staff | None,
    action: str,
    subject: str = "",
    *,
    facility_id: int | None = None,
    address: str = "",
    **details: Any,
) -> None:
    """Who saw or changed what. `staff` None is the command line; `details` are small and hold no text of anybody's."""
    told = {"action": action, "subject": subject, "facility_id": facility_id, "address": address, "details": details}
    by = {"account_id": staff.id, "who": staff.name} if staff else {"account_id": None, "who": COMMAND_LINE}
    db.execute(_NOTE, {"at": now, **by, **told})


def note_stranger(db: Session, now: datetime, action: str, subject: str, address: str, **details: Any) -> None:
    """What happened at the door, before anybody was signed in."""
    told = {"action": action, "subject": subject, "address": address, "details": details}
    db.execute(_NOTE, {"at": now, "who": NOBODY, **told})


def of(account_id: int) -> str:
    """An account as the subject of an entry."""
    return f"account:{account_id}"
