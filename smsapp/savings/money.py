"""Whole francs, as they are written for people and as people write them."""

from __future__ import annotations

import re

from smsapp.flows.answers import plain

MOST = 10**12

# A letter O among digits is a zero: on ten keys the two lie apart, on paper and on a keyboard they do not.
_DIGIT, _LATER = "[0-9]", "[0-9o]"
_MARK = r"(?: ?(?P<mark>f|f ?cfa|cfa|xof|francs?)\.?)?"
_SPACED = re.compile(rf"(?P<francs>{_DIGIT}{_LATER}*|{_DIGIT}{_LATER}{{0,2}}(?: {_LATER}{{3}})+){_MARK}")
_DOTTED = re.compile(rf"(?P<francs>{_DIGIT}{_LATER}{{0,2}}(?:\.{_LATER}{{3}})+){_MARK}")


def francs(amount: int) -> str:
    """`1 500 F`: an ordinary space, which every phone has and which costs no more than a letter."""
    return f"{amount:,} F".replace(",", " ")


def read_amount(text: str, *, dots: bool = False) -> int | None:
    """`1500`, `1 500`, `1500 FCFA`, `15OO` in francs; None for anything else, nothing and less than nothing included.

    Dots between thousands count where the text can mean nothing but francs: behind the mark of the currency
    (`1.500F`), or where the caller says so (`dots`: in `3:1.500`, the amount of a pair). `1.500` alone, in answer to
    a question, may as well be one and a half, and is asked again: a person is in front of it.
    """
    said = plain(text).lower()
    if any(c.isdecimal() and not c.isascii() for c in text) and any(c.isdecimal() and c.isascii() for c in text):
        return None  # digits of two scripts, which may be read in two orders
    found = _SPACED.fullmatch(said) or _DOTTED.fullmatch(said)
    if found is None or ("." in found["francs"] and not (found["mark"] or dots)):
        return None
    digits = re.sub("[ .]", "", found["francs"]).replace("o", "0")
    return int(digits) if len(digits) <= len(str(MOST)) and 0 < int(digits) <= MOST else None
