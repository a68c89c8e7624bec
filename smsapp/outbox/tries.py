"""What became of each try, noted in the message's own row by the update that changes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, or_
from sqlalchemy.dialects.postgresql import JSONB

from smsapp.messages import Message

MOST = 60  # entries of a message: while a gateway is paused one of its messages is tried every minute, for hours

INSTEAD_OF = "instead_of"  # in `meta`: the unknown message that a person had sent again as this one


def nothing_out() -> ColumnElement[bool]:
    """Of a queued message: no try of it can have reached the phone."""
    return or_(Message.possible_repeat.is_(False), Message.meta.has_key(INSTEAD_OF))


def noted(now: datetime | ColumnElement[str], status: Any, reason: Any = None, **more: Any) -> ColumnElement[Any]:
    """In an update, the history with one entry more: a status, why, and what else is known; values or columns."""
    at = now.isoformat() if isinstance(now, datetime) else now
    told = {"at": at, "status": status, "reason": reason, "gateway": Message.gateway, **more}
    pairs = [part for name, value in told.items() for part in (cast(name, Text), _plain(value))]
    entry = func.jsonb_build_array(func.jsonb_strip_nulls(func.jsonb_build_object(*pairs)))
    # The first and the last tell the story: what is too much goes from the middle.
    full = func.jsonb_array_length(Message.history) >= MOST
    kept = case((full, Message.history.op("-")(cast(MOST // 2, Integer))), else_=Message.history)
    return cast(kept, JSONB).op("||", return_type=JSONB())(entry)


def _plain(value: Any) -> Any:
    """A bare value needs its type said: the database would not guess it."""
    return cast(value, Text) if value is None or isinstance(value, str) else value
