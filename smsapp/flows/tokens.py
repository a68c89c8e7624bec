"""The words and signs of an expression, each with its place; what is none is refused with a sentence."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""\s*(?:
      \$\{\s*(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*\}
    | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<word>(?:and|or|div|mod)(?![A-Za-z0-9_-])|[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<sign>!=|<=|>=|[=<>+\-*(),.])
    )""",
    re.VERBOSE,
)


class BadExpression(Exception):
    """An expression that can not be read; the sentence says what and where."""


class Token(NamedTuple):
    """One of them; `kind` is name, number, text, word, sign or end."""

    kind: str
    word: str
    place: int

    def bad(self, words: str) -> BadExpression:
        return BadExpression(f"at character {self.place + 1}: {words}")

    def __str__(self) -> str:
        return f"`{self.word}`" if self.kind != "end" else "the end"


def tokens_of(source: str) -> list[Token]:
    """What a text is made of, and its end; BadExpression where something is nothing."""
    tokens, place = [], 0
    end = len(source.rstrip())
    while place < end:
        found = _TOKEN.match(source, place)
        if found is None:
            rest = source[place:].lstrip()
            raise Token("?", rest[0], source.index(rest, place)).bad(_unreadable(rest))
        kind = str(found.lastgroup)
        start = found.end() - len(found[0].lstrip())
        tokens.append(Token(kind, found[kind], start))
        place = found.end()
    return [*tokens, Token("end", "", end)]


def _unreadable(rest: str) -> str:
    if rest[0] in "“”‘’«»„":
        return f"{rest[0]} should be a straight quote"
    if rest[0] in "'\"":
        return "a text is opened and never closed"
    if rest.startswith("$"):
        return "an answer is named like ${name}"
    return f"`{rest[0]}` is not understood"
