"""How many people each centre serves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from smsapp.figures.shapes import Count, Day
from smsapp.figures.tables import TOTAL, DayFigure
from smsapp.people import Person
from smsapp.scopes import Scope

KNOWN = "people.known"
LIVE_UP_TO = 50_000  # people who are counted while somebody waits


def count(day: Day) -> Sequence[Count]:
    """Who is known today; of the days before, the last of each month stays."""
    if day.age == 0:
        return (Count(KNOWN, day.on, _ROWS),)
    return () if day.ends_month else (Count(KNOWN, day.on),)


def _known() -> Select[int, str, int, Decimal]:
    nothing = literal(Decimal(0))
    counted = select(func.coalesce(Person.facility_id, 0).label("facility_id"), literal(KNOWN), func.count(), nothing)
    return counted.group_by(counted.selected_columns.facility_id)


_ROWS = _known()


def by_facility(db: Session, scope: Scope) -> dict[int, int]:
    """As it is; where there are very many, as they were last counted."""
    few = select(Person.id).limit(LIVE_UP_TO + 1).subquery()
    if (db.scalar(select(func.count()).select_from(few)) or 0) <= LIVE_UP_TO:
        return _now(db, scope)
    last = select(func.max(DayFigure.day)).where(DayFigure.facility_id == TOTAL, DayFigure.measure == KNOWN)
    stored = select(DayFigure.facility_id, DayFigure.n).where(DayFigure.measure == KNOWN)
    rows = db.execute(stored.where(DayFigure.day == last.scalar_subquery(), scope.within(DayFigure.facility_id)))
    return dict(rows.all())


def of_facility(db: Session, facility_id: int) -> int:
    return db.scalar(select(func.count()).where(Person.facility_id == facility_id)) or 0


def _now(db: Session, scope: Scope) -> dict[int, int]:
    counted = (
        select(Person.facility_id, func.count())
        .where(Person.facility_id.is_not(None), scope.within(Person.facility_id))
        .group_by(Person.facility_id)
    )
    return {facility: n for facility, n in db.execute(counted) if facility is not None}
