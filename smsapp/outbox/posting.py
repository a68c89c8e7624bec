"""Posting: a promise to send, written in the transaction of the work that caused it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, Text, any_, bindparam, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from smsapp import arrays, people, phones, segments
from smsapp.db import after_commit
from smsapp.kinds import KINDS, Kind
from smsapp.messages import MT, Message
from smsapp.outbox import quiet
from smsapp.reads import Read
from smsapp.runtime import Runtime

DELIVER = {"replies": "deliver_replies", "bulk": "deliver_bulk"}  # queue -> job
AT_ONCE = 2000  # rows of one statement
_ANSWERS = Read(
    select(func.count()).where(
        Message.number == bindparam("whose"),
        Message.created_at > bindparam("since"),
        Message.direction == MT,
        Message.kind == any_(bindparam("kinds", type_=ARRAY(Text))),
    )
)
_TABLE = cast(Table, Message.__table__)  # the ORM would look at each row, and read it back
_PROMISED = _TABLE.c.id, _TABLE.c.queue, _TABLE.c.status
_WRITE = insert(_TABLE).on_conflict_do_nothing(index_elements=["key"]).returning(*_PROMISED)
_WRITE_PLACED = _WRITE.values(facility_id=people.FACILITY_OF_SERVED)
_POSTED = select(*_PROMISED).where(_TABLE.c.key == bindparam("named"))
NO_DESTINATION = "not a mobile number of an allowed country"


@dataclass(frozen=True)
class Draft:
    """What somebody wants sent.

    Where not given, `topic` is its kind's, `gateway` the first one, and `facility_id`, which tells who may see it, that
    of the message that it answers or of the person whom the number mainly serves.
    """

    number: str
    text: str
    kind: str
    language: str | None = None
    person_id: int | None = None
    reply_to: int | None = None
    broadcast_id: int | None = None
    key: str | None = None
    due: datetime | None = None
    use_by: datetime | None = None
    topic: str | None = None
    gateway: str | None = None
    meta: dict[str, Any] | None = None
    facility_id: int | None = None


class Posted(NamedTuple):
    """A promise that stands: a row of messages."""

    id: int
    queue: str
    status: str


def post(
    db: Session,
    rt: Runtime,
    number: str,
    text: str,
    *,
    kind: str,
    language: str | None = None,
    person_id: int | None = None,
    reply_to: int | None = None,
    key: str | None = None,
    due: datetime | None = None,
    use_by: datetime | None = None,
    meta: dict[str, Any] | None = None,
    topic: str | None = None,
    facility_id: int | None = None,
) -> Posted:
    """Promise one message; a second post with the same key returns the first promise."""
    more: dict[str, Any] = {"due": due, "use_by": use_by, "topic": topic, "meta": meta, "facility_id": facility_id}
    draft = Draft(number, text, kind, language, person_id, reply_to, key=key, **more)
    if reply_to is not None:
        draft = _by_the_way_it_came(db, rt, draft)
    values = _row(rt, draft)
    write = _WRITE
    if draft.facility_id is None:
        write, values = _WRITE_PLACED, {**values, "served": number}
        del values["facility_id"]
    db.flush()  # whose number it is may not be written yet
    if written := db.execute(write, values).first():
        posted = Posted(*written)
        _ring(db, rt, {posted.queue} if posted.status == "queued" else set())
        return posted
    return Posted(*db.execute(_POSTED, {"named": key}).one())


def post_many(db: Session, rt: Runtime, drafts: Iterable[Draft]) -> int:
    """Promise thousands at once; those whose key was posted before are left out. How many are new."""
    rows = [_row(rt, draft) for draft in drafts]
    if not rows:
        return 0
    _place(db, [row for row in rows if row["facility_id"] is None])
    names, new = tuple(rows[0]), 0
    for start in range(0, len(rows), AT_ONCE):
        new += len(db.execute(_write_all(names), arrays.told(rows[start : start + AT_ONCE])).all())
    _ring(db, rt, {row["queue"] for row in rows if row["status"] == "queued"})
    return new


def answers_in_last_hour(db: Session, number: str, kinds: Sequence[str], now: datetime) -> int:
    """How many messages of these kinds were promised to the number within the hour."""
    [[count]] = _ANSWERS.rows(db, {"whose": number, "since": now - timedelta(hours=1), "kinds": list(kinds)})
    return int(count)


def _by_the_way_it_came(db: Session, rt: Runtime, draft: Draft) -> Draft:
    """An answer goes back through the gateway that brought the question, and is seen by those who see that."""
    question = db.get(Message, draft.reply_to)  # mostly the one that is being heard, and read already
    if question is None:
        return draft
    draft = replace(draft, facility_id=draft.facility_id or question.facility_id)
    return replace(draft, gateway=question.gateway) if question.gateway in rt.gateways else draft


@lru_cache(maxsize=2)
def _write_all(names: tuple[str, ...]) -> ReturningInsert[int]:
    """Those whose key was posted before are left out."""
    return arrays.write_all(_TABLE, names).on_conflict_do_nothing(index_elements=["key"]).returning(_TABLE.c.id)


def _place(db: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Give rows without a facility that of the person whom their number mainly serves; one query for all."""
    numbers = sorted({row["number"] for row in rows})
    if not numbers:
        return
    told = func.unnest(literal(numbers, ARRAY(Text))).table_valued(column("number", Text)).render_derived().c
    served: dict[str, int | None] = dict(db.execute(select(told.number, people.facility_of(told.number))).all())
    for row in rows:
        row["facility_id"] = served[row["number"]]


@lru_cache(maxsize=512)  # a broadcast says the same thing thousands of times
def _folded(text: str) -> tuple[str, str, int]:
    written = segments.clean(text)  # the database takes neither NUL nor half a surrogate pair
    folded = segments.fold(written)
    return written, folded, segments.count(folded)


def _row(rt: Runtime, draft: Draft) -> dict[str, Any]:
    kind, now = KINDS[draft.kind], rt.now()
    written, folded, parts = _folded(draft.text)
    allowed = phones.may_send_to(draft.number, {rt.settings.country})
    wanted = max(now, draft.due or now)
    return {
        "direction": MT,
        "number": draft.number,
        "gateway": draft.gateway or next(iter(rt.gateways)),
        "kind": kind.name,
        "topic": draft.topic or kind.topic,
        "language": draft.language,
        "text": written,
        "sent_text": folded,
        "parts": parts,
        "status": "queued" if allowed else "failed",
        "reason": None if allowed else NO_DESTINATION,
        "final_at": None if allowed else now,
        "priority": kind.priority,
        "queue": kind.queue,
        "created_at": now,
        "due_at": _planned(rt, kind, wanted),
        "use_by": draft.use_by or wanted + kind.use_by,
        "person_id": draft.person_id,
        "facility_id": draft.facility_id,
        "broadcast_id": draft.broadcast_id,
        "reply_to": draft.reply_to,
        "key": draft.key,
        "meta": draft.meta or {},
    }


def _planned(rt: Runtime, kind: Kind, wanted: datetime) -> datetime:
    return (quiet.until(wanted, rt.settings) if kind.quiet_hours else None) or wanted


def _ring(db: Session, rt: Runtime, queues: set[str]) -> None:
    for queue in queues:
        after_commit(db, _bell(rt, DELIVER[queue]), key=f"ring {DELIVER[queue]}")


def _bell(rt: Runtime, job: str) -> Callable[[], None]:
    return lambda: rt.bell.ring(job)
