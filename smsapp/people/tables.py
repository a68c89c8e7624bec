"""Persons and what belongs to them: numbers, roles, groups, consent, and the topics that a phone left."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from sqlalchemy import Computed, ForeignKey, Index, literal_column
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from smsapp import ties
from smsapp.db import Base, Big

READ_LATER = {"eager_defaults": False}  # what the database works out itself: nobody who writes a row waits for it
Hers = Annotated[int, mapped_column(Big, ForeignKey("persons.id"), info=ties.person(ties.DELETE))]


class Person(Base):
    """Somebody. A mother who answers a survey needs no name."""

    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str | None]
    language: Mapped[str | None]
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    created_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]  # nothing is known of her any more; some sum still needs the row
    search: Mapped[str] = mapped_column(TSVECTOR, Computed("search_words(name)", persisted=True), deferred=True)
    __mapper_args__ = READ_LATER
    __table_args__ = (
        Index("ix_persons_facility_id", "facility_id", "id"),
        Index("ix_persons_language", "language", "id"),
        Index("ix_persons_search", "search", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )


class Number(Base):
    """A number serves one or several people; a person has one or several numbers."""

    __tablename__ = "person_numbers"
    number: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[Hers] = mapped_column(primary_key=True, index=True)
    main: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime]
    __table_args__ = (
        Index(
            "ix_person_numbers_backwards",  # found by its last digits
            literal_column("reverse(number)").label("backwards"),
            postgresql_ops={"backwards": "text_pattern_ops"},
        ),
    )


class Role(Base):
    __tablename__ = "person_roles"
    person_id: Mapped[Hers] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    __table_args__ = (Index("ix_person_roles_role", "role", "person_id"),)


class Post(Base):
    """A place that somebody answers for besides her facility: the villages of a community health worker."""

    __tablename__ = "person_places"
    person_id: Mapped[Hers] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True, index=True)


class Group(Base):
    """A named set of people, to write to together."""

    __tablename__ = "groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Membership(Base):
    __tablename__ = "group_members"
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    person_id: Mapped[Hers] = mapped_column(primary_key=True, index=True)


class Phone(Base):
    """What is known of a number whoever holds it: the language chosen on it."""

    __tablename__ = "phones"
    number: Mapped[str] = mapped_column(primary_key=True, info=ties.number(ties.DELETE))
    language: Mapped[str | None]


class Consent(Base):
    """What was agreed or declined, when and by which channel; rows are added, never changed: the last one counts."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    person_id: Mapped[Hers]
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
    number: Mapped[str] = mapped_column(primary_key=True, info=ties.number(ties.KEEP))
    topic: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    at: Mapped[datetime]
