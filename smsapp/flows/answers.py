"""What a person typed, read as an answer of the type that was asked for, or refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from smsapp import phones
from smsapp.flows.dates import read_date
from smsapp.segments import clean, search_key

Answer = str | int | float | list[str]

LONGEST = 160  # of everything but a text
LONGEST_TEXT = 1000
MOST_DIGITS = 9

_FRANCS = r"(?: ?(?:f|f ?cfa|cfa|xof|francs?))?\.?"
_WHOLE = r"(?P<whole>[0-9]+|[0-9]{1,3}(?: [0-9]{3})+)"
_INTEGER = re.compile(_WHOLE + _FRANCS, re.IGNORECASE)
_DECIMAL = re.compile(_WHOLE + r"(?:[.,](?P<part>[0-9]{1,6}))?" + _FRANCS, re.IGNORECASE)
_PIN = re.compile("[0-9]{4,6}")
_NUMBERED = re.compile(r"(?P<code>\w+) ?[.):-]? ?(?P<label>.+)")
_BETWEEN = re.compile(r"[,;+&*/\n]|\b(?:et|and|ni)\b")  # `ni` is and in Bambara
_AROUND = " .,;:!?()\"'#*-"


class Option(NamedTuple):
    """One of the answers offered: what is typed for it, what is kept, what is shown, other words for it."""

    code: str
    name: str
    label: str
    also: tuple[str, ...] = ()


class BadAnswer(Exception):
    """Not an answer of this type. `reason` is the type that was asked for, `detail` may say more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class _Asked(NamedTuple):
    """What was typed, as it came and made plain, and what reading it depends on."""

    raw: str
    plain: str
    options: Sequence[Option]
    today: date
    country: str
    language: str


def read(type: str, text: str, *, options: Sequence[Option] = (), today: date, country: str, language: str) -> Answer:
    """The answer as a plain JSON value (a choice by its name, a date as 2025-03-12), or BadAnswer."""
    reader = _READERS[type]
    if type != "text" and len(text) > LONGEST:
        raise BadAnswer(type, "too long")
    answer = reader(_Asked(text, plain(text), options, today, country, language))
    if answer is None or answer == []:
        raise BadAnswer(type)
    return answer


def plain(text: str) -> str:
    """One line without display characters; the digits of every script as ASCII, `²` and `①` are digits of none."""
    kept = (c for c in text if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    digits = (c if c.isdecimal() or not c.isdigit() else "\ufffd" for c in kept)
    composed = unicodedata.normalize("NFKC", "".join(digits))
    ascii_digits = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in composed)
    return " ".join("".join(ascii_digits).split())


def _choice(asked: _Asked) -> Answer | None:
    return _Offer(asked.options).find(asked.plain)


def _several(asked: _Asked) -> Answer | None:
    """`1 3`, `1,3`, `13` where all codes are single digits, labels with commas; `1-3` could be a range and is not."""
    offer = _Offer(asked.options)
    if asked.plain.isdecimal() and asked.plain not in offer.codes and all(len(code) == 1 for code in offer.codes):
        return offer.find_all(list(asked.plain))
    names: list[str] = []
    for piece in _BETWEEN.split(asked.plain.casefold()):
        if not piece.strip():
            continue
        whole = offer.find(piece)
        some = [whole] if whole is not None else offer.find_all(piece.split())
        if some is None:
            return None
        names += some
    return [option.name for option in asked.options if option.name in names]


class _Offer:
    """The options, found by what people type for them."""

    def __init__(self, options: Sequence[Option]) -> None:
        self.options = options
        self.codes = {search_key(option.code): option.name for option in options}

    @cached_property
    def labels(self) -> list[tuple[str, Option]]:
        return [(search_key(option.label).strip(_AROUND), option) for option in self.options]

    def find(self, typed: str) -> str | None:
        """By code, by label, by the start of just one label, by `1. Oui` as the screen has it; else None."""
        key = search_key(typed).strip(_AROUND)
        if not key:
            return None
        if key in self.codes:
            return self.codes[key]
        return next((names[0] for names in self._tries(key) if len(names) == 1), None)

    def find_all(self, words: Sequence[str]) -> list[str] | None:
        """The names of these words, in the order of the options; None if one is no option."""
        names = {self.find(word) for word in set(words)}
        return None if None in names else [option.name for option in self.options if option.name in names]

    def _tries(self, key: str) -> Iterator[list[str]]:
        yield [option.name for label, option in self.labels if label == key]
        if not key.isdecimal():
            yield [option.name for label, option in self.labels if label.startswith(key)]
        yield [o.name for o in self.options if o.name.casefold() == key or key in map(search_key, o.also)]
        # A label may begin with digits of its own: `77` is not card 7, `7. Oumou`.
        if (numbered := _NUMBERED.fullmatch(key)) and not numbered["label"].isdecimal():
            code, start = self.codes.get(numbered["code"]), numbered["label"]
            yield [option.name for label, option in self.labels if option.name == code and label.startswith(start)]


def _integer(asked: _Asked) -> Answer | None:
    """`1500`, `1 500`, `1500 F`. Not `1.500`: it could be one and a half."""
    found = _INTEGER.fullmatch(_one_script(asked))
    return None if found is None else _digits(found["whole"])


def _decimal(asked: _Asked) -> Answer | None:
    """`2,5` and `2.5`: point and comma both begin the decimals."""
    found = _DECIMAL.fullmatch(_one_script(asked))
    if found is None or (whole := _digits(found["whole"])) is None:
        return None
    return float(f"{whole}.{found['part'] or 0}")


def _digits(whole: str) -> int | None:
    digits = whole.replace(" ", "")
    return int(digits) if len(digits) <= MOST_DIGITS else None


def one_script(text: str) -> bool:
    """Whether all digits of a text are of one script: those of two may be read in two orders."""
    composed = unicodedata.normalize("NFKC", text)
    return len({ord(c) - unicodedata.decimal(c) for c in composed if c.isdecimal()}) <= 1


def _one_script(asked: _Asked) -> str:
    """The plain text, or nothing if it mixes the digits of two scripts."""
    return asked.plain if one_script(asked.raw) else ""


def _date(asked: _Asked) -> Answer | None:
    try:
        found = read_date(_one_script(asked), asked.today)
    except OverflowError:  # today itself is at the end of the calendar
        return None
    return None if found is None else found.isoformat()


def _text(asked: _Asked) -> Answer | None:
    text = clean(asked.raw)
    return text if 1 <= len(text) <= LONGEST_TEXT else None


def _number(asked: _Asked) -> Answer | None:
    try:
        return phones.normalise(asked.raw, asked.country)
    except phones.BadNumber as why:
        raise BadAnswer("number", why.reason) from why


def _pin(asked: _Asked) -> Answer | None:
    return asked.plain if _PIN.fullmatch(_one_script(asked)) else None


_READERS: dict[str, Callable[[_Asked], Answer | None]] = {
    "choice": _choice,
    "several": _several,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "text": _text,
    "number": _number,
    "pin": _pin,
}
