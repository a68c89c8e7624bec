"""What is kept of passwords and PINs, and their checking, which costs memory and time on purpose.

A password costs whoever steals the database 19 MiB and two rounds a guess. A PIN has ten thousand values, and no cost
that a caller can wait for keeps it from somebody who tries them all: what keeps it is the service's own key, which is
not in the database. So little time is taken for it, that a village can type its PINs at once.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

AT_ONCE = 2  # checks: each takes 19 MiB, and a stranger may ask for as many as he likes
PATIENCE = 5.0  # seconds that one waits for its turn

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_SHORT = PasswordHasher(time_cost=2, memory_cost=2 * 1024, parallelism=1)  # two milliseconds
_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """So many secrets are being checked that this one was not."""


def make(secret: str) -> str:
    """What is kept of a secret."""
    with _turn():
        return _HASHER.hash(secret)


def check(secret: str, kept: str | None) -> bool:
    """Whether it is the one; where there is none to compare with it takes as long."""
    nobody = _nobody()
    with _turn():
        try:
            return _HASHER.verify(kept or nobody, secret) and kept is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


def make_short(secret: str, key: str) -> str:
    """What is kept of a PIN: worth nothing without the service's key, not even to who tries every one."""
    with _turn():
        return _SHORT.hash(_keyed(secret, key))


def check_short(secret: str, kept: str, key: str) -> bool:
    """Whether it is the one of which this was kept, under the same key."""
    with _turn():
        try:
            return _SHORT.verify(kept, _keyed(secret, key))
        except (VerifyMismatchError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Whether it was made before the costs were raised."""
    return _HASHER.check_needs_rehash(kept)


def _keyed(secret: str, key: str) -> bytes:
    return hmac.digest(key.encode(), f"pin\n{secret}".encode(), "sha256")


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
