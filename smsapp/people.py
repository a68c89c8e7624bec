"""People: who owns which number, their language, roles, consent, and the topics that they left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, ScalarSelect, Select, delete, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from smsapp.db import Base, Big, Work
from smsapp.places import Place

EVERYTHING = "*"  # the topic of one who left all of them
STAFF_ROLES = ("asc", "dtc", "midwife", "officer")  # they do not rate their own work
CONSENT_VERSION = 1  # of the words she heard: count up when they change


class Person(Base):
    """Somebody. A mother who answers a survey needs no name."""

    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str | None]
    language: Mapped[str | None]
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    created_at: Mapped[datetime]


class Number(Base):
    """A number serves one or several people; a person has one or several numbers."""

    __tablename__ = "person_numbers"
    number: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(Big, ForeignKey("persons.id"), primary_key=True, index=True)
    main: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime]


class Role(Base):
    __tablename__ = "person_roles"
    person_id: Mapped[int] = mapped_column(Big, ForeignKey("persons.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class Group(Base):
    """A named set of people, to write to together."""

    __tablename__ = "groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Membership(Base):
    __tablename__ = "group_members"
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(Big, ForeignKey("persons.id"), primary_key=True, index=True)


class Phone(Base):
    """What is known of a number whoever holds it: the language chosen on it."""

    __tablename__ = "phones"
    number: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str | None]


class Consent(Base):
    """What was agreed or declined, when and by which channel; rows are added, never changed: the last one counts."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    person_id: Mapped[int] = mapped_column(Big, ForeignKey("persons.id"))
    topic: Mapped[str]
    given: Mapped[bool]
    version: Mapped[int]
    language: Mapped[str]
    channel: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_consents_person_topic", "person_id", "topic", "id"),)


class TopicLeft(Base):
    """STOP, kept by number: it is the phone that must stay silent."""

    __tablename__ = "topics_left"
    number: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    at: Mapped[datetime]


@dataclass(frozen=True)
class Known:
    """A person as a conversation needs her."""

    id: int
    name: str | None
    language: str | None
    facility_id: int | None
    facility: str | None
    roles: tuple[str, ...]


def behind(db: Session, number: str) -> list[Known]:
    """The people whom this number serves, the one it mainly serves first."""
    has = select(func.array_agg(Role.role)).where(Role.person_id == Person.id).scalar_subquery()
    rows = db.execute(
        select(Person.id, Person.name, Person.language, Person.facility_id, Place.name, has)
        .join(Number, Number.person_id == Person.id)
        .join(Place, Place.id == Person.facility_id, isouter=True)
        .where(Number.number == number)
        .order_by(Number.main.desc(), Number.since, Person.id)
    )
    return [Known(i, name, tongue, at, place, tuple(roles or ())) for i, name, tongue, at, place, roles in rows]


def facility_of(number: str | ColumnElement[str]) -> ScalarSelect[int | None]:
    """In a statement: the facility of the person whom this number mainly serves."""
    served = select(Person.facility_id).join(Number, Number.person_id == Person.id).where(Number.number == number)
    return served.order_by(Number.main.desc(), Number.since, Person.id).limit(1).scalar_subquery()


# The language chosen on a phone, else its person's; an SQL expression for statements that read more at once.
LANGUAGE_OF = """coalesce(
    (SELECT language FROM phones WHERE phones.number = {number}),
    (SELECT p.language FROM person_numbers pn JOIN persons p ON p.id = pn.person_id
     WHERE pn.number = {number} AND p.language IS NOT NULL ORDER BY pn.main DESC, pn.since, p.id LIMIT 1))"""


def language_of(db: Session, number: str) -> str | None:
    """The language chosen on this phone, else its person's."""
    of_number = text("SELECT " + LANGUAGE_OF.format(number=":number"))
    found: str | None = db.scalar(of_number, {"number": number})
    return found


def choose_language(db: Session, number: str, language: str) -> None:
    """Keep the language for this phone, and for its person where it serves one alone."""
    db.execute(
        insert(Phone)
        .values(number=number, language=language)
        .on_conflict_do_update(index_elements=[Phone.number], set_={"language": language})
    )
    served = db.scalars(select(Number.person_id).where(Number.number == number).limit(2)).all()
    if len(served) == 1 and (person := db.get(Person, served[0])):
        person.language = language


def add(
    db: Session,
    now: datetime,
    *,
    number: str | None = None,
    name: str | None = None,
    language: str | None = None,
    facility_id: int | None = None,
    roles: Iterable[str] = (),
) -> Person:
    person = Person(name=name, language=language, facility_id=facility_id, created_at=now)
    db.add(person)
    db.flush()
    if number:
        served = db.scalar(select(func.count()).where(Number.number == number))
        db.add(Number(number=number, person_id=person.id, main=not served, since=now))
    db.add_all(Role(person_id=person.id, role=role) for role in roles)
    db.flush()
    return person


def join_group(db: Session, name: str, person_ids: Iterable[int]) -> None:
    """Add them to the group of this name, made where it is new."""
    db.execute(insert(Group).values(name=name).on_conflict_do_nothing())
    group_id = db.scalar(select(Group.id).where(Group.name == name))
    rows = [{"group_id": group_id, "person_id": person_id} for person_id in person_ids]
    if rows:
        db.execute(insert(Membership).on_conflict_do_nothing(), rows)


def members(db: Session, group: str) -> list[tuple[str, int, str | None]] | None:
    """Number, person and language of a group's members, one row a number; None if no group has this name."""
    group_id = db.scalar(select(Group.id).where(Group.name == group))
    if group_id is None:
        return None
    reached = _reached_at().join(Membership, Membership.person_id == Number.person_id)
    hers = reached.where(Membership.group_id == group_id).subquery()
    rows = db.execute(
        select(hers.c.number, Person.id, Person.language)
        .ext(distinct_on(hers.c.number))
        .join(Person, Person.id == hers.c.person_id)
        .order_by(hers.c.number, Person.id)
    )
    return [(number, person_id, language) for number, person_id, language in rows]


def languages_of(db: Session, numbers: Sequence[str]) -> dict[str, str]:
    """The language of each of these numbers that has one."""
    chosen = db.execute(select(Phone.number, Phone.language).where(Phone.number.in_(numbers)))
    hers = db.execute(
        select(Number.number, Person.language)
        .ext(distinct_on(Number.number))
        .join(Person, Person.id == Number.person_id)
        .where(Number.number.in_(numbers), Person.language.is_not(None))
        .order_by(Number.number, Number.main.desc(), Number.since, Person.id)
    )
    return {number: language for rows in (hers, chosen) for number, language in rows if language}


_CONSENT = """
    INSERT INTO consents (person_id, topic, given, version, language, channel, at)
    SELECT person_id, %(topic)s, %(given)s, %(version)s, %(language)s, %(channel)s, %(now)s
    FROM person_numbers WHERE number = %(number)s ORDER BY main DESC, since, person_id LIMIT 1
    RETURNING person_id
"""


def holder_consents(
    work: Work, now: datetime, number: str, topic: str, *, given: bool, language: str, channel: str
) -> bool:
    """Write down what the person whom this number mainly serves agreed to or declined; False if nobody is known."""
    values = {"topic": topic, "given": given, "version": CONSENT_VERSION, "language": language, "channel": channel}
    return work.execute(_CONSENT, {**values, "now": now, "number": number}).fetchone() is not None


def declined(db: Session, numbers: Sequence[str], topic: str) -> set[str]:
    """Those of `numbers` of which somebody's last word on this topic was no."""
    last = (
        select(Consent.person_id, Consent.given)
        .ext(distinct_on(Consent.person_id))
        .where(Consent.topic == topic, Consent.person_id == Number.person_id)
        .order_by(Consent.person_id, Consent.id.desc())
        .lateral()
    )
    rows = db.scalars(
        select(Number.number)
        .join(last, last.c.person_id == Number.person_id)
        .where(Number.number.in_(numbers), last.c.given.is_(False))
    )
    return set(rows)


def leave(db: Session, now: datetime, number: str, topic: str, channel: str) -> None:
    """STOP: this phone, and the other numbers of one who alone holds it, hear nothing more on the topic."""
    for each in {number, *_numbers_of_sole_holder(db, number)}:
        db.execute(insert(TopicLeft).values(number=each, topic=topic, channel=channel, at=now).on_conflict_do_nothing())


def rejoin(db: Session, number: str, topic: str) -> None:
    """START: take back one STOP, or all of them."""
    numbers = {number, *_numbers_of_sole_holder(db, number)}
    statement = delete(TopicLeft).where(TopicLeft.number.in_(numbers))
    if topic != EVERYTHING:
        # One who left everything and comes back for one topic comes back for that one alone is not
        # something a text message can explain: she is back for all but what she left by name.
        statement = statement.where(TopicLeft.topic.in_([topic, EVERYTHING]))
    db.execute(statement)


def left(db: Session, numbers: Iterable[str]) -> set[tuple[str, str]]:
    """(number, topic) pairs of those who left; topic `*` is everything."""
    rows = db.execute(select(TopicLeft.number, TopicLeft.topic).where(TopicLeft.number.in_(list(numbers))))
    return {(number, topic) for number, topic in rows}


def numbers_at(db: Session, facility_id: int) -> list[str]:
    """One number for each person whom a facility serves, in a fixed order; not of those who work there."""
    works = select(Role.role).where(Role.person_id == Person.id, Role.role.in_(STAFF_ROLES)).exists()
    rows = db.execute(
        _reached_at().join(Person, Person.id == Number.person_id).where(Person.facility_id == facility_id, ~works)
    )
    return list(dict.fromkeys(number for _, number in rows))


def _reached_at() -> Select[int, str]:
    """Each person and one number: one that mainly serves her, else one that she shares with somebody."""
    chosen = select(Number.person_id, Number.number).ext(distinct_on(Number.person_id))
    return chosen.order_by(Number.person_id, Number.main.desc(), Number.since, Number.number)


def _numbers_of_sole_holder(db: Session, number: str) -> Sequence[str]:
    holders = db.scalars(select(Number.person_id).where(Number.number == number).limit(2)).all()
    if len(holders) != 1:
        return []
    return db.scalars(select(Number.number).where(Number.person_id == holders[0])).all()
