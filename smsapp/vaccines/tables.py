"""Children and pregnancies in a centre's care: what was given, and when somebody looks at them again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Sequence, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from smsapp import ties
from smsapp.db import Base, Big

SEXES = ("F", "M")
STATES = ("active", "born", "moved", "dead", "lost")  # a pregnancy ends with a birth, else as a child's file does
BIRTH_PLACES = ("centre", "home", "elsewhere")
SOURCES = ("card", "reported")  # with the date of a card, or by word of mouth: shown, and never counted
SERVICES = ("vaccines", "antenatal")
VISITS = ("antenatal", "postnatal")
OUTCOMES = ("seen", "moved", "refused", "died", "vaccinated")
ANSWERS = ("coming", "done", "cannot")

# One row of numbers for children and pregnancies: whoever ends one of them types its code alone.
NUMBERS = Sequence("care_numbers", start=101, metadata=Base.metadata)
Somebody = Annotated[int, mapped_column(Big, ForeignKey("persons.id"), info=ties.person(ties.KEEP))]

_READS = ties.own("carer_id", "mother_id")  # nothing is promised any more to somebody who was forgotten


def any_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, words))})", name=column)


class Pregnancy(Base):
    """A mother's file from the first visit to the last after birth; one that began with the birth knows no due date.

    `exact` is false where only the month is known. `look_on` is the day on which reminders are next thought of.
    """

    __tablename__ = "pregnancies"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    number: Mapped[int] = mapped_column(
        NUMBERS, server_default=NUMBERS.next_value(), unique=True, info=ties.told("mother_id")
    )
    mother_id: Mapped[Somebody] = mapped_column(index=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    last_period: Mapped[date | None]
    due_on: Mapped[date | None]
    exact: Mapped[bool] = mapped_column(server_default=text("true"))
    registered_on: Mapped[date]
    registered_by: Mapped[Somebody | None] = mapped_column(index=True)
    channel: Mapped[str]
    confirmed_on: Mapped[date | None]  # by her centre; none: she registered herself, and waits
    state: Mapped[str] = mapped_column(server_default="active")
    ended_on: Mapped[date | None]  # the birth, where it is one
    born_at: Mapped[str | None]
    look_on: Mapped[date | None] = mapped_column(info=ties.own("mother_id"))
    key: Mapped[str | None] = mapped_column(unique=True)  # of the effect that wrote it
    __table_args__ = (
        any_of("state", STATES),
        any_of("born_at", BIRTH_PLACES),
        Index("ix_pregnancies_facility", "facility_id", "state", "due_on", "id"),
        Index("ix_pregnancies_look_on", "look_on", postgresql_where=text("look_on IS NOT NULL")),
        Index("ix_pregnancies_ended", "id", postgresql_where=text("ended_on IS NOT NULL")),
        Index("ix_pregnancies_waiting", "facility_id", postgresql_where=text("confirmed_on IS NULL")),
    )


class Child(Base):
    """`carer_id` is who brings her up where that is not her mother, and then hears what is for her.

    `seek_on` is the day from which she may count as missed: then the search looks at her plan.
    """

    __tablename__ = "children"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    number: Mapped[int] = mapped_column(
        NUMBERS, server_default=NUMBERS.next_value(), unique=True, info=ties.told("mother_id", "carer_id")
    )
    mother_id: Mapped[Somebody | None] = mapped_column(index=True)
    carer_id: Mapped[Somebody | None] = mapped_column(index=True)
    pregnancy_id: Mapped[int | None] = mapped_column(Big, ForeignKey("pregnancies.id"), index=True)
    name: Mapped[str | None] = mapped_column(info=ties.own("mother_id", "carer_id"))
    sex: Mapped[str | None]
    born_on: Mapped[date]
    born_at: Mapped[str | None]
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    registered_on: Mapped[date]
    registered_by: Mapped[Somebody | None] = mapped_column(index=True)
    channel: Mapped[str]
    confirmed_on: Mapped[date | None]  # as of a pregnancy
    state: Mapped[str] = mapped_column(server_default="active")
    ended_on: Mapped[date | None]
    look_on: Mapped[date | None] = mapped_column(info=_READS)
    seek_on: Mapped[date | None] = mapped_column(info=_READS)
    key: Mapped[str | None] = mapped_column(unique=True)
    search: Mapped[str] = mapped_column(TSVECTOR, Computed("search_words(name)", persisted=True), deferred=True)
    __table_args__ = (
        any_of("sex", SEXES),
        any_of("born_at", BIRTH_PLACES),
        any_of("state", tuple(state for state in STATES if state != "born")),
        CheckConstraint("coalesce(mother_id, carer_id) IS NOT NULL", name="family"),
        Index("ix_children_facility", "facility_id", "state", "born_on", "id"),
        Index("ix_children_ended", "id", postgresql_where=text("state <> 'active'")),
        Index("ix_children_born_on", "born_on"),
        Index("ix_children_look_on", "look_on", postgresql_where=text("look_on IS NOT NULL")),
        Index("ix_children_seek_on", "seek_on", postgresql_where=text("seek_on IS NOT NULL")),
        Index("ix_children_waiting", "facility_id", postgresql_where=text("confirmed_on IS NULL")),
        Index("ix_children_search", "search", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )


class Dose(Base):
    """A dose given to a child, or of Td to a mother; `code` is the calendar's. A wrong one is struck out, not deleted.

    `valid`, `reason` and `on_time` are what the plan says of a child's dose: worked out again at every change of hers.
    """

    __tablename__ = "doses"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    child_id: Mapped[int | None] = mapped_column(Big, ForeignKey("children.id"), index=True)
    mother_id: Mapped[Somebody | None] = mapped_column(index=True)
    code: Mapped[str]
    given_on: Mapped[date | None]
    source: Mapped[str]
    elsewhere: Mapped[bool] = mapped_column(server_default=text("false"))  # not at the centre that keeps her file
    valid: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(server_default="")
    on_time: Mapped[bool | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[Somebody | None] = mapped_column(index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_accounts.id"))
    channel: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    struck_at: Mapped[datetime | None]
    struck_why: Mapped[str | None] = mapped_column(info=ties.remark("child_id", "mother_id"))
    __table_args__ = (
        any_of("source", SOURCES),
        CheckConstraint("(child_id IS NULL) <> (mother_id IS NULL)", name="whose"),
        CheckConstraint("source = 'reported' OR given_on IS NOT NULL", name="dated"),
        Index(
            "uq_doses_child_day",
            "child_id",
            "code",
            "given_on",
            unique=True,
            postgresql_where=text("child_id IS NOT NULL AND given_on IS NOT NULL AND struck_at IS NULL"),
        ),
        Index("ix_doses_given_on", "given_on"),
    )


class Attended(Base):
    """A visit of a pregnancy that took place, before or after the birth."""

    __tablename__ = "attended_visits"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    pregnancy_id: Mapped[int] = mapped_column(Big, ForeignKey("pregnancies.id"))
    kind: Mapped[str]
    on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[Somebody | None] = mapped_column(index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_accounts.id"))
    channel: Mapped[str]
    struck_at: Mapped[datetime | None]
    __table_args__ = (
        any_of("kind", VISITS),
        Index(
            "uq_attended_visits_day",
            "pregnancy_id",
            "kind",
            "on",
            unique=True,
            postgresql_where=text("struck_at IS NULL"),
        ),
        Index("ix_attended_visits_pregnancy", "pregnancy_id", "on"),  # those that were struck out too
    )


class ClinicDay(Base):
    """When a service is held: every week, on the nth such day of each month, or once; in a village where it goes out.

    `weekday` 0 is Monday.
    """

    __tablename__ = "clinic_days"
    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"), index=True)
    village_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    service: Mapped[str]
    weekday: Mapped[int | None]
    nth: Mapped[int | None]
    on: Mapped[date | None]
    __table_args__ = (
        any_of("service", SERVICES),
        CheckConstraint('(weekday IS NULL) <> ("on" IS NULL)', name="when"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("nth IS NULL OR (nth BETWEEN 1 AND 5 AND weekday IS NOT NULL)", name="nth"),
    )


class Closure(Base):
    """Days without any service: a holiday of the country (no facility), or a closure of one centre."""

    __tablename__ = "closures"
    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    first: Mapped[date]
    last: Mapped[date]
    why: Mapped[str]
    __table_args__ = (CheckConstraint("first <= last", name="order"),)


class CareEvent(Base):
    """What happened to a file: registered, confirmed, moved, handed to a carer, ended, put right."""

    __tablename__ = "care_events"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    child_id: Mapped[int | None] = mapped_column(Big, ForeignKey("children.id"), index=True)
    pregnancy_id: Mapped[int | None] = mapped_column(Big, ForeignKey("pregnancies.id"), index=True)
    what: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[Somebody | None] = mapped_column(index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_accounts.id"))
    channel: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(
        server_default="{}", info=ties.remark("child_id", "pregnancy_id", inside="why")
    )
    __table_args__ = (CheckConstraint("(child_id IS NULL) <> (pregnancy_id IS NULL)", name="whose"),)
