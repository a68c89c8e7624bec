"""The signed-in member of the staff, as every page needs her."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import scopes
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.staff.tables import ADMINISTRATOR, PROGRAMME, UNBOUND, VIEWER, Account, AccountPlace


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


def signed_in(db: Session, token: str) -> Staff | None:
    """Whose session this token opens; None once she was locked out or signed out everywhere."""
    account_id, _, epoch = token.partition(".")
    if not (account_id.isdecimal() and epoch.isdecimal() and len(token) < 40):
        return None
    account = db.get(Account, int(account_id))
    if account is None or not account.active or account.epoch != int(epoch):
        return None
    return staff(db, account)


def token(account: Account) -> str:
    """What her browser's session holds: it ends when the epoch counts up."""
    return f"{account.id}.{account.epoch}"


def _scope(db: Session, account: Account) -> Scope:
    if account.role in UNBOUND:
        return EVERYWHERE
    places = db.scalars(select(AccountPlace.place_id).where(AccountPlace.account_id == account.id)).all()
    return scopes.at(db, places)
