"""What people agreed to, and what they left with STOP."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from smsapp.arrays import among_told
from smsapp.db import Work
from smsapp.people.tables import Consent, Number, TopicLeft
from smsapp.reads import Read

EVERYTHING = "*"  # the topic of one who left all of them
CONSENT_VERSION = 1  # of the words she heard: count up when they change

_CONSENT = """
    INSERT INTO consents (person_id, topic, given, version, language, channel, at)
    SELECT person_id, %(topic)s, %(given)s, %(version)s, %(language)s, %(channel)s, %(now)s
    FROM person_numbers WHERE number = %(number)s ORDER BY main DESC, since, person_id LIMIT 1
    RETURNING person_id
"""
# Made once: these are asked before every text.
_LAST = (
    select(Consent.person_id, Consent.given)
    .ext(distinct_on(Consent.person_id))
    .where(Consent.topic == bindparam("topic"), Consent.person_id == Number.person_id)
    .order_by(Consent.person_id, Consent.id.desc())
    .lateral()
)
_DECLINED = Read(
    select(Number.number)
    .join(_LAST, _LAST.c.person_id == Number.person_id)
    .where(among_told(Number.number, "numbers"), _LAST.c.given.is_(False))
)
_LEFT = Read(select(TopicLeft.number, TopicLeft.topic).where(among_told(TopicLeft.number, "numbers")))


def holder_consents(
    work: Work, now: datetime, number: str, topic: str, *, given: bool, language: str, channel: str
) -> bool:
    """Write down what the person whom this number mainly serves agreed to or declined; False if nobody is known."""
    values = {"topic": topic, "given": given, "version": CONSENT_VERSION, "language": language, "channel": channel}
    return work.execute(_CONSENT, {**values, "now": now, "number": number}).fetchone() is not None


def declined(db: Session, numbers: Sequence[str], topic: str) -> set[str]:
    """Those of `numbers` of which somebody's last word on this topic was no."""
    return set(_DECLINED.column(db, {"numbers": list(numbers), "topic": topic}))


def leave(db: Session, now: datetime, number: str, topic: str, channel: str) -> None:
    """STOP: this phone, and the other numbers of one who alone holds it, hear nothing more on the topic."""
    for each in {number, *_numbers_of_sole_holder(db, number)}:
        db.execute(insert(TopicLeft).values(number=each, topic=topic, channel=channel, at=now).on_conflict_do_nothing())


def rejoin(db: Session, number: str, topic: str, secret: str = "") -> None:
    """START: take back one STOP, or all of them, also from before the number's person was forgotten."""
    numbers = {number, *_numbers_of_sole_holder(db, number), *([sealed(secret, number)] if secret else [])}
    statement = delete(TopicLeft).where(TopicLeft.number.in_(numbers))
    if topic != EVERYTHING:
        # One who left everything and comes back for one topic comes back for that one alone is not
        # something a text message can explain: she is back for all but what she left by name.
        statement = statement.where(TopicLeft.topic.in_([topic, EVERYTHING]))
    db.execute(statement)


def left(db: Session, numbers: Iterable[str], secret: str = "") -> set[tuple[str, str]]:
    """(number, topic) pairs of those who left; topic `*` is everything. With the secret also those forgotten since."""
    known = {number: number for number in numbers}
    if secret:
        known |= {sealed(secret, number): number for number in known}
    return {(known[number], topic) for number, topic in _LEFT.rows(db, {"numbers": list(known)})}


def seal(db: Session, numbers: Iterable[str], secret: str) -> None:
    """Keep STOP of these numbers, and not the numbers: whose they are is to be forgotten."""
    rows = db.scalars(select(TopicLeft).where(TopicLeft.number.in_(list(numbers)))).all()
    told = [
        {"number": sealed(secret, row.number), "topic": row.topic, "channel": row.channel, "at": row.at} for row in rows
    ]
    if told:
        db.execute(insert(TopicLeft).values(told).on_conflict_do_nothing())
        db.execute(delete(TopicLeft).where(TopicLeft.number.in_(list(numbers))))


def sealed(secret: str, number: str) -> str:
    """A number that can be recognised but not read: eight digits would soon be tried out without the secret."""
    told = f"stop\n{number}".encode()
    return f"sealed:{hmac.digest(secret.encode(), told, 'sha256').hex()}"


def _numbers_of_sole_holder(db: Session, number: str) -> Sequence[str]:
    holders = db.scalars(select(Number.person_id).where(Number.number == number).limit(2)).all()
    if len(holders) != 1:
        return []
    return db.scalars(select(Number.number).where(Number.person_id == holders[0])).all()
