"""Cases on the keypad: a form of five screens, a week without cases, her own code, practice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from smsapp.effects import cases, cases_told
from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.cases import Told
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.surveillance import dialogue, phrasing, recording, reporters, training, villages, weekly
from smsapp.surveillance.reporters import Sender
from smsapp.surveillance.said import Missing, Report, Wrong
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.wording import shown

SEXES = ("F", "M")
ELSEWHERE = "0"  # a place that is none of her villages
ON = "on"


def _worker(caller: Caller) -> Sender:
    found = cases.own(caller)
    if found is None:
        raise Refused("care.stranger", final=True)
    return found


@fact("case_diseases")
def case_diseases(caller: Caller) -> list[dict[str, str]]:
    """In the order of the card, under their numbers on it: those that are most looked for come first."""
    known = sorted(cases.diseases(caller).all, key=lambda one: one.code)
    return [
        {"name": one.key, "label": cases.called(caller, one.key), "code": str(one.code)}
        for one in known
        if one.kind != "zero"
    ]


@fact("case_of_person")
def case_of_person(caller: Caller) -> Told:
    """Is the chosen disease one of a person, whose age is asked?"""
    by_key = cases.diseases(caller).by_key
    return lambda answers: cases.said((one := by_key.get(answers.get("disease", ""))) and one.kind != "event")


@fact("case_of_any_sex")
def case_of_any_sex(caller: Caller) -> Told:
    by_key = cases.diseases(caller).by_key
    return lambda answers: cases.said(
        (one := by_key.get(answers.get("disease", ""))) and one.kind != "event" and not one.sex
    )


@fact("case_own_villages")
def case_own_villages(caller: Caller) -> list[dict[str, str]]:
    """Her villages, and another place as the last."""
    who = cases.own(caller)
    hers = cases.kept(caller, f"of {who.id}", lambda: villages.of_worker(caller.db, who)) if who else ()
    return [{"name": str(one.id), "label": one.name} for one in hers] + [
        {"name": ELSEWHERE, "label": _say(caller, "elsewhere")}
    ]


@fact("case_several_villages")
def case_several_villages(caller: Caller) -> str:
    return cases.said(len(case_own_villages(caller)) > 2)


@fact("case_summary")
def case_summary(caller: Caller) -> Told:
    """What she is about to send: `Rougeole F 3 ans, Kourouba`."""

    def told(answers: Mapping[str, Any]) -> str:
        found = _found(caller, answers)
        if not isinstance(found, Report):
            return ""
        age = found.age
        row = CaseReport(
            sex=found.sex,
            age_count=age.count if age else None,
            age_unit=age.unit if age else None,
            age_group=age.group if age else None,
        )
        person = phrasing.person(caller.rt, caller.language, row)
        names = {one["name"]: one["label"] for one in case_own_villages(caller)}
        what = f"{cases.called(caller, found.disease)} {person}".strip()
        where = names.get(str(answers.get("village", "")), "")
        practises = (who := cases.own(caller)) is not None and who.training
        mark = caller.rt.texts.say(caller.language, cases_told.PRACTICE_WORDS) + " " if practises else ""
        return mark + ", ".join(filter(None, (what, where)))

    return told


@fact("case_week")
def case_week(caller: Caller) -> str:
    """The week of which a report of no case speaks now."""
    first = recording.week_of(caller.rt, "zero")
    return _say(caller, "week", first=f"{first:%d/%m}", last=f"{first + timedelta(days=6):%d/%m}")


@fact("case_told")
def case_told(caller: Caller) -> str:
    """That she has reported cases in that week."""
    who, week = cases.own(caller), recording.week_of(caller.rt, "zero")
    but = weekly.told_besides(caller.db, who.id, week) if who else None
    return _say(caller, "week_but", n=but.cases) + " " if but else ""


@fact("case_head")
def case_head(caller: Caller) -> str:
    who = cases.own(caller)
    return cases.said(who and who.head)


@fact("case_workers")
def case_workers(caller: Caller) -> list[dict[str, str]]:
    """Who reports for this head's centre, and who of them practises."""
    who = cases.own(caller)
    if who is None or not who.head:
        return []
    mark = _say(caller, "practises")
    return [
        {"name": str(one.id), "label": f"{one.name} {mark}".strip() if one.training else one.name}
        for one in training.of_centre(caller.db, who.facility_id)
    ]


@effect("cases.form_age", reads=True)
def form_age(caller: Caller, wanted: Effect) -> None:
    """An age in any of its forms, and nothing else."""
    found, typed = _found(caller, wanted.answers), shown(str(wanted.answers["age"]))
    if isinstance(found, Wrong):
        raise cases.refused(caller, found)
    if not isinstance(found, Report) or found.village or found.disease != wanted.answers["disease"]:
        raise Refused("case.age_format", typed=typed)


@effect("cases.form_save")
def form_save(caller: Caller, wanted: Effect) -> dict[str, str]:
    who, found = _worker(caller), _found(caller, wanted.answers)
    if not isinstance(found, Report):
        raise Refused("case.format", typed="", example=cases.example(caller))
    chosen = str(wanted.answers.get("village", ""))
    village = int(chosen) if chosen.isdecimal() and chosen != ELSEWHERE else None
    hers = case_own_villages(caller)
    if not chosen and len(hers) == 2:
        village = int(hers[0]["name"])
    return {"said": cases_told.report(caller, who, found, village, wanted.key)}


@effect("cases.zero_save")
def zero_save(caller: Caller, wanted: Effect) -> dict[str, str]:
    zero = Report("zero", cases.diseases(caller).zero.key)
    return {"said": cases_told.report(caller, _worker(caller), zero, None, wanted.key)}


@effect("cases.mine")
def mine(caller: Caller, wanted: Effect) -> dict[str, str]:
    """Her short code, made now if she has none."""
    del wanted
    code = reporters.code_of(caller.db, _worker(caller).id)
    return {"said": _say(caller, "code", code=code, example=cases.example(caller))}


@effect("cases.train")
def train(caller: Caller, wanted: Effect) -> dict[str, str]:
    """She practises from now on, or her reports count again; a head may say so for a worker of her centre."""
    who, chosen = _worker(caller), str(wanted.answers.get("who", ""))
    whom = who.id
    if chosen:
        known = {str(one.id): one.id for one in training.of_centre(caller.db, who.facility_id)} if who.head else {}
        whom = known.get(chosen, 0)
    if not whom:
        raise Refused("care.stranger", final=True)
    starts = wanted.answers["turn"] == ON
    training.switch(caller.db, whom, caller.rt.now() if starts else None)
    caller.forget()
    return {"said": _say(caller, "practice_on" if starts else "practice_off")}


def _found(caller: Caller, answers: Mapping[str, Any]) -> Report | Missing | Wrong | None:
    """What her choices say as a message would."""
    disease = cases.diseases(caller).by_key.get(str(answers.get("disease", "")))
    if disease is None:
        return None
    sex = answers.get("sex", "F" if disease.sex == "female" else "")
    facts = [disease.word(), sex if sex in SEXES else "", str(answers.get("age", ""))]
    text = f"CAS {', '.join(filter(None, facts))}"
    found = cases.kept(
        caller,
        text,
        lambda: dialogue.heard((text,), cases.diseases(caller), caller.language, caller.rt.local_now().date()),
    )
    return found if isinstance(found, Report | Missing | Wrong) else None


def _say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, f"case.{key}", **values)
