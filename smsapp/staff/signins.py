"""The browsers in which somebody is signed in: begun at the door, ended by her, by a new password, or by time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from smsapp.staff.tables import Account, SignIn

LONGEST = timedelta(days=7)  # then everybody says her password again
HALFWAY = timedelta(minutes=10)  # between the password and the second factor


def digest(token: str) -> str:
    """Of a secret of 256 random bits: nothing slower is needed."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def begin(db: Session, now: datetime, account_id: int, address: str, *, complete: bool) -> str:
    """What her browser keeps from now on."""
    token = secrets.token_urlsafe(32)
    row = SignIn(digest=digest(token), account_id=account_id, began_at=now, complete=complete, address=address)
    db.add(row)
    return token


def halfway(db: Session, now: datetime, token: str) -> Account | None:
    """Whose password was right a moment ago, but nothing more."""
    found = select(Account).join(SignIn, SignIn.account_id == Account.id)
    recent = SignIn.began_at > now - HALFWAY
    return db.scalar(found.where(SignIn.digest == digest(token), ~SignIn.complete, recent, Account.active))


def of(db: Session, account_id: int) -> Sequence[SignIn]:
    """Where she is signed in, the latest first."""
    mine = select(SignIn).where(SignIn.account_id == account_id, SignIn.complete)
    return db.scalars(mine.order_by(SignIn.began_at.desc())).all()


def end(db: Session, token: str) -> bool:
    """Whether there was something to end."""
    return db.scalar(delete(SignIn).where(SignIn.digest == digest(token)).returning(SignIn.digest)) is not None


def end_all(db: Session, account_id: int, but: str = "") -> None:
    """Everywhere, but in the browser that asks for it."""
    db.execute(delete(SignIn).where(SignIn.account_id == account_id, SignIn.digest != digest(but)))


def forget_old(db: Session, now: datetime) -> None:
    over = SignIn.began_at < now - LONGEST
    given_up = (SignIn.began_at < now - HALFWAY) & ~SignIn.complete
    db.execute(delete(SignIn).where(or_(over, given_up)))
