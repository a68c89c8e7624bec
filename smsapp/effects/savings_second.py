"""The second officer on the phone of the first: who may give her word, and her PIN."""

from __future__ import annotations

from smsapp.effects.base import Caller, fact
from smsapp.effects.savings import speaking
from smsapp.effects.savings_base import practising, speaker
from smsapp.flows.state import Effect
from smsapp.savings import box, meetings, seconding
from smsapp.savings.groups import Who


@fact("seconds")
def seconds(caller: Caller) -> list[dict[str, str]]:
    """By the number on their card."""
    return [{"name": str(one.card), "label": one.title} for one in _able(caller)]


@fact("second_cards")
def second_cards(caller: Caller) -> str:
    """`3, 4`; nothing where nobody could."""
    return meetings.cards_of(_able(caller))


@fact("alone_most")
def alone_most(caller: Caller) -> int:
    """What may leave the box by her word alone."""
    who = speaking(caller)
    return box.alone_most(caller.db, caller.rt, who.group_id) if who else 0


def second(caller: Caller, wanted: Effect) -> Who | None:
    """Whose card was typed, her PIN being right; None where nobody was asked. In practice any PIN will do."""
    if "agree" not in wanted.answers:
        return None
    who, card = speaker(caller), int(wanted.answers["agree"])
    if practising(caller):
        return seconding.of_card(caller.db, who, card)
    return seconding.agreed(caller.db, caller.rt, who, card, str(wanted.answers["pin"]))


def _able(caller: Caller) -> list[Who]:
    who = speaking(caller)
    return seconding.able(caller.db, who) if who else []
