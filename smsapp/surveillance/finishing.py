"""From facts to a report: what is still missing, and what a correction changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from smsapp.surveillance.ages import Age
from smsapp.surveillance.diseases import Disease, Diseases
from smsapp.surveillance.said import Kind, Missing, Report, Told, Unread
from smsapp.surveillance.wording import shown


def finished(told: Told, diseases: Diseases) -> Report | Missing:
    """A report of these facts, or what it lacks; one case is asked for its age, several have none together."""
    if told.disease is None:
        if told.village:
            typed = _misspelt(told.village, diseases)
            # `CAS 3 morts Sala` names a village and no disease: it lacks something, its word need not be wrong.
            of_deaths = told.died and not diseases.closest(typed)
            raise Unread("disease_of_deaths" if of_deaths else "disease_unknown", typed=shown(typed))
        return Missing("disease", told)
    disease = diseases.by_key[told.disease]
    if disease.kind == "event":
        return _event(told, disease)
    if disease.kind == "zero":
        return _zero(told, disease)
    check_sex(told.sex, disease)
    _check_age(told, disease)
    if told.bare and not _may_be_years(told, disease):
        return Missing("age_unit", replace(told, age=None, bare=False))
    if told.age is None and not told.age_unknown and max(told.count or 1, told.died or 0) == 1:
        return Missing("age", told)
    return _report("case", told, disease)


def merged(old: Told, new: Told) -> Told:
    """What was known with what is said now, which counts where both speak."""
    said = {name: value for name, value in vars(new).items() if value is not None and value not in ("", False)}
    if new.died is not None:
        said["died"] = new.died
    if new.age is not None:
        said |= {"bare": new.bare, "age_unknown": False}
    if new.age_unknown:
        said |= {"age": None, "bare": False}
    return replace(old, **said)


def corrected(old: Report, change: Told | Report, diseases: Diseases) -> Report | Missing:
    """A report as its correction says: sums replace sums, a fact its like; an event has no person."""
    if isinstance(change, Report):
        return replace(change, village=change.village or old.village, since=change.since or old.since)
    if old.numbers is not None:
        return _moved(old, change, diseases)
    now = diseases.by_key[change.disease or old.disease]
    of_person = now.kind not in {"event", "zero"}
    known = Told(
        disease=old.disease,
        sex=old.sex if of_person else None,
        age=old.age if of_person else None,
        age_unknown=of_person and old.kind == "case" and old.age is None,
        count=None if old.count == diseases.by_key[old.disease].counts else old.count,
        village=old.village,
        since=old.since,
        died=_died(old, change, diseases),
    )
    return finished(merged(known, change), diseases)


def _died(old: Report, change: Told, diseases: Diseases) -> int | None:
    """How many had died; that a death is one was not told, and is not so of another disease."""
    if diseases.by_key[old.disease].deaths and change.disease not in {None, old.disease}:
        return None
    return old.died if change.count is None else min(old.died, change.count)


def check_sex(sex: str | None, disease: Disease) -> None:
    if sex and disease.sex and sex != disease.sex:
        raise Unread(f"only_{disease.sex}", disease=disease.key)


def _check_age(told: Told, disease: Disease) -> None:
    """No newborn is thirty, in whatever unit."""
    if not disease.at_ages_only or told.age is None or told.age.count is None:
        return
    units = ("days", "weeks", "months", "years") if told.bare else (told.age.unit,)
    if not any(disease.ages.hold(Age.of(told.age.count, unit)) for unit in units):
        raise Unread("age_of_disease", typed=told.age.count, disease=disease.key)


def _check_deaths(told: Told, disease: Disease) -> None:
    """Of the cases that she counted herself no more can have died."""
    if told.count is not None and (told.died or 0) > told.count:
        raise Unread("died_limit", typed=told.died, cases=told.count, disease=disease.key)


def _misspelt(words: str, diseases: Diseases) -> str:
    """Those of the words that are most likely meant as a disease; the first one where none is."""
    each = words.split()
    tries = [words, *map(" ".join, pairwise(each)), *each]
    return next((typed for typed in tries if diseases.closest(typed)), each[0])


def _moved(old: Report, change: Told, diseases: Diseases) -> Report:
    """Sums of another village or day; other sums are sent as such."""
    if change != Told(village=change.village, since=change.since):
        raise Unread("sums_correct", example=diseases.by_key[old.disease].sums)
    return replace(old, village=change.village or old.village, since=change.since or old.since)


def _event(told: Told, disease: Disease) -> Report:
    if told.sex or told.age or told.age_unknown:
        raise Unread("event_alone", disease=disease.key, example=disease.code)
    return _report("event", told, disease)


def _zero(told: Told, disease: Disease) -> Report:
    if replace(told, disease=None) != Told():
        raise Unread("zero_alone", disease=disease.key, example=disease.code)
    return _report("zero", told, disease)


def _may_be_years(told: Told, disease: Disease) -> bool:
    """Five without a unit are no years of a newborn: they may be days."""
    return told.age is None or disease.ages.under is None or (told.age.days or 0) < disease.ages.under


def _report(kind: Kind, told: Told, disease: Disease) -> Report:
    _check_deaths(told, disease)
    return Report(
        kind=kind,
        disease=disease.key,
        sex=told.sex,
        age=told.age,
        count=max(told.count or disease.counts, told.died or 0),
        village=told.village,
        since=told.since,
        died=told.died or 0,
        numbered=told.numbered,
    )
