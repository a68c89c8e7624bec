"""The log of messages: by status, gateway, direction, place, topic, kind, number and time, newest first.

However many messages there are, one step reads a bounded part of them, by an index that gives them in the order of
time: that of a number, of a few facilities, of what went wrong, or of all. A step that finds less than a page says how
far back it has looked, and the next one goes on there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Subquery, column, func, literal, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from smsapp import paging
from smsapp.messages import AMISS, HEARD, MO, MT, STATUSES, Message
from smsapp.paging import Page
from smsapp.scopes import Scope

SPAN = timedelta(days=30)  # where nothing says since when, and nothing rare is looked for
LOOK = 20_000  # rows of one step that lie together, in the order of time …
LOOK_APART = 4_000  # … and that lie apart, each on a page of its own
FEWEST = 60  # of one facility among several
FEW = 100  # facilities that are looked at one by one

OPEN = ("queued", "sending", "received")  # each has an index of its few rows

KEYS = (Message.created_at, Message.id)
COLUMNS = (
    Message.id,
    Message.created_at,
    Message.direction,
    Message.number,
    Message.gateway,
    Message.kind,
    Message.topic,
    Message.text,
    Message.parts,
    Message.status,
    Message.reason,
    Message.cost,
    Message.facility_id,
)
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty or None: whatever it is. `until` is the moment before which all must be."""

    status: str = ""
    gateway: str = ""
    direction: str = ""
    kind: str = ""
    topic: str = ""
    facilities: frozenset[int] | None = None
    numbers: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def rare(self) -> bool:
        """Few messages, whenever they were."""
        return self.numbers is not None or self.status in (*AMISS, *OPEN)

    @property
    def impossible(self) -> bool:
        """No message from a phone was ever delivered."""
        return (self.direction == MO and self.status in STATUSES) or (self.direction == MT and self.status in HEARD)


@dataclass(frozen=True)
class Found:
    """A page of the log; `since` is how far back was asked, `back_to` how far was looked if that was not enough."""

    page: Page
    since: datetime | None
    back_to: datetime | None = None


@dataclass(frozen=True)
class Way:
    """How an index leads to the rows: by each of a few values of a column, or by conditions alone."""

    conditions: Sequence[Condition]
    look: int | None  # rows that one step reads; None: they are few, and in no order
    lane: InstrumentedAttribute[Any] | None = None
    values: Sequence[Any] = ()


def search(
    db: Session,
    scope: Scope,
    wanted: Wanted,
    now: datetime,
    after: str | None = None,
    size: int = paging.PAGE,
) -> Found:
    """Messages in this scope that are all of this, newest first."""
    if wanted.facilities is not None:
        scope = scope.narrowed(wanted.facilities)
    since = wanted.since if wanted.rare or wanted.since else min(wanted.until or now, now) - SPAN
    span = [paging.beyond(KEYS, after)]
    span += [] if since is None else [Message.created_at >= since]
    span += [] if wanted.until is None else [Message.created_at < wanted.until]
    way = _way(scope, wanted)
    if wanted.impossible or (way.lane is not None and not way.values):
        return Found(Page([], None, after is None), since)
    several = len(way.values) > 1
    end = _end_of_lanes(db, way, span) if several else None
    rows = _lanes(way, span, end) if several else _in_order(way, span)
    chosen = select(rows).where(*_filters(rows, scope, wanted)).order_by(rows.c.created_at.desc(), rows.c.id.desc())
    page = paging.cut(db.execute(chosen.limit(size + 1)).all(), KEYS, after, size)
    if page.after:
        return Found(page, since)
    stopped = end if several else _end(db, way, span)
    if stopped is None:
        return Found(page, since)
    return Found(Page(page.rows, paging.mark(stopped, KEYS), page.first), since, stopped.created_at)


def _way(scope: Scope, wanted: Wanted) -> Way:
    # Written out: an index of some statuses serves only whoever names one of them.
    status = Message.status == literal(wanted.status, literal_execute=True)
    amiss = [status] if wanted.status in AMISS else []
    if wanted.numbers is not None:
        return Way([], LOOK_APART, Message.number, wanted.numbers)
    if wanted.status in OPEN:
        return Way([status], None)
    if scope.facilities is not None and len(scope.facilities) <= FEW:
        return Way(amiss, LOOK_APART, Message.facility_id, sorted(scope.facilities))
    return Way(amiss, LOOK_APART if amiss else LOOK)


def _in_order(way: Way, span: Sequence[Condition]) -> Subquery:
    """What one index leads to, apart from the filters: they must not tempt the planner another way."""
    rows = select(*COLUMNS).where(*_led(way), *span)
    return (rows.offset(0) if way.look is None else _newest(rows).limit(way.look)).subquery()


def _led(way: Way) -> list[Condition]:
    return [*way.conditions, *([way.lane == way.values[0]] if way.lane is not None else [])]


def _end(db: Session, way: Way, span: Sequence[Condition]) -> Any:
    """Where a step had to stop; None where it came to the end."""
    if way.look is None:
        return None
    keys = _newest(select(*KEYS).where(*_led(way), *span))
    return db.execute(keys.offset(way.look - 1).limit(1)).first()


def _end_of_lanes(db: Session, way: Way, span: Sequence[Condition]) -> Any:
    """Down to where all lanes are looked through: where the first of them has had its share."""
    assert way.lane is not None
    share = max((way.look or 0) // len(way.values), FEWEST)
    told = literal(list(way.values), ARRAY(way.lane.type))
    value = func.unnest(told).table_valued(column("value", way.lane.type)).render_derived()
    keys = _newest(select(*KEYS).where(way.lane == value.c.value, *way.conditions, *span))
    last = keys.offset(share - 1).limit(1).lateral()
    newest = [last.c.created_at.desc(), last.c.id.desc()]
    return db.execute(select(last).select_from(value).join(last, true()).order_by(*newest).limit(1)).first()


def _lanes(way: Way, span: Sequence[Condition], end: Any) -> Subquery:
    assert way.lane is not None
    down_to = [] if end is None else [tuple_(*KEYS) >= tuple_(end.created_at, end.id)]
    rows = select(*COLUMNS).where(way.lane.in_(way.values), *way.conditions, *span, *down_to)
    return rows.offset(0).subquery()


def _newest(rows: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return rows.order_by(*(key.desc() for key in KEYS))


def _filters(rows: Subquery, scope: Scope, wanted: Wanted) -> list[Condition]:
    words = {name: getattr(wanted, name) for name in ("status", "gateway", "direction", "kind", "topic")}
    return [*(rows.c[name] == word for name, word in words.items() if word), scope.within(rows.c.facility_id)]
