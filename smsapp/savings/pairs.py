"""Cards and amounts in one text, `3 1500 4 500`, with the mistakes that people make and none that costs money.

A card has one or two digits, so that in `3 10 000 4 500` nobody has to guess where an amount ends; a longer one needs
its colon (`100:500`). What could be read in two ways is not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from smsapp.flows.answers import plain
from smsapp.savings.money import read_amount
from smsapp.segments import search_key

MOST_PAIRS = 40
SHOWN = 15  # characters of the part that is wrong, when it is named

AGAIN = {"encore", "again", "tugun"}

_TIE = r" ?[:=] ?"
_MARK = r"(?: ?(?:f ?cfa|cfa|xof|francs?|f)\b\.?)?"
_CARD = re.compile(rf"(?:(?P<tied>[0-9][0-9o]{{0,2}}){_TIE}|(?P<card>[0-9][0-9o]?) )")
# Thousands in threes as long as what follows is not the card of the next pair; else the digits in one.
_WRITTEN = rf"(?:[0-9][0-9o]{{0,2}}(?:[ .][0-9o]{{3}}(?![0-9o])(?!{_TIE}))+|[0-9][0-9o]*){_MARK}"
# A comma right before a digit begins decimals, unless a card with its colon follows.
_AMOUNT = re.compile(rf"{_WRITTEN}(?=$|[ ;]|,(?:$| |[0-9][0-9o]{{0,2}}{_TIE}))")
_NEXT = re.compile(r"[ ,;]+(?:(?:et|and|ni) )?")


class BadPairs(Exception):
    """Not understood: `reason` says why, `part` which part."""

    def __init__(self, reason: str, part: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.part = part.strip()[:SHOWN]


@dataclass(frozen=True)
class Pair:
    """One card and what it brings, in francs."""

    card: int
    amount: int


@dataclass(frozen=True)
class Pairs:
    """All of one text, and whether it says that these are other deposits than those noted a moment ago."""

    pairs: Sequence[Pair]
    again: bool = False


def parse(text: str) -> Pairs:
    """The pairs of a text without its keyword. Raises BadPairs at the first part that is none."""
    said = search_key(plain(text)).strip(" ,;.!")
    again = said.rpartition(" ")[2] in AGAIN
    said = said.rpartition(" ")[0].rstrip(" ,;.") if again else said
    pairs: list[Pair] = []
    at = 0
    while at < len(said):
        pair, at = _pair(said, at)
        if any(pair.card == other.card for other in pairs):
            raise BadPairs("twice", str(pair.card))
        pairs.append(pair)
    if not pairs:
        raise BadPairs("nothing")
    if len(pairs) > MOST_PAIRS:
        raise BadPairs("many", str(len(pairs)))
    return Pairs(tuple(pairs), again)


def render(pairs: Pairs) -> str:
    """The pairs as they are best written."""
    written = [f"{pair.card}:{pair.amount}" if pair.card > 99 else f"{pair.card} {pair.amount}" for pair in pairs.pairs]
    return " ".join([*written, *(["encore"] if pairs.again else [])])


def _pair(said: str, at: int) -> tuple[Pair, int]:
    """The pair that begins here, and where the next one does."""
    card = _CARD.match(said, at)
    if card is None:
        raise BadPairs("part", _named(said, at, words=1))
    written = _AMOUNT.match(said, card.end())
    amount = read_amount(written[0], dots=card["tied"] is not None) if written else None
    if written is None or amount is None:
        raise BadPairs("part", _named(said, at, words=2))
    number = int((card["tied"] or card["card"]).replace("o", "0"))
    if not number:
        raise BadPairs("part", _named(said, at, words=2))
    end = written.end()
    between = _NEXT.match(said, end)
    return Pair(number, amount), between.end() if between else end


def _named(said: str, at: int, *, words: int) -> str:
    return " ".join(said[at:].split(" ")[:words])
