"""A text cut into pieces, what each means, and how much of it can be true."""

from __future__ import annotations

import re
from datetime import date

from smsapp.flows.dates import read_date
from smsapp.surveillance import wording
from smsapp.surveillance.ages import Age
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.said import Unread
from smsapp.surveillance.wording import Meaning, Token, shown

MOST_DIGITS = 9
CODE = "1#1#2"
FIELDS = frozenset({3, 5, 8})  # of a code with numbers
NOTHING = Meaning("", "")


def check_day(day: date | None, typed: str, diseases: Diseases, today: date) -> date:
    """A day on which something can have begun."""
    if day is None:
        raise Unread("date_format", typed=shown(typed))
    if day > today:
        raise Unread("date_future", typed=shown(typed))
    if (today - day).days > diseases.limits.days_back:
        raise Unread("date_old", typed=shown(typed))
    return day


def day_of(text: str, today: date) -> date | None:
    try:
        return read_date(text, today)
    except OverflowError:  # so many weeks ago, or today at the end of the calendar
        return None


def day_of_month(number: int, today: date) -> date | None:
    """The last day with this number that is not to come."""
    for back in range(3):  # one month of three has 31 days
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        try:
            day = date(year, month + 1, number)
        except ValueError:
            continue
        if day <= today:
            return day
    return None


class Pieces:
    """The pieces of one key."""

    def __init__(self, text: str, diseases: Diseases) -> None:
        self.text, self.diseases = text, diseases
        self.tokens = wording.tokens(text)
        self.words = wording.words()

    def token(self, at: int) -> Token | None:
        return self.tokens[at] if at < len(self.tokens) else None

    def meaning(self, at: int) -> tuple[Meaning, int]:
        """What the longest phrase here means, and where it ends."""
        for count in range(min(self.diseases.longest, len(self.tokens) - at), 0, -1):
            found = self.diseases.phrases.get(tuple(token.text for token in self.tokens[at : at + count]))
            if found is not None:
                return found, at + count
        return NOTHING, at

    def number(self, at: int) -> int | None:
        """A number in digits or in a word."""
        token = self.token(at)
        if token is None:
            return None
        return whole(token.text) if token.kind == "number" else self.words.numbers.get(token.text)

    def aged(self, number: int, typed: str, unit: str = "years") -> Age:
        """Nobody is that old."""
        age = Age.of(number, unit)
        if (age.days or 0) > (Age.of(self.diseases.limits.years, "years").days or 0):
            raise Unread("age_limit", typed=shown(typed), most=self.diseases.limits.years)
        return age

    def few(self, number: int, typed: str, least: int = 1) -> int:
        """So many cases as one report can have."""
        if number > self.diseases.limits.cases:
            raise Unread("count_limit", typed=shown(typed), most=self.diseases.limits.cases)
        if number < least:
            raise Unread("count_none", typed=shown(typed))
        return number


def whole(digits: str) -> int:
    """A number that can not be true stays one; a thousand digits are not counted."""
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS


def meant_code(text: str, diseases: Diseases) -> str:
    """The code as it may have been meant: to show, not to believe."""
    numbers = re.findall("[0-9]+", text.replace("o", "0"))
    disease = diseases.by_code.get(whole(numbers[0])) if numbers else None
    if disease is not None and disease.kind in {"event", "zero"}:
        return str(disease.code)
    return "#".join(numbers) if len(numbers) in FIELDS else CODE


def after_keyword(key: str, diseases: Diseases) -> str | None:
    """What follows CAS; all of it where it is part of a name (`cas groupés`) or counted (`2 cas de`)."""
    tokens = wording.tokens(key)
    commands = wording.words().commands
    if not tokens:
        return None
    if any(tuple(t.text for t in tokens[:count]) in diseases.named for count in range(2, diseases.longest + 1)):
        return key
    if commands.get(tokens[0].text) == "case":
        return key[tokens[0].end :].strip(" .,:;-#*/")
    counted = tokens[0].kind == "number" or tokens[0].text in wording.words().numbers
    return key if counted and len(tokens) > 1 and commands.get(tokens[1].text) == "case" else None


def names_first(key: str, diseases: Diseases) -> bool:
    """Whether it begins with a disease, after a greeting perhaps."""
    pieces, at = Pieces(key, diseases), 0
    while (meaning := pieces.meaning(at)[0]).kind == "spare":
        at = pieces.meaning(at)[1]
    return meaning.kind == "disease"
