"""A second officer's word, given with her PIN on the phone of her who writes: no box is emptied by one alone."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, ledger, meetings, pins
from smsapp.savings.groups import Who
from smsapp.savings.money import francs
from smsapp.savings.tables import Member

COUNTERS = frozenset({"counter1", "counter2"})


def able(db: Session, who: Who) -> list[Who]:
    """Who may give it, each with a PIN: a counter who is at the meeting; else any other officer there."""
    known = select(Member.id).where(Member.group_id == who.group_id, Member.pin.is_not(None))
    having = set(db.scalars(known)) - {who.id}
    others = [one for one in groups.officers(db, who.group_id) if one.id in having]
    meeting = meetings.current(db, who.group_id)
    if meeting is not None and meeting.roll is not None:
        others = [one for one in others if one.id in meeting.roll] or others
    return [one for one in others if COUNTERS & set(one.offices)] or others


def of_card(db: Session, who: Who, card: int) -> Who:
    """The officer of this card; refused where she may not give it."""
    found = next((one for one in able(db, who) if one.card == card), None)
    if found is None:
        raise Refused("savings.needs_second")
    return found


def agreed(db: Session, rt: Runtime, who: Who, card: int, pin: str) -> Who:
    """She gave her word: it is her PIN."""
    second = of_card(db, who, card)
    pins.check(db, rt, second.id, pin)
    return second


def enough(db: Session, who: Who, second: Who | None, amount: int) -> None:
    """Refused where a second officer is missing; a group that has none books less than one share without her."""
    if second is not None and second.id != who.id:
        return
    if able(db, who):
        raise Refused("savings.needs_second")
    value = ledger.open_cycle(db, who.group_id).share_value
    if amount >= value:
        raise Refused("savings.no_second", most=francs(value))


def by(rt: Runtime, language: str | None, who: Who, second: Who | None) -> str:
    """`carte 13`, `cartes 13 et 3`: who wrote it, and who gave her word for it."""
    if second is None:
        return rt.texts.say(language, "savings.by_card", card=who.card)
    return rt.texts.say(language, "savings.by_cards", card=who.card, second=second.card)
