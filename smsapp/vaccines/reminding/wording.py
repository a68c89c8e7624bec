"""The words of a reminder: neutral unless whoever reads wished otherwise, and never longer than one part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product

from smsapp.i18n import Texts
from smsapp.segments import count, fold
from smsapp.vaccines.families import first_name
from smsapp.vaccines.reminding.merging import FIRST, WAYS, Due
from smsapp.vaccines.reminding.occasions import CHECK_IN, VACCINES
from smsapp.vaccines.reminding.steps import Step
from smsapp.vaccines.schedule import Schedule

KEY = "care.remind"
SHORT = 16  # letters of a name where the whole one leaves no room
MOST_NAMES = 3


def text(texts: Texts, schedule: Schedule, places: Mapping[int, str], told: Sequence[Due], today: date) -> str:
    """One text about all of these, which are of one centre and one day; the longest form that is one part."""
    language = told[0].reader.language
    readers = {one.reader.person_id: one.reader for one in told}
    for_whom = ""
    if any(reader.shared for reader in readers.values()):
        names = list(dict.fromkeys(filter(None, (first_name(reader.name) for reader in readers.values()))))
        for_whom = _joined(texts, language, names[:MOST_NAMES])
    frank = all(reader.frank for reader in readers.values())
    values = {"day": _day(texts, language, told[0].step.names, today)}
    centre, village = places.get(told[0].facility_id, ""), places.get(told[0].village_id or 0, "")
    said = ""
    for key, more, short in _forms(texts, schedule, told, frank):
        cut = {"centre": _cut(centre, short), "village": _cut(village, short), "names": _cut(more["names"], short)}
        said = texts.say(language, f"{KEY}.{key}", **values, **cut, purpose=more["purpose"])
        if for_whom:
            said = texts.say(language, f"{KEY}.shared", name=_cut(for_whom, short), text=said)
        if count(fold(said)) == 1:
            return said
    return said


def _forms(
    texts: Texts, schedule: Schedule, told: Sequence[Due], frank: bool
) -> Iterator[tuple[str, dict[str, str], bool]]:
    """The forms to try, the fullest first: key, what a frank one names, and whether names are cut short."""
    language, neutral = told[0].reader.language, {"names": "", "purpose": ""}
    keys = list(_keys(told, frank))
    against = _purposes(texts, schedule, told) if frank else []
    names = _joined(texts, language, [one.name for one in told if one.name][:MOST_NAMES])
    for key, short in product(keys, (False, True)):
        if not key.startswith("frank.vaccines"):
            yield key, neutral, short
            continue
        if names:
            for shown in range(len(against), 0, -1):
                yield key, {"names": names, "purpose": ", ".join(against[:shown])}, short


def _keys(told: Sequence[Due], frank: bool) -> Iterator[str]:
    [*subjects] = dict.fromkeys(one.step.about.subject for one in told)
    lead = told[0].step
    if FIRST[lead.about.subject] != WAYS:
        yield from ([f"frank.{subjects[0]}"] if frank and subjects[0] != CHECK_IN else [])
        yield subjects[0]
        return
    place = "village" if lead.comes else "centre"
    if frank and len(subjects) == 1:
        yield f"frank.{subjects[0]}.{place}"
    kind = _kind(told)
    yield f"{kind}.{place}"
    if place == "village":
        yield f"{kind}.centre"


def _kind(told: Sequence[Due]) -> str:
    kinds = {_kind_of(one.step) for one in told}
    return kinds.pop() if len(kinds) == 1 else "visit"


def _kind_of(step: Step) -> str:
    if step.step > 0 and step.names != step.about.promised:
        return "again"
    return "catch_up" if step.about.catch_up else "visit"


def _purposes(texts: Texts, schedule: Schedule, told: Sequence[Due]) -> list[str]:
    """What the doses protect from, in the order of the calendar."""
    codes = [code for one in told if one.step.about.subject == VACCINES for code in one.step.about.doses]
    antigens = dict.fromkeys(dose.antigen for dose in schedule.doses if dose.code in codes)
    keys = (f"{KEY}.against.{antigen.lower()}" for antigen in antigens)
    return list(dict.fromkeys(filter(None, (texts.find(told[0].reader.language, key) for key in keys))))


def _day(texts: Texts, language: str | None, day: date, today: date) -> str:
    name = texts.say(language, f"{KEY}.weekday.{day.weekday()}")
    return texts.say(language, f"{KEY}.today" if day == today else f"{KEY}.day", weekday=name, date=f"{day:%d/%m}")


def _joined(texts: Texts, language: str | None, names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return texts.say(language, f"{KEY}.and", first=", ".join(names[:-1]), last=names[-1])


def _cut(name: str, short: bool) -> str:
    return name if len(name) <= SHORT or not short else name[:SHORT].rstrip() + "."
