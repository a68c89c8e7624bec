"""Staff: who signs in to the console, what they may see and do, and the trail of what they did."""

from datetime import datetime

from sqlalchemy.orm import Session

from smsapp.staff import signins, throttle, tickets
from smsapp.staff.accounts import Staff
from smsapp.staff.refusing import Refused
from smsapp.staff.tables import ROLES, Account, AccountPlace, AuditEntry

__all__ = ["ROLES", "Account", "AccountPlace", "AuditEntry", "Refused", "Staff", "forget_old"]


def forget_old(db: Session, now: datetime) -> None:
    """Sign-ins, links and wrong tries whose time is over; not what they left in the trail."""
    signins.forget_old(db, now)
    tickets.forget_old(db, now)
    throttle.forget_old(db, now)
