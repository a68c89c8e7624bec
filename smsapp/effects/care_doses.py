"""What workers tell of doses given, by text and on the keypad, and how they take a slip back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from smsapp.effects.base import Caller, effect, fact, last_word
from smsapp.effects.care import some_worker, worker
from smsapp.effects.care_told import Told, day, dose, doses, in_one_text, say, vocabulary, who
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.vaccines import codes as care_codes
from smsapp.vaccines import files, giving, mothers_doses, recording, wording
from smsapp.vaccines.families import File
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.had import TOO_SOON
from smsapp.vaccines.recording import Uncounted
from smsapp.vaccines.tables import Child, Dose, Pregnancy
from smsapp.vaccines.wording import Said

Values = Mapping[str, Any]
LIST = "1"  # typed in place of a code: the children who are expected
ALL = "1"  # of the doses that are due
# How a text about doses is refused, and the same on the keypad.
TYPED = {
    "care.dose_unknown": "care.dose_unknown_typed",
    "care.dose_misspelt": "care.dose_misspelt_typed",
    "care.dose_not_used": "care.dose_not_used_typed",
    **dict.fromkeys(
        ("care.dose_missing", "care.dose_numbers", "care.dose_question", "care.date_last"), "care.dose_typed"
    ),
}


@fact("expected_children")
def expected_children(caller: Caller) -> list[dict[str, str]]:
    """Those of her list to whom something can be given today."""
    found = some_worker(caller)
    if found is None:
        return []
    if "expected_children" not in caller.memo:
        caller.memo["expected_children"] = recording.expected(caller.db, caller.rt, found)
    children: Sequence[Child] = caller.memo["expected_children"]
    return [{"name": care_codes.of(child.number), "label": who(caller, child)} for child in children]


# ---- by text


@effect("care.doses_text")
def doses_text(caller: Caller, wanted: Effect) -> Values:
    """`42L PENTA1 VPO1 12/03/2026`: all of it, or none."""
    with last_word(caller):
        typed, rest = wording.parted(str(wanted.answers["words"]))
        file = files.anyone(caller.db, worker(caller), typed, lock=True)
        said = _read(caller, rest, care_codes.of(file.number))
        on = said.on or caller.rt.local_now().date()
        if isinstance(file, Pregnancy):
            return {"said": in_one_text(caller, mothers(caller, file, said.codes, on, wanted.key))}
        return {"said": _booked(caller, file, said.codes, on, wanted.key)}


def _read(caller: Caller, text: str, code: str) -> Said:
    """The doses of a text; Refused where there is none, or one that is not understood."""
    said = wording.read(vocabulary(caller), text, caller.rt.local_now().date(), caller.language, code)
    if not said.codes:
        raise Refused("care.dose_missing", code=f"{code} {dose(caller, 'PENTA1')}")
    return said


def _booked(caller: Caller, child: Child, codes: Sequence[str], on: date, key: str, *, elsewhere: bool = False) -> str:
    """These doses, booked for a child whose row is locked, and what there is to say of them."""
    _given_here(caller, child, codes)
    by = Giver(caller.channel, person_id=worker(caller).id)
    done = recording.record(caller.db, caller.rt, child, codes, on, by, key=key, elsewhere=elsewhere)
    told = Told(who(caller, child), on, done.new, done.known, done.uncounted, done.next_day)
    return in_one_text(caller, told)


def _given_here(caller: Caller, child: Child, codes: Sequence[str]) -> None:
    """Refused for a dose of a mother's, or one that the country does not give."""
    if set(codes) & set(mothers_doses.rules(caller.rt.settings.country).codes):
        raise Refused("care.not_a_pregnancy", code=care_codes.of(child.number))
    if unused := recording.in_use(caller.rt, codes):
        raise Refused("care.dose_not_used", typed=dose(caller, unused), code=care_codes.of(child.number))


def mothers(caller: Caller, pregnancy: Pregnancy, codes: Sequence[str], on: date, key: str) -> Told:
    """The same for Td of a mother."""
    if not set(codes) <= set(mothers_doses.rules(caller.rt.settings.country).codes):
        raise Refused("care.not_a_child", code=care_codes.of(pregnancy.number))
    by = Giver(caller.channel, person_id=worker(caller).id)
    given = mothers_doses.give(caller.db, caller.rt, pregnancy, codes, on, by, key=key)
    new = [one.code for one in given if one.new]
    known = [one.code for one in given if not one.new and (one.code, one.on) in {(code, on) for code in codes}]
    soon = sorted((one.again, one.code) for one in given if one.again)  # what is given again first says from when
    uncounted = [Uncounted(tuple(code for _, code in soon), TOO_SOON, soon[0][0])] if soon else []
    uncounted += [Uncounted((one.code,), recording.COUNTED, None) for one in given if one.twice]
    last = _protection(caller, pregnancy)
    return Told(who(caller, pregnancy), on, new, known, uncounted, goes_on=False, last=last)


def _protection(caller: Caller, pregnancy: Pregnancy) -> str:
    """Whether the child that she expects is protected by now."""
    protected = mothers_doses.protected(caller.db, caller.rt, pregnancy)
    return "" if protected is None else say(caller, "td.protected" if protected else "td.not_yet")


# ---- on the keypad


@effect("care.doses_child", reads=True)
def doses_child(caller: Caller, wanted: Effect) -> Values:
    """Whose doses, by her code or from the list, and what is due to her."""
    typed = str(wanted.answers.get("listed") or wanted.answers["which"])
    if typed == LIST:
        if not expected_children(caller):
            raise Refused("care.nobody_expected")
        return {}
    child = files.child(caller.db, worker(caller), typed)
    giving.check(caller.rt, child, None)
    due, next_day = recording.now(caller.db, caller.rt, child)
    return {"code": care_codes.of(child.number), "offered": " ".join(due), "menu": _menu(caller, child, due, next_day)}


def _menu(caller: Caller, child: Child, due: Sequence[str], next_day: date | None) -> str:
    if not due:
        key = "doses.nothing_left" if next_day is None else "doses.nothing_today"
        return say(caller, key, who=who(caller, child), day=day(next_day) if next_day else "")
    lines = [dose(caller, code) for code in due]
    if len(due) > 1:
        lines.insert(0, say(caller, "doses.all", doses=", ".join(lines)))
    rows = "\n".join(f"{place}. {line}" for place, line in enumerate(lines, start=1))
    return f"{say(caller, 'doses.which', who=who(caller, child))}\n{rows}"


@effect("care.doses_chosen", reads=True)
def doses_chosen(caller: Caller, wanted: Effect) -> Values:
    """`1` for all that is due, `2 3` for some of it, or doses by their names."""
    typed, offered = str(wanted.answers["doses"]), str(wanted.answers["offered"]).split()
    child = files.child(caller.db, worker(caller), str(wanted.answers["code"]))
    numbers = typed.replace(",", " ").split()
    if all(number.isdecimal() for number in numbers) and numbers:
        chosen = [one for number in numbers for one in _of_menu(offered, number)]
        _given_here(caller, child, chosen)
    else:
        chosen = list(_by_name(caller, child, typed))
    return {"picked": " ".join(dict.fromkeys(chosen))}


def _by_name(caller: Caller, child: Child, text: str) -> Sequence[str]:
    """Doses by their names; the example of a refusal is what can be typed here, and no whole text."""
    code = care_codes.of(child.number)
    try:
        chosen = _read(caller, text, code).codes
        _given_here(caller, child, chosen)
    except Refused as no:
        if no.key not in TYPED:
            raise
        example = str(no.values["code"]).removeprefix(code).strip() or dose(caller, "PENTA1")
        typed, meant = no.values.get("typed"), no.values.get("meant")
        raise Refused(TYPED[no.key], typed=typed, meant=meant, code=example) from no
    return chosen


def _of_menu(offered: Sequence[str], number: str) -> Sequence[str]:
    """What a line of the menu stands for: where there are several, the first is all of them."""
    lines = [list(offered)] if len(offered) > 1 else []
    lines += [[code] for code in offered]
    if not 1 <= int(number[:4]) <= len(lines):
        raise Refused("care.no_such_line", typed=number[:6])
    return lines[int(number[:4]) - 1]


@effect("care.doses_day", reads=True)
def doses_day(caller: Caller, wanted: Effect) -> Values:
    """A day that can not be is refused where it is typed."""
    child = files.child(caller.db, worker(caller), str(wanted.answers["code"]))
    giving.check(caller.rt, child, told_day(caller, wanted))
    return {}


@effect("care.doses_sure", reads=True)
def doses_sure(caller: Caller, wanted: Effect) -> Values:
    """What is about to be booked, read back."""
    child = files.child(caller.db, worker(caller), str(wanted.answers["code"]))
    named = doses(caller, str(wanted.answers["picked"]).split())
    key = "doses.sure_elsewhere" if wanted.answers["place"] == "elsewhere" else "doses.sure"
    return {"question": say(caller, key, who=who(caller, child), doses=named, day=day(told_day(caller, wanted)))}


@effect("care.doses_save")
def doses_save(caller: Caller, wanted: Effect) -> Values:
    child = files.child(caller.db, worker(caller), str(wanted.answers["code"]), lock=True)
    picked, elsewhere = str(wanted.answers["picked"]).split(), wanted.answers["place"] == "elsewhere"
    on = told_day(caller, wanted)
    return {"said": _booked(caller, child, picked, on, wanted.key, elsewhere=elsewhere)}


def told_day(caller: Caller, wanted: Effect) -> date:
    """The answer to the question for a day: today, or the one that was typed."""
    told = str(wanted.answers["day"])
    return caller.rt.local_now().date() if told == "today" else date.fromisoformat(told)


# ---- a slip


@effect("care.correct_child", reads=True)
def correct_child(caller: Caller, wanted: Effect) -> Values:
    """What was booked of a child, or of Td of a mother, by phone lately, numbered."""
    file = _open_file(caller, str(wanted.answers["which"]))
    found, code = recording.by_phone(caller.db, caller.rt, file), care_codes.of(file.number)
    if not found:
        raise Refused("care.nothing_recorded", code=code)
    rows = "\n".join(f"{place}. {_shown(caller, one)}" for place, one in enumerate(found, start=1))
    menu = f"{say(caller, 'correct.which', who=who(caller, file))}\n{rows}"
    return {"code": code, "offered": " ".join(str(one.id) for one in found), "menu": menu}


def _open_file(caller: Caller, code: str, *, lock: bool = False, final: bool = False) -> File:
    """`final`: what could she be asked again, where it was closed meanwhile?"""
    file = files.anyone(caller.db, worker(caller), code, lock=lock)
    if file.state not in {"active", "born"}:
        raise Refused("care.ended", final=final)
    return file


@effect("care.correct_dose", reads=True)
def correct_dose(caller: Caller, wanted: Effect) -> Values:
    """Which of them."""
    typed, offered = str(wanted.answers["dose"]).strip(" ."), str(wanted.answers["offered"]).split()
    if not (typed.isdecimal() and 1 <= int(typed[:4]) <= len(offered)):
        raise Refused("care.no_such_line", typed=typed[:6])
    return {"picked": offered[int(typed[:4]) - 1]}


@effect("care.correct_sure", reads=True)
def correct_sure(caller: Caller, wanted: Effect) -> Values:
    file = _open_file(caller, str(wanted.answers["code"]), final=True)
    one = recording.one_by_phone(caller.db, caller.rt, file, int(wanted.answers["picked"]))
    return {"question": say(caller, "correct.sure", who=who(caller, file), dose=_shown(caller, one))}


@effect("care.correct_save")
def correct_save(caller: Caller, wanted: Effect) -> Values:
    """Struck out, with the reason."""
    file, by = _open_file(caller, str(wanted.answers["code"]), lock=True, final=True), worker(caller)
    why, dose_id = str(wanted.answers["why"]), int(wanted.answers["picked"])
    struck = recording.strike(caller.db, caller.rt, by, file, dose_id, why, caller.channel)
    return {"said": say(caller, "correct.done", who=who(caller, file), dose=_shown(caller, struck))}


def _shown(caller: Caller, one: Dose) -> str:
    return f"{dose(caller, one.code)} {day(one.given_on) if one.given_on else ''}".strip()
