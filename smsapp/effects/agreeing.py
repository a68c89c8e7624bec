"""Changing a number or a PIN, and what officers say to requests."""

from __future__ import annotations

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings import check_pin, speaking
from smsapp.effects.savings_base import booking, speaker
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import groups, newpins, numbers, pins, requests
from smsapp.savings.groups import Who
from smsapp.savings.tables import Request


@fact("open_requests")
def open_requests(caller: Caller) -> list[dict[str, str]]:
    """What she has still to say yes or no to."""
    who = speaking(caller)
    if who is None or not who.offices:
        return []
    return [_option(caller, request) for request in requests.waiting_for(caller.db, caller.rt.now(), who)]


@fact("fellow_cards")
def fellow_cards(caller: Caller) -> list[dict[str, str]]:
    """The other cards of her group, by what is written on them."""
    who = speaking(caller)
    others = [other for other in groups.whole(caller.db, who.group_id) if other.id != who.id] if who else []
    return [{"name": str(other.card), "label": other.title} for other in others]


@effect("savings.say")
def say(caller: Caller, wanted: Effect) -> dict[str, str]:
    """An officer's word on a request, after her PIN."""
    check_pin(caller, wanted)
    yes, chosen = wanted.answers["answer"] == "yes", int(wanted.answers["request"])
    with booking(caller) as db:
        outcome = requests.say(db, caller.rt, speaker(caller), chosen, yes=yes).outcome
    return {"result": caller.rt.texts.say(caller.language, f"savings.said.{outcome or 'waits'}")}


@effect("savings.ask_number")
def ask_number(caller: Caller, wanted: Effect) -> None:
    """For her own number, from the old one; with a card, for a member whose phone is lost."""
    check_pin(caller, wanted)
    who = speaker(caller)
    member = _fellow(caller, who, wanted) if "card" in wanted.answers else None
    with booking(caller) as db:
        numbers.ask(db, caller.rt, who, str(wanted.answers["number"]), member=member)


@effect("savings.new_pin")
def new_pin(caller: Caller, wanted: Effect) -> dict[str, str]:
    """What is kept of the PIN that was just typed: her own, or one for the card that was named."""
    who, pin = speaker(caller), str(wanted.answers[wanted.node])
    if "card" in wanted.answers:
        return {"kept": pins.make(caller.rt.settings.secret_key, pin)}
    return {"kept": newpins.choose(caller.db, caller.rt, who, pin)}


@effect("savings.repeat_pin")
def repeat_pin(caller: Caller, wanted: Effect) -> None:
    newpins.repeat(caller.rt, str(wanted.answers[wanted.node]), str(wanted.answers["kept"]))


@effect("savings.change_pin")
def change_pin(caller: Caller, wanted: Effect) -> None:
    """Her own, whose old one was given two questions before."""
    repeat_pin(caller, wanted)
    with booking(caller) as db:
        pins.keep(db, speaker(caller).id, str(wanted.answers["kept"]))


@effect("savings.ask_pin")
def ask_pin(caller: Caller, wanted: Effect) -> None:
    """An officer asks the others, with her own PIN, for a member who has none or forgot it."""
    check_pin(caller, wanted)
    who = speaker(caller)
    with booking(caller) as db:
        newpins.ask(db, caller.rt, who, _fellow(caller, who, wanted), str(wanted.answers["kept"]))


def _option(caller: Caller, request: Request) -> dict[str, str]:
    told = requests.described(caller.rt, caller.language, request)
    asker = groups.by_id(caller.db, request.asked_by or 0)
    key = "savings.asked_by" if request.asked_by else "savings.asked_by_staff"
    by = caller.rt.texts.say(caller.language, key, asker=asker.title if asker else "")
    return {"name": str(request.id), "label": f"{told[:1].upper()}{told[1:]} ({by})"}


def _fellow(caller: Caller, who: Who, wanted: Effect) -> Who:
    member = groups.by_card(caller.db, who.group_id, int(wanted.answers["card"]))
    if member is None:
        raise Refused("savings.no_member")
    return member
