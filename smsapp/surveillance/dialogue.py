"""What a worker texts about cases: a report in one message or several, perhaps from a phone that is not hers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from smsapp.surveillance import reports, wording
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.pieces import Pieces, names_first
from smsapp.surveillance.said import Decision, Heard, Missing, Report, Wrong

# `MOI 4821` or `@4821` in front or at the end. No age, count or disease's code has such a word before it.
_FIRST = re.compile(r"\W*?(?:\b(?:moi|me)[\s:=-]*|@\s?)(?P<code>\d{4})\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_LAST = re.compile(r"(?P<rest>.*)(?:\b(?:moi|me)[\s:=-]*|@\s?)(?P<code>\d{4})\W*", re.IGNORECASE | re.DOTALL)
_OWN = re.compile(r"\W*(?:moi|me)\W*", re.IGNORECASE)
_AROUND = " \t\r\n.,;:-"


def borrowed(text: str) -> tuple[str, str]:
    """The personal code in front of a text or at its end, and the rest; an empty code where there is none."""
    found = _FIRST.fullmatch(text) or _LAST.fullmatch(text)
    return (found["code"], found["rest"].strip(_AROUND)) if found else ("", text)


def asks_code(text: str) -> bool:
    """`MOI` alone: she wants to know her code."""
    return _OWN.fullmatch(text) is not None


def heard(texts: Sequence[str], diseases: Diseases, language: str, today: date) -> Heard:
    """What a message says with the answers to what it lacked, in their order."""
    found = _first(texts[0], diseases, language, today)
    for answer in texts[1:]:
        if not isinstance(found, Missing):
            break
        found = reports.answered(found, answer, diseases, language, today)
    return found


def _first(text: str, diseases: Diseases, language: str, today: date) -> Heard:
    """`rougeole f 3 sala` lacks its keyword, `rougole f 3` the right word: both are read as reports."""
    found = reports.parse(text, diseases, language, today)
    if isinstance(found, Decision) and found.reference <= diseases.limits.years:  # an age: `f 3 rougeole`
        named = reports.parse(f"CAS {text}", diseases, language, today)
        return named if isinstance(named, Report) else found
    if isinstance(found, Wrong) and found.key == "format":
        named = reports.parse(f"CAS {text}", diseases, language, today)
        whole = isinstance(named, Report) and _begins(wording.key(text), diseases)
        if whole or (isinstance(named, Wrong) and named.key == "disease_misspelt"):
            return named
    return found


def _begins(key: str, diseases: Diseases) -> bool:
    """Whether its first word is one of reports: a disease, `fille`, a number."""
    pieces = Pieces(key, diseases)
    return names_first(key, diseases) or pieces.number(0) is not None or pieces.meaning(0)[0].kind == "sex"
