"""The second factor: six digits that a phone shows for half a minute, or one of the codes on a sheet of paper."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from smsapp.staff.tables import Account, RecoveryCode

NEAR = 1  # steps of half a minute that a phone's clock may be off, either way
RECOVERY_CODES = 8
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another one


def begin(account: Account) -> str:
    """A secret for her phone; it counts once the phone has shown a right code."""
    account.totp_pending = pyotp.random_base32()
    return account.totp_pending


def address(secret: str, email: str, issuer: str) -> str:
    """What the picture says to the phone."""
    return pyotp.TOTP(secret, name=email, issuer=issuer).provisioning_uri()


def confirm(db: Session, now: datetime, account: Account, code: str) -> Sequence[str] | None:
    """The recovery codes, shown once, if the phone shows what it should; then the second factor holds."""
    pending = account.totp_pending
    step = _step(pending, code, now) if pending else None
    if step is None:
        return None
    turned = (
        update(Account)
        .where(Account.id == account.id, Account.totp_pending == pending)
        .values(totp_secret=pending, totp_pending=None, totp_step=step)
        .returning(Account.id)
    )
    if db.scalar(turned, execution_options={"synchronize_session": False}) is None:
        return None
    return renew_recovery_codes(db, account.id)


def accepts(db: Session, now: datetime, account: Account, code: str) -> bool:
    """Whether this opens the second door; a code counts once, also where two arrive at the same time."""
    return _accepts_digits(db, now, account, code) or _accepts_recovery_code(db, now, account.id, code)


def remove(db: Session, account: Account) -> None:
    account.totp_secret = account.totp_pending = None
    db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def renew_recovery_codes(db: Session, account_id: int) -> Sequence[str]:
    """New ones, which are shown once; those before open nothing any more."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["-".join(_letters(4) for _ in range(3)) for _ in range(RECOVERY_CODES)]
    db.add_all(RecoveryCode(account_id=account_id, digest=_digest(account_id, code)) for code in codes)
    return codes


def recovery_codes_left(db: Session, account_id: int) -> int:
    left = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return db.scalar(left) or 0


def _accepts_digits(db: Session, now: datetime, account: Account, code: str) -> bool:
    step = _step(account.totp_secret, code, now) if account.totp_secret else None
    if step is None:
        return False
    later = update(Account).where(Account.id == account.id, Account.totp_step < step).values(totp_step=step)
    return db.scalar(later.returning(Account.id), execution_options={"synchronize_session": False}) is not None


def _accepts_recovery_code(db: Session, now: datetime, account_id: int, code: str) -> bool:
    this = RecoveryCode.account_id == account_id, RecoveryCode.digest == _digest(account_id, code)
    once = update(RecoveryCode).where(*this, RecoveryCode.used_at.is_(None)).values(used_at=now)
    return db.scalar(once.returning(RecoveryCode.digest), execution_options={"synchronize_session": False}) is not None


def _step(secret: str, code: str, now: datetime) -> int | None:
    digits = re.sub(r"\s", "", unicodedata.normalize("NFKC", code))
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=NEAR)
    except OTPVerificationError:
        return None


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def _digest(account_id: int, code: str) -> str:
    """Of 59 random bits, told apart by account: nobody tries them all on all accounts at once."""
    plain = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", code)).upper()
    return hashlib.sha256(f"{account_id}:{plain}".encode(errors="replace")).hexdigest()
