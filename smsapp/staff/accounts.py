"""The signed-in member of the staff, as every page needs her."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import scopes
from smsapp.db import Sessions, ask
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.segments import clean
from smsapp.staff import signins
from smsapp.staff.refusing import Refused
from smsapp.staff.tables import ADMINISTRATOR, PROGRAMME, UNBOUND, VIEWER, Account, AccountPlace

# Asked for every page: one round trip with her facilities, as `scopes.at` finds them, and no Session for it.
_SIGNED_IN = """
SELECT a.id, a.name, a.email, a.role, a.language, a.totp_secret IS NOT NULL, (
    WITH RECURSIVE reached AS (
        SELECT p.id, p.kind FROM places p JOIN staff_places h ON h.place_id = p.id WHERE h.account_id = a.id
        UNION SELECT p.id, p.kind FROM places p JOIN reached ON p.parent_id = reached.id
    )
    SELECT array_agg(id) FROM reached WHERE kind = 'facility'
)
FROM staff_signins s JOIN staff_accounts a ON a.id = s.account_id
WHERE s.digest = %(digest)s AND s.complete AND a.active
"""


@dataclass(frozen=True)
class Staff:
    """Who asks for a page, and what part of the country she may see."""

    id: int
    name: str
    email: str
    role: str
    language: str
    scope: Scope

    @property
    def may_write(self) -> bool:
        return self.role != VIEWER

    @property
    def heads(self) -> bool:
        """Whether she approves what others plan."""
        return self.role in {ADMINISTRATOR, PROGRAMME}

    @property
    def administers(self) -> bool:
        return self.role == ADMINISTRATOR


def staff(db: Session, account: Account) -> Staff:
    return Staff(account.id, account.name, account.email, account.role, account.language, _scope(db, account))


def signed_in(make: Sessions, token: str, *, require_totp: bool = False) -> Staff | None:
    """Whose browser this is; None once she was signed out, or where a second factor is asked for since."""
    row = ask(make, _SIGNED_IN, {"digest": signins.digest(token)})
    if row is None:
        return None
    account_id, name, email, role, language, has_factor, facilities = row
    if _must_have_factor(role, require_totp) and not has_factor:
        return None
    scope = EVERYWHERE if role in UNBOUND else Scope(frozenset(facilities or ()))
    return Staff(account_id, name, email, role, language, scope)


def lacks_factor(account: Account, require_totp: bool) -> bool:
    """Whether she must set up her second factor before anything else."""
    return _must_have_factor(account.role, require_totp) and account.totp_secret is None


def _must_have_factor(role: str, require_totp: bool) -> bool:
    return require_totp and role == ADMINISTRATOR


def by_email(db: Session, typed: str) -> Account | None:
    return db.scalar(select(Account).where(Account.email == plain_email(typed)))


def plain_email(typed: str) -> str:
    """One address, however it was typed."""
    return clean(typed).strip().casefold()


def checked_email(typed: str) -> str:
    email = plain_email(typed)
    if len(email) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", email):
        raise Refused("This is not an e-mail address: it looks like awa@example.org.", about="email")
    return email


def _scope(db: Session, account: Account) -> Scope:
    if account.role in UNBOUND:
        return EVERYWHERE
    places = db.scalars(select(AccountPlace.place_id).where(AccountPlace.account_id == account.id)).all()
    return scopes.at(db, places)
