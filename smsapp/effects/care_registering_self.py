"""A mother registers herself, and her centre's midwife says whether she is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.care import said, some_worker, worker
from smsapp.effects.care_registering import NAMELESS, when
from smsapp.flows.state import Effect
from smsapp.people import STAFF_ROLES, Known
from smsapp.phones import pretty
from smsapp.refusals import Refused
from smsapp.vaccines import births, codes, expecting, mothers, waiting
from smsapp.vaccines.families import File
from smsapp.vaccines.registering import Born, Expected
from smsapp.vaccines.workers import Worker


def _holders(caller: Caller) -> Sequence[Known]:
    """Those behind this phone whom a centre serves; a worker is not among them."""
    return [one for one in caller.behind if one.facility_id is not None and not {*one.roles} & {*STAFF_ROLES}]


@fact("my_names")
def my_names(caller: Caller) -> list[dict[str, str]]:
    return [{"name": str(one.id), "label": one.name or NAMELESS} for one in _holders(caller)]


@fact("my_several")
def my_several(caller: Caller) -> str:
    return said(len(_holders(caller)) > 1)


@effect("care.own")
def own(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Her child, or what she expects; nothing is sent before her centre has confirmed it."""
    told = wanted.answers
    holders = [one for one in _holders(caller) if str(told.get("who", one.id)) == str(one.id)]
    if not holders:
        raise Refused("care.no_centre", final=True)
    her = holders[0]
    expects = told.get("what") == "expecting"
    file, new = _expected(caller, her, wanted) if expects else _child(caller, her, wanted)
    if file.confirmed_on is None:
        waiting.tell(caller.db, caller.rt, file.facility_id)
    key = "care.said.own" if new else "care.said.own_known"
    return {"said": caller.rt.texts.say(caller.language, key, code=codes.of(file.number), centre=her.facility)}


def _child(caller: Caller, her: Known, wanted: Effect) -> tuple[File, bool]:
    facility_id = her.facility_id or 0
    told = Born(
        date.fromisoformat(str(wanted.answers["born"])),
        facility_id,
        mother_id=her.id,
        sex=str(wanted.answers["sex"]),
        name=mothers.name_of(wanted.answers.get("name")),
        village_id=mothers.village_of(caller.db, her.id, facility_id),
    )
    arrived = births.register(
        caller.db, caller.rt, told, by=her.id, channel=caller.channel, key=wanted.key, confirmed=False
    )
    return arrived.child, arrived.new


def _expected(caller: Caller, her: Known, wanted: Effect) -> tuple[File, bool]:
    facility_id = her.facility_id or 0
    village = mothers.village_of(caller.db, her.id, facility_id)
    told = Expected(her.id, facility_id, village_id=village, **vars(when(caller, wanted.answers)))
    return expecting.register(
        caller.db, caller.rt, told, by=her.id, channel=caller.channel, key=wanted.key, confirmed=False
    )


def _confirms(caller: Caller) -> Worker:
    who = worker(caller)
    if not who.confirms:
        raise Refused("care.stranger", final=True)
    return who


@fact("care_waiting")
def care_waiting(caller: Caller) -> list[dict[str, str]]:
    """Mothers whose own word waits for hers: by name, else by number."""
    who = some_worker(caller)
    if who is None or not who.confirms:
        return []
    return [
        {"name": str(i), "label": _label(caller, i, name)} for i, name in waiting.of_centre(caller.db, who.facility_id)
    ]


def _label(caller: Caller, person_id: int, name: str | None) -> str:
    if name:
        return name
    number = mothers.called(caller.db, person_id)[1]
    return pretty(number) if number else NAMELESS


@effect("care.confirm")
def confirm(caller: Caller, wanted: Effect) -> None:
    """Known, or not."""
    who, told = _confirms(caller), wanted.answers
    mother_id, village = int(told["mother"]), str(told.get("village", ""))
    if told["known"] == "yes":
        named = int(village) if village.isdecimal() else None
        waiting.confirm(caller.db, caller.rt, who, mother_id, named, channel=caller.channel)
    else:
        waiting.not_known(caller.db, caller.rt, who, mother_id, channel=caller.channel)
