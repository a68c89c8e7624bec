"""A broadcast's way from draft to end: who may take each step, and the trail of who took it."""

from __future__ import annotations

from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import ColumnElement, and_, delete, func, select, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from smsapp import segments
from smsapp.broadcasts import again, planning
from smsapp.broadcasts.audience import Audience
from smsapp.broadcasts.content import Content, Problem, problems
from smsapp.broadcasts.tables import (
    BEFORE,
    CANCELLED,
    DRAFT,
    OVER,
    PAUSED,
    PLANNING,
    RUNNING,
    SCHEDULED,
    UNDER_WAY,
    WAITING,
    Broadcast,
    Listed,
)
from smsapp.db import after_commit
from smsapp.outbox import holds
from smsapp.runtime import Runtime
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.staff import Staff, audit

FEED, SEND = "feed_broadcasts", "deliver_bulk"  # jobs
LONGEST_NOTE = 500
CHANGED = "Somebody has changed this broadcast meanwhile."


def seen_by(scope: Scope) -> ColumnElement[bool]:
    """Broadcasts that reach nobody outside this scope."""
    if scope.facilities is None:
        return true()
    mine = sorted(scope.facilities)
    return and_(func.cardinality(Broadcast.facilities) > 0, Broadcast.facilities.contained_by(mine))


def find(db: Session, scope: Scope, broadcast_id: int, *, lock: bool = False) -> Broadcast | None:
    """A broadcast, if it lies within the scope; `lock` keeps everybody else from its next step."""
    chosen = select(Broadcast).where(Broadcast.id == broadcast_id, seen_by(scope))
    if not lock:
        return db.scalar(chosen)
    try:
        return db.scalar(chosen.with_for_update().execution_options(populate_existing=True))
    except DBAPIError as why:  # a million numbers are being written down
        if isinstance(why.orig, LockNotAvailable):
            raise Problem("It is being worked on at this moment: try again in a while.") from why
        raise


def make(db: Session, rt: Runtime, staff: Staff | None, content: Content) -> Broadcast:
    """A draft that reaches at most those whom its maker may see."""
    scope = staff.scope if staff else EVERYWHERE
    if scope.facilities is not None and not scope.facilities:
        raise Problem("You answer for no place yet: an administrator has to give you one.")
    broadcast = Broadcast(
        status=DRAFT,
        facilities=None if scope.facilities is None else sorted(scope.facilities),
        made_by=staff.id if staff else None,
        maker=staff.name if staff else audit.COMMAND_LINE,
        created_at=rt.now(),
        generation=0,
    )
    _write(rt, broadcast, content)
    db.add(broadcast)
    db.flush()
    _note(db, rt, staff, "made", broadcast)
    return broadcast


def change(db: Session, rt: Runtime, staff: Staff | None, broadcast: Broadcast, content: Content) -> None:
    """What a draft says and whom it reaches; one that repeats another keeps its audience."""
    _only(broadcast, DRAFT)
    _write(rt, broadcast, content)
    _note(db, rt, staff, "changed", broadcast)


def content_of(broadcast: Broadcast) -> Content:
    return Content(
        broadcast.texts,
        Audience.read(broadcast.audience),
        broadcast.title,
        broadcast.topic,
        broadcast.start_at,
        broadcast.use_by,
        broadcast.cap,
    )


def wrong(db: Session, rt: Runtime, broadcast: Broadcast) -> list[Problem]:
    """What keeps a draft from being handed in."""
    return problems(rt, content_of(broadcast), has_list=listed(db, broadcast.id) > 0)


def listed(db: Session, broadcast_id: int) -> int:
    """How many numbers somebody gave it by hand."""
    return db.scalar(select(func.count()).where(Listed.broadcast_id == broadcast_id)) or 0


def submit(db: Session, rt: Runtime, staff: Staff | None, broadcast: Broadcast) -> None:
    """Hand a draft in: a worker writes down whom it reaches, and then it goes, or waits for a second person."""
    _only(broadcast, DRAFT)
    if found := wrong(db, rt, broadcast):
        raise found[0]
    broadcast.status, broadcast.note = PLANNING, ""
    broadcast.made_by = staff.id if staff else None  # whoever hands it in is the first person
    broadcast.maker = staff.name if staff else audit.COMMAND_LINE
    _note(db, rt, staff, "submitted", broadcast)
    _ring(db, rt, FEED)


def withdraw(db: Session, rt: Runtime, staff: Staff, broadcast: Broadcast, note: str = "") -> None:
    """Back to a draft, as long as nothing has gone out."""
    _only(broadcast, *BEFORE)
    _back(db, broadcast, note)
    _note(db, rt, staff, "withdrawn", broadcast)


def approve(db: Session, rt: Runtime, staff: Staff, broadcast: Broadcast) -> None:
    """The second person says yes."""
    _only(broadcast, WAITING)
    if not staff.heads:
        raise Problem("Only an administrator or the programme’s staff approve a broadcast.")
    if staff.id == broadcast.made_by:
        raise Problem("You handed it in yourself: a second person has to approve it.")
    if broadcast.use_by is not None and broadcast.use_by <= rt.now():
        raise Problem("It is out of date: take it back and give it another time.")
    broadcast.status = SCHEDULED
    broadcast.approved_by, broadcast.approver = staff.id, staff.name
    _note(db, rt, staff, "approved", broadcast, planned=broadcast.planned)
    _ring(db, rt, FEED)


def decline(db: Session, rt: Runtime, staff: Staff, broadcast: Broadcast, note: str) -> None:
    """The second person says no, and why."""
    _only(broadcast, WAITING)
    if not staff.heads:
        raise Problem("Only an administrator or the programme’s staff approve a broadcast.")
    _back(db, broadcast, note)
    _note(db, rt, staff, "declined", broadcast)


def pause(db: Session, rt: Runtime, staff: Staff | None, broadcast: Broadcast) -> None:
    """Nothing more is handed over, and what is in the outbox waits."""
    _only(broadcast, RUNNING)
    broadcast.status = PAUSED
    holds.pause(db, broadcast.id)
    _note(db, rt, staff, "paused", broadcast)


def resume(db: Session, rt: Runtime, staff: Staff | None, broadcast: Broadcast) -> None:
    _only(broadcast, PAUSED)
    broadcast.status = RUNNING
    holds.resume(db, broadcast.id, rt.now())
    _note(db, rt, staff, "resumed", broadcast)
    _ring(db, rt, SEND)
    _ring(db, rt, FEED)


def cancel(db: Session, rt: Runtime, staff: Staff | None, broadcast: Broadcast) -> None:
    """For good: what has not gone out does not, and what is on its way to the gateway is not tried again."""
    _only(broadcast, *BEFORE, *UNDER_WAY)
    holds.cancel(db, broadcast.id, rt.now())
    broadcast.status, broadcast.ended_at, broadcast.counted_at = CANCELLED, rt.now(), None
    db.execute(delete(Listed).where(Listed.broadcast_id == broadcast.id))
    _note(db, rt, staff, "cancelled", broadcast)


def remove(db: Session, rt: Runtime, staff: Staff, broadcast: Broadcast) -> None:
    """A draft that nobody wants any more."""
    _only(broadcast, DRAFT)
    _note(db, rt, staff, "removed", broadcast)
    db.delete(broadcast)
    db.flush()


def repeat(db: Session, rt: Runtime, staff: Staff, broadcast: Broadcast) -> Broadcast:
    """A draft for those whom no broadcast of this family reached; the one that is there, if there is one already."""
    _only(broadcast, *OVER)
    last = again.latest(db, broadcast.root)
    if last.status not in OVER:
        return last
    missed = again.unreached(broadcast.root)
    if db.scalar(select(missed.c.number).limit(1)) is None:
        raise Problem("There is nobody left: everybody whom it could reach has it, or may have it.")
    draft = Broadcast(
        title=broadcast.title,
        status=DRAFT,
        topic=broadcast.topic,
        texts=dict(broadcast.texts),
        audience=Audience(again=True).told(),
        facilities=broadcast.facilities,
        made_by=staff.id,
        maker=staff.name,
        family=broadcast.root,
        generation=last.generation + 1,
        created_at=rt.now(),
        changed_at=rt.now(),
    )
    db.add(draft)
    db.flush()
    _note(db, rt, staff, "repeated", broadcast, again=draft.id)
    return draft


def _write(rt: Runtime, broadcast: Broadcast, content: Content) -> None:
    chosen = Audience(again=True) if broadcast.generation else content.audience
    broadcast.title = content.named()
    broadcast.topic = content.topic
    broadcast.texts = {language: text for language, raw in content.texts.items() if (text := segments.clean(raw))}
    broadcast.audience = chosen.told()
    broadcast.start_at, broadcast.use_by, broadcast.cap = content.start_at, content.use_by, content.cap
    broadcast.changed_at = rt.now()


def _back(db: Session, broadcast: Broadcast, note: str) -> None:
    planning.clear(db, broadcast.id)
    broadcast.status, broadcast.note = DRAFT, segments.clean(note)[:LONGEST_NOTE]
    broadcast.planned = broadcast.gone = broadcast.estimate = 0
    broadcast.tally = {}
    broadcast.approved_by = broadcast.approver = None


def _only(broadcast: Broadcast, *statuses: str) -> None:
    if broadcast.status not in statuses:
        raise Problem(CHANGED)


def _ring(db: Session, rt: Runtime, job: str) -> None:
    after_commit(db, lambda: rt.bell.ring(job), key=f"ring {job}")


def _note(db: Session, rt: Runtime, staff: Staff | None, what: str, broadcast: Broadcast, **details: Any) -> None:
    only = broadcast.facilities[0] if broadcast.facilities and len(broadcast.facilities) == 1 else None
    audit.note(db, rt.now(), staff, f"broadcasts.{what}", f"broadcast:{broadcast.id}", facility_id=only, **details)
