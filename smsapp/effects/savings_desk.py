"""What the forms of a meeting share: the treasurer at her table, what she typed, and how it is read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from smsapp.effects.base import Caller
from smsapp.effects.savings_base import booking, practising, speaker
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import batches, meetings
from smsapp.savings.batches import BadBatch
from smsapp.savings.box import Booking
from smsapp.savings.groups import Who
from smsapp.savings.meetings import Sitting
from smsapp.savings.money import francs
from smsapp.savings.shares import Plan

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Desk:
    """Who writes, in which session, and the meeting that is open."""

    db: Session
    who: Who
    now: Sitting


@contextmanager
def meeting(caller: Caller) -> Iterator[Desk]:
    """The open meeting of her group; who practises may do so without one."""
    with booking(caller) as db:
        who = speaker(caller)
        if practising(caller) and meetings.current_id(db, who.group_id) is None:
            meetings.begin(db, caller.rt, who, ())
        yield Desk(db, who, meetings.sitting(db, who.group_id))


def signed(amount: int) -> str:
    """`+ 500 F`, `- 200 F`; what came in stands without a sign."""
    return francs(amount) if amount >= 0 else f"-{francs(-amount)}"


def summary(caller: Caller, plan: Plan) -> str:
    """`10 x 500 F = 5 000 F`, and who is left out."""
    lines = [f"{len(plan.members)} x {francs(plan.amount)} = {francs(plan.total)}"]
    for key, members in (("savings.batch.away", plan.away), ("savings.batch.before", plan.before)):
        if members:
            lines.append(say(caller, key, cards=meetings.cards_of(members)))
    return "\n".join(lines)


def say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, key, **values)


def by_hand(caller: Caller, wanted: Effect, desk: Desk) -> Booking:
    return Booking(desk.who, wanted.key, caller.channel, desk.now.meeting.id)


def text(wanted: Effect, name: str) -> str:
    return str(wanted.answers[name])


def cards(typed: str) -> frozenset[int]:
    """The cards that were listed."""
    try:
        return batches.read_absent(typed)
    except BadBatch as no:
        raise Refused("savings.cards", what=no.what or typed[:12]) from no
