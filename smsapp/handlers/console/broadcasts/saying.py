"""What the pages of broadcasts call things, and how they find one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import abort
from flask_babel import LazyString, format_decimal, gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp import broadcasts, paging
from smsapp.broadcasts import Broadcast, Content, Problem, choices
from smsapp.broadcasts.tables import FINISHED
from smsapp.handlers.console import words
from smsapp.handlers.console.guard import me

ONE = f"/broadcasts/<int(max={paging.LARGEST - 1}):broadcast_id>"

# Of broadcasts; the tone is how it looks.
STATUSES: Mapping[str, tuple[LazyString, str]] = {
    "draft": (lazy_gettext("draft"), "quiet"),
    "planning": (lazy_gettext("being prepared"), "open"),
    "waiting": (lazy_gettext("waits for approval"), "warn"),
    "scheduled": (lazy_gettext("planned"), "open"),
    "running": (lazy_gettext("being sent"), "open"),
    "paused": (lazy_gettext("paused"), "warn"),
    "finished": (lazy_gettext("finished"), "good"),
    "cancelled": (lazy_gettext("cancelled"), "quiet"),
    "capped": (lazy_gettext("stopped at its cap"), "bad"),
}

ALL_SENT = lazy_gettext("all sent"), "open"  # and the operator's reports are not all in
REPORTS_TAKE = timedelta(days=1)

# Why a number of a list is none.
REASONS: Mapping[str, LazyString] = {
    "empty": lazy_gettext("there is nothing"),
    "format": lazy_gettext("too many or too few digits"),
    "letters": lazy_gettext("there are letters in it"),
    "two numbers": lazy_gettext("two numbers in one cell"),
    "short code": lazy_gettext("a short code"),
    "not mobile": lazy_gettext("not a mobile number"),
    "other country": lazy_gettext("a number of another country"),
}

VARIABLES: Mapping[str, LazyString] = {
    "name": lazy_gettext("the person’s name"),
    "facility": lazy_gettext("the name of her health centre"),
    "number": lazy_gettext("her number"),
}


def found(db: Session, broadcast_id: int, *, lock: bool = False) -> Broadcast:
    """A broadcast that whoever asks may see; one that she may not is not there for her."""
    return broadcasts.find(db, me().scope, broadcast_id, lock=lock) or abort(404)


def said(problem: Problem) -> str:
    return str(gettext(problem.sentence, **problem.values))


def state(row: Broadcast, by: Mapping[str, int], now: datetime) -> tuple[LazyString, str]:
    """What it is, and how that looks, given its messages by status: it is over once their reports are in, or late."""
    young = row.status == FINISHED and row.ended_at is not None and now - row.ended_at < REPORTS_TAKE
    return ALL_SENT if young and by.get("sent", not by) else STATUSES[row.status]


def audience(db: Session, content: Content, listed: int) -> list[str]:
    """Whom it is for, in words: each line narrows it but the last, which adds to it."""
    asked = content.audience
    if asked.again:
        return [str(gettext("Those whom the broadcast before surely did not reach"))]
    lines = [str(gettext("Everybody"))] if asked.everybody and not asked.narrows else []
    if asked.roles:
        lines.append(", ".join(words.call(words.PEOPLE_ROLES, role) for role in asked.roles))
    if asked.places or asked.groups:
        lines.append(", ".join(choices.names(db, me().scope, asked.places, asked.groups)) or "–")
    if asked.languages:
        lines.append(", ".join(map(words.language_name, asked.languages)))
    if asked.consent:
        lines.append(str(gettext("agreed to: %(topic)s", topic=words.call(words.TOPICS, asked.consent))))
    if listed:
        lines.append(str(gettext("and the numbers of a list: %(n)s", n=format_decimal(listed))))
    return lines
