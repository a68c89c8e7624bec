"""The door: a password, the second factor where there is one, and what a wrong try costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp import hashing
from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.staff import accounts, audit, passwords, signins, throttle, totp
from smsapp.staff.tables import Account
from smsapp.staff.throttle import Caller, Shut

Needs = Literal["", "code", "factor"]


class Wrong(Exception):
    """Not the password, or not the code; whether the account exists is not told. `then`: when the next one counts."""

    def __init__(self, then: Shut | None = None) -> None:
        super().__init__("wrong")
        self.then = then


class Closed(Exception):
    """Too many wrong tries: nothing was looked at."""

    def __init__(self, shut: Shut) -> None:
        super().__init__("closed")
        self.shut = shut


class Over(Exception):
    """What she had begun is not good any more: from the beginning, please."""


@dataclass(frozen=True)
class Opened:
    """A sign-in that began; it is complete once nothing is needed any more."""

    account_id: int
    token: str
    needs: Needs = ""


def sign_in(rt: Runtime, caller: Caller, email: str, password: str) -> Opened:
    """The first step. Raises Wrong, Closed, or hashing.Busy."""
    with transaction(rt.sessions) as db:
        account = accounts.by_email(db, email)
    checked = account.password if account and account.active else None
    tried(rt, caller, of_password(email), account, lambda: passwords.check(password, checked))
    assert account
    assert checked
    fresh = passwords.make(password) if hashing.outdated(checked) else checked
    with transaction(rt.sessions) as db:
        # A new password, or the account's end, may have come since: then this sign-in must not outlive it.
        same = select(Account).where(Account.id == account.id, Account.password == checked, Account.active)
        account = db.scalar(same.with_for_update())
        if account is None:
            raise Wrong
        account.password = fresh
        return _begin(db, rt, account, caller)


def second_step(rt: Runtime, caller: Caller, token: str, code: str) -> Opened:
    """The code, after the password. Raises Wrong, Closed, or Over."""
    account = _halfway(rt, token)
    tried(rt, caller, f"code:{account.id}", account, lambda: _accepts(rt, account, code))
    with transaction(rt.sessions) as db:
        return _complete(db, rt, account, token, caller.address)


def set_up(rt: Runtime, caller: Caller, token: str, code: str) -> tuple[Opened, Sequence[str]]:
    """The first code of a second factor that is asked for; with the recovery codes. Raises Wrong or Over."""
    account = _halfway(rt, token)
    with transaction(rt.sessions) as db:
        codes = totp.confirm(db, rt.now(), account, code)
        if codes is None:
            raise Wrong
        who = accounts.staff(db, account)
        audit.note(db, rt.now(), who, "account.factor_set", audit.of(account.id), address=caller.address)
        return _complete(db, rt, account, token, caller.address), codes


def halfway(db: Session, rt: Runtime, token: str) -> Account | None:
    """Whose password was right a moment ago."""
    return signins.halfway(db, rt.now(), token)


def sign_out(rt: Runtime, who: accounts.Staff, token: str, address: str) -> None:
    with transaction(rt.sessions) as db:
        signins.end(db, token)
        audit.note(db, rt.now(), who, "account.signed_out", audit.of(who.id), address=address)


def tried(rt: Runtime, caller: Caller, what: str, account: Account | None, right: Callable[[], bool]) -> None:
    """Look whether something is right, and count it if not. Raises Wrong, or Closed before it is looked at."""
    at = throttle.doors(caller, what, account.id if account else None)
    with transaction(rt.sessions) as db:
        shut = throttle.count(db, rt.now(), at)
    if shut:
        raise Closed(shut)
    try:
        found = right()
    except hashing.Busy:
        with transaction(rt.sessions) as db:
            throttle.take_back(db, rt.now(), at)
        raise
    with transaction(rt.sessions) as db:
        if found:
            throttle.forgive(db, rt.now(), at)
            return
        then = throttle.shut(db, rt.now(), at)
        _note_wrong(db, rt, caller, what, account, then)
    raise Wrong(then)


def of_password(email: str) -> str:
    """At what door the passwords of this address are tried, whether or not it is somebody's."""
    return f"password:{accounts.plain_email(email)}"


def _note_wrong(
    db: Session, rt: Runtime, caller: Caller, what: str, account: Account | None, then: Shut | None
) -> None:
    """Not what was typed as an address: it may be a password in the wrong field."""
    subject, kind = audit.of(account.id) if account else "", what.partition(":")[0]
    audit.note_stranger(db, rt.now(), "account.refused", subject, caller.address, wrong=kind)
    if then:
        seconds = round((then.until - rt.now()).total_seconds())
        closed = "address" if then.crowded else "account"
        audit.note_stranger(db, rt.now(), "account.paused", subject, caller.address, closed=closed, seconds=seconds)


def _begin(db: Session, rt: Runtime, account: Account, caller: Caller) -> Opened:
    needs: Needs = ""
    if account.totp_secret:
        needs = "code"
    elif accounts.lacks_factor(account, rt.settings.require_totp):
        needs = "factor"
        totp.begin(account)  # a new one each time: somebody else may have seen the last
    token = signins.begin(db, rt.now(), account.id, caller.address, complete=not needs)
    if not needs:
        _arrived(db, rt, account, caller.address)
    return Opened(account.id, token, needs)


def _complete(db: Session, rt: Runtime, account: Account, token: str, address: str) -> Opened:
    """Another token than the one of the first step, which ends."""
    if not signins.end(db, token):
        raise Over
    _arrived(db, rt, account, address)
    return Opened(account.id, signins.begin(db, rt.now(), account.id, address, complete=True))


def _arrived(db: Session, rt: Runtime, account: Account, address: str) -> None:
    db.execute(update(Account).where(Account.id == account.id).values(seen_at=rt.now()))
    audit.note(db, rt.now(), accounts.staff(db, account), "account.signed_in", audit.of(account.id), address=address)


def _halfway(rt: Runtime, token: str) -> Account:
    with transaction(rt.sessions) as db:
        account = signins.halfway(db, rt.now(), token)
    if account is None:
        raise Over
    return account


def _accepts(rt: Runtime, account: Account, code: str) -> bool:
    with transaction(rt.sessions) as db:
        return totp.accepts(db, rt.now(), account, code)
