"""Hearing a USSD hop: where it stands in its session, what is new in it, and the screen to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from smsapp.conversations import tables
from smsapp.conversations.tables import MAX_PATH, Memory
from smsapp.conversations.talk import MAIN, Reply, Talk, utterances
from smsapp.db import transaction
from smsapp.gateways.base import Hop
from smsapp.runtime import Runtime
from smsapp.words import command

RESUME_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class Heard:
    """The screen to send, whether the session ends with it, and what kind of hop it was, for the log."""

    screen: str
    end: bool
    what: str
    at: str = ""


def hear(rt: Runtime, hop: Hop) -> Heard:
    """Answer one hop. A repeat gets the stored answer; every other hop moves its conversation at most once."""
    path = hop.path[:MAX_PATH]
    with transaction(rt.sessions) as db:
        memory = tables.recall(db, hop.number, hop.session_id)
        if memory.owner == hop.number and _is_repeat(memory, path):
            return Heard(memory.screen, memory.ended, "repeat")
        talk = Talk(db, rt, hop.number, "ussd", memory)
        what, reply, kept_path = _answer(talk, memory, hop.number, path)
        screen = talk.ussd(reply)
        tables.remember_hop(
            db,
            session_id=hop.session_id,
            number=hop.number,
            path=_kept(rt, hop.session_id, kept_path, reply),
            screen=screen,
            ended=reply.ends,
            turn=talk.turn,
            state=talk.state,
            now=rt.now(),
        )
    return Heard(screen, reply.ends, what, reply.screen.at if reply.screen else "")


def _is_repeat(memory: Memory, path: str) -> bool:
    """The same hop again, a late earlier one, or anything after the end."""
    if memory.path is None:
        return False
    earlier = memory.path.startswith(path + "*") if path else bool(memory.path)
    return memory.ended or memory.path == path or earlier


def _answer(talk: Talk, memory: Memory, number: str, path: str) -> tuple[str, Reply, str]:
    if memory.owner is not None and memory.owner != number:
        # Somebody else's session id: what was typed there is not hers, she starts at the menu.
        return "changed caller", talk.begin(), path
    if memory.path is None:
        return _first(talk, memory, path)
    rest = _rest(memory.path, path)
    if rest is None:
        return "diverged", talk.show(), path
    if memory.turn != memory.seen_turn:
        # Another session or an SMS moved the conversation: what she typed answers a screen that is gone.
        return "stale", talk.show(), path
    return _continue(talk, rest, path)


def _first(talk: Talk, memory: Memory, path: str) -> tuple[str, Reply, str]:
    """A dial: resumes where the line was lost; a path dialled at once is walked from the menu."""
    if path:
        talk.begin(MAIN)
        return "deep dial", talk.walk(path.split("*")), path
    if not talk.in_form:
        return "dial", talk.begin(MAIN), path
    heard_at = memory.heard_at
    old = heard_at is not None and talk.rt.now() - heard_at > RESUME_WITHIN
    if old and (talk.flow is None or talk.flow.name != "resume"):
        return "resume?", talk.ask_first("resume"), path
    return "resume", talk.show(), path


def _continue(talk: Talk, rest: str, path: str) -> tuple[str, Reply, str]:
    wanted = command(rest)
    if wanted is None:
        answers = utterances(talk, rest)
        return "answer", talk.say(answers[0]) if len(answers) == 1 else talk.walk(answers), path
    said = talk.obey(wanted)
    if wanted.name == "language" and wanted.argument:
        return "command", talk.show(), path
    return "command", Reply(words=said), path


def _rest(stored: str, path: str) -> str | None:
    """What is new in `path`; None where it does not extend what is stored."""
    if not stored:
        return path
    return path[len(stored) + 1 :] if path.startswith(stored + "*") else None


def _kept(rt: Runtime, session_id: str, path: str, reply: Reply) -> str:
    """Once an anonymous form is answered, what was typed is kept in a form that nobody can read."""
    if reply.screen is not None and reply.screen.end and reply.screen.flow.anonymous:
        return tables.sealed(rt.settings.secret_key, session_id, path)
    return path
