"""Texts about cases that name no keyword: codes of anybody, and what a worker writes as it comes to her."""

from __future__ import annotations

import re

from smsapp.effects import cases
from smsapp.effects.base import Caller, Open, claim, names
from smsapp.surveillance import coded, dialogue, wording
from smsapp.surveillance.pieces import Pieces
from smsapp.surveillance.said import Correction, Decision, Heard, Missing, Report, Wrong

FLOW = "cas"
SIGNS = "#*"
WITH_STARS = frozenset({"date", "several", "decimal"})  # answers that may be written with them
MOST_DIGITS = 7  # of a bare code: a number of eight is a phone's
OF_PERSON = frozenset({"sex", "unit", "group"})  # what pieces of a text mean
PUT_RIGHT = frozenset({"correct", "withdraw"})
OF_CARE = re.compile(r"\b\d{3,}[a-z]\b")  # no age has so many digits: the code of a mother or a child


@claim("cases")
def cases_claimed(caller: Caller, text: str, opened: Open | None) -> bool:
    """Codes with # or * always; the rest only of a worker, and what may be an answer only where nothing is asked."""
    if dialogue.borrowed(text)[0]:
        return True
    key = wording.key(text[:1000])
    if coded.is_code(key) and any(sign in key for sign in SIGNS):
        return not (opened and opened.ask.type in WITH_STARS and "#" not in key)
    if not key or not _may_be(caller, text, key, opened):
        return False
    return cases.own(caller) is not None and _hers(caller, text, key, opened)


@names("cases")
def names_a_disease(caller: Caller, text: str) -> bool:
    """A worker's `décès maternel`: the first word alone, or with a code, is of care."""
    key = wording.key(text[:1000])
    meaning, end = Pieces(key, cases.diseases(caller)).meaning(0)
    return meaning.kind == "disease" and end > 1 and not OF_CARE.search(key) and cases.own(caller) is not None


def _may_be(caller: Caller, text: str, key: str, opened: Open | None) -> bool:
    """Whether it is worth looking up who writes."""
    if coded.is_code(key):
        return sum(map(str.isdecimal, key)) <= MOST_DIGITS
    if dialogue.asks_code(text) or _puts_right(key) or (opened and _besides_a_village(caller, key, opened)):
        return True
    return _of_cases(cases.read(caller, text))


def _of_cases(found: Heard) -> bool:
    """Whether it speaks of a disease, be it wrongly."""
    if isinstance(found, Missing):
        return found.told.disease is not None
    return isinstance(found, Report) or (isinstance(found, Wrong) and found.key not in {"format", "reference_format"})


def _puts_right(key: str) -> bool:
    first = wording.tokens(key)[:1]
    return bool(first) and wording.words().commands.get(first[0].text) in PUT_RIGHT


def _besides_a_village(caller: Caller, key: str, opened: Open) -> bool:
    """`F 3 Kadiolo` where a village is asked: somebody's sex or age with a number is no name of a list."""
    if opened.flow != FLOW or opened.ask.name != cases.VILLAGE or not any(map(str.isdecimal, key)):
        return False
    pieces = Pieces(key, cases.diseases(caller))
    of_person = any(pieces.meaning(at)[0].kind in OF_PERSON for at in range(len(pieces.tokens)))
    return len(pieces.tokens) > 1 and (of_person or isinstance(cases.read(caller, key), Decision))


def _hers(caller: Caller, text: str, key: str, opened: Open | None) -> bool:
    """A worker's own words, beside what she has been asked."""
    if dialogue.asks_code(text):
        return opened is None or opened.flow == FLOW or opened.ask.type not in {"text", "choice"}
    found = cases.read(caller, text)
    if opened is None:
        return not (isinstance(found, Decision) and found.verdict != "withdraw")
    if (opened.flow == FLOW and _puts_right(key)) or _besides_a_village(caller, key, opened):
        return True
    if isinstance(found, Correction | Decision):
        return _puts_right(key)
    zero = cases.diseases(caller).zero
    if key == str(zero.code):
        return str(zero.code) not in {choice.code for choice in opened.ask.choices}
    if not isinstance(found, Report) or coded.is_code(key):
        return False
    return not (opened.flow == FLOW and opened.ask.name == "disease")
