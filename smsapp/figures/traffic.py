"""Messages and what they cost, by day and by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, Select, and_, case, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from smsapp.figures import reading
from smsapp.figures.reading import Figure, Measures
from smsapp.figures.shapes import SINCE, UNTIL, Count, Day
from smsapp.figures.tables import NOWHERE
from smsapp.messages import MO, STATUSES, Message
from smsapp.runtime import Runtime
from smsapp.scopes import EVERYWHERE, Scope

UNDER = "messages."
IN, OUT, COST, UNTOLD = "messages.in", "messages.out.", "messages.cost.", "messages.untold"
FRANC = "XOF"
COSTING = ("sending", "sent", "delivered", "unknown")  # statuses of what may have to be paid
LIVE_UP_TO = 50_000  # messages of a day that are counted while somebody waits


@dataclass(frozen=True)
class Cost:
    """Francs that the gateway told, francs at our own price where it has not told, and other currencies apart."""

    told: Decimal = Decimal(0)
    estimated: Decimal = Decimal(0)
    others: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def francs(self) -> Decimal:
        return self.told + self.estimated

    def __add__(self, more: Cost) -> Cost:
        names = sorted(self.others.keys() | more.others.keys())
        others = {name: self.others.get(name, Decimal(0)) + more.others.get(name, Decimal(0)) for name in names}
        return Cost(self.told + more.told, self.estimated + more.estimated, others)


@dataclass(frozen=True)
class Traffic:
    """The messages of a day or a month."""

    received: int = 0
    out: Mapping[str, int] = field(default_factory=dict)  # by status
    cost: Cost = field(default_factory=Cost)

    @property
    def written(self) -> int:
        """To phones, whatever became of them."""
        return sum(self.out.values())

    def __add__(self, more: Traffic) -> Traffic:
        out = {s: n for s in STATUSES if (n := self.out.get(s, 0) + more.out.get(s, 0))}
        return Traffic(self.received + more.received, out, self.cost + more.cost)


def count(day: Day) -> Sequence[Count]:
    """By the day on which a message was written."""
    return (Count(UNDER, day.on, _ROWS, day.values),)


def _rows() -> Select[int, str, int, Decimal]:
    columns = (
        func.coalesce(Message.facility_id, NOWHERE).label("facility_id"),
        case((Message.direction == MO, IN), else_=OUT + Message.status).label("measure"),
        Message.currency,
        and_(Message.cost.is_(None), Message.direction != MO, Message.status.in_(COSTING)).label("untold"),
    )
    sums = func.sum(Message.cost).label("cost"), func.sum(Message.parts).label("parts")
    counted = (
        select(*columns, func.count().label("n"), *sums)
        .where(Message.created_at >= SINCE, Message.created_at < UNTIL)
        .group_by(*columns)
        .cte("counted")
    ).c
    nothing = literal(Decimal(0)).label("amount")
    statuses = select(counted.facility_id, counted.measure, counted.n, nothing)
    told = select(counted.facility_id, COST + func.coalesce(counted.currency, ""), counted.n, counted.cost).where(
        counted.cost > 0
    )
    untold = select(counted.facility_id, literal(UNTOLD), counted.parts, nothing).where(counted.untold)
    every = union_all(statuses, told, untold).subquery()
    facility, measure, n, amount = every.c
    return select(facility, measure, cast(func.sum(n), BigInteger), func.sum(amount)).group_by(facility, measure)


_ROWS = _rows()


def by_day(db: Session, rt: Runtime, scope: Scope, since: date) -> dict[date, Traffic]:
    """The days from `since` to today that have any; today as it is at this moment."""
    today = Day(rt.local_now().date(), rt.local_now().date(), rt.settings.timezone)
    stored = reading.by_day(db, scope, UNDER, since, today.on)
    if _written(db, today.on) <= LIVE_UP_TO:
        stored = reading.replaced(stored, today.on, reading.live(db, scope, count(today)))
    return _traffic(rt, stored)


def by_month(db: Session, rt: Runtime, scope: Scope, since: date) -> dict[date, Traffic]:
    """The months from that of `since` to this one that have any."""
    today = rt.local_now().date()
    months = _traffic(rt, reading.by_month(db, scope, UNDER, since.replace(day=1), today - timedelta(days=1)))
    this = today.replace(day=1)
    now = by_day(db, rt, scope, today).get(today)
    return months | ({this: months.get(this, Traffic()) + now} if now else {})


def _written(db: Session, day: date) -> int:
    """How many messages a day had when it was last counted."""
    counted = reading.by_day(db, EVERYWHERE, UNDER, day, day)
    return sum(days[day].n for measure, days in counted.items() if measure.startswith((IN, OUT)))


def _traffic(rt: Runtime, measures: Measures) -> dict[date, Traffic]:
    found: dict[date, Traffic] = {}
    for measure, days in measures.items():
        for day, figure in days.items():
            found[day] = found.get(day, Traffic()) + _one(rt, measure, figure)
    return found


def _one(rt: Runtime, measure: str, figure: Figure) -> Traffic:
    if measure == IN:
        return Traffic(received=figure.n)
    if measure == UNTOLD:
        return Traffic(cost=Cost(estimated=Decimal(figure.n * rt.settings.price_per_part)))
    if measure == COST + FRANC:
        return Traffic(cost=Cost(told=figure.amount))
    if measure.startswith(COST):
        return Traffic(cost=Cost(others={measure.removeprefix(COST): figure.amount}))
    return Traffic(out={measure.removeprefix(OUT): figure.n})
