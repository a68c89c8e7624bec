"""What every effect on a group's book goes through: real, or practised and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.db import AFTER_COMMIT
from smsapp.effects.base import Caller
from smsapp.savings.tables import Line


def practising(caller: Caller) -> bool:
    """Does this phone only practise? By SMS there is no practice: what is sent counts."""
    if caller.channel != "ussd":
        return False
    return bool(caller.db.scalar(select(Line.practice).where(Line.number == caller.number)))


@contextmanager
def booking(caller: Caller) -> Iterator[Session]:
    """The session in which an effect writes its book and its messages.

    In practice all that was done inside is taken back at the end of the block: take what is to be shown, as plain
    values, before that.
    """
    db = caller.db
    if not practising(caller):
        yield db
        return
    db.flush()
    waiting = dict(db.info.get(AFTER_COMMIT, {}))
    savepoint = db.begin_nested()
    try:
        yield db
        db.flush()
    finally:
        savepoint.rollback()
        db.info[AFTER_COMMIT] = waiting
