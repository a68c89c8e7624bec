"""What is said about a report or alert by its number: real, false, more, corrected, withdrawn."""

from __future__ import annotations

import re
from datetime import date
from typing import cast

from smsapp.segments import search_key
from smsapp.surveillance import coded, wording
from smsapp.surveillance.ages import Age
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.pieces import after_keyword, check_day, day_of
from smsapp.surveillance.said import Correction, Decision, Missing, Told, Unread, Verdict
from smsapp.surveillance.scanning import scan
from smsapp.surveillance.wording import shown

MOST_DIGITS = 9
PUT_RIGHT = frozenset({"correct", "withdraw"})
EXAMPLES = {"real": "V 123", "false": "F 123", "more": "?123", "correct": "CORRIGE 123", "withdraw": "RETIRE 123"}
DECIDE = frozenset(EXAMPLES) - {"more"}  # words that mean nothing else at the beginning of a text

_COMMAND = re.compile(r"[^\w?]*(\?|[^\W\d_]+)(.*)")
_NUMBERED = re.compile(
    r"\W*(?:(?:alerte?|rapport|report|cas|case|code|no|num[eé]ro|number|n)\b\W*)*"
    r"(?P<number>[0-9][0-9o]*)(?P<glued>\w*)[\s.,:;!?#*()-]*(?P<rest>.*)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\A\s*(?:le|la|mon|ma|the|my)\s+", re.IGNORECASE)  # `corriger le 123`
_ASKED = re.compile(r"\W*([0-9]+)\s?\?+\W*")
_ANOTHER = re.compile(r"(?:(?:et|and|ni)\W+)?(?:[vf]\W*|\?\W*)[0-9]", re.IGNORECASE)


def heard(line: str, diseases: Diseases, today: date) -> Decision | Correction | Missing | None:
    """What a line decides; None where it is about no report."""
    if asked := _ASKED.fullmatch(line):
        return Decision("more", _reference(asked[1], "", "more"))
    found = _COMMAND.fullmatch(line)
    command = wording.words().commands.get(search_key(found[1])) if found else None
    if found is None or command is None or command == "case":
        return None
    # Behind a letter alone an article is none: `f le 3` is a girl and a day.
    numbered = _NUMBERED.fullmatch(_ARTICLE.sub("", found[2], count=1) if command in PUT_RIGHT else found[2])
    if numbered is None:
        if not found[2].strip(" .,:;!?#*-"):
            return Missing("reference", Told())
        if command in DECIDE and len(found[1]) > 1:
            raise Unread("reference_format", typed=shown(found[2]), example=EXAMPLES[command])
        return None
    reference = _reference(numbered["number"], numbered["glued"], command)
    rest = numbered["rest"].strip()
    if command == "more" and rest and found[1] != "?":  # `plus 5 enfants malades`
        return None
    if command == "correct":
        return _correction(reference, search_key(rest), diseases, today)
    return _decision(cast(Verdict, command), reference, rest, diseases, today)


def _reference(number: str, glued: str, command: str) -> int:
    digits = number.lower().replace("o", "0")
    if glued or len(digits) > MOST_DIGITS or not int(digits):
        raise Unread("reference_format", typed=shown(number + glued), example=EXAMPLES[command])
    return int(digits)


def _decision(verdict: Verdict, reference: int, rest: str, diseases: Diseases, today: date) -> Decision:
    if re.fullmatch(r"[0-9 ]+", rest):  # `V 1 234`
        raise Unread("reference_format", typed=shown(f"{reference} {rest}"), example=EXAMPLES[verdict])
    if _ANOTHER.match(rest):
        raise Unread("one_at_a_time", typed=shown(rest), example=EXAMPLES[verdict])
    day = day_of(search_key(rest), today) if verdict == "real" and rest else None
    if day is not None:
        return Decision(verdict, reference, since=check_day(day, rest, diseases, today))
    return Decision(verdict, reference, rest)


def _correction(reference: int, rest: str, diseases: Diseases, today: date) -> Correction | Missing:
    named = after_keyword(rest, diseases)
    body = rest if named is None else named
    if "#" in body or "*" in body:
        report = coded.read(body, diseases, today)
        if report.numbers is not None:
            return Correction(reference, report)
        change = Told(report.disease, report.sex, report.age, village=report.village)
    else:
        change = scan(body, diseases, today, code_first=named not in {None, rest})
    zero = diseases.zero
    if change.disease == zero.key or change == Told(age=Age.of(zero.code, "years"), bare=True):
        raise Unread("correct_zero", example=f"{EXAMPLES['withdraw'].split()[0]} {reference}")
    if change == Told():
        return Missing("change", change)
    if change.disease is None and change.village and diseases.closest(change.village):
        raise Unread("disease_unknown", typed=shown(change.village))
    return Correction(reference, change)
