"""What is kept between hops: where a number's conversation stands, and each USSD session's last answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b, sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from smsapp import ties
from smsapp.db import Base, Statement, Work
from smsapp.flows.catalogue import Catalogue, UnknownRevision, UnreadableRevision
from smsapp.flows.loader import BadFlow, from_stored
from smsapp.flows.nodes import Flow
from smsapp.flows.state import State

# Rows that every hop rewrites: with room on their page and no index on what changes, no index is written.
ROOM_TO_UPDATE = {"postgresql_with": {"fillfactor": 60}}
MAX_PATH = 4000  # characters typed in one session; more is no person at a keypad


class Conversation(Base):
    """Our memory of one number, across sessions and channels. `state` is empty once a conversation is over."""

    __tablename__ = "conversations"
    number: Mapped[str] = mapped_column(primary_key=True, info=ties.number(ties.DELETE))
    state: Mapped[list[Any] | None]
    turn: Mapped[int]  # counts what was said, so that a second session can tell that its screen is old
    channel: Mapped[str]
    heard_at: Mapped[datetime]
    nudged_run: Mapped[str | None]  # the run (hashed) whose open question was sent by SMS
    __table_args__ = ROOM_TO_UPDATE


class UssdSession(Base):
    """One operator's session: what was typed so far (sealed) and what was answered, for repeats."""

    __tablename__ = "ussd_sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(info=ties.number(ties.DELETE))
    path: Mapped[str]
    screen: Mapped[str]
    ended: Mapped[bool]
    turn: Mapped[int]
    hops: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(index=True)
    heard_at: Mapped[datetime]
    outcome: Mapped[str | None]  # the operator's own word, where its end event comes
    __table_args__ = ROOM_TO_UPDATE


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


# Functions of the database, made by a migration. The first takes the number's lock for this transaction and only then
# reads, so that it sees what the holder before wrote; the second writes both rows. One round trip each, at every hop.
_RECALL = Statement("SELECT * FROM hop_memory(%(number)s, %(session)s)")

_REMEMBER = Statement(
    "SELECT hop_remember(%(session)s, %(number)s, %(path)s, %(screen)s, %(ended)s, %(turn)s, %(state)s, %(now)s)"
)


def recall(work: Work, number: str, session_id: str = "") -> Memory:
    """Take the number's lock for this transaction, then read what is known of it."""
    found = work.run(_RECALL, {"number": number, "session": session_id})
    assert found is not None
    state, turn, heard_at, nudged_run, owner, path, screen, ended, seen_turn, language = found
    return Memory(
        state=json.loads(state) if state else None,
        turn=int(turn or 0),
        heard_at=datetime.fromisoformat(heard_at) if heard_at else None,
        nudged_run=nudged_run,
        owner=owner,
        path=path,
        screen=screen or "",
        ended=ended == "t",
        seen_turn=int(seen_turn or 0),
        language=language,
    )


def remember_hop(
    work: Work,
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
        "state": _written(state),
        "now": now,
    }
    work.run_last(_REMEMBER, values)


_REMEMBER_SMS = """
    INSERT INTO conversations (number, state, turn, channel, heard_at)
    VALUES (%(number)s, %(state)s, %(turn)s, 'sms', %(now)s)
    ON CONFLICT (number) DO UPDATE
    SET state = excluded.state, turn = excluded.turn, channel = excluded.channel, heard_at = excluded.heard_at
"""


def remember_sms(work: Work, number: str, turn: int, state: State | None, now: datetime) -> None:
    work.execute(_REMEMBER_SMS, {"number": number, "state": _written(state), "turn": turn, "now": now})


def _written(state: State | None) -> str | None:
    return json.dumps(state.to_json()) if state else None


def sealed(secret: str, session_id: str, path: str) -> str:
    """A path that can be recognised and continued but not read: it is made of answers and PINs."""
    told = f"{session_id}\n{path}".encode("utf-8", "surrogatepass")
    return f"{len(path)}:{blake2b(told, key=_key(secret), digest_size=32).hexdigest()}"


@cache
def _key(secret: str) -> bytes:
    """As long as BLAKE2 takes one. A tenth of HMAC's time, twice a hop."""
    return sha256(secret.encode()).digest()


def sealed_length(seal: str) -> int:
    """How long the path is that was sealed."""
    return int(seal.partition(":")[0])


class Revisions:
    """Live flows of this release, and older revisions read from the database when a conversation needs one."""

    def __init__(self, sessions: Callable[[], Session], catalogue: Catalogue) -> None:
        self.sessions = sessions
        self.catalogue = catalogue

    @property
    def live(self) -> Mapping[str, Flow]:
        return self.catalogue.live

    def get(self, revision: str) -> Flow:
        try:
            return self.catalogue.get(revision)
        except UnknownRevision:
            stored = self.sessions().scalar(select(FlowRevision.stored).where(FlowRevision.id == revision))
            if stored is None:
                raise
            try:
                return self.catalogue.keep(from_stored(stored))
            except BadFlow as why:
                raise UnreadableRevision(str(why)) from why
