"""Dates as people type them: in digits, in words, without a year.

The day comes first, then the month, in every language; `2025-03-12` is the one exception.
A year of two digits is this century's unless that lies more than a year ahead: then it is the last one's.
A date without a year is the latest one that is not more than NEAR_DAYS ahead: in January `12 décembre` is
last month, in December `3 janvier` is next month.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from smsapp.segments import search_key

NEAR_DAYS = 30
YEARS = range(1900, 2101)

# French, English, Bambara (needs a native speaker's review); three letters and what has a point are abbreviations.
_MONTHS = (
    "janvier janv jan january zanwuye zanwiye",
    "février févr fév fev february feb feburuye fewuruye",
    "mars mar march marisi",
    "avril avr april apr awirili",
    "mai may mɛ",
    "juin jun june zuwɛn",
    "juillet juil jul july zuluye",
    "août aout aou august aug uti",
    "septembre sept sep september sɛtanburu",
    "octobre oct october ɔkutɔburu",
    "novembre nov november nowanburu",
    "décembre déc dec december desanburu",
)
# Days from today: phrases separated by commas.
_DAYS = {
    -2: "avant hier, day before yesterday, the day before yesterday, kunasini, kunasinin",
    -1: "hier, hier matin, hier soir, yesterday, kunun, kunu",
    0: "aujourd'hui, aujourdhui, auj, ajd, ce jour, ce matin, ce soir, today, this morning, bi",
    1: "demain, demain matin, demain soir, tomorrow, sini",
    2: "après demain, apres demain, day after tomorrow, the day after tomorrow, sinikɛnɛ",
}
_AGO = re.compile(
    r"(?:il y a |depuis )(?P<n>[0-9]{1,3}) (?P<unit>jours?|semaines?)|(?P<m>[0-9]{1,3}) (?P<span>days?|weeks?) ago"
)
_FILLERS = """le du en date the of on er ere e st nd rd th
    lundi mardi mercredi jeudi vendredi samedi dimanche
    monday tuesday wednesday thursday friday saturday sunday"""
SILENT = frozenset(_FILLERS.split())
_SEPARATORS = re.compile(r"[/.,*\-_'\s]+")
# `12/03 70` is a day and the beginning of something else, a phone number perhaps.
_TWO_THINGS = re.compile(r"[0-9] ?[/.,*_-] ?[0-9]+ [0-9]")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")


def _phrase(text: str) -> str:
    return " ".join(_TOKEN.findall(_SEPARATORS.sub(" ", search_key(text))))


_MONTH_OF = {_phrase(name): place for place, names in enumerate(_MONTHS, start=1) for name in names.split()}
_DAY_OF = {_phrase(name): days for days, names in _DAYS.items() for name in names.split(",")}


def read_date(text: str, today: date) -> date | None:
    """The date meant, or None. `text` has ASCII digits."""
    key = search_key(text).strip(" .,;:!?()")
    spaced = _SEPARATORS.sub(" ", key).strip()
    tokens = _TOKEN.findall(spaced)
    if "".join(tokens) != spaced.replace(" ", ""):
        return None  # a sign that no date has
    if _TWO_THINGS.search(key):
        return None
    phrase = " ".join(tokens)
    if phrase in _DAY_OF:
        return today + timedelta(days=_DAY_OF[phrase])
    if ago := _AGO.fullmatch(phrase):
        count, unit = int(ago["n"] or ago["m"]), ago["unit"] or ago["span"]
        return today - timedelta(days=count * (7 if unit.startswith(("semaine", "week")) else 1))
    return _calendar_day([token for token in tokens if token not in SILENT], today)


def _calendar_day(tokens: list[str], today: date) -> date | None:
    months = [token for token in tokens if token in _MONTH_OF]
    numbers = [token for token in tokens if token.isdecimal()]
    if len(months) + len(numbers) != len(tokens) or len(months) > 1:
        return None
    if months:
        if tokens.index(months[0]) > 1 or len(numbers) not in {1, 2}:
            return None
        return _day(numbers[0], str(_MONTH_OF[months[0]]), *numbers[1:], today=today)
    match numbers:
        case [year, month, day] if len(year) == 4:
            return _day(day, month, year, today=today)
        case [day, month] | [day, month, _]:
            return _day(day, month, *numbers[2:], today=today)
        case [glued] if len(glued) == 6:
            return _day(glued[:2], glued[2:4], glued[4:], today=today)
        case [glued] if len(glued) == 8:
            return _day(glued[:2], glued[2:4], glued[4:], today=today) or _day(
                glued[6:], glued[4:6], glued[:4], today=today
            )
    return None


def _day(day: str, month: str, year: str | None = None, *, today: date) -> date | None:
    if len(day) > 2 or len(month) > 2:
        return None
    if year is None:
        return _nearest(int(day), int(month), today)
    if len(year) == 4:
        return _valid(int(year), int(month), int(day))
    if len(year) == 2:
        near = int(year) + 2000
        return _valid(near if near <= today.year + 1 else near - 100, int(month), int(day))
    return None


def _nearest(day: int, month: int, today: date) -> date | None:
    latest = today + timedelta(days=NEAR_DAYS)
    for year in range(latest.year, latest.year - 9, -1):  # 29 February may be eight years back
        found = _valid(year, month, day)
        if found is not None and found <= latest:
            return found
    return None


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None
