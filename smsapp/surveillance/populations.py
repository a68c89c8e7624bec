"""How many people live in a place, as counted or estimated on days: rates are worked out with what held on theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from smsapp.surveillance.tables import Population

MOST = 100_000_000
LONGEST_SOURCE = 120
EARLIEST = date(1900, 1, 1)


class BadCount(ValueError):
    """No count of people: `field` is people, on, or taken where the day has one already."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def of(db: Session, place_id: int) -> Sequence[Population]:
    """All that is known of a place, the latest first."""
    chosen = select(Population).where(Population.place_id == place_id).order_by(Population.on.desc())
    return db.scalars(chosen).all()


def check(people: int, on: date, today: date) -> None:
    """BadCount where so many people can not have been counted on that day."""
    if not 0 < people <= MOST:
        raise BadCount("people")
    if not EARLIEST <= on <= today:
        raise BadCount("on")


def put(
    db: Session, place_id: int, on: date, people: int, source: str, today: date, was: date | None = None
) -> Population:
    """Write a count down, or correct the one of the day `was`; BadCount where it can not be."""
    check(people, on, today)
    if on != was and db.get(Population, (place_id, on)) is not None:
        raise BadCount("taken")
    if was is not None:
        db.execute(delete(Population).where(Population.place_id == place_id, Population.on == was))
        db.expire_all()
    row = Population(place_id=place_id, on=on, people=people, source=source[:LONGEST_SOURCE])
    db.add(row)
    db.flush()
    return row
