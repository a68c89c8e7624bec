"""The door to a savings group: which member a phone speaks for, her PIN, and what her menu shows."""

from __future__ import annotations

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings_base import line, speaker
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import access, groups, numbers, pins
from smsapp.savings.groups import Who

YES, NO = "yes", ""


def speaking(caller: Caller) -> Who | None:
    """The member who gave her PIN on this phone."""
    return line(caller).who


def of_phone(caller: Caller) -> list[Who]:
    """Whom this phone may speak for, once her PIN is given."""
    if "of_phone" not in caller.memo:
        caller.memo["of_phone"] = numbers.of_phone(caller.db, caller.number)
    several: list[Who] = caller.memo["of_phone"]
    return several


def said(yes: object) -> str:
    return YES if yes else NO


@fact("in_group")
def in_group(caller: Caller) -> str:
    """Is this some member's number? Nothing more is told before her PIN."""
    return said(numbers.serves(caller.work, caller.number))


@fact("keeps_some_book")
def keeps_some_book(caller: Caller) -> str:
    """Does somebody with this number write in a book? By SMS the number is who she is."""
    return said(any(who.keeps_book for who in groups.of_number(caller.db, caller.number)))


@fact("memberships")
def memberships(caller: Caller) -> list[dict[str, str]]:
    """By card alone: whoever holds the phone reads no name before the PIN, not even of a group."""
    card = caller.rt.texts.say(caller.language, "savings.card").capitalize()
    return [{"name": str(who.id), "label": f"{card} {who.card}"} for who in of_phone(caller)]


@fact("several_members")
def several_members(caller: Caller) -> str:
    return said(len(of_phone(caller)) > 1)


@fact("whose_pin")
def whose_pin(caller: Caller) -> str:
    """Before the question for her PIN, where the phone serves others too: whose it is."""
    who = speaking(caller)
    if who is None or len(of_phone(caller)) < 2:
        return ""
    return f"{caller.rt.texts.say(caller.language, 'savings.card')} {who.card} : "


@fact("saver")
def saver(caller: Caller) -> str:
    """`3. Bintou`, once her PIN was given."""
    who = speaking(caller)
    return who.title if who else ""


@fact("group_name")
def group_name(caller: Caller) -> str:
    who = speaking(caller)
    return who.group if who else ""


@fact("keeps_book")
def keeps_book(caller: Caller) -> str:
    who = speaking(caller)
    return said(who and who.keeps_book)


@fact("officer")
def officer(caller: Caller) -> str:
    who = speaking(caller)
    return said(who and who.offices)


@effect("savings.open")
def open_line(caller: Caller, wanted: Effect) -> None:
    """Her PIN, and from now on the phone speaks for her."""
    db, chosen = caller.db, str(wanted.answers.get("member", ""))
    who = next((who for who in of_phone(caller) if chosen in {"", str(who.id)}), None)
    if who is None:
        raise Refused("savings.stranger", final=True)
    pins.check(db, caller.rt, who.id, str(wanted.answers["pin"]))
    numbers.prove(db, caller.rt, caller.number, who.id)
    access.open_line(db, caller.rt.now(), caller.number, who.id)
    caller.lasting.pop("practising", None)


@effect("savings.check_pin")
def check_pin(caller: Caller, wanted: Effect) -> None:
    """The PIN, again, of the member for whom the phone speaks: in the question that asks for it."""
    who = speaker(caller)
    pins.check(caller.db, caller.rt, who.id, str(wanted.answers[wanted.node]))
