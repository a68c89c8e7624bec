"""Planning: who gets a broadcast is written down once, by the database itself, and nothing is held here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import structlog
from sqlalchemy import BigInteger, cast, delete, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Subquery

from smsapp.broadcasts import again, approval, audience, counting, wording
from smsapp.broadcasts.audience import Audience, Listing
from smsapp.broadcasts.content import Content
from smsapp.broadcasts.counting import Count, Sampled
from smsapp.broadcasts.tables import DRAFT, PLANNING, SCHEDULED, WAITING, Broadcast, Recipient
from smsapp.broadcasts.wording import Figures, Shown
from smsapp.db import transaction
from smsapp.people import EVERYTHING, Person, TopicLeft
from smsapp.runtime import Runtime
from smsapp.scopes import Scope

NOBODY = "There is nobody in this audience."
LONGEST = "80s"  # a job's own time is 90

log = structlog.get_logger(__name__)


_WAITING = select(Broadcast.id).where(Broadcast.status == PLANNING).order_by(Broadcast.id)


def plan_waiting(rt: Runtime) -> int:
    """Plan the broadcasts that were handed in, each in a transaction of its own; how many."""
    with transaction(rt.sessions) as db:
        waiting = db.scalars(_WAITING).all()
    return sum(_plan_one(rt, broadcast_id) for broadcast_id in waiting)


def _plan_one(rt: Runtime, broadcast_id: int) -> bool:
    with transaction(rt.sessions) as db:
        free = select(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.status == PLANNING)
        broadcast = db.scalar(free.with_for_update(skip_locked=True))
        if broadcast is not None:  # else somebody else plans it, or it was taken back
            plan(db, rt, broadcast)
            log.info("broadcast planned", broadcast=broadcast.id, status=broadcast.status, planned=broadcast.planned)
    return broadcast is not None


def plan(db: Session, rt: Runtime, broadcast: Broadcast) -> None:
    """Write down the recipients of a broadcast that is locked, and what it may cost; it then waits, or may go."""
    db.execute(text(f"SET LOCAL statement_timeout = '{LONGEST}'"))
    clear(db, broadcast.id)
    _write(db, rt, broadcast)
    counted = counting.tally(db, _written(broadcast.id, rt.settings.language))
    broadcast.planned = sum(figures.people for figures in counted.values())
    broadcast.gone = _gone(db, broadcast)
    broadcast.fed = broadcast.dropped = 0
    broadcast.tally = {language: asdict(wording.unnamed(told)) for language, told in counted.items()}
    broadcast.estimate = sum(one.cost for one in shown(rt, broadcast.texts, counted))
    broadcast.status, broadcast.note = _next(db, rt, broadcast)
    db.execute(text("SET LOCAL statement_timeout = DEFAULT"))


def whom(db: Session, rt: Runtime, broadcast: Broadcast) -> Subquery:
    """One row for each number that this broadcast would reach now."""
    chosen = Audience.read(broadcast.audience)
    if chosen.again:
        return again.unreached(broadcast.root)
    return audience.numbers(db, chosen, broadcast.scope, Listing(broadcast.id), rt.settings.languages)


def reach(db: Session, rt: Runtime, scope: Scope, content: Content, listing: Listing, root: int = 0) -> Count:
    """How many it would reach now; of one that repeats another, whose first is `root`, those not reached yet."""
    if content.audience.again:
        return Count(counting.tally(db, again.unreached(root)))
    return counting.count(db, content.audience, scope, listing, rt.settings.languages)


def few(
    db: Session, rt: Runtime, scope: Scope, content: Content, listing: Listing, root: int = 0, *, empty: str = ""
) -> list[Sampled]:
    """Some of those whom it would reach; with `empty` some for whom this variable has no value."""
    if content.audience.again:
        return counting.few(db, again.unreached(root), empty)
    return counting.sample(db, content.audience, scope, listing, rt.settings.languages, empty=empty)


def shown(rt: Runtime, texts: Mapping[str, str], tally: Mapping[str, Figures]) -> list[Shown]:
    """Each language's text as it will be sent, and what that costs at most."""
    return wording.shown(texts, tally, rt.settings.languages, rt.settings.price_per_part)


def figures(broadcast: Broadcast) -> dict[str, Figures]:
    """Of the planned numbers, by the language that is read there."""
    return {language: Figures(**told) for language, told in broadcast.tally.items()}


def clear(db: Session, broadcast_id: int) -> None:
    """Nobody is to get it any more, or it is planned anew."""
    db.execute(delete(Recipient).where(Recipient.broadcast_id == broadcast_id))


def _next(db: Session, rt: Runtime, broadcast: Broadcast) -> tuple[str, str]:
    if not broadcast.planned:
        return DRAFT, NOBODY
    if broadcast.made_by is None:  # the command line needs nobody's leave
        return SCHEDULED, ""
    approval.in_turn(db, broadcast.made_by)
    before = approval.lately(db, rt, broadcast.made_by, broadcast.texts, broadcast.root)
    return WAITING if approval.needed(rt, broadcast.planned, before) else SCHEDULED, ""


def _write(db: Session, rt: Runtime, broadcast: Broadcast) -> None:
    who = whom(db, rt, broadcast).c
    columns = ("number", "person_id", "facility_id", "language")
    rows = select(cast(literal(broadcast.id), BigInteger), *(who[name] for name in columns))
    db.execute(insert(Recipient).from_select(["broadcast_id", *columns], rows).on_conflict_do_nothing())


def _written(broadcast_id: int, language: str) -> Subquery:
    who = Recipient.number, Recipient.person_id, Recipient.facility_id
    spoken = func.coalesce(Recipient.language, language).label("language")
    named = select(*who, spoken, Person.name).join(Person, Person.id == Recipient.person_id, isouter=True)
    return named.where(Recipient.broadcast_id == broadcast_id).subquery("written")


def _gone(db: Session, broadcast: Broadcast) -> int:
    """How many had left its topic, or everything, when it was planned; whether they have is asked again at the send."""
    topics = or_(TopicLeft.topic == broadcast.topic, TopicLeft.topic == EVERYTHING)
    left = select(TopicLeft.number).where(TopicLeft.number == Recipient.number, topics).exists()
    return db.scalar(select(func.count()).where(Recipient.broadcast_id == broadcast.id, left)) or 0
