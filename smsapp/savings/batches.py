"""What is typed for many cards at once: `1-12 500 -7 -9`, `tous 500 sauf 7`, and who is away."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from smsapp.flows.answers import plain
from smsapp.savings.money import read_amount
from smsapp.segments import search_key

MOST_CARDS = 99
LONGEST = 160
REASONS = ("format", "no_amount", "no_cards", "card", "range", "but", "two_ways", "amount", "word")

Fits = Callable[[int], bool]

ALL = {"tous", "toutes", "tout", "all", "everybody", "bee"}
BUT = {"sauf", "but", "except", "fo"}
FILLING = {"et", "and", "ni", "le", "les", "monde", "a", "x", "chacune", "each"}
NOBODY = {"0", "o", "personne", "aucune", "aucun", "nobody", "none", "non", "no"}

_DASH = re.compile("[\u2010-\u2015\u2212]")  # what phones write for a minus
_MARK = re.compile(r"(?<=[0-9o]) (f|f ?cfa|cfa|xof|francs?)\b")
_RANGE = re.compile(r"([0-9]{1,2})-([0-9]{1,2})")
_CARD = re.compile(r"0*([1-9][0-9]?)")
_MINUS = re.compile(r"(?:^|(?<=\s))-\s*(?=[0-9])")
_ZERO = re.compile(r"(?<=[0-9])o+")


class BadBatch(Exception):
    """Not understood: `reason` says why, `what` which part."""

    def __init__(self, reason: str, what: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.what = what[:12]


@dataclass(frozen=True)
class Batch:
    """Cards and what each brings, in francs; `cards` is None for everybody who is there."""

    cards: frozenset[int] | None
    amount: int
    but: frozenset[int] = frozenset()

    def of(self, present: Collection[int]) -> list[int]:
        """The cards that are meant, of those who are there."""
        wanted = set(present) if self.cards is None else set(present) & self.cards
        return sorted(wanted - self.but)


def anything(amount: int) -> bool:
    return amount > 0


def read_batch(text: str, fits: Fits = anything) -> Batch:
    """Ranges, lists or `tous`, then the amount, and exceptions with a minus or after `sauf`. Raises BadBatch.

    The last number without a minus is the amount. `1 2 5 500` can be read in two ways, three cards or two: the one
    whose amount `fits` is taken, and where both do it is asked again.
    """
    left, but = _but(_plain(text))
    words, colon, after = left.partition(":")
    tokens, amount_tokens = _tokens(words), _tokens(after)
    everybody = bool(tokens) and tokens[0] in ALL
    if everybody or colon:
        given = amount_tokens if colon else tokens[1:]
        if not given:
            raise BadBatch("no_amount")
        if everybody and colon and len(tokens) > 1:
            raise BadBatch("word", tokens[1])
        amount = _amount(given)
        if amount is None:
            raise BadBatch("amount", " ".join(given))
        cards = None if everybody else frozenset(_cards(tokens))
    else:
        cards, amount = _one(tokens, fits)
    if cards is not None and (outside := but - cards):
        raise BadBatch("but", str(min(outside)))
    if cards is not None and not cards - but:
        raise BadBatch("no_cards")
    return Batch(cards, amount, but)


def read_absent(text: str) -> frozenset[int]:
    """Who is away: `7 9`, `-7 -9`, `7, 9`; `0` for nobody. Raises BadBatch."""
    said = _plain(text)
    if said in NOBODY:
        return frozenset()
    return frozenset(_cards(_tokens(_MINUS.sub("", said))))


def _plain(text: str) -> str:
    said = _DASH.sub("-", search_key(plain(text))).strip(" .!?")
    if not said or len(said) > LONGEST:
        raise BadBatch("format")
    return _ZERO.sub(lambda found: "0" * len(found[0]), _MARK.sub(r"\1", said)).replace("=", ":")


def _but(said: str) -> tuple[str, frozenset[int]]:
    """What stands before the exceptions, and the exceptions: after `sauf`, or each with its minus."""
    words = said.split()
    at = next((place for place, word in enumerate(words) if word in BUT), None)
    if at is not None:
        return " ".join(words[:at]), frozenset(_cards(_tokens(_MINUS.sub("", " ".join(words[at + 1 :])))))
    kept, but = [], set()
    for word in _MINUS.sub("-", said).replace(",", " ").replace(";", " ").split():
        if not word.startswith("-"):
            kept.append(word)
        elif found := _CARD.fullmatch(word[1:]):
            but.add(int(found[1]))
        else:
            raise BadBatch("card", word)
    return " ".join(kept), frozenset(but)


def _tokens(words: str) -> list[str]:
    return [word for word in re.split(r"[\s,;/&+]+", words) if word and word not in FILLING]


def _cards(tokens: Sequence[str]) -> list[int]:
    cards = [card for token in tokens for card in _numbers(token)]
    if not cards:
        raise BadBatch("no_cards")
    return cards


def _numbers(token: str) -> Iterator[int]:
    if found := _CARD.fullmatch(token):
        yield int(found[1])
        return
    ends = _RANGE.fullmatch(token)
    if ends is None:
        raise BadBatch("card" if token[0] in "0123456789-" else "word", token)
    first, last = int(ends[1]), int(ends[2])
    if not 0 < first < last:
        raise BadBatch("range", token)
    yield from range(first, last + 1)


def _amount(tokens: Sequence[str]) -> int | None:
    return read_amount(" ".join(tokens), dots=True)


def _one(tokens: Sequence[str], fits: Fits) -> tuple[frozenset[int], int]:
    """Cards and an amount without anything between them: the one way to read them, or that which fits."""
    ways: list[tuple[frozenset[int], int]] = []
    why = BadBatch("no_amount")
    for start in range(len(tokens) - 1, max(len(tokens) - 5, -1), -1):
        amount = _amount(tokens[start:])
        if amount is None:
            continue
        try:
            cards = _cards(tokens[:start])
        except BadBatch as bad:
            why = bad if not ways and start == len(tokens) - 1 else why
            continue
        if len(set(cards)) == len(cards):
            ways.append((frozenset(cards), amount))
    if not ways:
        raise why
    if len(ways) > 1:
        ways = [way for way in ways if fits(way[1])] or ways
    if len(ways) > 1:
        raise BadBatch("two_ways")
    return ways[0]
