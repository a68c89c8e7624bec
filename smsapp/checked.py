"""A letter behind a number that tells of a slip in it."""

from __future__ import annotations

# None that is taken for a digit or for another one, on paper or read aloud; a prime number of them.
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def letter(digits: str) -> str:
    """The letter that belongs to these digits.

    A wrong digit, or two neighbours exchanged, give another one: each digit counts with a weight of its own, modulo a
    prime.
    """
    return LETTERS[sum(int(d) * weight for weight, d in enumerate(reversed(digits), start=1)) % len(LETTERS)]
