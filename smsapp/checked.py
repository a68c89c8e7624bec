"""A letter behind a number that tells of a slip in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smsapp.flows.answers import plain
from smsapp.segments import search_key

# None that is taken for a digit or for another one, on paper or read aloud; a prime number of them.
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_CODE = re.compile(r"([0-9]{1,9}) ?([a-z])")
_AROUND = " .,:;!?#"


def letter(digits: str) -> str:
    """The letter that belongs to these digits.

    A wrong digit, or two neighbours exchanged, give another one: each digit counts with a weight of its own, modulo a
    prime.
    """
    return LETTERS[sum(int(d) * weight for weight, d in enumerate(reversed(digits), start=1)) % len(LETTERS)]


def read(typed: str, words: Iterable[str] = ()) -> str | None:
    """`27K` as people write it (`27 k`, `reçu 27K.` with `recu` among the words); None for anything else."""
    key = search_key(plain(typed)).strip(_AROUND)
    for word in words:
        key = key.removeprefix(word).strip(_AROUND)
    found = _CODE.fullmatch(key)
    return f"{int(found[1])}{found[2].upper()}" if found else None
