"""Texts without a keyword that answer what a message of ours asked: `1` to a reminder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from smsapp.conversations.talk import Talk
from smsapp.flows import coded
from smsapp.flows.nodes import Flow


@dataclass(frozen=True)
class Taken:
    """The flow that takes a text, when it asked, and the words of the answer."""

    flow: Flow
    at: datetime
    words: Sequence[str]


def taken(talk: Talk, text: str) -> Taken | None:
    """Whose answer this is: of what asked last. A question that she was heard at since then is nearer to her."""
    found = max(_open(talk, text), key=lambda one: one.at, default=None)
    if found is None:
        return None
    talk.put_reading_away()
    heard_at = talk.memory.heard_at
    return None if talk.takes_sms and heard_at is not None and heard_at >= found.at else found


def _open(talk: Talk, text: str) -> Iterator[Taken]:
    moment = talk.moment()
    for flow in talk.flows.live.values():
        if flow.takes and (words := coded.opening(flow, text, moment)):
            asked = flow.takes.value(talk.facts, today=moment.today)
            if asked:
                yield Taken(flow, datetime.fromisoformat(str(asked)), words)
