"""What is kept between hops: where a number's conversation stands, and each USSD session's last answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Index, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from smsapp import people
from smsapp.db import Base
from smsapp.flows.catalogue import Catalogue, UnknownRevision, UnreadableRevision
from smsapp.flows.loader import BadFlow, from_stored
from smsapp.flows.nodes import Flow
from smsapp.flows.state import State

MAX_PATH = 4000  # characters typed in one session; more is no person at a keypad


class Conversation(Base):
    """Our memory of one number, across sessions and channels. `state` is empty once a conversation is over."""

    __tablename__ = "conversations"
    number: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[list[Any] | None]
    turn: Mapped[int]  # counts what was said, so that a second session can tell that its screen is old
    channel: Mapped[str]
    heard_at: Mapped[datetime]
    nudged_run: Mapped[str | None]  # the run (hashed) whose open question was sent by SMS
    __table_args__ = (Index("ix_conversations_open", "heard_at", postgresql_where=text("state IS NOT NULL")),)


class UssdSession(Base):
    """One operator's session: what was typed so far (sealed) and what was answered, for repeats."""

    __tablename__ = "ussd_sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    path: Mapped[str]
    screen: Mapped[str]
    ended: Mapped[bool]
    turn: Mapped[int]
    hops: Mapped[int]
    began_at: Mapped[datetime]
    heard_at: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[str | None]  # the operator's own word, where its end event comes


class FlowRevision(Base):
    """An immutable copy of a flow with its texts: conversations are pinned to it."""

    __tablename__ = "flow_revisions"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    stored: Mapped[dict[str, Any]]
    synced_at: Mapped[datetime]


@dataclass(frozen=True)
class Memory:
    """What is known of a number, and of the session that a hop belongs to."""

    state: list[Any] | None = None
    turn: int = 0
    heard_at: datetime | None = None
    nudged_run: str | None = None
    owner: str | None = None  # the number that began this session
    path: str | None = None
    screen: str = ""
    ended: bool = False
    seen_turn: int = 0
    language: str | None = None


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(number)s, 0))"

_RECALL = f"""
    SELECT c.state, coalesce(c.turn, 0), c.heard_at, c.nudged_run, s.number, s.path, s.screen, s.ended, s.turn,
           {people.LANGUAGE_OF.format(number="n.number")}
    FROM (SELECT CAST(%(number)s AS text) AS number) n
    LEFT JOIN conversations c ON c.number = n.number
    LEFT JOIN ussd_sessions s ON s.id = %(session)s
"""  # noqa: S608  (made of our own words only)

_REMEMBER = """
    WITH heard AS (
        INSERT INTO ussd_sessions (id, number, path, screen, ended, turn, hops, began_at, heard_at)
        VALUES (%(session)s, %(number)s, %(path)s, %(screen)s, %(ended)s, %(turn)s, 1, %(now)s, %(now)s)
        ON CONFLICT (id) DO UPDATE SET number = excluded.number, path = excluded.path, screen = excluded.screen,
            ended = excluded.ended, turn = excluded.turn, hops = ussd_sessions.hops + 1, heard_at = excluded.heard_at
    )
    INSERT INTO conversations (number, state, turn, channel, heard_at)
    VALUES (%(number)s, CAST(%(state)s AS jsonb), %(turn)s, 'ussd', %(now)s)
    ON CONFLICT (number) DO UPDATE SET state = excluded.state, turn = excluded.turn, channel = excluded.channel,
        heard_at = excluded.heard_at
"""


def recall(db: Session, number: str, session_id: str = "") -> Memory:
    """Take the number's lock for this transaction, then read what is known of it.

    Two statements, for the second must see what the holder before wrote, in one round trip: this runs at every hop.
    """
    driver = _driver(db)
    with driver.pipeline():
        driver.execute(_LOCK, {"number": number})
        row = driver.execute(_RECALL, {"number": number, "session": session_id})
    found = row.fetchone()
    assert found is not None
    return Memory(*found)


def remember_hop(
    db: Session,
    *,
    session_id: str,
    number: str,
    path: str,
    screen: str,
    ended: bool,
    turn: int,
    state: State | None,
    now: datetime,
) -> None:
    """One statement for both rows: this runs at every hop."""
    values = {
        "session": session_id,
        "number": number,
        "path": path,
        "screen": screen,
        "ended": ended,
        "turn": turn,
        "state": json.dumps(state.to_json()) if state else None,
        "now": now,
    }
    _driver(db).execute(_REMEMBER, values)


def remember_sms(db: Session, number: str, turn: int, state: State | None, now: datetime) -> None:
    values = {"state": state.to_json() if state else None, "turn": turn, "channel": "sms", "heard_at": now}
    db.execute(
        insert(Conversation)
        .values(number=number, **values)
        .on_conflict_do_update(index_elements=[Conversation.number], set_=values)
    )


def _driver(db: Session) -> psycopg.Connection[Any]:
    """psycopg's own connection in the session's transaction: a pipeline is nothing that SQLAlchemy offers."""
    db.flush()
    connection: psycopg.Connection[Any] = db.connection().connection.driver_connection  # type: ignore[assignment]
    return connection


def sealed(secret: str, session_id: str, path: str) -> str:
    """A path that can be recognised and continued but not read: it is made of answers and PINs."""
    told = f"{session_id}\n{path}".encode("utf-8", "surrogatepass")
    return f"{len(path)}:{hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()}"


def sealed_length(seal: str) -> int:
    """How long the path is that was sealed."""
    return int(seal.partition(":")[0])


class Revisions:
    """Live flows of this release, and older revisions read from the database when a conversation needs one."""

    def __init__(self, db: Session, catalogue: Catalogue) -> None:
        self.db = db
        self.catalogue = catalogue

    @property
    def live(self) -> dict[str, Flow]:
        return dict(self.catalogue.live)

    def get(self, revision: str) -> Flow:
        try:
            return self.catalogue.get(revision)
        except UnknownRevision:
            stored = self.db.scalar(select(FlowRevision.stored).where(FlowRevision.id == revision))
            if stored is None:
                raise
            try:
                return self.catalogue.keep(from_stored(stored))
            except BadFlow as why:
                raise UnreadableRevision(str(why)) from why
