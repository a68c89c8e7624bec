"""Doses as people write them: read where they are named exactly, told apart from what only looks like them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache

from smsapp.flows.answers import one_script, plain
from smsapp.refusals import Refused
from smsapp.segments import encoding, fold, search_key
from smsapp.vaccines import schedule as schedules
from smsapp.vaccines.days_told import day_told
from smsapp.vaccines.schedule import BadSchedule

CLOSE = 0.6  # of difflib: what a misspelt word is likely to mean
LONGEST_NAME = 3  # words of one vaccine's name
SHOWN = 15  # characters of what was not understood

_CODE = re.compile(r"\W*(?:(?:code|no|n°|num[eé]ro|enfant|child)\b\W*)?([0-9]{1,9} ?[a-z])(?![^\W_])", re.IGNORECASE)
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
_ASKS = re.compile(r"[?？؟]")
_PIECES = re.compile(r"\S*[^\W\d_]\S*|[\W\d_]+")
_PARTS = re.compile(r"([A-Z]+)([0-9]*)")
_BETWEEN = frozenset({"et", "and", "ni"})  # `ni` is and in Bambara


@dataclass(frozen=True)
class Said:
    """Doses in the order in which they were named, and their day where one was told."""

    codes: tuple[str, ...]
    on: date | None = None


@dataclass(frozen=True)
class Vocabulary:
    """The words of a country: how each vaccine is called, which numbers it has, and what we write back."""

    words: Mapping[str, Mapping[str, str]]  # a name in one word -> a dose's number, empty where it has none -> code
    short: Mapping[str, Mapping[str, str]]  # language -> code -> `VPO1`
    numbers: Mapping[str, str]  # `un` -> `1`
    used: Collection[str] = ()  # the codes of what is given here: others are read where they are named, never proposed

    def says(self, language: str, code: str) -> str:
        """This dose as a worker reads it."""
        return self.short.get(language, {}).get(code) or self.short.get("fr", {}).get(code) or code

    def closest(self, typed: str, language: str) -> str:
        """The right spelling of what somebody may have meant; empty where nothing is like it, or that is not given."""
        letters = _glued(typed)
        word = letters.rstrip("0123456789")
        number = letters[len(word) :]
        for name in sorted(self.numbers, key=len, reverse=True):
            rest = word.removesuffix(name)
            if not number and word not in self.words and rest != word and self._like(rest):
                word, number = rest, self.numbers[name]
        found = self._like(word)
        if not found:
            return ""
        of = {one: code for one, code in self.words[found[0]].items() if code in self.used}
        if not of:
            return ""
        near = min(of, key=lambda one: abs(int(one or 1) - int(number or 1)))
        return self.says(language, of[near])

    def _like(self, word: str) -> list[str]:
        return get_close_matches(word[:SHOWN], self.words, n=1, cutoff=CLOSE)


@cache
def of_country(country: str, more: tuple[str, ...] = ()) -> Vocabulary:
    """The words of a country's calendar and of its doses for mothers; `more` are codes that VACCINES_ON switches on."""
    told = schedules.written(country)
    names: Mapping[str, Mapping[str, Sequence[str]]] = told.get("words", {})
    words: dict[str, dict[str, str]] = {}
    short: dict[str, dict[str, str]] = {"fr": {}, "en": {}}
    antigens = set()
    for antigen, code in _codes(told):
        antigens.add(antigen)
        word, number = _parts(country, code)
        mine = names.get(antigen, {})
        for language, written in short.items():
            first = next(iter(mine.get(language) or mine.get("fr") or ()), word)
            written[code] = f"{_glued(first).upper()}{number}"
        for name in {word, *(each for several in mine.values() for each in several)}:
            if words.setdefault(_glued(name), {}).setdefault(number, code) != code:
                raise BadSchedule(f"{country}: {name} is the word of two vaccines")
    if unknown := set(names) - antigens:
        raise BadSchedule(f"{country}: words of {sorted(unknown)[0]}, which no dose has")
    several = told.get("numbers", {}).values()
    numbers = {_glued(name): str(n) for one in several for n, name in enumerate(one)}
    mothers = {dose["code"] for dose in told.get("mothers", {}).get("doses", ())}
    used = mothers | set(schedules.in_use(country, more).by_code)
    return Vocabulary(words, short, numbers | {"o": "0"}, frozenset(used))


def _codes(told: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    doses, mothers = told.get("doses", ()), told.get("mothers")
    for dose in doses if isinstance(doses, list) else ():
        yield dose["antigen"], dose["code"]
    if isinstance(mothers, dict):
        yield from ((mothers["antigen"], dose["code"]) for dose in mothers["doses"])


def _parts(country: str, code: str) -> tuple[str, str]:
    found = _PARTS.fullmatch(code)
    if found is None:
        raise BadSchedule(f"{country}: the code {code} is not letters and then a number")
    return found[1], found[2]


def _glued(name: str) -> str:
    return "".join(_TOKEN.findall(search_key(name)))


def parted(text: str) -> tuple[str, str]:
    """The code at the beginning of a text, and the rest; the first word where there is no code.

    Refused where the digits of two scripts stand in one word or day.
    """
    if not all(map(one_script, _PIECES.findall(text))):
        raise Refused("care.digits_mixed")
    text = plain(text)
    if found := _CODE.match(text):
        return found[1], text[found.end() :].strip()
    first, _, rest = text.partition(" ")
    return first, rest.strip()


def shown(typed: str) -> str:
    """What somebody typed, as an answer repeats it: in letters that do not make two texts of one."""
    letters = fold(typed.upper())[:SHOWN].strip()
    return letters if encoding(letters) == "GSM-7" else "?"


def read(words: Vocabulary, text: str, today: date, language: str = "fr", code: str = "42L") -> Said:
    """The doses that a text names, and the day at its end.

    Refused where anything else stands in it: what is unknown is named, with the right spelling of what is most like it.
    `code` is for the example in that. A question names doses and tells of none.
    """
    reading = _Reading(words, search_key(plain(text)), today)
    try:
        said = reading.said()
    except _Unread as no:
        raise _refusal(words, no, language, code) from no
    if said.codes and _ASKS.search(text):
        raise Refused("care.dose_question", code=f"{code} {words.says(language, said.codes[0])}")
    return said


class _Unread(Exception):
    """What could not be read: `kind` is dose, numbers (several, of which one knows no vaccine), date or last.

    The last is a date that has something behind it.
    """

    def __init__(self, kind: str, typed: str) -> None:
        super().__init__(kind)
        self.kind, self.typed = kind, shown(typed)


def _refusal(words: Vocabulary, no: _Unread, language: str, code: str) -> Refused:
    if no.kind == "date":
        return Refused("care.date_format", typed=no.typed)
    example = f"{code} {words.says(language, 'PENTA1')}"
    if no.kind == "numbers":
        return Refused("care.dose_numbers", code=f"{example} {words.says(language, 'PENTA2')}")
    if no.kind == "last":
        return Refused("care.date_last", code=example)
    meant = words.closest(no.typed, language)
    if not meant:
        return Refused("care.dose_unknown", typed=no.typed, code=example)
    return Refused("care.dose_misspelt", typed=no.typed, meant=meant, code=f"{code} {meant}")


class _Reading:
    """One text, from its first word to its date."""

    def __init__(self, words: Vocabulary, key: str, today: date) -> None:
        self.words, self.key, self.today = words.words, key, today
        self.numbers = words.numbers
        self.tokens = list(_TOKEN.finditer(key))
        self.doses = {number for numbered in words.words.values() for number in numbered if number}

    def said(self) -> Said:
        codes: list[str] = []
        at = 0
        while at < len(self.tokens):
            if self._word(at) in _BETWEEN and codes:
                at += 1
            elif (on := self._date(at)) is not None:
                return Said(tuple(dict.fromkeys(codes)), on)
            else:
                code, at = self._dose(at)
                codes.append(code)
        return Said(tuple(dict.fromkeys(codes)))

    def _dose(self, at: int) -> tuple[str, int]:
        """The dose that begins here and where the next word is; the longest name counts.

        A number with a blank before it may be that of a day, or of another dose: the right spelling is asked for.
        """
        if self._word(at).isdecimal():
            raise self._no_date(at)
        for count in range(LONGEST_NAME, 0, -1):
            numbered = self.words.get("".join(self._word(at + n) for n in range(count)))
            number = self._word(at + count)
            if numbered is None:
                continue
            if number.isdecimal() and number in numbered and not self._apart(at + count):
                return numbered[number], at + count + 1
            if "" in numbered and not (number.isdecimal() and self._touches(at + count)):
                return numbered[""], at + count
        raise _Unread("dose", self._named(at))

    def _no_date(self, at: int) -> _Unread:
        """Why what begins with a digit here is no date."""
        rest, word = self._rest(at), self._word(at)
        piece = rest.split(" ")[0]
        if self._told(at, piece):
            return _Unread("last", piece)
        if self._told(at, f"1 {self._word(at + 1)}"):
            return _Unread("date", rest)
        if word in self.doses and (piece == word or self._word(at + 1) in self.doses):
            return _Unread("numbers" if at else "dose", piece)
        if piece == word and self._word(at + 1).isdecimal():
            return _Unread("date", rest)
        return _Unread("dose" if piece.isdecimal() and len(piece) < 3 else "date", piece)

    def _named(self, at: int) -> str:
        """What is not understood here, with the number behind it: `panta 1`, `penta un`, `vit a`."""
        after = self._word(at + 1)
        if after.isdecimal() and self._touches(at + 1):
            return self._word(at) + after
        if after.isdecimal() and self._apart(at + 1):
            return f"{self._word(at)} {after}" if self._date(at + 1) is None else self._word(at)
        if after.isdecimal():
            return self._word(at) + (after if self._date(at + 1) is None else "")
        short = len(after) == 1 or after in self.numbers
        return f"{self._word(at)} {after}" if short else self._word(at)

    def _word(self, at: int) -> str:
        return self.tokens[at][0] if at < len(self.tokens) else ""

    def _rest(self, at: int) -> str:
        return self.key[self.tokens[at].start() :]

    def _touches(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at].start() == self.tokens[at - 1].end()

    def _apart(self, at: int) -> bool:
        """Whether there is a blank before this word."""
        between = self.key[self.tokens[at - 1].end() : self.tokens[at].start()]
        return any(sign.isspace() for sign in between)

    def _date(self, at: int) -> date | None:
        return self._told(at, self._rest(at))

    def _told(self, at: int, text: str) -> date | None:
        return day_told(self.key[: self.tokens[at].start()], text, self.doses, self.today)
