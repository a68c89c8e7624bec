"""Lists of threads: to answer, one's own, done and all, each within the places that somebody answers for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, Select, column, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from smsapp import paging
from smsapp.messages import MO, Message, Thread
from smsapp.outbox.naming import named, served
from smsapp.places import Place
from smsapp.scopes import Scope
from smsapp.staff import Account, Staff

LISTS = ("answer", "mine", "done", "all")
KEYS = (Thread.last_at, Thread.number)
SHOWN = 140  # characters of a text in a list


@dataclass(frozen=True)
class Line:
    """A thread as a list shows it."""

    thread: Thread
    name: str | None
    facility: str | None
    text: str | None  # None: not kept
    hers: bool  # or the last answer that somebody wrote
    assigned: str | None


@dataclass(frozen=True)
class Listing:
    """A page of threads; `mark` is another one as soon as anything on it has changed."""

    page: paging.Page
    mark: str


def threads(db: Session, which: str, staff: Staff, after: str | None = None, size: int = paging.PAGE) -> Listing:
    """Threads of one of LISTS that this member of the staff may see, the last one moved first."""
    newest = _newest(which, staff, paging.beyond(KEYS, after), size + 1)
    page = paging.cut(db.execute(newest).all(), KEYS, after, size)
    seen = [(t.number, t.last_id, t.waiting, t.assigned_to, t.done_at is None) for t in page.rows]
    return Listing(page, digest(seen))


def digest(seen: object) -> str:
    """A short word that differs wherever what was seen differs."""
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def following(db: Session, staff: Staff, thread: Thread) -> str | None:
    """The number of the next thread to answer, below this one in that list."""
    below = tuple_(*KEYS) < tuple_(thread.last_at, thread.number)
    found = db.scalar(_newest("answer", staff, below, 1))
    return found.number if found else None


def waiting(db: Session, scope: Scope, most: int | None = None) -> int:
    """How many threads wait for an answer; counted up to `most`."""
    each = select(Thread.number).where(Thread.waiting > 0, scope.within(Thread.facility_id)).limit(most)
    return db.scalar(select(func.count()).select_from(each.subquery())) or 0


def lines(db: Session, found: Sequence[Thread]) -> list[Line]:
    """What a list shows of these threads, in four queries whatever their number."""
    texts = {row.id: row for row in db.execute(_last_texts(found))}
    names = served(db, [t.number for t in found])
    places = named(db, Place, {t.facility_id for t in found})
    accounts = named(db, Account, {t.assigned_to for t in found})
    told = []
    for thread in found:
        last = texts.get(thread.last_id)
        text = last.text[:SHOWN] if last and last.text else None
        place, assigned = places.get(thread.facility_id), accounts.get(thread.assigned_to)
        told.append(Line(thread, names.get(thread.number), place, text, last is None or last.direction == MO, assigned))
    return told


def _newest(which: str, staff: Staff, below: ColumnElement[bool], limit: int) -> Select[Thread]:
    chosen = _chosen(which, staff), below
    order = [key.desc() for key in KEYS]
    facilities = staff.scope.facilities
    if which == "mine" or facilities is None or len(facilities) == 1:
        return select(Thread).where(*chosen, staff.scope.within(Thread.facility_id)).order_by(*order).limit(limit)
    # The newest of each facility, and of these the newest: an index has no order over several.
    each = func.unnest(literal(sorted(facilities), ARRAY(Integer))).table_valued(column("id", Integer)).render_derived()
    hers = select(Thread).where(Thread.facility_id == each.c.id, *chosen).order_by(*order).limit(limit).lateral()
    thread = aliased(Thread, hers)
    return (
        select(thread).select_from(each).join(hers, true()).order_by(*(hers.c[k.key].desc() for k in KEYS)).limit(limit)
    )


def _chosen(which: str, staff: Staff) -> ColumnElement[bool]:
    match which:
        case "answer":
            return Thread.waiting > 0
        case "mine":
            return (Thread.assigned_to == staff.id) & Thread.done_at.is_(None)
        case "done":
            return Thread.done_at.is_not(None)
    return true()


def _last_texts(found: Sequence[Thread]) -> Select[int, str, str | None]:
    ids = [t.last_id for t in found]
    return select(Message.id, Message.direction, Message.text).where(Message.id.in_(ids))
