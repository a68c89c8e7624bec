"""Savings groups: who is in them, what office she holds, and the rules of each cycle."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from smsapp import ties
from smsapp.db import Base, Big

KINDS = ("vsla", "tontine")
OFFICES = ("president", "secretary", "treasurer", "counter1", "counter2", "key1", "key2", "key3")
METHODS = ("standard", "flat", "interest_returned")  # of the share-out
UNITS = (1, 5, 25)  # francs that a payout is rounded down to
REQUESTS = (
    "loan",
    "write_off",
    "cancel",
    "number",
    "pin",
    "share_out",
    "offices",
    "dispute",
)  # what more than one officer must agree to


def _any_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, words))})", name=column)


class Group(Base):
    """A group and the head of its book: the number and hash of its last posting."""

    __tablename__ = "savings_groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"), index=True)
    village: Mapped[str | None]
    formed_on: Mapped[date]
    every_days: Mapped[int]  # from one meeting to the next
    last_seq: Mapped[int] = mapped_column(server_default="0")
    last_hash: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    closed_on: Mapped[date | None]
    __table_args__ = (_any_of("kind", KINDS), Index("ix_savings_groups_name", "name", "id"))


class Member(Base):
    """A person in a group: her card, the number she is known by here, and her PIN.

    The number is the group's own: who changes a person in the console changes nothing here.
    """

    __tablename__ = "savings_members"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"))
    card: Mapped[int]
    person_id: Mapped[int] = mapped_column(Big, ForeignKey("persons.id"), index=True, info=ties.person(ties.KEEP))
    number: Mapped[str | None] = mapped_column(index=True, info=ties.number(ties.CLEAR, "person_id"))
    # Takes the place of her number once her PIN was given on it.
    next_number: Mapped[str | None] = mapped_column(index=True, info=ties.number(ties.CLEAR, "person_id"))
    sex: Mapped[str | None]  # F or M, for the indicators alone
    witness_id: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_members.id"))  # reads her texts to her
    assembly: Mapped[bool] = mapped_column(server_default=text("false"))  # she is on the ASACO's list
    pin: Mapped[str | None] = mapped_column(info=ties.own("person_id"))  # argon2
    wrong_pins: Mapped[int] = mapped_column(server_default="0")
    pin_locks: Mapped[int] = mapped_column(server_default="0")
    pin_locked_until: Mapped[datetime | None]
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    __table_args__ = (
        Index("uq_savings_members_group_card", "group_id", "card", unique=True),
        CheckConstraint("card > 0", name="card"),
        CheckConstraint("sex IN ('F', 'M')", name="sex"),
    )


class Office(Base):
    """Who holds which office since when; one holder at a time."""

    __tablename__ = "savings_offices"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"))
    member_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_members.id"), index=True)
    office: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    __table_args__ = (
        _any_of("office", OFFICES),
        Index("uq_savings_offices_held", "group_id", "office", unique=True, postgresql_where=text("until IS NULL")),
    )


class Cycle(Base):
    """The rules of nine to twelve months, which the database does not let anybody change."""

    __tablename__ = "savings_cycles"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"), index=True)
    started_on: Mapped[date]
    ends_on: Mapped[date]
    share_value: Mapped[int] = mapped_column(Big)  # of a tontine: what each member brings to each round
    most_shares: Mapped[int] = mapped_column(server_default="5")  # of a member in a meeting
    social: Mapped[int] = mapped_column(Big, server_default="0")  # what each brings to the social fund each time
    fine: Mapped[int] = mapped_column(Big, server_default="0")  # for being absent without a word
    loan_times: Mapped[int] = mapped_column(server_default="3")  # her savings, and no loan is larger
    loan_months: Mapped[int] = mapped_column(server_default="3")
    charge: Mapped[int] = mapped_column(server_default="0")  # tenths of a percent a month
    method: Mapped[str] = mapped_column(server_default="standard")
    unit: Mapped[int] = mapped_column(server_default="5")
    order: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))  # of a tontine: cards by turn
    closed_on: Mapped[date | None]
    __table_args__ = (
        _any_of("method", METHODS),
        CheckConstraint("unit IN (1, 5, 25)", name="unit"),
        CheckConstraint("share_value > 0 AND most_shares BETWEEN 1 AND 5", name="shares"),
        CheckConstraint(
            "social >= 0 AND fine >= 0 AND charge >= 0 AND loan_times > 0 AND loan_months > 0", name="rules"
        ),
        Index("uq_savings_cycles_open", "group_id", unique=True, postgresql_where=text("closed_on IS NULL")),
    )


class Meeting(Base):
    """One meeting: who was away, and the two counts of the box at its end."""

    __tablename__ = "savings_meetings"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("savings_cycles.id"), index=True)
    nth: Mapped[int]  # in its cycle
    held_on: Mapped[date]
    opened_by: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_members.id"))
    opened_at: Mapped[datetime]
    roll: Mapped[list[Any] | None]  # ids of the members who were there; null until the roll is called
    nothing: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))  # ids of those who brought none
    first_count: Mapped[int | None] = mapped_column(Big)
    second_count: Mapped[int | None] = mapped_column(Big)
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_savings_meetings_nth", "cycle_id", "nth", unique=True),
        Index("uq_savings_meetings_open", "group_id", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_savings_meetings_held", "group_id", "held_on"),
    )


class Loan(Base):
    """A loan as it was agreed; what is repaid stands in the book."""

    __tablename__ = "savings_loans"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"), index=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("savings_cycles.id"))
    member_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_members.id"), index=True)
    principal: Mapped[int] = mapped_column(Big)
    charge: Mapped[int]  # tenths of a percent a month, as the cycle had it
    out_on: Mapped[date]
    due_on: Mapped[date]
    ended_on: Mapped[date | None]  # repaid, written off or set off
    reminded_for: Mapped[date | None]
    __table_args__ = (CheckConstraint("principal > 0", name="principal"),)


class Request(Base):
    """Something that more than one officer must agree to with her PIN, and what was said to it."""

    __tablename__ = "savings_requests"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"))
    what: Mapped[str]
    about: Mapped[int | None] = mapped_column(Big)  # member, loan, posting or cycle, as `what` says
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    asked_by: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_members.id"))  # nobody: the staff
    asked_at: Mapped[datetime]
    needed: Mapped[int]  # officers, besides her who asked
    ends_at: Mapped[datetime]
    outcome: Mapped[str | None]  # done, refused or expired
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        _any_of("what", REQUESTS),
        Index("ix_savings_requests_open", "group_id", postgresql_where=text("outcome IS NULL")),
    )


class Consent(Base):
    """One officer's yes or no to a request."""

    __tablename__ = "savings_consents"
    request_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_requests.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_members.id"), primary_key=True)
    given: Mapped[bool]
    at: Mapped[datetime]


class Line(Base):
    """Which member a phone speaks for since it gave her PIN, and whether it only practises."""

    __tablename__ = "savings_lines_open"
    number: Mapped[str] = mapped_column(primary_key=True, info=ties.number(ties.DELETE))
    member_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_members.id"), info=ties.row(ties.DELETE))
    practice: Mapped[bool] = mapped_column(server_default=text("false"))
    since: Mapped[datetime]
