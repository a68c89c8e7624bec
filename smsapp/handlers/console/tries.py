"""What is said to whoever tried a wrong password or code, and until when she waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from flask_babel import format_datetime, gettext, ngettext

from smsapp.hashing import Busy
from smsapp.runtime import Runtime
from smsapp.staff.entry import Closed, Wrong

FAILED = (Wrong, Closed, Busy)


@dataclass(frozen=True)
class Said:
    """One or two sentences, and the answer's status."""

    words: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


def said(rt: Runtime, why: Exception, wrong: str) -> Said:
    """`wrong` is the sentence for a wrong try."""
    if isinstance(why, Busy):
        busy = gettext("Too many people are signing in at this moment. Nothing was tried: try again.")
        return Said(busy, 503, {"Retry-After": "5"})
    if isinstance(why, Closed):
        again = _again(rt.now(), why.shut.until)
        if not why.shut.crowded:
            return Said(f"{gettext('Too many wrong tries in a row: nothing is tried for now.')} {again}", 401)
        wait = ceil((why.shut.until - rt.now()).total_seconds())
        crowd = gettext("Too many wrong tries came from your connection.")
        return Said(f"{crowd} {again}", 429, {"Retry-After": str(max(1, wait))})
    then = why.then if isinstance(why, Wrong) else None
    return Said(f"{wrong} {_again(rt.now(), then.until)}" if then else wrong, 401)


def _again(now: datetime, until: datetime) -> str:
    seconds = max(1, ceil((until - now) / timedelta(seconds=1)))
    if seconds < 60:
        return str(ngettext("Try again in %(num)d second.", "Try again in %(num)d seconds.", seconds))
    minutes, at = ceil(seconds / 60), format_datetime(until, "HH:mm:ss")
    return str(
        ngettext("Try again in %(num)d minute, at %(at)s.", "Try again in %(num)d minutes, at %(at)s.", minutes, at=at)
    )
