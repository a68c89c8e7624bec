"""Children to look for, on the keypad: a worker's list, and what she tells of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.care import some_worker, worker
from smsapp.effects.care_doses import told_day
from smsapp.effects.care_told import Told, dose, doses, in_one_text, say, who
from smsapp.flows.state import Effect
from smsapp.vaccines import giving, missing
from smsapp.vaccines.missing import Missed

SOME = "some"


def _hers(caller: Caller) -> Sequence[Missed]:
    if "missed" not in caller.memo:
        found = some_worker(caller)
        caller.memo["missed"] = missing.hers(caller.db, found) if found else []
    several: Sequence[Missed] = caller.memo["missed"]
    return several


@fact("missed_count")
def missed_count(caller: Caller) -> int:
    found = some_worker(caller)
    return missing.count(caller.db, found) if found else 0


@fact("missed_children")
def missed_children(caller: Caller) -> list[dict[str, str]]:
    """First name, village, and since when she is looked for, or when she was seen."""
    return [{"name": str(one.search_id), "label": _label(caller, one)} for one in _hers(caller)]


def _label(caller: Caller, one: Missed) -> str:
    key, day = ("missed.seen", one.seen_on) if one.seen_on else ("missed.since", one.since)
    return ", ".join([" ".join(filter(None, [one.name, one.village])), say(caller, key, day=f"{day:%d/%m/%y}")])


@fact("missed_doses")
def missed_doses(caller: Caller) -> list[dict[str, str]]:
    """What each of them missed."""
    return [
        {"name": f"{one.search_id}:{code}", "label": dose(caller, code), "parent": str(one.search_id)}
        for one in _hers(caller)
        for code in one.doses
    ]


@effect("care.missed_child", reads=True)
def missed_child(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Who she is, what she is to be given, and whether her card may show it already."""
    child = missing.child_of(caller.db, worker(caller), _search(wanted))
    one = _one(caller, wanted)
    name = who(caller, child)
    head = say(caller, "missed.card", who=name) if one and one.told else name
    return {"who": name, "head": head, "doses_missed": doses(caller, one.doses if one else ())}


@effect("care.missed_day", reads=True)
def missed_day(caller: Caller, wanted: Effect) -> None:
    """A day that can not be is refused where it is typed."""
    child = missing.child_of(caller.db, worker(caller), _search(wanted))
    giving.check(caller.rt, child, told_day(caller, wanted))


@effect("care.missed_told")
def missed_told(caller: Caller, wanted: Effect) -> None:
    told = {"outcome": str(wanted.answers["what"]), "channel": caller.channel}
    missing.tell(caller.db, caller.rt, worker(caller), _search(wanted), **told)


@effect("care.missed_vaccinated")
def missed_vaccinated(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """The doses that she missed, all or those that were picked, with the date of the card."""
    by, on, codes = worker(caller), told_day(caller, wanted), _missed(caller, wanted)
    if wanted.answers.get("which") == SOME:
        picked = {str(name).partition(":")[2] for name in wanted.answers["picked"]}
        codes = [code for code in codes if code in picked]
    more: dict[str, str] = {"channel": caller.channel, "key": wanted.key}
    done = missing.vaccinated(caller.db, caller.rt, by, _search(wanted), codes, on, **more)
    told = Told(who(caller, done.child), on, done.new, done.known, done.uncounted, done.next_day)
    return {"said": in_one_text(caller, told)}


def _search(wanted: Effect) -> int:
    return int(wanted.answers["child"])


def _one(caller: Caller, wanted: Effect) -> Missed | None:
    return next((one for one in _hers(caller) if one.search_id == _search(wanted)), None)


def _missed(caller: Caller, wanted: Effect) -> Sequence[str]:
    one = _one(caller, wanted)
    return one.doses if one else ()
