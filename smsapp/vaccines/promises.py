"""What is promised about a file: reminders, children to look for, contacts at home, and how a mother is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from smsapp import ties
from smsapp.db import Base, Big
from smsapp.vaccines.tables import ANSWERS, OUTCOMES, Somebody, any_of

# What a reminder is about; a check-in asks how the child is.
SUBJECTS = ("vaccines", "antenatal", "birth_plan", "born", "postnatal", "check_in")
# Why none was sent: nobody to send to, STOP, its day passed before it could go out, not confirmed by the centre yet,
# told of on the same day by another text, or no need any more.
WHY_NOT = ("no_phone", "stopped", "outage", "unconfirmed", "told", "needless")


class Reminder(Base):
    """One step of one visit: posted, or the reason why not. `due_on` and `step` make it the only one of its kind.

    `day` is the clinic day that it names. Several of one text have one message.
    """

    __tablename__ = "care_reminders"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    child_id: Mapped[int | None] = mapped_column(Big, ForeignKey("children.id"))
    pregnancy_id: Mapped[int | None] = mapped_column(Big, ForeignKey("pregnancies.id"))
    subject: Mapped[str]
    due_on: Mapped[date]
    step: Mapped[int]  # days from the clinic day
    day: Mapped[date]
    doses: Mapped[list[Any]] = mapped_column(server_default="[]")
    person_id: Mapped[Somebody | None] = mapped_column(index=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    number: Mapped[str | None] = mapped_column(info=ties.number(ties.CLEAR, "person_id"))
    planned_for: Mapped[date]
    message_id: Mapped[int | None] = mapped_column(
        Big, ForeignKey("messages.id"), index=True, info=ties.text("person_id")
    )
    why_not: Mapped[str | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        any_of("subject", SUBJECTS),
        any_of("why_not", WHY_NOT),
        any_of("answer", ANSWERS),
        CheckConstraint("(child_id IS NULL) <> (pregnancy_id IS NULL)", name="whose"),
        CheckConstraint("(message_id IS NULL) <> (why_not IS NULL)", name="sent"),
        UniqueConstraint("child_id", "subject", "due_on", "step", name="uq_care_reminders_child"),
        UniqueConstraint("pregnancy_id", "subject", "due_on", "step", name="uq_care_reminders_pregnancy"),
        Index("ix_care_reminders_number", "number", "planned_for"),
        Index("ix_care_reminders_facility", "facility_id", "planned_for"),
        Index("ix_care_reminders_planned", "planned_for", "id"),
    )


class Search(Base):
    """A child to look for: open from the day she counts as missed until somebody tells what became of her."""

    __tablename__ = "searches"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    child_id: Mapped[int] = mapped_column(Big, ForeignKey("children.id"))
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    opened_on: Mapped[date]
    doses: Mapped[list[Any]] = mapped_column(server_default="[]")
    told_on: Mapped[date | None]  # the worker, first
    escalated_on: Mapped[date | None]
    outcome: Mapped[str | None]
    outcome_on: Mapped[date | None]
    outcome_by: Mapped[Somebody | None] = mapped_column(index=True)
    closed_on: Mapped[date | None] = mapped_column(info=ties.end("child_id"))
    __table_args__ = (
        any_of("outcome", OUTCOMES),
        Index("uq_searches_open", "child_id", unique=True, postgresql_where=text("closed_on IS NULL")),
        Index("ix_searches_facility", "facility_id", "opened_on"),
        Index("ix_searches_child_id", "child_id"),
        Index("ix_searches_closed_on", "closed_on", "id"),
    )


class Contact(Base):
    """A contact with a family: a visit that a worker tells of, or a mother's word on whether there was one."""

    __tablename__ = "family_contacts"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    mother_id: Mapped[Somebody]
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    on: Mapped[date]
    worker_id: Mapped[Somebody | None] = mapped_column(index=True)  # none: the mother's own word
    well: Mapped[bool | None]
    visited: Mapped[bool | None]
    key: Mapped[str | None] = mapped_column(unique=True)
    __table_args__ = (
        Index("ix_family_contacts_mother", "mother_id", "on"),
        Index("ix_family_contacts_facility", "facility_id", "on"),
    )


class Wish(Base):
    """How somebody wants to hear from her centre: at which hour, and whether a text may say what it is about."""

    __tablename__ = "care_wishes"
    person_id: Mapped[int] = mapped_column(
        Big, ForeignKey("persons.id"), primary_key=True, info=ties.person(ties.DELETE)
    )
    hour: Mapped[int | None]
    frank: Mapped[bool] = mapped_column(server_default=text("false"))
    __table_args__ = (CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),)
