"""What administrators do with accounts: invite, change, close, hand over a new link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from smsapp.paging import Page, page
from smsapp.places import Place, UnknownPlace, plain
from smsapp.staff import accounts, audit, signins, tickets, totp
from smsapp.staff.accounts import Staff
from smsapp.staff.own import named, spoken
from smsapp.staff.refusing import Refused
from smsapp.staff.tables import ADMINISTRATOR, ROLES, UNBOUND, Account, AccountPlace

LARGEST = 2**31 - 1  # of a place's number
BOUND_TO = ("region", "district", "facility")  # kinds of places that somebody may answer for


@dataclass(frozen=True)
class Wanted:
    """An account as it shall be."""

    name: str
    email: str
    role: str
    language: str
    places: frozenset[int] = frozenset()


def invite(db: Session, now: datetime, by: Staff | None, wanted: Wanted, *, address: str = "") -> tuple[Account, str]:
    """A new account, and the one-time link's secret by which its owner chooses a password."""
    wanted = _checked(db, wanted)
    values = {"name": wanted.name, "email": wanted.email, "role": wanted.role, "language": wanted.language}
    write = insert(Account).values(**values, created_at=now).on_conflict_do_nothing(index_elements=["email"])
    account = db.scalar(write.returning(Account))
    if account is None:
        raise Refused("There is an account with this e-mail address already.", about="email")
    db.add_all(AccountPlace(account_id=account.id, place_id=place) for place in wanted.places)
    audit.note(
        db,
        now,
        by,
        "account.invited",
        audit.of(account.id),
        address=address,
        role=wanted.role,
        places=sorted(wanted.places),
    )
    return account, tickets.make(db, now, account.id)


def change(db: Session, now: datetime, by: Staff | None, account_id: int, wanted: Wanted, *, address: str = "") -> None:
    wanted = _checked(db, wanted)
    last = _is_last_administrator(db, account_id)
    account, before = _locked(db, account_id), places_of(db, [account_id])[account_id]
    if wanted.role != account.role:
        if by and by.id == account_id:
            raise Refused("Nobody changes her own role. Ask another administrator.", about="role")
        if last:
            raise Refused("This is the last administrator. Make somebody else one first.")
    differs = _differences(account, {place.id for place in before}, wanted)
    try:
        with db.begin_nested():
            account.name, account.email, account.role = wanted.name, wanted.email, wanted.role
            account.language = wanted.language
    except IntegrityError as why:
        raise Refused("There is an account with this e-mail address already.", about="email") from why
    _bind(db, account_id, wanted.places)
    if "role" in differs:
        signins.end_all(db, account_id)  # what a role may do is looked at when one signs in, too
    if differs:
        audit.note(db, now, by, "account.changed", audit.of(account_id), address=address, **differs)


def close(db: Session, now: datetime, by: Staff | None, account_id: int, *, address: str = "") -> None:
    """Nobody signs in to it any more; what she did keeps her name."""
    if by and by.id == account_id:
        raise Refused("Nobody closes her own account. Ask another administrator.")
    last = _is_last_administrator(db, account_id)
    account = _locked(db, account_id)
    if last:
        raise Refused("This is the last administrator. Make somebody else one first.")
    if not account.active:
        return
    account.active = False
    signins.end_all(db, account_id)
    tickets.withdraw(db, account_id)
    audit.note(db, now, by, "account.closed", audit.of(account_id), address=address)


def open_again(db: Session, now: datetime, by: Staff | None, account_id: int, *, address: str = "") -> None:
    account = _locked(db, account_id)
    if not account.active:
        account.active = True
        audit.note(db, now, by, "account.opened", audit.of(account_id), address=address)


def new_link(db: Session, now: datetime, by: Staff | None, account_id: int, *, address: str = "") -> str:
    """The secret of a one-time link to a new password; the password before holds until it is used."""
    if by and by.id == account_id:
        raise Refused("Change your own password on the page of your account.")
    if not _locked(db, account_id).active:
        raise Refused("This account is closed. Open it again first.")
    audit.note(db, now, by, "account.link_made", audit.of(account_id), address=address)
    return tickets.make(db, now, account_id)


def sign_out(db: Session, now: datetime, by: Staff | None, account_id: int, *, address: str = "") -> None:
    """Everywhere."""
    _locked(db, account_id)
    signins.end_all(db, account_id)
    audit.note(db, now, by, "account.signed_out_everywhere", audit.of(account_id), address=address)


def drop_factor(db: Session, now: datetime, by: Staff | None, account_id: int, *, address: str = "") -> None:
    """For whoever lost her phone and her recovery codes."""
    if by and by.id == account_id:
        raise Refused("Change your own second factor on the page of your account.")
    totp.remove(db, _locked(db, account_id))
    signins.end_all(db, account_id)
    audit.note(db, now, by, "account.factor_removed", audit.of(account_id), address=address)


def listing(db: Session, *, words: str = "", role: str = "", closed: bool = False, after: str | None = None) -> Page:
    chosen = select(Account).where(Account.active != closed)
    if role in ROLES:
        chosen = chosen.where(Account.role == role)
    if words := accounts.plain_email(words):
        chosen = chosen.where(
            or_(Account.name.icontains(words, autoescape=True), Account.email.contains(words, autoescape=True))
        )
    return page(db, chosen, (Account.name, Account.id), after, newest_first=False)


def places_of(db: Session, account_ids: Sequence[int]) -> Mapping[int, Sequence[Place]]:
    """The places that each answers for, by name."""
    held = select(AccountPlace.account_id, Place).join(Place, Place.id == AccountPlace.place_id).order_by(Place.name)
    found: dict[int, list[Place]] = {account: [] for account in account_ids}
    for account, place in db.execute(held.where(AccountPlace.account_id.in_(account_ids))):
        found[account].append(place)
    return found


def to_choose(db: Session) -> Sequence[Place]:
    """Every place that somebody may answer for, by name."""
    return db.scalars(select(Place).where(Place.kind.in_(BOUND_TO)).order_by(Place.name, Place.id)).all()


def place_called(db: Session, words: str) -> Place:
    """A place by its name or poster number; `region:Kayes` where a district has the name, too."""
    kind, colon, name = words.partition(":")
    kinds, name = ([kind], name) if colon and kind in BOUND_TO else (BOUND_TO, words)
    found = [p for p in to_choose(db) if p.kind in kinds and plain(name) in {p.code, plain(p.name)}]
    if not found:
        raise UnknownPlace(f"no place is called {name!r}")
    if len(found) > 1:
        raise UnknownPlace(
            f"{name!r} is the name of {len(found)} places: {', '.join(f'{p.kind}:{p.name}' for p in found)}"
        )
    return found[0]


def _checked(db: Session, wanted: Wanted) -> Wanted:
    if wanted.role not in ROLES:
        raise Refused("Choose one of the roles.", about="role")
    places = wanted.places if wanted.role not in UNBOUND else frozenset()
    if max(places, default=0) > LARGEST:
        raise Refused("Choose places of the list.", about="places")
    known = db.scalars(select(Place.id).where(Place.id.in_(sorted(places)), Place.kind.in_(BOUND_TO))).all()
    if set(known) != places:
        raise Refused("Choose places of the list.", about="places")
    if not places and wanted.role not in UNBOUND:
        raise Refused("This role sees only its places: choose at least one.", about="places")
    name, email = named(wanted.name), accounts.checked_email(wanted.email)
    return Wanted(name, email, wanted.role, spoken(wanted.language), places)


def _is_last_administrator(db: Session, account_id: int) -> bool:
    """Locks them all, in order: two who close each other at the same time are looked at one after the other."""
    may = Account.role == ADMINISTRATOR, Account.active, Account.password.is_not(None)
    left = db.scalars(select(Account.id).where(*may).order_by(Account.id).with_for_update()).all()
    return list(left) == [account_id]


def _locked(db: Session, account_id: int) -> Account:
    account = db.get(Account, account_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise LookupError(account_id)
    return account


def _differences(account: Account, places: set[int], wanted: Wanted) -> dict[str, Any]:
    """What changes, from what to what."""
    fields = ("name", "email", "role", "language")
    pairs = {field: [getattr(account, field), getattr(wanted, field)] for field in fields}
    return {k: v for k, v in (pairs | {"places": [sorted(places), sorted(wanted.places)]}).items() if v[0] != v[1]}


def _bind(db: Session, account_id: int, places: frozenset[int]) -> None:
    db.execute(delete(AccountPlace).where(AccountPlace.account_id == account_id))
    db.add_all(AccountPlace(account_id=account_id, place_id=place) for place in places)
