"""The door to reports of cases: who sends, what her texts say so far, what is lacking, where it happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smsapp.effects.base import Caller, effect, fact
from smsapp.flows.state import Effect
from smsapp.refusals import Closed, Refused
from smsapp.segments import search_key
from smsapp.surveillance import answering, dialogue, phrasing, reporters, reports, villages
from smsapp.surveillance.diseases import Disease, Diseases, of_country
from smsapp.surveillance.reporters import Sender
from smsapp.surveillance.said import Heard, Missing, Report, Wrong
from smsapp.surveillance.villages import Village
from smsapp.surveillance.wording import shown

YES, NO = "yes", ""
ANSWERS = ("disease", "age", "age_unit", "reference", "change")  # nodes of the flow, in the order they are asked
AGES = ("age", "age_unit")
VILLAGE = "village"
UNKNOWN_AGE = "NSP"
# What is said where an answer is none: the same is lacking as before.
STILL = {"disease": "disease_unknown", "age": "age_format", "age_unit": "age_format", "change": "unclear"}
MOST_LISTED = 8  # villages of a question by SMS

Told = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Where:
    """The village of a report: found, or to be asked for among these."""

    id: int | None = None
    among: Sequence[Village] = ()


def said(yes: object) -> str:
    return YES if yes else NO


def diseases(caller: Caller) -> Diseases:
    return of_country(caller.rt.settings.country)


def kept(caller: Caller, key: object, look: Callable[[], Any]) -> Any:
    """Looked up once a hop: no report changes who sends it, her villages, or what her words mean."""
    if (name := f"cases {key}") not in caller.lasting:
        caller.lasting[name] = look()
    return caller.lasting[name]


def own(caller: Caller) -> Sender | None:
    """The worker whose phone this is."""
    found: Sender | None = kept(caller, "own", lambda: reporters.of_number(caller.db, caller.number))
    return found


def sender(caller: Caller, answers: Mapping[str, Any]) -> Sender | None:
    """Who reports: by the code in her text, else by the phone; None for a stranger."""
    code, _ = dialogue.borrowed(str(answers.get("words", "")))
    if not code:
        return own(caller)
    found: Sender | None = kept(caller, f"code {code}", lambda: reporters.of_code(caller.db, code))
    return found


def heard(caller: Caller, answers: Mapping[str, Any]) -> Heard:
    """What she has said so far; of a stranger nobody asks an age."""
    _, first = dialogue.borrowed(str(answers.get("words", "")))
    texts = (first, *(str(answers[name]) for name in ANSWERS if name in answers))
    who = sender(caller, answers)
    return _of_a_place(caller, who, _heard(caller, texts, stranger=who is None))


def _of_a_place(caller: Caller, who: Sender | None, found: Heard) -> Heard:
    """`6 boeufs`: a number is a disease's code only where what stands behind it is a village."""
    told = found.told if isinstance(found, Missing) else found if isinstance(found, Report) else None
    if told is not None and told.numbered and not _named(caller, who, told.village):
        return Wrong("disease_unknown", {"typed": shown(told.village)})
    return found


def read(caller: Caller, text: str) -> Heard:
    """One text by itself."""
    return _heard(caller, (text,), stranger=False)


def _heard(caller: Caller, texts: tuple[str, ...], *, stranger: bool) -> Heard:
    told = diseases(caller), caller.language, caller.rt.local_now().date()

    def listen() -> Heard:
        found = dialogue.heard(texts, *told)
        if stranger and isinstance(found, Missing) and found.what in AGES:
            return without_age(caller, found)
        return found

    found: Heard = kept(caller, (texts, stranger), listen)
    return found


def without_age(caller: Caller, found: Missing) -> Heard:
    """The same where nobody knows the age."""
    today = caller.rt.local_now().date()
    return reports.answered(found, UNKNOWN_AGE, diseases(caller), caller.language, today)


def where(caller: Caller, who: Sender | None, report: Report) -> Where:
    """A village that she named is found among hers and those of her centre and district; what is not is asked."""
    named = _named(caller, who, report.village) if report.village else []
    if who is None:
        return Where(named[0] if len(named) == 1 else None)
    if len(named) == 1:
        return Where(named[0])
    hers: Sequence[Village] = kept(caller, f"of {who.id}", lambda: villages.of_worker(caller.db, who))
    if len(hers) == 1 and not report.village:
        return Where(hers[0].id)
    return Where(among=hers[:MOST_LISTED])


def _named(caller: Caller, who: Sender | None, words: str) -> Sequence[int]:
    key = f"named {who.id if who else 0} {words}"
    found: Sequence[int] = kept(caller, key, lambda: [each.id for each in villages.named(caller.db, who, words)])
    return found


def chosen(caller: Caller, who: Sender, among: Sequence[Village], typed: str) -> int | None:
    """The village that an answer names, by its place in the list or its name; None for another place."""
    key = search_key(typed).strip(" .,;:!?()")
    if key.isdecimal() and 1 <= int(key) <= len(among) + 1:
        return None if int(key) > len(among) else among[int(key) - 1].id
    if key == search_key(_say(caller, "elsewhere")):
        return None
    found = villages.named(caller.db, who, key) or _within(key, among)
    if len(found) != 1:
        raise Refused("case.village")
    return found[0].id


def _within(key: str, among: Sequence[Village]) -> Sequence[Village]:
    """Those of the list whose name stands in a sentence: `c'est a Sala`, `1. Sala`; with no other number in it."""
    if (numbered := re.fullmatch(r"(\d)\W+(.+)", key)) and 1 <= int(numbered[1]) <= len(among):
        return [each for each in among[int(numbered[1]) - 1 :][:1] if search_key(each.name) == numbered[2]]
    if any(map(str.isdecimal, key)):
        return ()
    return [each for each in among if re.search(rf"\b{re.escape(search_key(each.name))}\b", key)]


def called(caller: Caller, key: str) -> str:
    """A disease's name as a sentence begins with it."""
    name = phrasing.name(caller.rt, caller.language, key)
    return name[:1].upper() + name[1:]


def refused(caller: Caller, wrong: Wrong) -> Refused:
    values: dict[str, Any] = {"example": example(caller), **wrong.values}
    return Refused(f"case.{wrong.key}", **values)


def example(caller: Caller) -> str:
    return diseases(caller).all[0].example(caller.language)


@fact("reports_cases")
def reports_cases(caller: Caller) -> str:
    """Is this a worker's phone?"""
    return said(own(caller))


@fact("case_asks")
def case_asks(caller: Caller) -> Told:
    """What has to be asked: disease, age, age_unit, reference, change, village; empty where nothing has."""

    def lacking(answers: Mapping[str, Any]) -> str:
        found = heard(caller, answers)
        if isinstance(found, Missing):
            return found.what
        if isinstance(found, Report) and found.kind != "zero":
            return VILLAGE if where(caller, sender(caller, answers), found).among else ""
        return ""

    return lacking


@fact("case_disease")
def case_disease(caller: Caller) -> Told:
    """The name of the disease that she has told, for the questions that follow."""

    def name(answers: Mapping[str, Any]) -> str:
        found = heard(caller, answers)
        key = found.told.disease if isinstance(found, Missing) else getattr(found, "disease", None)
        return called(caller, key) if key else ""

    return name


@fact("case_example")
def case_example(caller: Caller) -> str:
    return example(caller)


@fact("case_village_list")
def case_village_list(caller: Caller) -> Told:
    """The villages that may be meant, one a line with its number, and another place as the last."""

    def listed(answers: Mapping[str, Any]) -> str:
        found = heard(caller, answers)
        among = where(caller, sender(caller, answers), found).among if isinstance(found, Report) else ()
        names = [*(each.name for each in among), _say(caller, "elsewhere")]
        return "\n".join(f"{place}. {name}" for place, name in enumerate(names, start=1))

    return listed


@effect("cases.check", reads=True)
def check(caller: Caller, wanted: Effect) -> None:
    """Of a text or an answer: what is wrong with it, if anything is."""
    answers, node = wanted.answers, wanted.node
    code, words = dialogue.borrowed(str(answers["words"]))
    if code:
        _known_code(caller, code, sender(caller, answers))
    if node == "words" and (dialogue.asks_code(words) or (code and not words)):
        return
    found = heard(caller, answers)
    if node == "words" and words.strip().isdecimal():
        _check_bare(caller, words.strip(), found)
    if isinstance(found, Wrong):
        raise refused(caller, found)
    if isinstance(found, Missing) and node == found.what:
        if node == "reference":
            raise Refused("case.reference_format", typed=shown(str(answers[node])), example="RETIRE 1003")
        raise Refused(f"case.{STILL[node]}", typed=shown(str(answers[node])), example=example(caller))


def _check_bare(caller: Caller, number: str, found: Heard) -> None:
    """A disease's number alone is no answer that came twice or too late: its case would alert the district."""
    told = found if isinstance(found, Report) else getattr(found, "told", None)
    key = getattr(told, "disease", None)
    if key is None or diseases(caller).by_key[key].kind in {"event", "zero"}:
        return
    if last := answering.lately(caller.db, caller.number, caller.message_id, caller.rt.now()):
        if last.strip() == number:
            raise Closed("case.again")
        raise Refused("case.code_fields", typed=number, example=f"{number}#2#1")


def _known_code(caller: Caller, code: str, who: Sender | None) -> None:
    """Refused where nobody has the code, and whatever it is after too many of these."""
    now = caller.rt.now()
    if not reporters.may_try(caller.db, caller.number, now):
        raise Refused("case.personal_over", final=True)
    if who is None:
        raise Refused("case.personal", typed=code, remember=lambda db: reporters.wrong(db, caller.number, now))


@effect("cases.check_village", reads=True)
def check_village(caller: Caller, wanted: Effect) -> None:
    village_id(caller, wanted.answers)


def village_id(caller: Caller, answers: Mapping[str, Any]) -> int | None:
    """The village of what she has reported."""
    who, found = sender(caller, answers), heard(caller, answers)
    if not isinstance(found, Report):
        return None
    place = where(caller, who, found)
    if who is None or not place.among or VILLAGE not in answers:
        return place.id
    return chosen(caller, who, place.among, str(answers[VILLAGE]))


def _say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, f"case.{key}", **values)


def disease_of(caller: Caller, key: str) -> Disease:
    return diseases(caller).by_key[key]
