"""Reading the figures within a scope: what was counted up to yesterday, and today as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, bindparam, cast, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from smsapp.figures.shapes import Count
from smsapp.figures.tables import TOTAL, DayFigure
from smsapp.scopes import Scope


@dataclass(frozen=True)
class Figure:
    """How many, and where the measure has one, of how much."""

    n: int = 0
    amount: Decimal = Decimal(0)

    def __add__(self, other: Figure) -> Figure:
        return Figure(self.n + other.n, self.amount + other.amount)


Days = Mapping[date, Figure]  # the first of a month may stand for the whole of it
Measures = Mapping[str, Days]
Group = ColumnElement[date] | InstrumentedAttribute[date]


def by_day(db: Session, scope: Scope, under: str, since: date, until: date) -> Measures:
    """The figures that begin with `under`, from day to day, both included."""
    return _grouped(db, scope, under, since, until, DayFigure.day)


def by_month(db: Session, scope: Scope, under: str, since: date, until: date) -> Measures:
    """The same added up by month."""
    month = cast(func.date_trunc("month", DayFigure.day), Date)
    return _grouped(db, scope, under, since, until, month)


def _grouped(
    db: Session, scope: Scope, under: str, since: date, until: date, group: Group
) -> dict[str, dict[date, Figure]]:
    rows = db.execute(
        select(DayFigure.measure, group, func.sum(DayFigure.n), func.sum(DayFigure.amount))
        .where(seen(scope), DayFigure.measure >= _said(under), DayFigure.measure < _said(_next(under)))
        .where(DayFigure.day.between(_said(since), _said(until)))
        .group_by(DayFigure.measure, group)
    )
    found: dict[str, dict[date, Figure]] = {}
    for measure, day, n, amount in rows:
        found.setdefault(measure, {})[day] = Figure(int(n), amount)
    return found


def _said(value: Any) -> BindParameter[Any]:
    """A value that stands in the statement itself: a plan for any hundred of facilities and any dates reads it all."""
    return literal(value, literal_execute=True)


def _next(under: str) -> str:
    """What comes after all that begin so."""
    return under[:-1] + chr(ord(under[-1]) + 1)


def live(db: Session, scope: Scope, counts: Sequence[Count]) -> dict[str, Figure]:
    """The same figures as they would be counted at this moment."""
    found: dict[str, Figure] = {}
    for count in counts:
        if count.rows is None:
            continue
        facility, measure, n, amount = count.rows.subquery().c
        here = select(measure, func.sum(n), func.sum(amount)).where(scope.within(facility)).group_by(measure)
        found |= {name: Figure(int(many), Decimal(much)) for name, many, much in db.execute(here, count.values)}
    return found


def replaced(measures: Measures, day: date, by: Mapping[str, Figure]) -> dict[str, dict[date, Figure]]:
    """What is known of one day gives way to something newer."""
    kept = {name: {at: f for at, f in days.items() if at != day} for name, days in measures.items()}
    for name, figure in by.items():
        kept.setdefault(name, {})[day] = figure
    return kept


def seen(scope: Scope) -> ColumnElement[bool]:
    """The rows that make up this scope."""
    if scope.facilities is None:
        return DayFigure.facility_id == TOTAL
    here: BindParameter[int] = bindparam(
        "facilities", sorted(scope.facilities), unique=True, expanding=True, literal_execute=True
    )
    return DayFigure.facility_id.in_(here)
