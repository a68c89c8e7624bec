"""Passwords: which are taken, how they are kept, and their checking, which costs memory and time on purpose."""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from smsapp.staff.refusing import Refused

LEAST, MOST = 10, 200  # characters
OWN = 6  # of them beside her name
OF_THE_DEMONSTRATION = "demo-only-change-me"
COMMON = Path(__file__).parent.parent / "data" / "passwords.txt"
AT_ONCE = 2  # checks: each takes 19 MiB, and a stranger may ask for as many as he likes
PATIENCE = 5.0  # seconds that one waits for its turn

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """So many passwords are being checked that this one was not."""


def make(password: str) -> str:
    """What is kept of a password."""
    with _turn():
        return _HASHER.hash(_plain(password))


def check(password: str, kept: str | None) -> bool:
    """Whether it is the one; where there is none to compare with it takes as long."""
    nobody = _nobody()
    with _turn():
        try:
            return _HASHER.verify(kept or nobody, _plain(password)) and kept is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Whether it was made before the costs were raised."""
    return _HASHER.check_needs_rehash(kept)


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


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Busy
    try:
        yield
    finally:
        _turns.release()


@cache
def _nobody() -> str:
    return make(secrets.token_hex())


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").splitlines())
