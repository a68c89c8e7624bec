"""The book of a group: postings that add up to nothing, each chained to the one before, and the balances they make."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from smsapp.db import Base, Big

# What the group owns or has spent grows by a positive amount; what it owes or has earned by a negative one.
OWNED = ("cash", "loans", "expenses", "losses")
OWED = ("savings", "social", "charges", "fines", "outside", "differences", "pot")
ACCOUNTS = OWNED + OWED
# As the database has them: no box is emptied below nothing, and nobody takes out what she has not brought.
NEVER_BELOW, NEVER_ABOVE = ("cash", "loans"), ("savings", "social")
POSTINGS = (
    "deposit",
    "withdrawal",
    "social",
    "social_use",
    "loan",
    "repayment",
    "write_off",
    "fine",
    "expense",
    "outside",
    "difference",
    "round",
    "pot",
    "opening",
    "reversal",
    "share_out",
)
LARGEST = 10**12  # francs of one line

_WORDS = ", ".join(map(repr, ACCOUNTS))
_KINDS = ", ".join(map(repr, POSTINGS))


class Posting(Base):
    """One entry in the book. The database refuses to change or delete it, whoever asks."""

    __tablename__ = "savings_postings"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"))
    seq: Mapped[int]  # in its group, without a gap
    cycle_id: Mapped[int] = mapped_column(ForeignKey("savings_cycles.id"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_meetings.id"), index=True)
    kind: Mapped[str]
    day: Mapped[date]
    at: Mapped[datetime]
    entered_by: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_members.id"))
    channel: Mapped[str]
    receipt: Mapped[str]
    reverses: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_postings.id"), unique=True)
    reason: Mapped[str] = mapped_column(server_default="")
    category: Mapped[str] = mapped_column(server_default="")  # of an expense or a use of the social fund
    key: Mapped[str] = mapped_column(unique=True)
    lines: Mapped[int]  # how many belong to it
    before: Mapped[str]  # hash of the group's posting before this one
    hash: Mapped[str]
    __table_args__ = (
        UniqueConstraint("group_id", "seq"),
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("lines >= 2", name="lines"),
        Index("ix_savings_postings_day", "group_id", "day", "seq"),
    )


class PostingLine(Base):
    """One side of a posting, in francs; those of a posting add up to zero when it commits."""

    __tablename__ = "savings_lines"
    posting_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_postings.id"), primary_key=True)
    nth: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_members.id"))
    loan_id: Mapped[int | None] = mapped_column(Big, ForeignKey("savings_loans.id"), index=True)
    amount: Mapped[int] = mapped_column(Big)
    __table_args__ = (
        CheckConstraint(f"account IN ({_WORDS})", name="account"),
        CheckConstraint(f"amount <> 0 AND abs(amount) <= {LARGEST}", name="amount"),
        Index("ix_savings_lines_member", "member_id", "posting_id"),
    )


class Balance(Base):
    """What an account holds now, for the group, a member or a loan: kept with each posting, and never below nothing."""

    __tablename__ = "savings_balances"
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"), primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(Big, primary_key=True)  # 0 where it is nobody's
    loan_id: Mapped[int] = mapped_column(Big, primary_key=True)  # 0 where it is no loan's
    amount: Mapped[int] = mapped_column(Big)
    __table_args__ = (
        CheckConstraint("account NOT IN ('cash', 'loans') OR amount >= 0", name="owned"),
        CheckConstraint("account NOT IN ('savings', 'social') OR amount <= 0", name="owed"),
    )


class Dispute(Base):
    """A member says that a posting is not right; it ends when that is reversed, she agrees or officers let it stand."""

    __tablename__ = "savings_disputes"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    posting_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_postings.id"), unique=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("savings_groups.id"), index=True)
    member_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_members.id"))
    opened_at: Mapped[datetime]
    outcome: Mapped[str | None]  # reversed, agreed or kept
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("outcome IN ('reversed', 'agreed', 'kept')", name="outcome"),
        Index("ix_savings_disputes_open", "group_id", postgresql_where=text("outcome IS NULL")),
    )


class ShareOut(Base):
    """How a cycle was shared out: what was shared, by which method, and each member's line."""

    __tablename__ = "savings_share_outs"
    cycle_id: Mapped[int] = mapped_column(ForeignKey("savings_cycles.id"), primary_key=True)
    posting_id: Mapped[int] = mapped_column(Big, ForeignKey("savings_postings.id"))
    at: Mapped[datetime]
    told: Mapped[dict[str, Any]]  # distributable, payouts, loans set off, remainder, by card
