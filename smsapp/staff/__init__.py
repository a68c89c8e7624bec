"""Staff: who signs in to the console, what they may see and do, and the trail of what they did."""

from smsapp.staff.accounts import Staff
from smsapp.staff.tables import ROLES, Account, AccountPlace, AuditEntry

__all__ = ["ROLES", "Account", "AccountPlace", "AuditEntry", "Staff"]
