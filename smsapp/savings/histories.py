"""Disputes: which are open, and all that happened to an entry that a member says is not right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.messages import MO, Message
from smsapp.paging import PAGE, Page
from smsapp.people import Person
from smsapp.places import Place
from smsapp.savings import statements
from smsapp.savings.book import Dispute, Posting
from smsapp.savings.reading import NotHere
from smsapp.savings.statements import Holder, Written
from smsapp.savings.tables import Consent, Group, Member, Request
from smsapp.scopes import Scope
from smsapp.segments import search_key

STATES = ("open", "ended")
LATER = timedelta(hours=1)  # texts that follow the end of a dispute


@dataclass(frozen=True)
class Said:
    """A dispute as a list shows it: who said no to which entry of which group."""

    dispute: Dispute
    group: Group
    facility: str
    posting: Posting
    member: Holder


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    `what`: booked, told (a text went out), wrote (one came), disputed, asked (to reverse it), asked_to_keep, yes or no
    (an officer's to that), reversed, agreed or kept.
    """

    what: str
    at: datetime
    who: Holder | None = None
    entry: Written | None = None
    message: Message | None = None


@dataclass(frozen=True)
class History:
    """A dispute with all that happened, in the order of time."""

    said: Said
    entry: Written
    events: Sequence[Event]


def disputes(
    db: Session, scope: Scope, state: str = "", after: str | None = None, group_id: int | None = None, size: int = PAGE
) -> Page:
    """A page of `Said`, the newest first."""
    found = paging.page(db, _chosen().where(*_fit(scope, state, group_id)), [Dispute.id], after, size=size)
    return Page([_said(row) for row in found.rows], found.after, found.first)


def _chosen() -> Select[*tuple[Any, ...]]:
    return (
        select(Dispute, Group, Place.name, Posting, Member.id, Member.card, Person.name)
        .join(Group, Group.id == Dispute.group_id)
        .join(Place, Place.id == Group.facility_id)
        .join(Posting, Posting.id == Dispute.posting_id)
        .join(Member, Member.id == Dispute.member_id)
        .join(Person, Person.id == Member.person_id)
    )


def _fit(scope: Scope, state: str, group_id: int | None) -> Iterator[ColumnElement[bool]]:
    yield scope.within(Group.facility_id)
    if state in STATES:
        yield Dispute.outcome.is_(None) if state == "open" else Dispute.outcome.is_not(None)
    if group_id is not None:
        yield Dispute.group_id == group_id


def _said(row: Any) -> Said:
    dispute, group, facility, posting, member_id, card, name = row
    return Said(dispute, group, facility, posting, Holder(member_id, card, name or ""))


def history(db: Session, scope: Scope, dispute_id: int) -> History:
    """Raises NotHere where there is none in this scope."""
    fits = (Dispute.id == dispute_id, *_fit(scope, "", None))
    row = db.execute(_chosen().where(*fits)).one_or_none() if dispute_id < paging.LARGEST else None
    if row is None:
        raise NotHere(dispute_id)
    said = _said(row)
    back = db.scalars(select(Posting).where(Posting.reverses == said.posting.id)).all()
    entry, *reversals = statements.entries(db, said.group.id, [said.posting, *back])
    holders = statements.holders(db, said.group.id)
    events = [
        Event("booked", said.posting.at, entry.entered_by, entry),
        Event("disputed", said.dispute.opened_at, said.member),
        *(Event("reversed", one.posting.at, one.entered_by, one) for one in reversals),
        *_officers(db, said, holders),
        *(_heard(message) for message in _texts(db, said, [entry, *reversals])),
    ]
    if said.dispute.outcome == "agreed" and said.dispute.ended_at:
        events.append(Event("agreed", said.dispute.ended_at, said.member))
    if said.dispute.outcome == "kept" and said.dispute.ended_at:
        events.append(Event("kept", said.dispute.ended_at, None))
    return History(said, entry, sorted(events, key=lambda event: event.at))


def _officers(db: Session, said: Said, holders: Mapping[int | None, Holder]) -> Iterator[Event]:
    """Who asked to reverse it or to let it stand, and what the other officers said to that."""
    to_do = Request.what.in_(("cancel", "dispute"))
    asked = (Request.group_id == said.group.id, to_do, Request.about == said.posting.id)
    for request in db.scalars(select(Request).where(*asked)):
        what = "asked" if request.what == "cancel" else "asked_to_keep"
        yield Event(what, request.asked_at, holders.get(request.asked_by))
        for consent in db.scalars(select(Consent).where(Consent.request_id == request.id)):
            yield Event("yes" if consent.given else "no", consent.at, holders.get(consent.member_id))


def _heard(message: Message) -> Event:
    return Event("wrote" if message.direction == MO else "told", message.created_at, message=message)


def _texts(db: Session, said: Said, entries: Sequence[Written]) -> Iterator[Message]:
    """Receipts of the entry and of its reversal, what the officers were told, and what she or her witness wrote."""
    ids = db.scalars(select(Member.id).where(Member.group_id == said.group.id)).all()
    keys = [f"receipt:{entry.posting.id}:{member_id}" for entry in entries for member_id in ids]
    yield from db.scalars(select(Message).where(Message.key.in_(keys)))
    until = (said.dispute.ended_at or said.dispute.opened_at) + LATER
    told = or_(*(Message.key.like(f"savings:%{word}:{said.posting.id}:%") for word in ("disputed", "agreed", "kept")))
    days = (Message.created_at >= said.posting.at, Message.created_at <= until)
    yield from db.scalars(select(Message).where(Message.facility_id == said.group.facility_id, *days, told))
    member = db.get_one(Member, said.member.id)
    witness = db.get(Member, member.witness_id) if member.witness_id else None
    numbers = [one.number for one in (member, witness) if one is not None and one.number]
    hers = select(Message).where(Message.number.in_(numbers), Message.direction == MO, *days)
    for message in db.scalars(hers):
        if said.posting.receipt.lower() in search_key(message.text or "").replace(" ", ""):
            yield message
