"""Claiming: what is due becomes ours to send, and what should not go out any more is stopped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Table, Text, Uuid, any_, bindparam, case, select, update
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.arrays import among
from smsapp.db import ask
from smsapp.kinds import KINDS
from smsapp.messages import GatewayState, Message
from smsapp.outbox import holds, pauses, quiet, tries
from smsapp.reads import Read
from smsapp.runtime import Runtime

LOOK_AHEAD = 500  # rows seen at once, to find those that share a text


class Candidate(NamedTuple):
    """A due message, as far as a claim looks at it; the fields are the columns that are read."""

    id: int
    number: str
    gateway: str
    kind: str
    topic: str | None
    sent_text: str
    attempts: int
    use_by: datetime | None
    possible_repeat: bool
    broadcast_id: int | None


# Made once: making them takes SQLAlchemy longer than the database needs for them.
_ANYTHING = "SELECT 1 FROM messages WHERE status = 'queued' AND queue = %(queue)s AND due_at <= %(now)s LIMIT 1"
_DUE = Read(
    select(*(getattr(Message, name) for name in Candidate._fields))
    .where(Message.status == "queued", Message.queue == bindparam("queue"), Message.due_at <= bindparam("now"))
    .where(Message.gateway == any_(bindparam("gateways", type_=ARRAY(Text))))
    .order_by(Message.priority, Message.due_at, Message.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_TABLE = cast(Table, Message.__table__)  # past the ORM, which has none of these rows
_TAKE = (
    update(_TABLE)
    .where(_TABLE.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    .values(
        status="sending",
        attempts=_TABLE.c.attempts + 1,
        attempt_id=bindparam("attempt", type_=Uuid),
        claimed_at=bindparam("now", type_=DateTime(timezone=True)),
    )
)


@dataclass(frozen=True)
class Claimed:
    """One message that is ours to send."""

    id: int
    number: str
    kind: str
    attempts: int


@dataclass(frozen=True)
class Request:
    """One call to a gateway: a text and those who get it."""

    gateway: str
    text: str
    attempt_id: UUID
    claimed_at: datetime
    rows: dict[str, Claimed] = field(default_factory=dict)  # by number: a gateway answers by number
    probe: bool = False  # of a paused gateway


@dataclass(frozen=True)
class Claim:
    requests: list[Request]
    more: bool  # there may be more to claim
    seen: int = 0  # rows looked at

    @property
    def rows(self) -> int:
        return sum(len(request.rows) for request in self.requests)


def anything_due(rt: Runtime, queue: str) -> bool:
    """Whether a claim could find something: every delivery ends with one that does not, and most minutes have none."""
    return ask(rt.sessions, _ANYTHING, {"queue": queue, "now": rt.now()}) is not None


def claim(db: Session, rt: Runtime, queue: str, slots: Mapping[str, int], look: int = LOOK_AHEAD) -> Claim:
    """As many due messages as fit in `slots` requests per gateway; they are `sending` once this commits."""
    now = rt.now()
    paused, asked = pauses.known(db)
    probe = _probe(db, rt, queue, now) if paused else None
    if probe is not None:
        return Claim([probe], more=True)
    waiting, to_try = pauses.holding(db, asked, now)
    slots = {name: min(n, 1) if name in to_try else n for name, n in slots.items()}
    free = {name for name, n in slots.items() if n > 0} - paused - waiting
    seen = _due(db, queue, free, now, look) if free else []
    good = _still_wanted(db, rt, seen, now)
    requests = _requests(rt, good, slots, now)
    _take(db, requests, now)
    for request in requests:
        if request.gateway in to_try:
            pauses.trying(db, request.gateway, request.attempt_id, now)
    return Claim(requests, more=len(seen) == look, seen=len(seen))


def _due(db: Session, queue: str, gateways: Collection[str], now: datetime, most: int) -> Sequence[Candidate]:
    told = {"queue": queue, "gateways": list(gateways), "now": now, "most": most}
    return [Candidate(*row) for row in _DUE.rows(db, told)]


def _probe(db: Session, rt: Runtime, queue: str, now: datetime) -> Request | None:
    state = pauses.to_probe(db, now)
    if state is None or state.gateway not in rt.gateways:
        return None
    seen = _due(db, queue, [state.gateway], now, 100)
    good = _still_wanted(db, rt, seen, now)
    if not good:
        return None
    [request] = _requests(rt, good[:1], {state.gateway: 1}, now)
    _take(db, [request], now)
    _mark_probe(db, state.gateway, request, now)
    return replace(request, probe=True)


def _mark_probe(db: Session, gateway: str, request: Request, now: datetime) -> None:
    db.execute(
        update(GatewayState)
        .where(GatewayState.gateway == gateway)
        .values(probe_id=request.attempt_id, next_probe_at=now + pauses.PROBE_EVERY)
    )


def _still_wanted(db: Session, rt: Runtime, seen: Collection[Candidate], now: datetime) -> list[Candidate]:
    """Those that may go out now; the others are expired, cancelled or put off."""
    late = [row for row in seen if row.use_by is not None and row.use_by <= now]
    _stop(db, late, "expired", "its use-by time had passed", now)
    topical = {row.number for row in seen if row.topic is not None}
    held = people.left(db, topical, rt.settings.secret_key) if topical else set()
    late_ids = {row.id for row in late}
    left = [
        row
        for row in seen
        if row.id not in late_ids and row.topic is not None and held & {(row.number, row.topic), (row.number, "*")}
    ]
    _stop(db, left, "cancelled", "stop", now)
    kept = holds.of(db, {row.broadcast_id for row in seen if row.broadcast_id is not None})
    gone = late_ids | {row.id for row in left}
    taken_back = [row for row in seen if row.id not in gone and kept.get(row.broadcast_id or 0) is True]
    _stop(db, taken_back, "cancelled", holds.CANCELLED, now)
    waiting = [row for row in seen if kept.get(row.broadcast_id or 0) is False]
    if waiting:
        _change(db, waiting, due_at=now + holds.PUT_OFF)
    quiet_end = quiet.until(now, rt.settings)
    disturbing = [row for row in seen if quiet_end is not None and row.kind in KINDS and KINDS[row.kind].quiet_hours]
    if disturbing:
        _change(db, disturbing, due_at=quiet_end)
    out = gone | {row.id for rows in (taken_back, waiting, disturbing) for row in rows}
    return [row for row in seen if row.id not in out]


def _requests(rt: Runtime, rows: Collection[Candidate], slots: Mapping[str, int], now: datetime) -> list[Request]:
    """Rows with one text share a request; what finds no free request stays queued."""
    attempt_id = uuid4()
    requests: list[Request] = []
    filling: dict[tuple[str, str], Request] = {}
    free = dict(slots)
    for row in rows:
        place = (row.gateway, row.sent_text)
        request = filling.get(place)
        full = request and len(request.rows) >= rt.gateways[row.gateway].recipients_per_request
        if request is None or full or row.number in request.rows:
            if free[row.gateway] <= 0:
                continue
            free[row.gateway] -= 1
            request = filling[place] = Request(row.gateway, row.sent_text, attempt_id, now)
            requests.append(request)
        request.rows[row.number] = Claimed(row.id, row.number, row.kind, row.attempts + 1)
    return requests


def _take(db: Session, requests: Collection[Request], now: datetime) -> None:
    if not requests:
        return
    ids = [row.id for request in requests for row in request.rows.values()]
    [attempt_id] = {request.attempt_id for request in requests}
    db.execute(_TAKE, {"ids": ids, "attempt": attempt_id, "now": now})


def _stop(db: Session, rows: Collection[Candidate], status: str, reason: str, now: datetime) -> None:
    if rows:
        # One that may have gone out once is not said to be unsent.
        unsent = tries.nothing_out()
        known = case((unsent, status), else_="unknown")
        noted = tries.noted(now, known, reason)
        _change(db, rows, status=known, reason=reason, final_at=case((unsent, now)), history=noted)


def _change(db: Session, rows: Collection[Candidate], **values: Any) -> None:
    db.execute(
        update(Message).where(among(Message.id, [row.id for row in rows])).values(**values),
        execution_options={"synchronize_session": False},
    )
