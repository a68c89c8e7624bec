"""Once more to those whom a broadcast surely did not reach, and never twice to anybody."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select, true, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Subquery

from smsapp.broadcasts.progress import surely_missed
from smsapp.broadcasts.tables import Broadcast, Recipient
from smsapp.messages import MT, Message
from smsapp.people import Person

FORGOTTEN = ""  # what is left of a number whose person was forgotten


def key(broadcast: Broadcast, number: str, generation: int | None = None) -> str:
    """What the outbox knows a message by, and takes once: one for each number and generation of a family.

    A generation begins only after the one before is over, and only to numbers all of whose messages surely did not
    arrive: so a number has at most one message of a family that may have.
    """
    generation = broadcast.generation if generation is None else generation
    return f"broadcast:{broadcast.root}:{number}" + (f":{generation}" if generation else "")


def unreached(root: int) -> Subquery:
    """The numbers of a family that no message reached or may have: number, person_id, facility_id, language, name."""
    family = select(Broadcast.id).where(or_(Broadcast.id == root, Broadcast.family == root))
    sent = select(
        Message.number, Message.person_id, Message.facility_id, Message.language, surely_missed().label("missed")
    ).where(Message.broadcast_id.in_(family), Message.direction == MT, Message.number != FORGOTTEN)
    who = Recipient.number, Recipient.person_id, Recipient.facility_id, Recipient.language
    waiting = select(*who, true().label("missed")).where(Recipient.broadcast_id.in_(family))
    each = union_all(sent, waiting).subquery("each").c
    one = (
        select(
            each.number,
            func.max(each.person_id).label("person_id"),
            func.max(each.facility_id).label("facility_id"),
            func.max(each.language).label("language"),
        )
        .group_by(each.number)
        .having(func.bool_and(each.missed))
        .subquery("one")
    )
    named = select(one.c.number, one.c.person_id, one.c.facility_id, one.c.language, Person.name)
    return named.join(Person, Person.id == one.c.person_id, isouter=True).subquery("chosen")


def latest(db: Session, root: int) -> Broadcast:
    """The last of a family; the first is locked, so that nobody else adds one."""
    db.scalars(select(Broadcast.id).where(Broadcast.id == root).with_for_update()).one()
    family = select(Broadcast).where(or_(Broadcast.id == root, Broadcast.family == root))
    last = family.order_by(Broadcast.generation.desc()).limit(1)
    return db.scalars(last.execution_options(populate_existing=True)).one()


def reached_since(db: Session, broadcast: Broadcast, numbers: Sequence[str]) -> set[str]:
    """Those of these numbers of which an earlier message has arrived after all, or may have: reports come late."""
    if not broadcast.generation:
        return set()
    keys = {key(broadcast, number, n): number for number in numbers for n in range(broadcast.generation)}
    reached = db.scalars(select(Message.number).where(Message.key.in_(keys), ~surely_missed()))
    return set(reached)
