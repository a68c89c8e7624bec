"""Answers to surveys, of which only the month is kept: how many came when, and the composite by centre.

So that a day's figure can be told at all, the sum of its month is noted each day; what came on a day is the difference
to the day before. After five weeks only the month's own sum stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Integer, Numeric, Select, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from smsapp.figures import reading
from smsapp.figures.shapes import MONTH, Count, Day
from smsapp.figures.tables import NOWHERE, DayFigure
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.surveys import SMALL, Rate, Response

SO_FAR, SCORE = "surveys.answers", "surveys.score."  # the month up to this day · its sum of composites, on its first
DAYS_KEPT = 35


def count(day: Day) -> Sequence[Count]:
    """Of a day that has passed only the last of its month may be counted again: the others are not known any more."""
    if day.age == 0 or day.ends_month:
        return (Count(SO_FAR, day.on, _ROWS, day.values), Count(SCORE, day.month, _SCORES, day.values))
    if day.age > DAYS_KEPT:
        return (Count(SO_FAR, day.on),)
    return ()


def _so_far() -> Select[int, str, int, Decimal]:
    """With a row for a month without answers: nothing is a figure too."""
    nothing = literal(Decimal(0)).label("amount")
    none = select(
        literal(NOWHERE).label("facility_id"), literal(SO_FAR).label("measure"), literal(0).label("n"), nothing
    )
    some = select(Response.facility_id, literal(SO_FAR), func.count(), nothing)
    every = union_all(none, some.where(Response.month == MONTH).group_by(Response.facility_id)).subquery()
    return select(*every.c)


def _scores() -> Select[int, str, int, Decimal]:
    measure = SCORE + Response.survey
    return (
        select(Response.facility_id, measure, func.count(Response.score), func.sum(cast(Response.score, Numeric)))
        .where(Response.month == MONTH, Response.score.is_not(None))
        .group_by(Response.facility_id, Response.survey)
    )


_ROWS, _SCORES = _so_far(), _scores()


def noted(db: Session, rt: Runtime, scope: Scope, since: date) -> dict[date, int]:
    """The sum of its month on each day on which it was noted, from the month of `since` on; today's as it is."""
    today = Day(rt.local_now().date(), rt.local_now().date(), rt.settings.timezone)
    days = db.execute(
        select(DayFigure.day, cast(func.sum(DayFigure.n), Integer))
        .where(DayFigure.measure == SO_FAR, DayFigure.day.between(since.replace(day=1), today.on))
        .where(or_(DayFigure.facility_id == NOWHERE, reading.seen(scope)))  # the first says that it was noted
        .group_by(DayFigure.day)
    )
    now = reading.live(db, scope, count(today)[:1])
    return dict(days.all()) | {today.on: now[SO_FAR].n if SO_FAR in now else 0}


def came(noted: Mapping[date, int]) -> dict[date, int]:
    """What came on each day. Between two days on which it was noted it is spread evenly: nobody knows better."""
    each: dict[date, int] = {}
    last, had = date.min, 0
    for day, so_far in sorted(noted.items()):
        month_began = day.replace(day=1) - timedelta(days=1)
        if last <= month_began:
            last, had = month_began, 0
        gap, more = (day - last).days, max(so_far - had, 0)
        for n in range(1, gap + 1):
            each[last + timedelta(days=n)] = more * n // gap - more * (n - 1) // gap
        last, had = day, so_far
    return each


def by_month(noted: Mapping[date, int]) -> dict[date, int]:
    """The answers of each month: what it had on the last day on which it was noted."""
    return {day.replace(day=1): so_far for day, so_far in sorted(noted.items())}


@dataclass(frozen=True)
class Score:
    """The composites of a centre's month: how many, and their sum."""

    facility_id: int
    month: date
    n: int
    total: float

    @property
    def rate(self) -> Rate:
        return Rate.of(self.total / 100, self.n)


def scores(db: Session, scope: Scope, survey: str, months: Sequence[date]) -> list[Score]:
    """The centres' scores in these months where they had ten answers or more, the oldest first.

    A sum over centres must be made of these alone: with one that hides its month in it, the rest would tell it.
    """
    rows = db.execute(
        select(DayFigure.facility_id, DayFigure.day, DayFigure.n, DayFigure.amount)
        .where(DayFigure.measure == SCORE + survey, DayFigure.day.in_(months))
        .where(DayFigure.facility_id > NOWHERE, scope.within(DayFigure.facility_id), DayFigure.n >= SMALL)
        .order_by(DayFigure.day, DayFigure.facility_id)
    )
    return [Score(facility, day, n, float(amount)) for facility, day, n, amount in rows]


def latest(today: date) -> tuple[date, date]:
    """The month before this one, and this one: what is shown as the latest score."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1), today.replace(day=1)


def together(scores: Sequence[Score]) -> Rate:
    """Of several centres, each answer counting alike."""
    n = sum(score.n for score in scores)
    return Rate.of(sum(score.total for score in scores) / 100, n) if n else Rate(0, None)
