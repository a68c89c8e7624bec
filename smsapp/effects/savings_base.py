"""What every effect on a group's book goes through: real, or practised and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from smsapp.db import AFTER_COMMIT
from smsapp.effects.base import Caller
from smsapp.refusals import Refused
from smsapp.savings import access
from smsapp.savings.access import Open
from smsapp.savings.groups import Who


def practising(caller: Caller) -> bool:
    """Does this phone only practise? By SMS there is no practice: what is sent counts."""
    if caller.channel != "ussd":
        return False
    if "practising" not in caller.lasting:
        caller.lasting["practising"] = line(caller).practice
    told: bool = caller.lasting["practising"]
    return told


def line(caller: Caller) -> Open:
    """Whom this phone speaks for and whether it only practises, read once until an effect runs."""
    if "line" not in caller.memo:
        caller.memo["line"] = access.line(caller.db, caller.number)
    found: Open = caller.memo["line"]
    return found


def speaker(caller: Caller) -> Who:
    """The member who gave her PIN on this phone; refused where there is none, or the phone is hers no more."""
    return line(caller).speaker()


@contextmanager
def booking(caller: Caller) -> Iterator[Session]:
    """The session in which an effect writes its book and its messages.

    In practice all that was done inside is taken back at the end of the block: take what is to be shown, as plain
    values, before that.
    """
    if practising(caller):
        try:
            with rehearsal(caller.db) as db:
                yield db
        except Refused as no:
            no.remember = None  # nor does anybody hear that it could not be done
            raise
    else:
        yield caller.db


@contextmanager
def rehearsal(db: Session) -> Iterator[Session]:
    """Whatever is done inside is as if it had not been; what would be refused is refused."""
    db.flush()
    waiting = dict(db.info.get(AFTER_COMMIT, {}))
    savepoint = db.begin_nested()
    try:
        yield db
        db.flush()
    finally:
        savepoint.rollback()
        db.info[AFTER_COMMIT] = waiting
