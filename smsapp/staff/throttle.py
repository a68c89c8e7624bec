"""Wrong tries at the door: few a minute from one address, and ever longer pauses for an account and an address."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.staff.tables import Throttle

MINUTE = timedelta(minutes=1)
LONGEST = timedelta(minutes=15)
KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Caller:
    """Who stands at the door: from where, and in which browser, if these accounts signed in with it before."""

    address: str
    device: str = ""
    known: frozenset[int] = frozenset()

    def knows(self, account_id: int | None) -> bool:
        return bool(self.device) and account_id in self.known


@dataclass(frozen=True)
class Door:
    """Where tries are counted, and how many wrong ones are free."""

    key: str
    free: int | None  # then come the pauses; None: they do not hold here
    forgets: timedelta  # one wrong try in so much time without any
    a_minute: int | None = None


@dataclass(frozen=True)
class Shut:
    """Nothing is tried before this time; `crowded`: too much came from this address."""

    until: datetime
    crowded: bool


Doors = tuple[Door, Door]


def doors(caller: Caller, what: str, account_id: int | None) -> Doors:
    """The address's and the account's, always in this order, or two tries could wait for each other.

    A browser in which she signed in before has a door of its own: nobody can lock her out of it by guessing.
    """
    known = caller.knows(account_id)
    town = Door(f"address:{_network(caller.address)}", None if known else 20, timedelta(minutes=3), a_minute=20)
    own = f"{what}:{caller.device}" if known else what
    return town, Door(hashlib.sha256(own.encode()).hexdigest(), 5, timedelta(minutes=15))


def count(db: Session, now: datetime, at: Doors) -> Shut | None:
    """Count a try as wrong before anything is looked at, so that many at once are no more than many in turn.

    Where one of the doors is shut nothing may be tried, and only the doors before it have counted.
    """
    for door in at:
        row = _row(db, now, door)
        if closed := _closed(row, now, door):
            return closed
        if row.opens_at < now:
            row.failures = max(0, row.failures - (now - row.opens_at) // door.forgets)
        row.tries = [*(t for t in row.tries if t > now - MINUTE), now]
        row.failures += 1
        row.opens_at = max(row.opens_at, now + pause(row.failures, door.free))
    return None


def shut(db: Session, now: datetime, at: Doors) -> Shut | None:
    """Whether the next try must wait."""
    return next(filter(None, (_closed(_row(db, now, door), now, door) for door in at)), None)


def take_back(db: Session, now: datetime, at: Doors) -> None:
    """What was counted was no try after all."""
    for door in at:
        row = _row(db, now, door)
        row.failures, row.tries = max(0, row.failures - 1), row.tries[:-1]
        if door.free is not None:
            row.opens_at = now  # the pause was this try's: while it lasts nobody else is let through


def forgive(db: Session, now: datetime, at: Doors) -> None:
    """The try was right: the account begins anew; the others at its address have to answer for theirs."""
    take_back(db, now, at)
    reopen(db, now, at[1])


def reopen(db: Session, now: datetime, door: Door) -> None:
    row = _row(db, now, door)
    row.failures, row.tries, row.opens_at = 0, [], now


def pause(failures: int, free: int | None) -> timedelta:
    """How long nothing is tried after so many wrong ones: 1, 2, 4 … seconds, up to the longest."""
    if free is None or failures < free:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - free, 20)), LONGEST)


def forget_old(db: Session, now: datetime) -> None:
    db.execute(delete(Throttle).where(Throttle.opens_at < now - KEPT))


_HELD = select(Throttle).where(Throttle.door == bindparam("key")).with_for_update()
_FRESH = insert(cast(Table, Throttle.__table__)).on_conflict_do_nothing()


def _row(db: Session, now: datetime, door: Door) -> Throttle:
    if row := db.scalar(_HELD, {"key": door.key}):
        return row
    db.execute(_FRESH, {"door": door.key, "failures": 0, "opens_at": now, "tries": []})
    return db.scalars(_HELD, {"key": door.key}).one()


def _closed(row: Throttle, now: datetime, door: Door) -> Shut | None:
    recent = [t for t in row.tries if t > now - MINUTE]
    if door.a_minute is not None and len(recent) >= door.a_minute:
        return Shut(recent[-door.a_minute] + MINUTE, crowded=True)
    if door.free is not None and row.opens_at > now:
        return Shut(row.opens_at, crowded=door.a_minute is not None)
    return None


def _network(address: str) -> str:
    """One household has one address of the old kind, and billions of the new."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
