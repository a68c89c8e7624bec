"""Whose a number is: one more of hers, one that is hers no longer, and whom it mainly serves from then on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, aliased

from smsapp.people.tables import Number


def take(db: Session, now: datetime, person_id: int, number: str, instead_of: str | None = None) -> None:
    """Hers from now on, and shared where it serves somebody already: it goes on serving mainly whom it served.

    `instead_of` is a number that is hers no longer.
    """
    main = instead_of is not None and _drop(db, person_id, instead_of)
    if db.get(Number, (number, person_id)) is None:
        first = db.scalar(select(Number.number).where(Number.person_id == person_id, Number.main).limit(1)) is None
        served = db.scalar(select(Number.person_id).where(Number.number == number).limit(1)) is not None
        db.add(Number(number=number, person_id=person_id, main=first and not served, since=now))
        db.flush()
    if main and instead_of is not None:
        _settle(db, person_id, instead_of)


def let_go(db: Session, person_id: int, number: str) -> bool:
    """Hers no longer; others who have it keep it. False where it was not hers."""
    if db.get(Number, (number, person_id)) is None:
        return False
    if _drop(db, person_id, number):
        _settle(db, person_id, number)
    return True


def _drop(db: Session, person_id: int, number: str) -> bool:
    """Whether it was the one that mainly served her."""
    row = db.get(Number, (number, person_id))
    if row is None:
        return False
    db.delete(row)
    db.flush()
    return row.main


def _settle(db: Session, person_id: int, number: str) -> None:
    """The eldest of those who still have the number is whom it mainly serves, and her eldest own number serves her."""
    _pass_on(db, Number.number == number)
    other = aliased(Number)
    shared = select(other.person_id).where(other.number == Number.number, other.person_id != person_id).exists()
    _pass_on(db, Number.person_id == person_id, ~shared)  # what serves somebody else goes on serving her


def _pass_on(db: Session, which: ColumnElement[bool], to: ColumnElement[bool] | None = None) -> None:
    """Where none of these rows is the main one, the eldest of those that it may be becomes it."""
    if db.scalar(select(Number.number).where(which, Number.main).limit(1)) is not None:
        return
    eldest = select(Number).where(which, true() if to is None else to).limit(1)
    if row := db.scalar(eldest.order_by(Number.since, Number.person_id, Number.number)):
        row.main = True
