"""What workers tell of visits before and after a birth, with Td of the mother."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from smsapp.effects.base import Caller, effect, last_word
from smsapp.effects.care import worker
from smsapp.effects.care_doses import mothers, told_day
from smsapp.effects.care_told import day, dose, in_one_text, say, who
from smsapp.flows import answers
from smsapp.flows.answers import BadAnswer
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.segments import count, fold, shorten
from smsapp.vaccines import codes as care_codes
from smsapp.vaccines import mothers_doses, visits_attended, wording
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.tables import Pregnancy
from smsapp.vaccines.visits_attended import ANTENATAL, POSTNATAL, Noted

Values = Mapping[str, Any]


@effect("care.antenatal_text")
def antenatal_text(caller: Caller, wanted: Effect) -> Values:
    """`CPN 43M 12/03/2026`."""
    return _text(caller, wanted, ANTENATAL)


@effect("care.postnatal_text")
def postnatal_text(caller: Caller, wanted: Effect) -> Values:
    """`CPON 43M 12/03/2026`, by the child's code too."""
    return _text(caller, wanted, POSTNATAL)


def _text(caller: Caller, wanted: Effect, kind: str) -> Values:
    with last_word(caller):
        typed, rest = wording.parted(str(wanted.answers["words"]))
        file = visits_attended.file_of(caller.db, worker(caller), typed, lock=True)
        return {"said": " ".join(_noted(caller, _attend(caller, file, kind, _day(caller, rest))))}


def _day(caller: Caller, typed: str) -> date:
    """The day of a text; today where it tells none."""
    settings, today = caller.rt.settings, caller.rt.local_now().date()
    if not typed.strip(" .,;:"):
        return today
    try:
        found = answers.read("date", typed, today=today, country=settings.country, language=caller.language)
    except BadAnswer as why:
        raise Refused("care.date_format", typed=wording.shown(typed)) from why
    return date.fromisoformat(str(found))


def _attend(caller: Caller, file: Pregnancy, kind: str, on: date) -> Noted:
    by = Giver(caller.channel, person_id=worker(caller).id)
    return visits_attended.attend(caller.db, caller.rt, file, kind, on, by)


def _noted(caller: Caller, noted: Noted) -> list[str]:
    """What is noted, then when the next visit is."""
    visit, whose = say(caller, f"visit.{noted.kind}"), who(caller, noted.pregnancy)
    values = {"who": whose, "visit": visit, "count": noted.nth, "day": day(noted.on)}
    other = day(noted.beside) if noted.beside else ""
    words = [say(caller, _key(noted), **values, other=other)]
    if noted.next_day is not None:
        words.append(say(caller, "visit.next", visit=visit, day=day(noted.next_day)))
    return words


def _key(noted: Noted) -> str:
    if not noted.new:
        return "visit.known"
    if not noted.nth:
        return "visit.aside"
    return "visit.again" if noted.beside else "visit.noted"


# ---- on the keypad


@effect("care.visit_file", reads=True)
def visit_file(caller: Caller, wanted: Effect) -> Values:
    """Whose visit: a pregnancy, or the mother of a child."""
    file = visits_attended.file_of(caller.db, worker(caller), str(wanted.answers["which"]))
    visit = say(caller, f"visit.{visits_attended.kind_of(file)}")
    return {"code": care_codes.of(file.number), "title": f"{visit}, {who(caller, file)}"}


@effect("care.visit_day", reads=True)
def visit_day(caller: Caller, wanted: Effect) -> Values:
    """A day that can not be is refused where it is typed; then the dose of Td that is next."""
    file = visits_attended.file_of(caller.db, worker(caller), str(wanted.answers["code"]))
    visits_attended.check(caller.rt, file, visits_attended.kind_of(file), told_day(caller, wanted))
    code = mothers_doses.following(caller.db, caller.rt, file.mother_id)
    key = "visit.td" if code else "visit.td_all"
    return {"td_next": code, "td_question": say(caller, key, who=who(caller, file), dose=dose(caller, code))}


@effect("care.visit_sure", reads=True)
def visit_sure(caller: Caller, wanted: Effect) -> Values:
    """What is about to be noted, read back."""
    file = visits_attended.file_of(caller.db, worker(caller), str(wanted.answers["code"]))
    values = {
        "visit": say(caller, f"visit.{visits_attended.kind_of(file)}"),
        "who": who(caller, file),
        "day": day(told_day(caller, wanted)),
        "dose": _td(caller, wanted),
    }
    return {"question": say(caller, "visit.sure_td" if values["dose"] else "visit.sure", **values)}


def _td(caller: Caller, wanted: Effect) -> str:
    """The dose of Td given at the visit; empty for none."""
    if wanted.answers["td"] != "yes":
        return ""
    if not (code := str(wanted.answers["td_next"])):
        raise Refused("care.td_all")
    return dose(caller, code)


@effect("care.visit_save")
def visit_save(caller: Caller, wanted: Effect) -> Values:
    file = visits_attended.file_of(caller.db, worker(caller), str(wanted.answers["code"]), lock=True)
    on, td = told_day(caller, wanted), _td(caller, wanted)
    said = _noted(caller, _attend(caller, file, visits_attended.kind_of(file), on))
    if td:
        told = in_one_text(caller, mothers(caller, file, [str(wanted.answers["td_next"])], on, wanted.key))
        long = fold(" ".join([*said, told]))
        # The day of the next visit stands on her card too; whether the birth is protected is told nowhere else.
        said = [long if count(long) == 1 else f"{said[0]} {told}"]
    return {"said": shorten(fold(" ".join(said)))}
