"""What happened with a person, the newest first: messages, consent, STOP, numbers, changes, and domains' own events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, case, cast, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from smsapp import paging
from smsapp.messages import Message
from smsapp.paging import PAGE, Page
from smsapp.people import Consent, Number, Person, TopicLeft
from smsapp.registry.tables import PersonChange

Source = Callable[[int], Select[Any]]


@dataclass(frozen=True)
class Event:
    """`kind` says what `told` holds."""

    at: datetime
    kind: str
    key: str
    told: dict[str, Any]


SOURCES: list[Source] = []


def source(events: Source) -> Source:
    """A domain's own events: a statement made by `event` for a person's id. Used as a decorator."""
    SOURCES.append(events)
    return events


def event(kind: str, at: Any, key: Any, /, **told: Any) -> Select[Any]:
    """The columns of one kind of event; its table and condition follow. `key` tells events of one moment apart."""
    facts = func.jsonb_build_object(*(part for name, value in told.items() for part in (literal(name, Text), value)))
    return select(at.label("at"), literal(kind, Text).label("kind"), cast(key, Text).label("key"), facts.label("told"))


def of(db: Session, person_id: int, after: str | None = None, size: int = PAGE) -> Page:
    """A page of her events."""
    newest = [_newest(events(person_id), after, size) for events in SOURCES]
    both = union_all(*newest).subquery("events")
    keys = [both.c.at, both.c.kind, both.c.key]
    page = paging.page(db, select(both.c.at, both.c.kind, both.c.key, both.c.told), keys, after, size=size)
    return Page([Event(*row) for row in page.rows], page.after, page.first)


def _newest(events: Select[Any], after: str | None, size: int) -> Select[Any]:
    """No source hands over more than the page could hold."""
    one = events.subquery()
    keys = [one.c.at, one.c.kind, one.c.key]
    chosen = select(one.c.at, one.c.kind, one.c.key, one.c.told).where(paging.beyond(keys, after))
    limited = chosen.order_by(*(key.desc() for key in keys)).limit(size + 1).subquery()
    return select(limited)


@source
def messages(person_id: int) -> Select[Any]:
    return _message().where(Message.person_id == person_id)


@source
def messages_of_her_numbers(person_id: int) -> Select[Any]:
    """Those of which nobody knew whose they are, on numbers that mainly serve nobody else."""
    other = aliased(Number)
    elsewhere = other.number == Number.number, other.main, other.person_id != person_id
    free = ~select(other.person_id).where(*elsewhere).exists()
    numbers = select(Number.number).where(Number.person_id == person_id, free)
    return _message().where(Message.person_id.is_(None), Message.number.in_(numbers))


def _message() -> Select[Any]:
    return event(
        "message",
        Message.created_at,
        Message.id,
        id=Message.id,
        direction=Message.direction,
        # What no flow has heard yet may be an answer that nobody may read.
        text=case((Message.status != "received", func.coalesce(Message.text, Message.sent_text))),
        status=Message.status,
        kind=Message.kind,
        number=Message.number,
    )


@source
def consents(person_id: int) -> Select[Any]:
    told = {"topic": Consent.topic, "given": Consent.given, "channel": Consent.channel, "language": Consent.language}
    return event("consent", Consent.at, Consent.id, **told).where(Consent.person_id == person_id)


@source
def stops(person_id: int) -> Select[Any]:
    numbers = select(Number.number).where(Number.person_id == person_id)
    key = TopicLeft.number + TopicLeft.topic
    told = {"topic": TopicLeft.topic, "channel": TopicLeft.channel, "number": TopicLeft.number}
    return event("stop", TopicLeft.at, key, **told).where(TopicLeft.number.in_(numbers))


@source
def numbers(person_id: int) -> Select[Any]:
    return event("number", Number.since, Number.number, number=Number.number).where(Number.person_id == person_id)


@source
def registered(person_id: int) -> Select[Any]:
    return event("registered", Person.created_at, Person.id).where(Person.id == person_id)


@source
def changes(person_id: int) -> Select[Any]:
    of_change = PersonChange
    told = {"who": of_change.who, "what": of_change.what, "before": of_change.before, "after": of_change.after}
    return event("change", of_change.at, of_change.id, **told).where(of_change.person_id == person_id)
