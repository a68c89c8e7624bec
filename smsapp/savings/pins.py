"""PINs: how they are kept, and how long a member waits who types wrong ones.

They are kept under the service's SECRET_KEY: the database alone tells nobody a PIN, and under another key none is right
any more. At the keypad it is the tries that are counted, not the time that one takes, which hold a stranger back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smsapp import hashing
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import telling
from smsapp.savings.tables import Member

TRIES = 5
FIRST, LONGEST = timedelta(minutes=30), timedelta(hours=24)  # of the pauses: each is twice the one before
MINUTE = timedelta(minutes=1)

# Made once: each entry of a book asks one of them.
_UNTIL = Read(select(Member.pin_locked_until).where(Member.id == bindparam("member")))
_HERS = (
    select(Member)
    .where(Member.id == bindparam("member"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def make(secret_key: str, pin: str) -> str:
    """What is kept of a PIN."""
    try:
        return hashing.make_short(pin, secret_key)
    except hashing.Busy as why:
        raise Refused("savings.busy") from why


def check(db: Session, rt: Runtime, member_id: int, pin: str) -> None:
    """Nothing where it is hers; else Refused, and the wrong try is counted in this very transaction.

    Her row is ours from before the PIN is looked at until the answer is committed: of a hundred guesses at once, each
    is looked at only after the one before was counted. An effect asks for the PIN before it writes anything, for what
    it wrote would be committed too. Whoever asks for the PIN of somebody else asks for it here too.
    """
    member = _locked(db, member_id)
    if member.left_on is not None or member.pin is None:
        raise Refused("savings.pin_none", final=True)
    _open(rt, member.pin_locked_until, "savings.pin_locked")
    if same(rt.settings.secret_key, pin, member.pin):
        if member.wrong_pins or member.pin_locks:
            keep(db, member_id, member.pin)
        return
    member.wrong_pins += 1
    left = TRIES - member.wrong_pins
    if left > 0:
        db.flush()
        raise Refused("savings.pin_wrong", stays=True, left=left)
    until = _lock(db, rt, member)
    raise Refused("savings.pin_locked", final=True, stays=True, until=_said(rt, until))


def hold(db: Session, rt: Runtime, member_id: int) -> None:
    """By SMS no PIN is asked for, her number is who she is: Refused while her PIN is locked."""
    [locked_until] = _UNTIL.column(db, {"member": member_id})
    _open(rt, locked_until, "savings.held_back")


def _open(rt: Runtime, locked_until: datetime | None, otherwise: str) -> None:
    if locked_until is not None and rt.now() < locked_until:
        raise Refused(otherwise, final=True, until=_said(rt, locked_until))


def keep(db: Session, member_id: int, kept: str) -> None:
    """Her PIN from now on, in the form of `make`; the wrong tries of before are forgotten."""
    member = _locked(db, member_id)
    member.pin, member.wrong_pins, member.pin_locks, member.pin_locked_until = kept, 0, 0, None
    db.flush()


def same(secret_key: str, pin: str, kept: str) -> bool:
    """Whether `kept` is of this PIN; nothing is counted."""
    try:
        return hashing.check_short(pin, kept, secret_key)
    except hashing.Busy as why:
        raise Refused("savings.busy") from why


def _lock(db: Session, rt: Runtime, member: Member) -> datetime:
    """After the last try she waits, and the other officers hear of it."""
    until = rt.now() + _pause(member.pin_locks)
    member.pin_locks += 1
    member.wrong_pins, member.pin_locked_until = 0, until
    db.flush()
    telling.officers(
        db,
        rt,
        member.group_id,
        "savings.told.pin_locked",
        but=member.id,
        key=f"pin-locked:{member.id}:{until.timestamp():.0f}",
        card=member.card,
        until=_said(rt, until),
    )
    return until


def _pause(locks: int) -> timedelta:
    return min(FIRST * (1 << min(locks, 10)), LONGEST)


def _said(rt: Runtime, until: datetime) -> str:
    """`14:31`, never before it is over; with the day where that is not today."""
    local = (until + MINUTE - timedelta(microseconds=1)).astimezone(rt.settings.timezone)
    return f"{local:%H:%M}" if local.date() == rt.local_now().date() else f"{local:%d/%m %H:%M}"


def _locked(db: Session, member_id: int) -> Member:
    """Her row, ours until the transaction ends: tries are counted one after the other."""
    return db.scalars(_HERS, {"member": member_id}).one()
