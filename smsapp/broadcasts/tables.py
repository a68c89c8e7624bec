"""Broadcasts, who is still to get them, the numbers listed for them, and texts kept for another time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from smsapp import ties
from smsapp.db import Base, Big
from smsapp.scopes import EVERYWHERE, Scope

DRAFT, PLANNING, WAITING, SCHEDULED = "draft", "planning", "waiting", "scheduled"
RUNNING, PAUSED, FINISHED, CANCELLED, CAPPED = "running", "paused", "finished", "cancelled", "capped"
STATUSES = (DRAFT, PLANNING, WAITING, SCHEDULED, RUNNING, PAUSED, FINISHED, CANCELLED, CAPPED)
OVER = frozenset({FINISHED, CANCELLED, CAPPED})  # nothing more is handed to the outbox
UNDER_WAY = frozenset({RUNNING, PAUSED})
BEFORE = frozenset({PLANNING, WAITING, SCHEDULED})  # handed in, and nothing has gone out yet


class Broadcast(Base):
    """One text, in several languages, to many. What it says and whom it reaches changes only while it is a draft."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    title: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=DRAFT)
    topic: Mapped[str]  # who left it with STOP gets nothing
    texts: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))  # by language
    audience: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    facilities: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))  # whose people it may reach; None: everybody
    start_at: Mapped[datetime | None]  # None: as soon as it may
    use_by: Mapped[datetime | None]
    cap: Mapped[int | None] = mapped_column(Big)  # FCFA that it may cost

    made_by: Mapped[int | None]  # the account that made it, and then the one that handed it in; None: the command line
    maker: Mapped[str]
    approved_by: Mapped[int | None]
    approver: Mapped[str | None]
    note: Mapped[str] = mapped_column(server_default="")  # why it was sent back, or ended

    # A broadcast and those that repeat it to whom it did not reach are one family, told apart by the generation.
    family: Mapped[int | None] = mapped_column(Big, ForeignKey("broadcasts.id"))
    generation: Mapped[int] = mapped_column(server_default="0")

    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    planned: Mapped[int] = mapped_column(server_default="0")  # numbers
    fed: Mapped[int] = mapped_column(server_default="0")  # of these handed to the outbox
    dropped: Mapped[int] = mapped_column(server_default="0")  # of these gone since: forgotten, or reached after all
    gone: Mapped[int] = mapped_column(server_default="0")  # of the planned: had left the topic by then
    estimate: Mapped[int] = mapped_column(Big, server_default="0")  # FCFA at most, when it was planned
    tally: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))  # of the planned, by language
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))  # of its messages, by status
    counted_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(map(repr, STATUSES))})", name="status"),
        # Two who repeat it at once make one.
        UniqueConstraint("family", "generation"),
        Index("ix_broadcasts_open", "status", postgresql_where=sql("status IN ('planning', 'scheduled', 'running')")),
    )

    @property
    def root(self) -> int:
        """The first of its family."""
        return self.family or self.id

    @property
    def scope(self) -> Scope:
        return EVERYWHERE if self.facilities is None else Scope(frozenset(self.facilities))

    @property
    def unfed(self) -> int:
        return max(self.planned - self.fed - self.dropped, 0)


class Recipient(Base):
    """A number that is still to be handed to the outbox: from then on its message's row is all that is kept."""

    __tablename__ = "broadcast_recipients"

    broadcast_id: Mapped[int] = mapped_column(Big, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True, info=ties.number(ties.DELETE))
    person_id: Mapped[int | None] = mapped_column(Big, info=ties.person(ties.DELETE))  # None: nobody whom we know
    facility_id: Mapped[int | None]
    language: Mapped[str | None]


class Listed(Base):
    """A number that somebody pasted or uploaded, until its broadcast is over."""

    __tablename__ = "broadcast_listed"

    broadcast_id: Mapped[int] = mapped_column(Big, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True, info=ties.number(ties.DELETE))


class Template(Base):
    """Texts to begin a broadcast with; those without a place are everybody's."""

    __tablename__ = "message_templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    place_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    texts: Mapped[dict[str, Any]]
    maker: Mapped[str]
    changed_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("place_id", "name", postgresql_nulls_not_distinct=True),)
