"""The log of messages: by status, gateway, direction, place, topic, kind, number and time, newest first.

However many messages there are, a page reads a bounded part of them. A search that names a number or a broadcast has an
index of its own; any other one is held to a span of time, and where it finds little it stops after so many rows and
says how far back it has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, literal, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.messages import AMISS, HEARD, MO, MT, STATUSES, Message
from smsapp.paging import Page
from smsapp.scopes import Scope

SPAN = timedelta(days=30)  # where nothing says since when
LONGEST = timedelta(days=92)  # without a number or a broadcast
LOOK = 200_000  # rows that one page reads at most, in the order of time
FEW = 8  # facilities: so many are read by the index of each and put in order

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
    Message.broadcast_id,
)
OPEN = ("queued", "sending", "received")  # each has an index of its few rows


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
    broadcast_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def named(self) -> bool:
        """One number or one broadcast: few messages, whenever they were."""
        return self.numbers is not None or self.broadcast_id is not None

    @property
    def impossible(self) -> bool:
        """No message from a phone was ever delivered."""
        return (self.direction == MO and self.status in STATUSES) or (self.direction == MT and self.status in HEARD)


@dataclass(frozen=True)
class Found:
    """A page of the log; `since` is how far back was asked, `back_to` how far was looked if that was not enough."""

    page: Page
    since: datetime | None
    shortened: bool
    back_to: datetime | None = None


def search(
    db: Session,
    scope: Scope,
    wanted: Wanted,
    now: datetime,
    after: str | None = None,
    size: int = paging.PAGE,
    look: int = LOOK,
) -> Found:
    """Messages in this scope that are all of this, newest first."""
    if wanted.facilities is not None:
        scope = scope.narrowed(wanted.facilities)
    since, shortened = _since(wanted, now)
    if wanted.impossible:
        return Found(Page([], None, after is None), since, shortened)
    span = [] if since is None else [Message.created_at >= since]
    span += [] if wanted.until is None else [Message.created_at < wanted.until]
    way, in_order = _way(scope, wanted)
    driver = [*way, *span, paging.beyond(KEYS, after)]
    source = _rows(driver, look if in_order else None)
    newest = [source.c.created_at.desc(), source.c.id.desc()]
    chosen = select(source).where(*_filters(source, scope, wanted)).order_by(*newest).limit(size + 1)
    page = paging.cut(db.execute(chosen).all(), KEYS, after, size)
    if page.after or not in_order:
        return Found(page, since, shortened)
    stopped = db.execute(_ordered(select(*KEYS).where(*driver)).offset(look - 1).limit(1)).first()
    if stopped is None:
        return Found(page, since, shortened)
    return Found(Page(page.rows, paging.mark(stopped, KEYS), page.first), since, shortened, stopped.created_at)


def _since(wanted: Wanted, now: datetime) -> tuple[datetime | None, bool]:
    """Since when to look, and whether that is later than was asked."""
    if wanted.named:
        return wanted.since, False
    end = min(wanted.until or now, now)
    if wanted.since is None:
        return end - SPAN, False
    return max(wanted.since, end - LONGEST), wanted.since < end - LONGEST


def _way(scope: Scope, wanted: Wanted) -> tuple[list[ColumnElement[bool]], bool]:
    """The condition by which an index leads to the rows, and whether it gives them in the order of time."""
    if wanted.numbers is not None:
        return [Message.number.in_(wanted.numbers)], False
    if wanted.broadcast_id is not None:
        return [Message.broadcast_id == wanted.broadcast_id], False
    if scope.facilities is not None and len(scope.facilities) <= FEW:
        return [scope.within(Message.facility_id)], len(scope.facilities) == 1
    # Written out: an index of some statuses serves only whoever names one of them.
    status = [Message.status == literal(wanted.status, literal_execute=True)]
    if wanted.status in AMISS:
        return status, True
    if wanted.status in OPEN:
        return status, False
    return [], True


def _rows(driver: list[ColumnElement[bool]], look: int | None) -> Subquery:
    """What the index leads to, kept apart from the filters: they must not tempt the planner another way."""
    rows = select(*COLUMNS).where(*driver)
    return (rows.offset(0) if look is None else _ordered(rows).limit(look)).subquery()


def _ordered(rows: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return rows.order_by(*(key.desc() for key in KEYS))


def _filters(rows: Subquery, scope: Scope, wanted: Wanted) -> list[ColumnElement[bool]]:
    words = {name: getattr(wanted, name) for name in ("status", "gateway", "direction", "kind", "topic")}
    told = [rows.c[name] == word for name, word in words.items() if word]
    if wanted.numbers is not None:
        told.append(rows.c.number.in_(wanted.numbers))
    if wanted.broadcast_id is not None:
        told.append(rows.c.broadcast_id == wanted.broadcast_id)
    return [*told, scope.within(rows.c.facility_id)]
