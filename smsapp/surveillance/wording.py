"""The words of reports: cut from a text, and found in the longest phrase that has a meaning."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from smsapp import yamls
from smsapp.flows.answers import plain
from smsapp.segments import encoding, fold, search_key

FILE = Path(__file__).resolve().parent.parent / "data" / "report_words.yaml"
SHOWN = 20  # characters of what was not understood

# Degrees and ordinals would fold to the letter o, and that is a zero beside digits.
_ROUND = str.maketrans("°º", "  ")
_TOKEN = re.compile(
    r"(?P<date>\d{1,4}/\d{1,4}(?:/\d{1,4})?|\d{1,4}-\d{1,4}-\d{1,4}|\d{1,4}\.\d{1,4}\.\d{1,4})"
    r"|(?P<sign>[<>]\s?=?\s?\d+|(?<!\S)-\d+|\+\s?\d{1,3}(?!\d)|\d+\s?\+(?!\d))"
    r"|(?P<decimal>\d+[.,-]\d+)"
    r"|(?P<number>(?<![^\W\d_])[0-9][0-9o]*(?![^\W_])|\d+)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<stop>[,;])"  # no phrase goes across
)


class BadWords(ValueError):
    """Words that can not be told apart; the sentence says which."""


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class Meaning(NamedTuple):
    kind: str
    value: str


Lexicon = Mapping[tuple[str, ...], Meaning]


@dataclass(frozen=True)
class Words:
    """The data file: `phrases` are what is looked for, `commands` what a message may begin with."""

    phrases: Lexicon
    commands: Mapping[str, str]
    before: Mapping[str, str]
    joined: Collection[str]
    numbers: Mapping[str, int]
    days: Collection[str]
    weekdays: Mapping[str, int]


def key(text: str) -> str:
    """A text as it is read: one line, small letters, no accents."""
    return search_key(line(text))


def line(text: str) -> str:
    """A text in one line, its letters as they were typed."""
    return plain(text.translate(_ROUND))


def tokens(text: str) -> list[Token]:
    """The pieces of a key; letters O among digits are zeros."""
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "word"
        piece = match[0].replace("o", "0") if kind == "number" else match[0]
        found.append(Token(kind, piece, match.start(), match.end()))
    return found


def phrase(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in tokens(key(text)))


def shown(typed: str) -> str:
    """What somebody typed, as an answer repeats it: in letters that do not make two texts of one."""
    letters = fold(typed.upper())[:SHOWN].strip()
    return letters if letters and encoding(letters) == "GSM-7" else "?"


def lexicon(*parts: Iterable[tuple[str, Meaning]]) -> dict[tuple[str, ...], Meaning]:
    """Phrases and their one meaning."""
    found: dict[tuple[str, ...], Meaning] = {}
    for written, meaning in (each for part in parts for each in part):
        words = phrase(written)
        if not words:
            raise BadWords(f"{written!r} has no letters")
        if found.setdefault(words, meaning) != meaning:
            raise BadWords(f"{written!r} means {found[words].value or found[words].kind} too")
    return found


@cache
def words() -> Words:
    raw = yamls.plain(FILE)
    named = [
        (word, Meaning(kind, value))
        for kind, table in (
            ("sex", "sex"),
            ("several", "several"),
            ("unit", "units"),
            ("group", "groups"),
            ("died", "died"),
        )
        for value, several in raw[table].items()
        for word in several
    ]
    plainly = [(word, Meaning(kind, "")) for kind in _PLAIN for word in raw[kind]]
    numbers = {word: n for n, several in enumerate(raw["numbers"], start=1) for word in several}
    return Words(
        phrases=lexicon(named, plainly),
        commands={word: name for name in _COMMANDS for word in raw[name]},
        before=_turned(raw["before"]),
        joined=frozenset(raw["joined"]),
        numbers=numbers,
        days=frozenset(raw["days"]),
        weekdays={word: place for place, several in enumerate(raw["weekdays"]) for word in several},
    )


_PLAIN = ("half", "limits", "unknown", "cases", "alive", "spare")
_COMMANDS = ("case", "real", "false", "more", "correct", "withdraw")


def _turned(lists: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    return {str(word): name for name, several in lists.items() for word in several}
