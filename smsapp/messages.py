"""Messages from and to phones, the order of their statuses, and the gateways' words on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric, SmallInteger, delete, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from smsapp import ties
from smsapp.db import Base, Big

MO, MT = "mo", "mt"
FILES = "files"  # of `meta`: the numbers of the files that a text tells of
SEALED = "sealed:"  # begins the key of an MO without an id of the gateway's: made of all that it says
REPEATS_FOR = timedelta(hours=3)  # how late a gateway may bring a message again
REJECTED_KEPT = timedelta(days=30)
REPORTS_KEPT = timedelta(days=90)

# How far along a message to a phone is. A report only ever moves it to a higher rank, so that the order in which
# reports arrive does not matter; `delivered` is highest, for a phone may answer after the gateway had given it up.
RANK = {
    "queued": 0,
    "sending": 1,
    "unknown": 2,
    "sent": 3,
    "failed": 4,
    "expired": 4,
    "cancelled": 4,
    "delivered": 5,
}
STATUSES = tuple(RANK)
FINAL = frozenset({"failed", "expired", "cancelled", "delivered"})
HEARD = ("received", "heard", "unheard", "rejected")  # messages from phones; `unheard`: no flow took it
AMISS = ("unknown", "failed", "expired", "cancelled", "unheard")  # few of many, and the ones that are looked for

# Messages of which the gateway never told: unknown, or settled by a person (whose account `settled_by` then names).
BY_STAFF = "staff:"
DOUBTFUL = f"(status = 'unknown' OR settled_by LIKE '{BY_STAFF}%' AND external_id IS NULL)"


def after_report(current: str, reported: str) -> str:
    """The status of a message once a report has spoken; a word that says nothing changes nothing."""
    return reported if RANK.get(reported, -1) > RANK[current] else current


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(w) for w in words)})"


class Message(Base):
    """One SMS from a phone (MO) or to a phone (MT). For an MT the row is the promise to send it."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    direction: Mapped[str]
    number: Mapped[str] = mapped_column(info=ties.number(ties.CLEAR))
    gateway: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="")
    topic: Mapped[str | None]
    language: Mapped[str | None]
    text: Mapped[str | None]  # as written; erased where an answer must stay anonymous
    sent_text: Mapped[str | None]  # as sent: folded to what a phone can show
    parts: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    status: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="5")  # 0 goes first
    queue: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]  # the next try; of an unknown message: when its kind may send it again
    not_before: Mapped[datetime | None]  # the gateway's own Retry-After
    use_by: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    claimed_at: Mapped[datetime | None]
    attempt_id: Mapped[UUID | None]  # of the last claim; its result counts only while this still matches
    external_id: Mapped[str | None]
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    currency: Mapped[str | None]
    reason: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(Big, info=ties.person(ties.CLEAR))
    facility_id: Mapped[int | None]  # of the person whom the number mainly serves, when it was written: who may see it
    broadcast_id: Mapped[int | None] = mapped_column(Big)
    reply_to: Mapped[int | None] = mapped_column(Big, ForeignKey("messages.id"))
    key: Mapped[str | None] = mapped_column(unique=True)  # posted once
    meta: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    possible_repeat: Mapped[bool] = mapped_column(server_default=sql("false"))  # may reach the phone a second time
    settled_by: Mapped[str | None]  # how an unknown message was settled: "report" or a staff account
    sent_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    history: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'::jsonb"))  # each try: when, what came of it

    __table_args__ = (
        CheckConstraint(_one_of("direction", (MO, MT)), name="direction"),
        CheckConstraint(_one_of("status", STATUSES + HEARD), name="status"),
        Index("ix_messages_due", "queue", "priority", "due_at", "id", postgresql_where=sql("status = 'queued'")),
        Index("ix_messages_use_by", "use_by", postgresql_where=sql("status = 'queued'")),
        Index("ix_messages_sending", "claimed_at", postgresql_where=sql("status = 'sending'")),
        Index("ix_messages_doubtful", "number", postgresql_where=sql(DOUBTFUL)),
        Index("ix_messages_received", "id", postgresql_where=sql("status = 'received'")),
        Index("ix_messages_external_id", "external_id"),
        Index("ix_messages_number_created", "number", "created_at"),
        Index(
            "ix_messages_broadcast_id", "broadcast_id", "status", "id", postgresql_where=sql("broadcast_id IS NOT NULL")
        ),
        Index(
            "ix_messages_broadcast_replies",
            "broadcast_id",
            "id",
            postgresql_where=sql("broadcast_id IS NOT NULL AND direction = 'mo'"),
        ),
        Index("ix_messages_person_id", "person_id", postgresql_where=sql("person_id IS NOT NULL")),
        Index("ix_messages_reply_to", "reply_to", postgresql_where=sql("reply_to IS NOT NULL")),
        # The log is read in the order of time: all of it, of a place, and what went wrong.
        Index("ix_messages_created_at", "created_at", "id"),
        Index("ix_messages_facility_id", "facility_id", "created_at", "id"),
        Index("ix_messages_amiss", "status", "created_at", "id", postgresql_where=sql(_one_of("status", AMISS))),
        Index(
            "ix_messages_facility_amiss",
            "facility_id",
            "status",
            "created_at",
            "id",
            postgresql_where=sql(_one_of("status", AMISS)),
        ),
    )


class Thread(Base):
    """What the staff have to do with what one number writes; a number that never wrote has none."""

    __tablename__ = "threads"

    number: Mapped[str] = mapped_column(primary_key=True, info=ties.number(ties.DELETE))
    facility_id: Mapped[int | None]  # of the person whom the number mainly serves now; the database follows her moves
    last_id: Mapped[int] = mapped_column(Big)  # her last text, or the last answer that somebody wrote her
    last_at: Mapped[datetime]
    waiting: Mapped[int] = mapped_column(server_default="0")  # texts that no flow took and nobody answered
    waiting_since: Mapped[datetime | None]
    broadcast_id: Mapped[int | None] = mapped_column(Big)  # that her last such text followed
    assigned_to: Mapped[int | None]
    replied_id: Mapped[int | None] = mapped_column(Big)  # the last answer that somebody wrote
    replied_by: Mapped[int | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[int | None]

    __table_args__ = (
        Index("ix_threads_last", "last_at", "number"),
        Index("ix_threads_facility", "facility_id", "last_at", "number"),
        Index("ix_threads_waiting", "last_at", "number", postgresql_where=sql("waiting > 0")),
        Index("ix_threads_facility_waiting", "facility_id", "last_at", "number", postgresql_where=sql("waiting > 0")),
        Index("ix_threads_done", "last_at", "number", postgresql_where=sql("done_at IS NOT NULL")),
        Index(
            "ix_threads_facility_done", "facility_id", "last_at", "number", postgresql_where=sql("done_at IS NOT NULL")
        ),
        Index("ix_threads_assigned", "assigned_to", "last_at", "number", postgresql_where=sql("done_at IS NULL")),
    )


class StoredReport(Base):
    """Every delivery report, whether or not its message is known yet."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    gateway: Mapped[str]
    external_id: Mapped[str]
    status: Mapped[str]  # one of ours, or empty for a word that we do not know
    word: Mapped[str]  # the gateway's own
    number: Mapped[str] = mapped_column(info=ties.number(ties.CLEAR))
    network: Mapped[str]
    at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(Big, ForeignKey("messages.id"), index=True)

    __table_args__ = (
        Index("ix_reports_waiting", "external_id", postgresql_where=sql("message_id IS NULL")),
        Index("ix_reports_waiting_at", "at", postgresql_where=sql("message_id IS NULL")),
    )


class RejectedCallback(Base):
    """A callback that can never be used, kept byte for byte with what was wrong."""

    __tablename__ = "rejected_callbacks"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    gateway: Mapped[str]
    kind: Mapped[str]
    body: Mapped[bytes]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class GatewayState(Base):
    """What keeps a gateway from sending; a gateway without a row is well."""

    __tablename__ = "gateway_states"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    paused_at: Mapped[datetime | None]  # key, account or balance refused: only a probe goes out
    troubled_at: Mapped[datetime | None]  # out of reach: its messages wait for their next try
    resumed_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    next_probe_at: Mapped[datetime | None]
    probe_id: Mapped[UUID | None]  # the attempt that probes; its success alone ends a pause, or the wait below
    not_before: Mapped[datetime | None]  # the gateway's own Retry-After, for all that waits for it


def forget_old(db: Session, now: datetime) -> None:
    """What could not be used holds what somebody typed; a report that nothing matched matters to nobody later."""
    db.execute(delete(RejectedCallback).where(RejectedCallback.at < now - REJECTED_KEPT))
    db.execute(delete(StoredReport).where(StoredReport.message_id.is_(None), StoredReport.at < now - REPORTS_KEPT))
    # Of an answer that must stay anonymous nothing is left that was made of it, once no repeat comes any more.
    late = Message.created_at.between(now - 8 * REPEATS_FOR, now - REPEATS_FOR)
    sealed = Message.direction == MO, Message.text.is_(None), Message.key.startswith(SEALED)
    db.execute(update(Message).where(late, *sealed).values(key=None), execution_options={"synchronize_session": False})
