"""Months of which nothing more will become known: their days become one sum, so that years stay few rows."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import BigInteger, cast, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.figures import domains
from smsapp.figures.tables import CountedDay, DayFigure


def settle_a_month(db: Session, today: date, after: timedelta, parts: domains.Domains) -> bool:
    """Add up the oldest month, if each of its days was counted so long after it."""
    first = db.scalar(select(func.min(CountedDay.day)))
    if first is None:
        return False
    month = first.replace(day=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    its_days = CountedDay.day >= month, CountedDay.day < next_month
    counted = db.execute(select(CountedDay.day, CountedDay.counted_at).where(*its_days).with_for_update()).all()
    if next_month + after > today or any(at is None or at.date() < day + after for day, at in counted):
        return False
    for part in parts:
        if part.adds_up:
            _add_up(db, part.adds_up, month, next_month)
    db.execute(delete(CountedDay).where(*its_days))
    return True


def _add_up(db: Session, under: str, month: date, next_month: date) -> None:
    """All its days into the first; done twice it changes nothing."""
    later = DayFigure.day > month, DayFigure.day < next_month, DayFigure.measure.startswith(under, autoescape=True)
    days = delete(DayFigure).where(*later)
    gone = days.returning(DayFigure.facility_id, DayFigure.measure, DayFigure.n, DayFigure.amount).cte("gone").c
    sums = cast(func.sum(gone.n), BigInteger), func.sum(gone.amount)
    rows = select(gone.facility_id, gone.measure, literal(month), *sums).group_by(gone.facility_id, gone.measure)
    write = insert(DayFigure).from_select(["facility_id", "measure", "day", "n", "amount"], rows)
    more = {"n": DayFigure.n + write.excluded.n, "amount": DayFigure.amount + write.excluded.amount}
    db.execute(write.on_conflict_do_update(index_elements=["facility_id", "measure", "day"], set_=more))
