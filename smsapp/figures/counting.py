"""Counting days anew, the latest first, for reports come late: bounded in a run, and made up for after an outage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import cast as typed

import structlog
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Select,
    String,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from smsapp import periodic
from smsapp.db import transaction
from smsapp.figures import domains
from smsapp.figures.settling import settle_a_month
from smsapp.figures.shapes import Count, Day
from smsapp.figures.tables import TOTAL, CountedDay, DayFigure
from smsapp.messages import Message
from smsapp.runtime import Runtime

EVERY = timedelta(minutes=5)
OPEN_DAYS = 4  # a gateway tries a phone for three days: these are counted in each run
SETTLING_DAYS = 40  # somebody may settle a message later: these once a day, and a last time at their end
LEAST_DAYS = 400  # back from today, whenever the first message was written
SECONDS = 10.0  # of a run, for broadcasts wait meanwhile; what is left is for the next
DAYS_AT_ONCE = 10

log = structlog.get_logger(__name__)


def count_days(
    rt: Runtime, seconds: float = SECONDS, stop: Callable[[], bool] = lambda: False, parts: domains.Domains = ()
) -> int:
    """Count the days that need it, once in five minutes whoever rang. How many were counted."""
    now, today = rt.now(), rt.local_now().date()
    with transaction(rt.sessions) as db:
        if not periodic.first(db, "count_days", EVERY, now):
            return 0
        _open_days(db, rt, today)
    parts, until = parts or domains.ALL, time.monotonic() + seconds
    counted = _count_due(rt, now, today, until, stop, parts)
    while time.monotonic() < until and not stop():
        with transaction(rt.sessions) as db:
            if not settle_a_month(db, today, timedelta(days=SETTLING_DAYS), parts):
                break
    return counted


def _count_due(
    rt: Runtime, now: datetime, today: date, until: float, stop: Callable[[], bool], parts: domains.Domains
) -> int:
    counted = 0
    while time.monotonic() < until and not stop():
        with transaction(rt.sessions) as db:
            rows = _claim(db, now, today)
            for row in rows:
                _count(db, Day(row.day, today, rt.settings.timezone), parts, anew=row.counted_at is not None)
            for row in rows:  # after all of them, and so in one statement
                row.counted_at = now
        counted += len(rows)
        if not rows:
            break
    log.info("days counted", days=counted)
    return counted


def _count(db: Session, day: Day, parts: domains.Domains, anew: bool) -> None:
    for part in parts:
        for count in part.count(day):
            if anew or count.rows is not None:  # of a day's first count there is nothing to take away
                _write(db, count)


def _open_days(db: Session, rt: Runtime, today: date) -> None:
    """A row for each day up to this one; after an outage there may be many."""
    last = db.scalar(select(func.max(CountedDay.day)))
    since = last + timedelta(days=1) if last else _first_day(db, rt, today)
    days = [{"day": since + timedelta(days=n)} for n in range((today - since).days + 1)]
    if days:
        db.execute(insert(CountedDay).on_conflict_do_nothing(), days)


def _first_day(db: Session, rt: Runtime, today: date) -> date:
    """The lowest id is the oldest message, or about."""
    first = db.scalar(select(Message.created_at).order_by(Message.id).limit(1))
    least = today - timedelta(days=LEAST_DAYS)
    return min(least, first.astimezone(rt.settings.timezone).date()) if first else least


def _claim(db: Session, now: datetime, today: date) -> Sequence[CountedDay]:
    """The latest days that need it, locked; another run that is still at it has its own."""
    row = CountedDay
    open_since, settling_since = today - timedelta(days=OPEN_DAYS), today - timedelta(days=SETTLING_DAYS)
    settled = cast(row.day + SETTLING_DAYS, DateTime(timezone=True))
    needs: ColumnElement[bool] = or_(
        row.counted_at.is_(None),
        and_(row.day > open_since, row.counted_at < now),
        and_(row.day > settling_since, row.counted_at <= now - timedelta(days=1)),
        and_(row.counted_at < settled, settled <= now),
    )
    due = select(row).where(row.day <= today, needs).order_by(row.day.desc()).limit(DAYS_AT_ONCE)
    return db.scalars(due.with_for_update(skip_locked=True)).all()


_TABLE = typed(Table, DayFigure.__table__)  # the session has no figures to follow
_UNDER: BindParameter[str] = bindparam("under", type_=String())
_WRITTEN: BindParameter[date] = bindparam("written_on", type_=Date())
_HERE = DayFigure.day == _WRITTEN, func.starts_with(DayFigure.measure, _UNDER)
_CLEAR = delete(_TABLE).where(*_HERE)


def _write(db: Session, count: Count) -> None:
    write = _CLEAR if count.rows is None else _writing(count.rows)
    db.execute(write, {**count.values, _UNDER.key: count.under, _WRITTEN.key: count.on})


@cache
def _writing(rows: Select[int, str, int, Decimal]) -> Insert:
    """In one statement, with the totals: what differs from what stands there is written, and what is no more goes."""
    facility, measure, n, amount = rows.cte("found").c
    own = select(facility.label("facility_id"), measure.label("measure"), n.label("n"), amount.label("amount"))
    summed = cast(func.sum(n), BigInteger), func.sum(amount)
    every = union_all(own, select(literal(TOTAL), measure, *summed).group_by(measure)).cte("every")
    same = DayFigure.facility_id == every.c.facility_id, DayFigure.measure == every.c.measure, DayFigure.day == _WRITTEN
    still = select(every.c.n).where(*same).exists()
    gone = delete(_TABLE).where(*_HERE, ~still).cte("gone")
    unchanged = select(DayFigure.n).where(*same, DayFigure.n == every.c.n, DayFigure.amount == every.c.amount).exists()
    new = select(every.c.facility_id, every.c.measure, _WRITTEN, every.c.n, every.c.amount).where(~unchanged)
    # Neighbours are read together, and should lie together.
    new = new.order_by(every.c.facility_id, every.c.measure)
    write = insert(_TABLE).from_select(["facility_id", "measure", "day", "n", "amount"], new)
    write = write.on_conflict_do_update(
        index_elements=["facility_id", "measure", "day"],
        set_={"n": write.excluded.n, "amount": write.excluded.amount},
    )
    return write.add_cte(gone)
