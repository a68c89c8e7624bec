"""Hearing a USSD hop: where it stands in its session, what is new in it, and the screen to answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from smsapp.conversations import tables
from smsapp.conversations.tables import MAX_PATH, Memory
from smsapp.conversations.talk import MAIN, Reply, Talk, Unwound, twice_if_refused
from smsapp.db import work
from smsapp.gateways.base import Hop
from smsapp.runtime import Runtime
from smsapp.words import command

RESUME_WITHIN = timedelta(hours=24)

# Types whose answers may hold the star that separates hops; others are walked answer by answer.
WITH_STARS = frozenset({"text", "date", "several", "decimal"})

_BLANKS = re.compile(r"\s*\*\s*")
Seal = Callable[[str], str]


@dataclass(frozen=True)
class Heard:
    """The screen to send, whether the session ends with it, and what kind of hop it was, for the log."""

    screen: str
    end: bool
    what: str
    at: str = ""


def hear(rt: Runtime, hop: Hop) -> Heard:
    """Answer one hop. A repeat gets the stored answer; every other hop moves its conversation at most once."""
    return twice_if_refused(partial(_hear, rt, hop))


def _hear(rt: Runtime, hop: Hop, unwound: Unwound | None) -> Heard:
    # Blanks at the end of an answer are gone where it ends the path, and would be there again once it goes on.
    path = _BLANKS.sub("*", hop.path.strip())[: MAX_PATH + 1]
    seal = partial(tables.sealed, rt.settings.secret_key, hop.session_id)
    with work(rt.sessions) as one:
        memory = tables.recall(one, hop.number, hop.session_id)
        now_sealed = seal(path)
        if memory.owner == hop.number and _is_repeat(memory, path, now_sealed):
            return Heard(memory.screen, memory.ended, "repeat")
        talk = Talk(one, rt, hop.number, "ussd", memory, unwound)
        what, reply = _answer(talk, memory, hop.number, path, seal)
        screen = talk.ussd(reply)
        tables.remember_hop(
            one,
            session_id=hop.session_id,
            number=hop.number,
            path=now_sealed,
            screen=screen,
            ended=reply.ends,
            turn=talk.turn,
            state=talk.state,
            now=rt.now(),
        )
    return Heard(screen, reply.ends, what, reply.screen.at if reply.screen else "")


def _is_repeat(memory: Memory, path: str, now_sealed: str) -> bool:
    """The same hop again, a late earlier one, or anything after the end."""
    if memory.path is None:
        return False
    return memory.ended or len(path) < tables.sealed_length(memory.path) or now_sealed == memory.path


def _answer(talk: Talk, memory: Memory, number: str, path: str, seal: Seal) -> tuple[str, Reply]:
    if len(path) > MAX_PATH:
        return "too long", Reply(words=talk.words("too_long"))
    if memory.owner is not None and memory.owner != number:
        # Somebody else's session id: what was typed there is not hers, it is as if she had dialled.
        return "changed caller", _first(talk, memory, "")[1]
    if memory.path is None:
        return _first(talk, memory, path)
    rest = _rest(memory.path, path, seal)
    if rest is None:
        return "diverged", talk.show()
    if memory.turn != memory.seen_turn or (talk.state is not None and talk.flow is None):
        # Another session, an SMS or a release moved the conversation: what she typed answers a screen that is gone.
        return "stale", talk.show()
    return _continue(talk, rest)


def _first(talk: Talk, memory: Memory, path: str) -> tuple[str, Reply]:
    """A dial: resumes where the line was lost; a path dialled at once is walked from the menu."""
    if path:
        talk.begin(MAIN)
        return "deep dial", talk.walk(path.split("*"))
    if not talk.in_form:
        return "dial", talk.begin(MAIN)
    heard_at = memory.heard_at
    old = _texted(talk) or (heard_at is not None and talk.rt.now() - heard_at > RESUME_WITHIN)
    return "resume?" if old else "resume", talk.go_on(old=old)


def _texted(talk: Talk) -> bool:
    """Is a form open that only a keyword by SMS begins? On the keypad she may want something else."""
    flow = talk.flow
    reached = {name for one in talk.flows.live.values() for name in one.leads_to}
    return flow is not None and bool(flow.keywords) and flow.name not in reached


def _continue(talk: Talk, rest: str) -> tuple[str, Reply]:
    if (wanted := command(rest)) and not wanted.in_sentence:
        return "command", talk.heed(wanted)
    answers = _utterances(talk, rest)
    return "answer", talk.say(answers[0]) if len(answers) == 1 else talk.walk(answers)


def _utterances(talk: Talk, rest: str) -> list[str]:
    """What followed the stored path: one answer, unless it is plainly several hops at once."""
    if "*" not in rest:
        return [rest]
    ask = talk.open_ask
    if ask is not None and ask.type in WITH_STARS:
        return [rest]
    return rest.split("*")


def _rest(stored: str, path: str, seal: Seal) -> str | None:
    """What is new in `path`; None where it does not extend the one that was sealed as `stored`."""
    length = tables.sealed_length(stored)
    if not length:
        return path
    return path[length + 1 :] if path[length : length + 1] == "*" and seal(path[:length]) == stored else None
