"""Texts without a keyword that are understood: `1` to a reminder that asked, `1#1#2` of a grammar of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from smsapp.conversations.talk import Talk
from smsapp.effects import CLAIMS, NAMES, Open
from smsapp.flows import coded
from smsapp.flows.nodes import Flow


@dataclass(frozen=True)
class Taken:
    """The flow that takes a text, and the words of the answer."""

    flow: Flow
    words: Sequence[str]


def taken(talk: Talk, text: str) -> Taken | None:
    """Whose answer this is: of what asked last, if it can be one. A question that she was heard at since is nearer."""
    moment = talk.moment()
    takers = [flow for flow in talk.flows.live.values() if flow.takes]
    words = {flow.name: said for flow in takers if (said := coded.opening(flow, text, moment))}
    if not words:
        return None
    asked = {at: flow for flow in takers if (at := _asked_at(talk, flow))}
    if not asked or asked[max(asked)].name not in words:
        return None
    talk.put_reading_away()
    at, heard_at = max(asked), talk.memory.heard_at
    if talk.takes_sms and heard_at is not None and heard_at >= at:
        return None
    return Taken(asked[at], words[asked[at].name])


def any_words(talk: Talk) -> bool:
    """Is a question open by SMS that any words answer?"""
    ask = talk.open_ask if talk.takes_sms else None
    return ask is not None and ask.type == "text"


def claimed(talk: Talk, text: str) -> Flow | None:
    """The flow that says that this text is its own, whatever is open."""
    talk.put_reading_away()
    ask = talk.open_ask if talk.takes_sms else None
    opened = Open(talk.flow.name, ask) if ask and talk.flow else None
    claiming = (flow for flow in talk.flows.live.values() if flow.claims)
    return next((flow for flow in claiming if CLAIMS[flow.claims](talk.caller, text, opened)), None)


def named(talk: Talk, text: str, by_keyword: str) -> Flow | None:
    """The other flow whose name of several words a text begins with, where the first is the keyword of one."""
    naming = (flow for flow in talk.flows.live.values() if flow.claims in NAMES and flow.name != by_keyword)
    return next((flow for flow in naming if NAMES[flow.claims](talk.caller, text)), None)


def _asked_at(talk: Talk, flow: Flow) -> datetime | None:
    """When the message went out that this flow takes an answer to."""
    at = flow.takes.value(talk.facts, today=talk.rt.local_now().date()) if flow.takes else ""
    return datetime.fromisoformat(str(at)) if at else None
