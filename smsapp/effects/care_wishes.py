"""A mother's next visits, and how she wants to be told of them."""

from __future__ import annotations

from functools import partial

from smsapp import people
from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.care import said
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.vaccines import families, upcoming, wishes
from smsapp.vaccines.upcoming import Next

TOPIC = "reminders"


def _holders(caller: Caller) -> list[int]:
    """Whom this phone serves; Refused where nobody is known."""
    ids = [person.id for person in caller.behind]
    if not ids:
        raise Refused("care.not_followed", final=True)
    return ids


@fact("my_visits")
def my_visits(caller: Caller) -> str:
    """One line a visit: the day and the place, and for whom where that may be read; empty where none is planned."""
    found = upcoming.visits_of(caller.db, caller.rt, caller.number)
    return "\n".join(dict.fromkeys(_line(caller, one) for one in found))


@fact("phone_shared")
def phone_shared(caller: Caller) -> str:
    """Does this number serve several people?"""
    return said(len(caller.behind) > 1)


@fact("wished_hour")
def wished_hour(caller: Caller) -> str:
    """The hour that was chosen, in words."""
    wish = wishes.of(caller.db, [person.id for person in caller.behind])
    chosen = wish.hour if wish else None
    name = next((name for name, hour in wishes.HOURS.items() if hour == chosen), "any")
    return caller.rt.texts.say(caller.language, f"my_care_wishes.hour.{name}")


@effect("care.wish_hour")
def wish_hour(caller: Caller, wanted: Effect) -> None:
    wishes.hour(caller.db, _holders(caller), str(wanted.answers["hour"]))


@effect("care.wish_frank")
def wish_frank(caller: Caller, wanted: Effect) -> None:
    """Only on a phone that is hers alone: others must not read what a text is about."""
    holders = _holders(caller)
    if len(holders) > 1:
        raise Refused("care.shared_phone", final=True)
    wishes.frank(caller.db, holders, wanted=wanted.answers["frank"] == "yes")


@effect("care.wish_stop")
def wish_stop(caller: Caller, wanted: Effect) -> None:
    """No reminders any more; all other texts go on."""
    if wanted.answers["stop"] == "yes":
        people.leave(caller.db, caller.rt.now(), caller.number, TOPIC, caller.channel)


def _line(caller: Caller, one: Next) -> str:
    """Of several children each by her number, by name only where the phone is hers alone and she wished so."""
    say = partial(caller.rt.texts.say, caller.language)
    who = say("care.nth.first") if one.nth == 1 else say("care.nth.other", n=one.nth) if one.nth else ""
    if one.reader is not None and one.reader.shared:
        who = " ".join(filter(None, [families.first_name(one.reader.name), who]))
    elif one.reader is not None and one.reader.frank:
        who = one.child or who
    day = f"{say(f'care.remind.weekday.{one.day.weekday()}')} {one.day:%d/%m/%Y}"
    return " : ".join(filter(None, [who, f"{day}, {one.place}"]))
