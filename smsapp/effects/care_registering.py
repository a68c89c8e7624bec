"""What workers tell of births and pregnancies: who may be meant by a number, and the files that begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.care import care_served, care_unknown, is_family, own_care, said, some_worker, worker
from smsapp.effects.care_told import vocabulary
from smsapp.flows.state import Effect
from smsapp.phones import pretty
from smsapp.refusals import Refused
from smsapp.vaccines import (
    births,
    codes,
    expecting,
    families,
    giving,
    mothers,
    next_visit,
    registering,
    spacing,
    welcoming,
)
from smsapp.vaccines import villages as places
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.expecting import When
from smsapp.vaccines.registering import Born, Expected
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.workers import Worker

NAMELESS = "-"
Told = Callable[[Mapping[str, Any]], Any]


def _listed(caller: Caller, answers: Mapping[str, Any]) -> Sequence[tuple[int, str | None]]:
    """By SMS only a number that serves several is asked about: what is sent counts at once."""
    who, number = some_worker(caller), str(answers.get("number") or "")
    if who is None or not number:
        return ()
    key = f"care_listed {number}"
    if key not in caller.memo:
        only_shared = caller.channel == "sms"
        caller.memo[key] = mothers.listed(caller.db, who.facility_id, number, only_shared=only_shared)
    listed: Sequence[tuple[int, str | None]] = caller.memo[key]
    return listed


@fact("care_mothers")
def care_mothers(caller: Caller) -> Told:
    """Who may be meant by the number that was typed, its `parent`."""
    return lambda answers: [
        {"name": str(i), "label": name or NAMELESS, "parent": answers["number"]} for i, name in _listed(caller, answers)
    ]


@fact("care_phones")
def care_phones(caller: Caller) -> Told:
    """That number, where somebody is to be chosen at it."""
    return lambda answers: str(answers["number"]) if _listed(caller, answers) else ""


@fact("care_villages")
def care_villages(caller: Caller) -> list[dict[str, str]]:
    """The villages that a worker may name: hers, or all of her centre's."""
    who = some_worker(caller)
    some = places.of_worker(caller.db, who) if who else ()
    return [{"name": str(i), "label": name} for i, name in some]


@fact("several_villages")
def several_villages(caller: Caller) -> str:
    return said(len(care_villages(caller)) > 1)


@effect("care.door", reads=True)
def door(caller: Caller, wanted: Effect) -> None:
    """Only a worker goes on."""
    del wanted
    _only_workers(caller, "menu_of_hers")


@effect("care.door_birth", reads=True)
def door_birth(caller: Caller, wanted: Effect) -> None:
    """The same where a mother may mean her own child; she tells of it here, too."""
    del wanted
    if not _may_be_her_own(caller):
        _only_workers(caller, "menu_for_births")


@effect("care.birth_number", reads=True)
def birth_number(caller: Caller, wanted: Effect) -> None:
    """A mother tells of her own child, and not of another mother's."""
    if _may_be_her_own(caller) and wanted.answers["number"] != caller.number:
        _only_workers(caller, "menu_for_births")


def _may_be_her_own(caller: Caller) -> bool:
    return bool(care_unknown(caller) or care_served(caller))


@effect("care.door_loss", reads=True)
def door_loss(caller: Caller, wanted: Effect) -> None:
    """A family tells of its own loss too."""
    del wanted
    if not is_family(caller):
        worker(caller)


def _only_workers(caller: Caller, way: str) -> None:
    """Whom a menu of her own concerns is sent there."""
    if some_worker(caller) is None and own_care(caller):
        raise Refused(f"care.{way}", final=True, service_code=caller.rt.settings.service_code)
    worker(caller)


@effect("care.birth_check", reads=True)
def birth_check(caller: Caller, wanted: Effect) -> None:
    registering.check_birth(date.fromisoformat(str(wanted.answers["born"])), caller.rt.local_now().date())


@fact("care_girls")
def care_girls(caller: Caller) -> Told:
    """The day of birth that was typed, where it is that of an older girl who has a dose at her age."""
    return lambda answers: str(answers["born"]) if _of_girls(caller, answers) else ""


def _of_girls(caller: Caller, answers: Mapping[str, Any]) -> bool:
    if not (born := str(answers.get("born") or "")):
        return False
    today = caller.rt.local_now().date()
    return registering.is_for_girls(giving.calendar(caller.rt), date.fromisoformat(born), today)


@effect("care.girl_check", reads=True)
def girl_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """As `care.birth_check` on the keypad, where an older girl may be meant: how old she is."""
    born_on, today = date.fromisoformat(str(wanted.answers["born"])), caller.rt.local_now().date()
    registering.check_birth(born_on, today, girl=_of_girls(caller, wanted.answers))
    birthday_passed = (today.month, today.day) >= (born_on.month, born_on.day)
    return {"years": today.year - born_on.year - (not birthday_passed)}


@effect("care.birth")
def birth(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """A child comes into the care of the worker's centre, and her family's phone hears who writes."""
    db, rt, who, told = caller.db, caller.rt, worker(caller), wanted.answers
    mother = _person(caller, who, told, "number", "mother")
    carer = _person(caller, who, told, "carer_number", "")
    child = Born(
        date.fromisoformat(str(told["born"])),
        who.facility_id,
        mother_id=mother,
        carer_id=carer,
        sex=str(told.get("sex", "F")),  # not asked of an older child: only a girl is registered
        name=mothers.name_of(told.get("name")),
        village_id=_village(caller, who, told, mother or carer or 0),
        born_at=told.get("born_at"),
    )
    arrived = births.register(db, rt, child, by=who.id, channel=caller.channel, key=wanted.key)
    row = arrived.child
    welcoming.welcome(db, rt, row, by=who.id, channel=caller.channel)
    if row.pregnancy_id is not None and row.carer_id is not None:  # else her mother was welcomed for the child
        welcoming.welcome(db, rt, db.get_one(Pregnancy, row.pregnancy_id), by=who.id, channel=caller.channel)
    sex = f"{row.name} ({row.sex})" if row.name else row.sex
    near = spacing.near_child(db, child) if arrived.new else None
    facts = {"child": sex, "day": f"{row.born_on:%d/%m/%Y}", "whose": _with(caller, row)}
    return {"said": _said(caller, "born", row, arrived.new, _near(caller, near), **facts)}


@fact("example_period")
def example_period(caller: Caller) -> str:
    """A day on which a last period may have begun, whenever it is read."""
    return f"{caller.rt.local_now().date() - TERM / 2:%d/%m/%Y}"


@fact("example_due")
def example_due(caller: Caller) -> str:
    """The day of birth that goes with it."""
    return f"{caller.rt.local_now().date() + TERM / 2:%d/%m/%Y}"


@effect("care.when_check", reads=True)
def when_check(caller: Caller, wanted: Effect) -> None:
    when(caller, wanted.answers)


@effect("care.expect")
def expect(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """A pregnancy comes into the care of the worker's centre; the answer says nothing of what it is."""
    db, rt, who, told = caller.db, caller.rt, worker(caller), wanted.answers
    mother = _person(caller, who, told, "number", "mother") or 0
    days = when(caller, told)
    village = _village(caller, who, told, mother)
    expected = Expected(mother, who.facility_id, village_id=village, **vars(days))
    today = rt.local_now().date()
    last = spacing.last_birth(db, mother, registering.due(expected, today), today, exact=expected.exact)
    row, new = expecting.register(db, rt, expected, by=who.id, channel=caller.channel, key=wanted.key)
    welcoming.welcome(db, rt, row, by=who.id, channel=caller.channel)
    note = (
        caller.rt.texts.say(caller.language, "care.said.after_birth", born=f"{last:%d/%m/%Y}") if last and new else ""
    )
    facts = {"day": f"{row.due_on:%d/%m/%Y}", "mother": called(caller, row.mother_id)}
    return {"said": _said(caller, "expected", row, new, note, **facts)}


def _near(caller: Caller, near: Child | None) -> str:
    """What the worker reads where the same mother has a child of nearly that day, who is no twin."""
    if near is None:
        return ""
    told = {"child": spacing.named(near), "day": f"{near.born_on:%d/%m/%Y}"}
    return caller.rt.texts.say(caller.language, "care.said.near", **told)


def when(caller: Caller, told: Mapping[str, Any]) -> When:
    """What was told of a pregnancy's time: one text by SMS, one of three answers on the keypad."""
    today, numbers = caller.rt.local_now().date(), vocabulary(caller).numbers
    if "when" in told:
        with _whole_examples(caller):
            return expecting.read(str(told["when"]), today, numbers)
    if "months" in told:
        return expecting.read_months(str(told["months"]), today, numbers)
    if "due" in told:
        return expecting.checked(When(due_on=date.fromisoformat(str(told["due"]))), today)
    return expecting.checked(When(last_period=date.fromisoformat(str(told["period"]))), today)


@contextmanager
def _whole_examples(caller: Caller) -> Iterator[None]:
    """By text a refusal ends what was asked: its example is all that is to be sent, and not a day alone."""
    try:
        yield
    except Refused as no:
        if day := no.values.get("example"):
            key = "care.example.due" if no.key == "care.due_impossible" else "care.example.period"
            no.values = {**no.values, "example": caller.rt.texts.say(caller.language, key, day=day)}
        raise


def _person(caller: Caller, who: Worker, told: Mapping[str, Any], number: str, chosen: str) -> int | None:
    """Whose number it is: the one chosen among several, somebody new, else the one whom it mainly serves."""
    if number not in told:
        return None
    one = str(told.get(chosen, ""))
    return mothers.of_number(
        caller.db,
        caller.rt,
        str(told[number]),
        who.facility_id,
        chosen=int(one) if one.isdecimal() else None,
        another=one == "another",
        name=mothers.name_of(told.get("mother_name")) if chosen else None,
    ).id


def _village(caller: Caller, who: Worker, told: Mapping[str, Any], person_id: int) -> int | None:
    """As told, else where the family is known to live, else the worker's only village."""
    named = str(told.get("village", ""))
    if named.isdecimal():
        return int(named)
    known = mothers.village_of(caller.db, person_id, who.facility_id)
    return known or (who.villages[0] if len(who.villages) == 1 else None)


def called(caller: Caller, person_id: int) -> str:
    """By her first name, else by her number."""
    name, number = mothers.called(caller.db, person_id)
    return families.first_name(name) or (pretty(number) if number else NAMELESS)


def _with(caller: Caller, child: Child) -> str:
    """With whom the child lives."""
    key = "care.said.carer" if child.carer_id else "care.said.mother"
    return caller.rt.texts.say(caller.language, key, name=called(caller, families.reads(child)))


def _said(caller: Caller, what: str, file: Child | Pregnancy, new: bool, note: str, **values: object) -> str:
    """The answer: the code, what to look at, the next visit, and on the keypad what the family is to be told."""
    say, language = caller.rt.texts.say, caller.language
    key = f"care.said.{what}" if new else f"care.said.{what}_known"
    day = next_visit.clinic_day(caller.db, caller.rt, file)
    ahead = say(language, "care.said.next", day=f"{day:%d/%m/%Y}") if day else ""
    answer = " ".join(filter(None, [say(language, key, code=codes.of(file.number), **values), note, ahead]))
    family = say(language, "care.said.family") if new and caller.channel == "ussd" else ""
    return "\n".join(filter(None, [answer, family]))
