"""Which children may have something to be given on a day, as a condition for the database; their plans then say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.schedule import Dose as Rule
from smsapp.vaccines.schedule import Schedule, Span, district_key
from smsapp.vaccines.tables import Child, Dose

OLDEST = timedelta(days=16 * 366)


@dataclass(frozen=True)
class Band:
    """Children born in these days should have had these doses, unless it was too late for one."""

    first: date
    last: date
    codes: tuple[str, ...]


def something(db: Session, schedule: Schedule, today: date) -> ColumnElement[bool]:
    """True for every child to whom a dose may be given on this day, and for few others.

    By her age she should have had more doses than count: a child's own intervals, and the rules for who began late,
    stand in her plan alone.
    """
    bounded = {dose.code for dose in schedule.doses if dose.where is not None}
    everywhere = _lacks(bands([dose for dose in schedule.doses if dose.code not in bounded], today))
    centres = _centres(db, schedule)
    if not centres:
        return everywhere
    bound = _lacks(bands([dose for dose in schedule.doses if dose.code in bounded], today))
    return or_(everywhere, and_(Child.facility_id.in_(centres), bound))


def together(plan: Plan) -> tuple[str, ...]:
    """What can be given on the plan's day, all of it on one way."""
    return tuple(dose.code for dose in plan.open)


def bands(rules: Sequence[Rule], today: date) -> Sequence[Band]:
    """From birthday to birthday, the doses of that age."""
    spans = [(rule.code, *span) for rule in rules if (span := _born(rule, today))]
    edges = sorted({edge for _, first, last in spans for edge in (first, last + timedelta(days=1))})
    return list(_bands(spans, edges))


def _bands(spans: Sequence[tuple[str, date, date]], edges: Sequence[date]) -> Iterator[Band]:
    for first, after in pairwise(edges):
        if codes := tuple(code for code, since, until in spans if since <= first <= until):
            yield Band(first, after - timedelta(days=1), codes)


def _born(rule: Rule, today: date) -> tuple[date, date] | None:
    """Between which days a child is born to whom this dose may be given today."""
    oldest = today - OLDEST
    age = rule.due if rule.due is not None and not rule.due_of else rule.least
    last = _last(age, today, oldest)
    first = _last(rule.most, today, oldest) if rule.most is not None else oldest
    return (first, last) if first <= last else None


def _last(age: Span, today: date, oldest: date) -> date:
    """The last birthday on which this age is reached today."""
    low, high = 0, (today - oldest).days  # days before today; the sum grows with the birthday
    while low < high:
        middle = (low + high) // 2
        if age.after(today - timedelta(days=middle)) <= today:
            high = middle
        else:
            low = middle + 1
    return today - timedelta(days=low)


def _lacks(ages: Sequence[Band]) -> ColumnElement[bool]:
    return or_(false(), *(and_(Child.born_on.between(b.first, b.last), _had(b.codes) < len(b.codes)) for b in ages))


def _had(codes: Sequence[str]) -> ColumnElement[int]:
    counting = Dose.child_id == Child.id, Dose.valid.is_(True), Dose.struck_at.is_(None), Dose.code.in_(codes)
    return select(func.count(Dose.code.distinct())).where(*counting).correlate(Child).scalar_subquery()


def _centres(db: Session, schedule: Schedule) -> Collection[int]:
    """Those in districts that have a vaccine of their own."""
    names = {name for dose in schedule.doses for name in dose.where or ()}
    if not names:
        return []
    districts = db.execute(select(Place.id, Place.name).where(Place.kind == "district"))
    inside = [i for i, name in districts if district_key(name) in names]
    return db.scalars(select(Place.id).where(Place.kind == "facility", Place.parent_id.in_(inside))).all()
