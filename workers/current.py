"""The runtime of this worker process: made once in the parent, used by every work-horse forked from it."""

from __future__ import annotations

from functools import cache
from threading import Event

from smsapp.config import Settings
from smsapp.runtime import Runtime, build

# Set when the process is asked to stop: what is under way is finished, nothing new is begun.
stopping = Event()


@cache
def runtime() -> Runtime:
    """A job talks to the database from one thread at a time."""
    return build(Settings.load(), pool_size=2)
