"""Silent villages on the keypad of those who answer for them: which, for how long, the likely reason, whom to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from smsapp import phones, scopes
from smsapp.effects.alerts import posts
from smsapp.effects.base import Caller, effect, fact
from smsapp.flows.state import Effect
from smsapp.people import Number, Person
from smsapp.scopes import Scope
from smsapp.surveillance import silent
from smsapp.surveillance.silent import Silent

MOST_LISTED = 30


def _hers(caller: Caller) -> Sequence[Silent]:
    """The villages of the centre or of the area that this phone answers for, the longest silent first."""
    if "silent" not in caller.memo:
        caller.memo["silent"] = silent.villages(caller.db, caller.rt, _scope(caller))
    found: Sequence[Silent] = caller.memo["silent"]
    return found


def _scope(caller: Caller) -> Scope:
    if not (held := posts(caller)):
        return Scope(frozenset())
    one, area = held[0]
    place = {"facility": area.facility, "district": area.district, "region": area.region}.get(one.level)
    return scopes.EVERYWHERE if one.level == "national" else scopes.at(caller.db, [place] if place else [])


@fact("silent_count")
def silent_count(caller: Caller) -> int:
    return len(_hers(caller))


@fact("silent_list")
def silent_list(caller: Caller) -> list[dict[str, str]]:
    """Each village with its weeks."""
    say = caller.rt.texts.say
    return [
        {"name": str(one.id), "label": say(caller.language, "case.silent.line", village=one.name, weeks=one.weeks)}
        for one in _hers(caller)[:MOST_LISTED]
    ]


@effect("cases.silent", reads=True)
def show(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """One of them."""
    one = next(each for each in _hers(caller) if str(each.id) == wanted.answers["village"])
    say, language = caller.rt.texts.say, caller.language
    values = {"village": one.name, "weeks": one.weeks, "why": say(language, f"case.silent.{one.why}")}
    return {"told": say(language, "case.silent.one", **values, workers=_workers(caller, one))}


def _workers(caller: Caller, one: Silent) -> str:
    """Their names, each with the number that mainly serves her."""
    rows = caller.db.execute(
        select(Person.name, Number.number)
        .join(Number, (Number.person_id == Person.id) & Number.main.is_(True), isouter=True)
        .where(Person.id.in_(one.worker_ids))
        .order_by(Person.name, Person.id)
    )
    told = (" ".join(filter(None, (name, number and phones.pretty(number)))) for name, number in rows)
    return ", ".join(filter(None, told))
