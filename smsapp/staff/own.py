"""Her own account: name and language, password, second factor, and where she is signed in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.segments import clean
from smsapp.staff import accounts, audit, entry, passwords, signins, throttle, tickets, totp
from smsapp.staff.accounts import Staff
from smsapp.staff.entry import Over, Wrong
from smsapp.staff.refusing import Refused
from smsapp.staff.tables import LANGUAGES, Account, AccountPlace
from smsapp.staff.throttle import Caller


def named(name: str) -> str:
    """A name as it is kept."""
    name = " ".join(clean(name).split())
    if not 0 < len(name) <= 100:
        raise Refused("A name has 1 to 100 characters.", about="name")
    return name


def spoken(language: str) -> str:
    if language not in LANGUAGES:
        raise Refused("Choose one of the languages.", about="language")
    return language


def describe(db: Session, rt: Runtime, who: Staff, name: str, language: str, *, address: str = "") -> None:
    account = _locked(db, who)
    account.name, account.language = named(name), spoken(language)
    audit.note(db, rt.now(), who, "account.changed", audit.of(who.id), address=address)


def places(db: Session, who: Staff) -> Sequence[Place]:
    """The places that she answers for, by name; none: she sees them all."""
    held = select(Place).join(AccountPlace, AccountPlace.place_id == Place.id).order_by(Place.name)
    return db.scalars(held.where(AccountPlace.account_id == who.id)).all()


def choose_password(rt: Runtime, token: str, password: str, address: str) -> None:
    """With a one-time link, which it uses up. Raises Over, Refused, or hashing.Busy."""
    with transaction(rt.sessions) as db:
        account = tickets.holder(db, rt.now(), token)
    if account is None:
        raise Over
    passwords.accept(password, name=account.name, email=account.email, demo=rt.settings.demo)
    kept = passwords.make(password)
    with transaction(rt.sessions) as db:
        if tickets.use(db, rt.now(), token) is None:
            raise Over
        account = db.get_one(Account, account.id, with_for_update=True)
        if not account.active:
            raise Over
        _keep(db, account, kept)
        throttle.reopen(db, rt.now(), throttle.doors(Caller(address), entry.of_password(account.email), None)[1])
        who = accounts.staff(db, account)
        audit.note(db, rt.now(), who, "account.password_chosen", audit.of(account.id), address=address)


def change_password(rt: Runtime, caller: Caller, who: Staff, token: str, old: str, new: str) -> None:
    """Ends every other sign-in. Raises Refused, Wrong, Closed, or hashing.Busy."""
    passwords.accept(new, name=who.name, email=who.email, demo=rt.settings.demo)
    checked = prove(rt, caller, who, old)
    kept = passwords.make(new)
    with transaction(rt.sessions) as db:
        account = _locked(db, who)
        if account.password != checked:
            raise Wrong
        _keep(db, account, kept, but=token)
        audit.note(db, rt.now(), who, "account.password_changed", audit.of(who.id), address=caller.address)


def begin_factor(rt: Runtime, caller: Caller, who: Staff, password: str) -> None:
    """A secret for another phone; the second factor in use holds until that phone has shown a right code."""
    prove(rt, caller, who, password)
    with transaction(rt.sessions) as db:
        totp.begin(_locked(db, who))


def confirm_factor(db: Session, rt: Runtime, caller: Caller, who: Staff, code: str) -> Sequence[str]:
    """The recovery codes, which are shown once. Raises Wrong."""
    codes = totp.confirm(db, rt.now(), _locked(db, who), code)
    if codes is None:
        raise Wrong
    audit.note(db, rt.now(), who, "account.factor_set", audit.of(who.id), address=caller.address)
    return codes


def remove_factor(rt: Runtime, caller: Caller, who: Staff, password: str) -> None:
    if rt.settings.require_totp and who.administers:
        raise Refused("Administrators need a second factor here. Set up another phone instead.")
    prove(rt, caller, who, password)
    with transaction(rt.sessions) as db:
        totp.remove(db, _locked(db, who))
        audit.note(db, rt.now(), who, "account.factor_removed", audit.of(who.id), address=caller.address)


def renew_recovery_codes(rt: Runtime, caller: Caller, who: Staff, password: str) -> Sequence[str]:
    prove(rt, caller, who, password)
    with transaction(rt.sessions) as db:
        if _locked(db, who).totp_secret is None:
            raise Refused("There is no second factor yet.")
        audit.note(db, rt.now(), who, "account.codes_renewed", audit.of(who.id), address=caller.address)
        return totp.renew_recovery_codes(db, who.id)


def sign_out_elsewhere(db: Session, rt: Runtime, who: Staff, token: str, *, address: str = "") -> None:
    signins.end_all(db, who.id, but=token)
    audit.note(db, rt.now(), who, "account.signed_out_everywhere", audit.of(who.id), address=address)


def prove(rt: Runtime, caller: Caller, who: Staff, password: str) -> str:
    """What is kept of her password, which this must be. Raises Wrong, Closed, or hashing.Busy."""
    with transaction(rt.sessions) as db:
        account = db.get_one(Account, who.id)
    kept = account.password
    entry.tried(rt, caller, entry.of_password(account.email), account, lambda: passwords.check(password, kept))
    assert kept
    return kept


def _keep(db: Session, account: Account, kept: str, but: str = "") -> None:
    account.password = kept
    tickets.withdraw(db, account.id)
    signins.end_all(db, account.id, but=but)


def _locked(db: Session, who: Staff) -> Account:
    return db.scalars(select(Account).where(Account.id == who.id).with_for_update()).one()
