"""The audit trail: written in the transaction of what it tells of, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from smsapp.staff.accounts import Staff
from smsapp.staff.tables import AuditEntry

COMMAND_LINE = "command line"


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
    db.add(
        AuditEntry(
            at=now,
            account_id=staff.id if staff else None,
            who=staff.name if staff else COMMAND_LINE,
            action=action,
            subject=subject,
            facility_id=facility_id,
            address=address,
            details=details,
        )
    )
