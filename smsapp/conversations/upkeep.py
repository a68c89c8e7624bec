"""What conversations need while nobody speaks: the open question by SMS, tidying, and stored revisions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import column, delete, func, select, true, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from smsapp import outbox, people
from smsapp.conversations import tables
from smsapp.conversations.tables import Conversation, FlowRevision, Revisions, UssdSession
from smsapp.conversations.talk import Talk
from smsapp.db import transaction, work
from smsapp.effects import CLAIMS, EFFECTS, FACTS
from smsapp.flows.catalogue import UnknownRevision, UnreadableRevision
from smsapp.flows.nodes import Flow
from smsapp.phones import masked
from smsapp.runtime import Runtime

log = structlog.get_logger(__name__)

SILENCE = timedelta(minutes=5)
TOO_LATE = timedelta(hours=2)  # an open question from this morning is not worth a text tonight
SESSIONS_KEPT = timedelta(hours=3)  # far longer than an operator repeats a hop or a question is worth a text
CONVERSATIONS_KEPT = timedelta(days=7)  # half an answer beside a number is not kept for ever


def nudge(rt: Runtime) -> int:
    """One SMS with the open question to each whose USSD session was cut five minutes ago; never a second one."""
    now = rt.now()
    with transaction(rt.sessions) as db:
        silent = db.scalars(
            select(Conversation.number)
            .join(UssdSession, UssdSession.number == Conversation.number)
            .where(
                UssdSession.began_at > now - TOO_LATE - SILENCE,
                Conversation.state.is_not(None),
                Conversation.channel == "ussd",
                Conversation.heard_at.between(now - TOO_LATE, now - SILENCE),
            )
            .distinct()
        ).all()
    return sum(_nudge_one(rt, number) for number in silent)


def _nudge_one(rt: Runtime, number: str) -> bool:
    try:
        return _nudge(rt, number)
    except Exception:  # one conversation that makes us fail must not hold up the others
        log.exception("not reminded", number=masked(number))
        return False


def _nudge(rt: Runtime, number: str) -> bool:
    with work(rt.sessions) as one:
        db = one.session
        memory = tables.recall(one, number)
        row = db.get(Conversation, number)
        if row is None or row.state is None or row.channel != "ussd" or rt.now() - row.heard_at < SILENCE:
            return False
        row.channel = "sms"  # if anything follows, it comes that way; looked at once
        talk = Talk(one, rt, number, "sms", memory)
        talk.put_reading_away()
        flow = talk.flow
        if flow is None or talk.state is None or not (flow.by_sms and talk.takes_sms):
            return False
        # The run itself would lead from this row to the answers, whose id comes from it.
        run = hashlib.sha256(talk.state.top.run.encode()).hexdigest()
        if run == row.nudged_run:
            return False
        row.nudged_run = run
        if {(number, flow.topic), (number, people.EVERYTHING)} & people.left(db, [number], rt.settings.secret_key):
            return False
        question = f"{talk.words('nudge')}\n{talk.sms(talk.show())}"
        outbox.post(
            db,
            rt,
            number,
            question,
            kind="question",
            language=talk.caller.language,
            key=f"nudge:{run}",
            topic=flow.topic or None,
        )
        return True


def tidy(rt: Runtime) -> tuple[int, int]:
    """Forget finished sessions and what was left half said; how many of each."""
    now = rt.now()
    with transaction(rt.sessions) as db:
        old = delete(UssdSession).where(UssdSession.began_at < now - SESSIONS_KEPT).returning(UssdSession.id)
        left = (
            update(Conversation)
            .where(Conversation.state.is_not(None), Conversation.heard_at < now - CONVERSATIONS_KEPT)
            .values(state=None)
            .returning(Conversation.number)
        )
        return len(db.scalars(old).all()), len(db.scalars(left).all())


def sync(rt: Runtime) -> list[str]:
    """Store every live revision that is not stored yet; their ids."""
    with transaction(rt.sessions) as db:
        new = [
            db.scalar(
                insert(FlowRevision)
                .values(id=flow.revision, name=flow.name, stored=flow.stored(), synced_at=rt.now())
                .on_conflict_do_nothing()
                .returning(FlowRevision.id)
            )
            for flow in rt.flows.live.values()
        ]
    return [revision for revision in new if revision]


def unsynced(db: Session, rt: Runtime) -> list[str]:
    """Live revisions that a conversation could be pinned to and nobody stored."""
    wanted = {flow.revision for flow in rt.flows.live.values()}
    stored = set(db.scalars(select(FlowRevision.id).where(FlowRevision.id.in_(wanted))))
    return sorted(wanted - stored)


def lacking(flow: Flow) -> list[str]:
    """What this release would have to offer for the flow to run: facts, effects and claims that nobody knows."""
    facts = [f"{flow.name}: no fact is called {name}" for name in flow.needs if name not in FACTS]
    facts += [f"{flow.name}: no claim is called {name}" for name in [flow.claims] if name and name not in CLAIMS]
    return facts + [f"{flow.name}: no effect is called {name}" for name in sorted(flow.effects - set(EFFECTS))]


def broken_conversations(db: Session, rt: Runtime) -> Iterator[str]:
    """Why open conversations could not go on with this release, one line a revision."""
    frames = func.jsonb_array_elements(Conversation.state).table_valued(column("value", JSONB)).lateral()
    pinned = select(func.distinct(frames.c.value["flow"].astext)).select_from(Conversation).join(frames, true())
    flows = Revisions(lambda: db, rt.flows)
    for revision in db.scalars(pinned.where(Conversation.state.is_not(None))):
        try:
            yield from (f"{revision} is under somebody's thumb; {problem}" for problem in lacking(flows.get(revision)))
        except UnreadableRevision as why:
            yield f"{revision} is under somebody's thumb and can not be read by this release: {why.args[0]}"
        except UnknownRevision:
            yield f"{revision} is under somebody's thumb and is not stored: run `flask flows sync` before a release"
