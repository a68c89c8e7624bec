"""Passwords: which are taken, and how they are kept and checked."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from smsapp import hashing
from smsapp.staff.refusing import Refused

LEAST, MOST = 10, 200  # characters
OWN = 6  # of them beside her name
OF_THE_DEMONSTRATION = "demo-only-change-me"
COMMON = Path(__file__).parent.parent / "data" / "passwords.txt"


def make(password: str) -> str:
    """What is kept of a password. May raise hashing.Busy."""
    return hashing.make(_plain(password))


def check(password: str, kept: str | None) -> bool:
    """Whether it is the one; where there is none to compare with it takes as long. May raise hashing.Busy."""
    return hashing.check(_plain(password), kept)


def accept(password: str, *, name: str, email: str, demo: bool) -> None:
    """Refuses what somebody else would try first; any other password that is long enough will do."""
    plain = _plain(password)
    if len(plain) < LEAST:
        raise Refused("Take at least %(least)d characters: three or four words are easy to remember.", least=LEAST)
    if len(plain) > MOST:
        raise Refused("Take at most %(most)d characters.", most=MOST)
    folded = plain.casefold()
    if len(set(folded)) < 4 or folded in _common() or (folded == OF_THE_DEMONSTRATION and not demo):
        raise Refused("This password is one of those that are tried first. Take another one.")
    if _is_made_of(folded, {email, name, *re.split(r"[\W_]+", f"{email} {name}")}):
        raise Refused("This password is made of your name or address. Take another one.")


def _is_made_of(folded: str, known: set[str]) -> bool:
    """Whether little is left without the words that everybody knows of her."""
    rest = folded
    for word in sorted((w.casefold() for w in known if len(w) > 2), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(rest) < OWN


def _plain(password: str) -> str:
    """An é is one, whatever the keyboard made of it."""
    return unicodedata.normalize("NFC", password)


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").splitlines())
