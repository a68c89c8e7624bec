"""One thread: who writes from this number, what was said both ways, and what is still to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from smsapp import paging, people
from smsapp.inbox.lists import digest
from smsapp.messages import MO, Message, Thread
from smsapp.outbox.naming import named
from smsapp.people import Known, Number, TopicLeft
from smsapp.phones import may_send_to
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.staff import Account

KEYS = (Message.created_at, Message.id)


@dataclass(frozen=True)
class Said:
    """One message of a thread; `by` is the member of the staff who wrote it."""

    message: Message
    by: str | None

    @property
    def hers(self) -> bool:
        return self.message.direction == MO

    @property
    def text(self) -> str | None:
        """None where it is not kept, or not heard yet: until then nobody knows whether it is an anonymous answer."""
        return None if self.message.status == "received" else self.message.text


@dataclass(frozen=True)
class Conversation:
    """A number's thread as its page shows it; `said` is in the order of time."""

    number: str
    facility_id: int | None
    thread: Thread | None
    known: Sequence[Known]
    said: Sequence[Said]
    earlier: str | None  # the mark of the page before this one
    latest: bool
    left: Sequence[str]  # topics
    assigned: str | None
    done_by: str | None
    problem: str | None  # why nobody can write to this number

    @property
    def last_id(self) -> int:
        return self.said[-1].message.id if self.said else 0

    @property
    def mark(self) -> str:
        """Another one as soon as anything on the page has changed."""
        thread = self.thread
        todo = (thread.waiting, thread.assigned_to, thread.done_at is None) if thread else ()
        return f"{self.last_id}.{digest(([(s.message.id, s.message.status) for s in self.said], todo))}"

    @property
    def subject(self) -> str:
        """Who it is about, as the audit trail says it: never a number, which could not be forgotten there."""
        return f"person:{self.known[0].id}" if self.known else f"message:{self.last_id}"


def one(db: Session, scope: Scope, number: str) -> int | None:
    """The facility that this number belongs to; LookupError where nothing is known of it in this scope."""
    if not number.isprintable():
        raise LookupError("not a number")
    facility_id = db.scalar(select(people.facility_of(number)))
    if not scope.covers(facility_id):
        raise LookupError(number)
    known = select(Number.number).where(Number.number == number).exists()
    wrote = select(Message.id).where(Message.number == number).exists()
    if not db.scalar(select(or_(known, wrote))):
        raise LookupError(number)
    return facility_id


def read(db: Session, rt: Runtime, scope: Scope, number: str, before: str | None = None) -> Conversation:
    """A number's thread, its newest messages or those before a mark; LookupError as of `one`."""
    facility_id = one(db, scope, number)
    thread = db.get(Thread, number)
    page = paging.page(db, visible(scope, number), KEYS, before)
    said = list(reversed(page.rows))
    names = named(db, Account, {hand(m) for m in said} | ({thread.assigned_to, thread.done_by} if thread else set()))
    known = [person for person in people.behind(db, number) if scope.covers(person.facility_id)]
    return Conversation(
        number=number,
        facility_id=facility_id,
        thread=thread,
        known=known,
        said=[Said(m, names.get(hand(m))) for m in said],
        earlier=page.after,
        latest=page.first,
        left=sorted(db.scalars(select(TopicLeft.topic).where(TopicLeft.number == number))),
        assigned=names.get(thread.assigned_to) if thread else None,
        done_by=names.get(thread.done_by) if thread else None,
        problem=unreachable(db, rt, number),
    )


def visible(scope: Scope, number: str) -> Select[Message]:
    """Messages of a number that belong to this scope, with those from before anybody knew whose it is."""
    hers = Message.number == number, or_(scope.within(Message.facility_id), Message.facility_id.is_(None))
    return select(Message).where(*hers)


def hand(message: Message) -> int | None:
    """The account that wrote this message by hand."""
    account_id = message.meta.get("staff")
    return account_id if isinstance(account_id, int) else None


def unreachable(db: Session, rt: Runtime, number: str) -> str | None:
    """Why nobody can write to this number: "destination", or "silence" of one who asked for it and never wrote."""
    if not may_send_to(number, {rt.settings.country}):
        return "destination"
    left = people.left(db, [number], rt.settings.secret_key)
    if (number, people.EVERYTHING) in left and last_text(db, number) is None:
        return "silence"
    return None


def last_text(db: Session, number: str) -> int | None:
    """The id of the last message from this number."""
    hers = select(Message.id).where(Message.number == number, Message.direction == MO)
    return db.scalar(hers.order_by(Message.created_at.desc(), Message.id.desc()).limit(1))


def lock(db: Session, number: str) -> None:
    """One after the other, for what is said and done about one number; conversations take the same lock."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(number, 0))))
