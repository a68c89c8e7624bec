"""Feeding: recipients become messages in the outbox, a bounded number ahead of what is sent, and never twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy import Integer, bindparam, delete, func, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from smsapp import outbox, segments
from smsapp.broadcasts import again, planning, progress, wording
from smsapp.broadcasts.tables import CAPPED, FINISHED, RUNNING, SCHEDULED, Broadcast, Listed, Recipient
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.outbox import Draft
from smsapp.people import Number, Person
from smsapp.places import Place
from smsapp.runtime import Runtime

AHEAD = 4000  # of one broadcast's messages wait in the outbox, so that a pause, a cap or a new text soon tells
AT_ONCE = 1000  # in one transaction: whoever pauses it waits no longer than that takes
SECONDS = 20.0

log = structlog.get_logger(__name__)


# Made once: each ring of the bell asks them, and most have nothing to do.
_DUE = (
    select(Broadcast)
    .where(Broadcast.status == SCHEDULED)
    .where(or_(Broadcast.start_at.is_(None), Broadcast.start_at <= bindparam("now")))
    .with_for_update(skip_locked=True)
)
_GOING = select(Broadcast.id).where(Broadcast.status == RUNNING).order_by(Broadcast.id)
_FREE = (
    select(Broadcast)
    .where(Broadcast.id == bindparam("broadcast"), Broadcast.status == RUNNING)
    .with_for_update(skip_locked=True)
)
_OPEN = select(func.count()).where(Message.broadcast_id == bindparam("broadcast"), Message.status.in_(progress.OPEN))
_SERVED = select(Number.number).where(Number.number == Recipient.number).exists()
_NEXT = (
    select(
        *(Recipient.number, Recipient.person_id, Recipient.facility_id, Recipient.language, Person.name),
        Place.name.label("facility"),
        or_(Recipient.person_id.is_(None), _SERVED).label("known"),
    )
    .join(Person, Person.id == Recipient.person_id, isouter=True)
    .join(Place, Place.id == Recipient.facility_id, isouter=True)
    .where(Recipient.broadcast_id == bindparam("broadcast"))
    .order_by(Recipient.number)
    .limit(bindparam("most", type_=Integer))
)


def feed(rt: Runtime, seconds: float = SECONDS, stop: Callable[[], bool] = lambda: False) -> int:
    """Plan what was handed in, begin what is due, and hand over what there is room for; how many messages."""
    until = time.monotonic() + seconds
    planning.plan_waiting(rt)
    running = _begin(rt)
    total = 0
    while running and not stop() and time.monotonic() < until:
        moved = {broadcast_id: _handed(rt, broadcast_id) for broadcast_id in running}
        total += sum(moved.values())
        running = [broadcast_id for broadcast_id, n in moved.items() if n]
    return total


def _begin(rt: Runtime) -> Sequence[int]:
    """Those that run, with those whose time has come."""
    now = rt.now()
    with transaction(rt.sessions) as db:
        for broadcast in db.scalars(_DUE, {"now": now}):
            begin(broadcast, rt)
            log.info("broadcast begins", broadcast=broadcast.id, planned=broadcast.planned)
        db.flush()
        return db.scalars(_GOING).all()


def begin(broadcast: Broadcast, rt: Runtime) -> None:
    broadcast.status, broadcast.started_at = RUNNING, rt.now()


def _handed(rt: Runtime, broadcast_id: int) -> int:
    """One broadcast's trouble does not hold up the others; the next ring tries again."""
    try:
        return hand_over(rt, broadcast_id)
    except DBAPIError:
        log.exception("broadcast not handed over", broadcast=broadcast_id)
        return 0


def hand_over(rt: Runtime, broadcast_id: int, ahead: int | None = AHEAD) -> int:
    """The next recipients of one broadcast, no more than `ahead` messages before what is sent; how many were looked at.

    The broadcast's row is locked meanwhile: two feeders at once take turns, and a pause comes between.
    """
    with transaction(rt.sessions) as db:
        broadcast = db.scalar(_FREE, {"broadcast": broadcast_id})
        if broadcast is None:
            return 0
        room = AT_ONCE if ahead is None else min(AT_ONCE, ahead - _open(db, broadcast_id))
        rows = _next(db, broadcast, room) if room > 0 else []
        if not rows:
            if room > 0 and not _open(db, broadcast_id):
                _end(db, rt, broadcast, FINISHED)
            return 0
        return _move(db, rt, broadcast, rows)


def _move(db: Session, rt: Runtime, broadcast: Broadcast, rows: Sequence[Any]) -> int:
    reached = again.reached_since(db, broadcast, [row.number for row in rows])
    wanted = [row for row in rows if row.known and row.number not in reached]
    dropped = [row.number for row in rows if not row.known or row.number in reached]
    drafts = _within_cap(db, rt, broadcast, [_draft(rt, broadcast, row) for row in wanted])
    handed = [draft.number for draft in drafts]
    posted = outbox.post_many(db, rt, drafts)
    # What the outbox had already is none of this broadcast's.
    broadcast.fed += posted
    broadcast.dropped += len(dropped) + len(handed) - posted
    taken = Recipient.broadcast_id == broadcast.id, Recipient.number.in_([*handed, *dropped])
    db.execute(delete(Recipient).where(*taken), execution_options={"synchronize_session": False})
    return len(handed) + len(dropped)


def _next(db: Session, broadcast: Broadcast, most: int) -> Sequence[Any]:
    """The next recipients with what may stand in a text; `known` is false once a person was forgotten."""
    return db.execute(_NEXT, {"broadcast": broadcast.id, "most": most}).all()


def _draft(rt: Runtime, broadcast: Broadcast, row: Any) -> Draft:
    language = wording.chosen(broadcast.texts, rt.settings.languages, row.language)
    values = {"name": row.name or "", "facility": row.facility or "", "number": row.number}
    return Draft(
        row.number,
        wording.fill(broadcast.texts[language] if language else "", values),
        "broadcast",
        language,
        row.person_id,
        broadcast_id=broadcast.id,
        key=again.key(broadcast, row.number),
        use_by=broadcast.use_by,
        topic=broadcast.topic,
        facility_id=row.facility_id,
    )


def _within_cap(db: Session, rt: Runtime, broadcast: Broadcast, drafts: Sequence[Draft]) -> Sequence[Draft]:
    """As many as the cap leaves money for. The broadcast ends only once nothing under way can give any back."""
    if broadcast.cap is None:
        return drafts
    counts = progress.count(db, broadcast.id)
    price = counts.per_part(rt.settings.price_per_part)
    left = float(broadcast.cap - counts.cost(rt.settings.price_per_part))
    for place, draft in enumerate(drafts):
        left -= segments.count(segments.fold(segments.clean(draft.text))) * price
        if left < 0:
            if not place and not counts.of(*progress.OPEN):
                _end(db, rt, broadcast, CAPPED)
            return drafts[:place]
    return drafts


def _open(db: Session, broadcast_id: int) -> int:
    return db.scalar(_OPEN, {"broadcast": broadcast_id}) or 0


def _end(db: Session, rt: Runtime, broadcast: Broadcast, status: str) -> None:
    broadcast.status, broadcast.ended_at = status, rt.now()
    if status == FINISHED:
        broadcast.dropped = broadcast.planned - broadcast.fed  # with those who were forgotten since
    db.execute(delete(Listed).where(Listed.broadcast_id == broadcast.id))
    log.info("broadcast ended", broadcast=broadcast.id, status=status)
