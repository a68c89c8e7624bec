"""The audit trail: written in the transaction of what it tells of, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from smsapp.staff.accounts import Staff
from smsapp.staff.tables import AuditEntry

COMMAND_LINE = "command line"
NOBODY = ""  # who was not signed in


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
    entry = AuditEntry(at=now, action=action, subject=subject, facility_id=facility_id, address=address)
    entry.account_id = staff.id if staff else None
    entry.who = staff.name if staff else COMMAND_LINE
    entry.details = details
    db.add(entry)


def note_stranger(db: Session, now: datetime, action: str, subject: str, address: str, **details: Any) -> None:
    """What happened at the door, before anybody was signed in."""
    db.add(AuditEntry(at=now, who=NOBODY, action=action, subject=subject, address=address, details=details))


def of(account_id: int) -> str:
    """An account as the subject of an entry."""
    return f"account:{account_id}"
