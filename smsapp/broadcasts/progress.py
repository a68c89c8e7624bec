"""How far a broadcast is: its messages by status, what they cost, whom it did not reach, and who answered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.broadcasts.tables import Broadcast
from smsapp.db import transaction
from smsapp.messages import MO, MT, Message
from smsapp.paging import Page
from smsapp.people import Person
from smsapp.runtime import Runtime

OPEN = ("queued", "sending")
MISSED = ("failed", "expired", "cancelled")  # surely not received; the first try of a possible repeat may have been
FRANCS = ("XOF", "FCFA", "CFA", "")
QUICK = 0.2  # seconds that a count may take at every look; 100,000 messages take half of it
SHARE = 20  # of the time between two counts that take longer, a twentieth is spent counting
REASONS = 20
AT_ONCE = 1000  # rows of a file that somebody reads


@dataclass(frozen=True)
class Counts:
    """A broadcast's messages to phones. What is not told yet costs its parts times the price."""

    by: Mapping[str, int] = field(default_factory=dict)  # status -> how many
    told: int = 0  # francs that the gateway has named
    untold_parts: int = 0  # of messages that have a price, but none that we know
    dearest: float = 0.0  # francs for a part, of those named
    reasons: Sequence[Sequence[Any]] = ()  # status, why, how many: of those whom it did not reach

    def cost(self, price: int) -> int:
        """What it has cost, and will with all that is in the outbox."""
        return self.told + round(self.untold_parts * self.per_part(price))

    def per_part(self, price: int) -> float:
        """The gateway's own price where it has named one, the higher where it names several."""
        return self.dearest or price

    def of(self, *statuses: str) -> int:
        return sum(self.by.get(status, 0) for status in statuses)

    @property
    def total(self) -> int:
        return sum(self.by.values())


def count(db: Session, broadcast_id: int) -> Counts:
    """Its messages at this moment."""
    told = Message.cost.is_not(None) & (func.coalesce(Message.currency, "").in_(FRANCS))
    charged = ~told & Message.status.not_in(MISSED)
    sums = (
        func.coalesce(func.sum(Message.cost).filter(told), 0).label("told"),
        func.coalesce(func.sum(Message.parts).filter(charged), 0).label("untold"),
        func.coalesce(func.max(Message.cost / Message.parts).filter(told), 0).label("dearest"),
    )
    of_it = select(Message.status, func.count().label("n"), *sums).where(*_of(broadcast_id))
    rows: Sequence[Any] = db.execute(of_it.group_by(Message.status)).all()
    without = any(row.status in (*MISSED, "unknown") for row in rows)
    return Counts(
        {row.status: row.n for row in rows},
        told=round(sum(row.told for row in rows)),
        untold_parts=sum(row.untold for row in rows),
        dearest=float(max((row.dearest for row in rows), default=0)),
        reasons=_reasons(db, broadcast_id) if without else (),
    )


def counts(db: Session, rt: Runtime, broadcast: Broadcast) -> Counts:
    """As counted a moment ago, else now: with a million messages not at every look of everybody who watches."""
    stored = dict(broadcast.counts)
    took = stored.pop("took", 0.0)
    rest = timedelta(seconds=took * SHARE if took > QUICK else 0.0)
    if broadcast.counted_at and rt.now() - broadcast.counted_at < rest:
        return Counts(**stored)
    began = time.monotonic()
    fresh = count(db, broadcast.id)
    # Somebody who hands over or pauses holds the row: then the next look stores it.
    free = select(Broadcast).where(Broadcast.id == broadcast.id).with_for_update(skip_locked=True)
    if row := db.scalar(free.execution_options(populate_existing=True)):
        row.counts = {**asdict(fresh), "took": round(time.monotonic() - began, 3)}
        row.counted_at = rt.now()
    return fresh


def _reasons(db: Session, broadcast_id: int) -> list[tuple[str, str, int]]:
    """The gateway's or our own words for each status."""
    why = func.coalesce(Message.reason, "").label("why")
    rows = select(Message.status, why, func.count().label("n")).where(*_of(broadcast_id, *MISSED, "unknown"))
    by_number = rows.group_by(Message.status, why).order_by(func.count().desc(), Message.status, why).limit(REASONS)
    return [(status, words, n) for status, words, n in db.execute(by_number)]


def missed(db: Session, broadcast_id: int, status: str, after: str | None = None) -> Page:
    """Messages of one status with the name of whom they were for, the last first."""
    chosen = _with_names(Message.id, Message.number, Message.reason, Message.final_at, Message.facility_id)
    return paging.page(db, chosen.where(*_of(broadcast_id, status)), [Message.id], after)


def all_missed(rt: Runtime, broadcast_id: int) -> Iterator[Any]:
    """Every number that it surely did not reach, or may not have: as long as whoever reads takes, and row by row."""
    columns = Message.id, Message.number, Message.status, Message.reason, Message.final_at
    for status in (*MISSED, "unknown"):
        last = 0
        while True:
            part = _with_names(*columns).where(*_of(broadcast_id, status), Message.id > last)
            with transaction(rt.sessions) as db:
                rows = db.execute(part.order_by(Message.id).limit(AT_ONCE)).all()
            if not rows:
                break
            yield from rows
            last = rows[-1].id


def replies(db: Session, broadcast_id: int, after: str | None = None) -> Page:
    """What people wrote back, the last first."""
    columns = Message.id, Message.number, Message.text, Message.created_at, Message.status
    written = _with_names(*columns).where(Message.broadcast_id == broadcast_id, Message.direction == MO)
    return paging.page(db, written, [Message.id], after)


def _of(broadcast_id: int, *statuses: str) -> tuple[ColumnElement[bool], ...]:
    of_it = Message.broadcast_id == broadcast_id, Message.direction == MT
    if not statuses:
        return of_it
    return *of_it, Message.status.in_(statuses) if len(statuses) > 1 else Message.status == statuses[0]


def _with_names(*columns: Any) -> Select[*tuple[Any, ...]]:
    return select(*columns, Person.name).join(Person, Person.id == Message.person_id, isouter=True)


def surely_missed() -> ColumnElement[bool]:
    """Of a message: it has not reached the phone, and no try of it may have; what a person settled may have."""
    by_nobody = or_(Message.settled_by.is_(None), Message.settled_by == "report")
    return Message.status.in_(MISSED) & Message.possible_repeat.is_(False) & by_nobody
