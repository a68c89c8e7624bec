"""What the staff do about a thread: answer it, hand it to somebody, be done with it, take it up again."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import outbox, people, segments
from smsapp.inbox import reading
from smsapp.inbox.measuring import measure
from smsapp.messages import Message, Thread
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import Account, AccountPlace, Staff, audit
from smsapp.staff.tables import SURVEILLANCE, UNBOUND, VIEWER


class Unsent(Exception):
    """An answer that did not go out; `why` is a word, `by` who answered meanwhile."""

    def __init__(self, why: str, by: str = "") -> None:
        super().__init__(why)
        self.why, self.by = why, by


class NoColleague(Exception):
    """Nobody who could answer for this number."""


def reply(
    db: Session, rt: Runtime, staff: Staff, number: str, text: str, *, key: str, seen: int, done: bool = False
) -> Message:
    """Answer by hand, once for each `key` and text, unless a colleague has since the message `seen`; or Unsent."""
    facility_id = reading.one(db, staff.scope, number)
    text = segments.clean(text)
    reading.lock(db, number)
    own = f"hand:{staff.id}:{key}:{hashlib.sha256(f'{number} {text}'.encode()).hexdigest()[:16]}"
    if sent := db.scalar(select(Message).where(Message.key == own)):
        return sent
    thread = db.get(Thread, number, populate_existing=True)
    _check(db, rt, staff, number, text, thread, seen)
    posted = outbox.post(
        db,
        rt,
        number,
        text,
        kind="reply",
        person_id=_person(db, number),
        reply_to=reading.last_text(db, number),
        key=own,
        meta={"staff": staff.id},
        facility_id=facility_id,
    )
    sent = db.get_one(Message, posted.id)
    _answered(db, rt.now(), staff, sent, done)
    subject = f"person:{sent.person_id}" if sent.person_id else f"message:{sent.id}"
    audit.note(db, rt.now(), staff, "inbox.replied", subject, facility_id=facility_id, message=sent.id, done=done)
    return sent


def assign(db: Session, now: datetime, staff: Staff, number: str, to: int | None) -> str | None:
    """Hand a thread to a colleague who may see it, or to nobody; her name. NoColleague for anybody else."""
    facility_id = reading.one(db, staff.scope, number)
    names = dict(colleagues(db, facility_id))
    if to is not None and to not in names:
        raise NoColleague(to)
    _change(db, now, staff, number, "inbox.assigned", facility_id, assigned_to=to)
    return names[to] if to is not None else None


def finish(db: Session, now: datetime, staff: Staff, number: str) -> None:
    """Nothing more is to be done; her next text brings the thread back."""
    facility_id = reading.one(db, staff.scope, number)
    nothing = {"waiting": 0, "waiting_since": None}
    _change(db, now, staff, number, "inbox.done", facility_id, done_at=now, done_by=staff.id, **nothing)


def reopen(db: Session, now: datetime, staff: Staff, number: str) -> None:
    """Back among those to answer."""
    facility_id = reading.one(db, staff.scope, number)
    again = {"waiting": func.greatest(Thread.waiting, 1), "waiting_since": func.coalesce(Thread.waiting_since, now)}
    _change(db, now, staff, number, "inbox.reopened", facility_id, done_at=None, done_by=None, **again)


def colleagues(db: Session, facility_id: int | None) -> list[tuple[int, str]]:
    """Who may answer for a number of this facility: id and name of their accounts."""
    above = select(Place.id, Place.parent_id).where(Place.id == facility_id).cte(recursive=True)
    above = above.union(select(Place.id, Place.parent_id).join(above, Place.id == above.c.parent_id))
    near = select(AccountPlace.account_id).where(AccountPlace.place_id.in_(select(above.c.id)))
    answers = Account.role.not_in((SURVEILLANCE, VIEWER))
    able = Account.active, answers, or_(Account.role.in_(UNBOUND), Account.id.in_(near))
    return [(i, name) for i, name in db.execute(select(Account.id, Account.name).where(*able).order_by(Account.name))]


def _check(db: Session, rt: Runtime, staff: Staff, number: str, text: str, thread: Thread | None, seen: int) -> None:
    if not text:
        raise Unsent("empty")
    if measure(text, 0).too_long:
        raise Unsent("long")
    if problem := reading.unreachable(db, rt, number):
        raise Unsent(problem)
    if thread and (thread.replied_id or 0) > seen and thread.replied_by != staff.id:
        colleague = db.get(Account, thread.replied_by) if thread.replied_by else None
        raise Unsent("answered", colleague.name if colleague else "")


def _person(db: Session, number: str) -> int | None:
    known = people.behind(db, number)
    return known[0].id if known else None


def _answered(db: Session, now: datetime, staff: Staff, sent: Message, done: bool) -> None:
    """The thread is hers who answered, if nobody's, and waits no longer."""
    told = {
        "facility_id": sent.facility_id,
        "last_id": sent.id,
        "last_at": now,
        "replied_id": sent.id,
        "replied_by": staff.id,
        "waiting": 0,
        "waiting_since": None,
        "done_at": now if done else None,
        "done_by": staff.id if done else None,
    }
    write = insert(Thread).values(number=sent.number, assigned_to=staff.id, **told)
    hers = func.coalesce(Thread.assigned_to, staff.id)
    db.execute(write.on_conflict_do_update(index_elements=["number"], set_={**told, "assigned_to": hers}))


def _change(
    db: Session, now: datetime, staff: Staff, number: str, action: str, facility_id: int | None, **values: object
) -> None:
    reading.lock(db, number)
    changed = update(Thread).where(Thread.number == number).values(**values).returning(Thread.last_id)
    last_id = db.scalar(changed, execution_options={"synchronize_session": False})
    if last_id is None:
        raise LookupError(number)
    person_id = _person(db, number)
    subject = f"person:{person_id}" if person_id else f"message:{last_id}"
    told: dict[str, Any] = {"to": values["assigned_to"]} if "assigned_to" in values else {}
    audit.note(db, now, staff, action, subject, facility_id=facility_id, **told)
