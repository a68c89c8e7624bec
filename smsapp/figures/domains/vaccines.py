"""Vaccines: how many doses were given on a day, and which families wait for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Numeric, Select, cast, func, literal, select
from sqlalchemy.orm import Session

from smsapp.figures import reading
from smsapp.figures.shapes import ON, SHOWN_DAYS, Card, Chore, Count, Day, Domain, Week
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import Child, Dose, Pregnancy

UNDER = "vaccines."
GIVEN = "vaccines.given"


def count(day: Day) -> Sequence[Count]:
    """By the day on which a dose was given."""
    return (Count(UNDER, day.on, _ROWS, day.values),)


def _given() -> Select[int, str, int, Decimal]:
    return (
        select(Child.facility_id, literal(GIVEN), func.count(), cast(literal(0), Numeric))
        .join(Dose, Dose.child_id == Child.id)
        .where(Dose.given_on == ON, Dose.struck_at.is_(None), Dose.elsewhere.is_(False))
        .group_by(Child.facility_id)
    )


_ROWS = _given()


def _cards(db: Session, rt: Runtime, scope: Scope) -> Sequence[Card]:
    """Only where there are children."""
    if db.scalar(select(Child.id).where(scope.within(Child.facility_id)).limit(1)) is None:
        return ()
    today = Day(rt.local_now().date(), rt.local_now().date(), rt.settings.timezone)
    stored = reading.by_day(db, scope, GIVEN, today.on - timedelta(days=SHOWN_DAYS), today.on)
    days = reading.replaced(stored, today.on, reading.live(db, scope, count(today))).get(GIVEN, {})
    week = Week.of({day: figure.n for day, figure in days.items()}, today.on)
    return (Card("Doses given to children", {"week": week}, endpoint="console.indicators"),)


_MISSED = "%(num)s child is looked for", "%(num)s children are looked for"
_WAITING = "%(num)s mother waits to be confirmed", "%(num)s mothers wait to be confirmed"


def _chores(db: Session, rt: Runtime, scope: Scope) -> Sequence[Chore]:
    del rt
    missed = select(func.count()).select_from(Search).where(Search.closed_on.is_(None))
    looked_for = db.scalar(missed.where(scope.within(Search.facility_id))) or 0
    waiting = sum(
        db.scalar(
            select(func.count())
            .select_from(table)
            .where(scope.within(table.facility_id), table.confirmed_on.is_(None), table.state == "active")
        )
        or 0
        for table in (Child, Pregnancy)
    )
    return [
        Chore(looked_for, *_MISSED, "console.children_missed"),
        Chore(waiting, *_WAITING, "console.children_waiting"),
    ]


DOMAIN = Domain("vaccines", count, UNDER, _cards, _chores)
