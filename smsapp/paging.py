"""Long lists in pages, each found by where the one before ended: as fast at the millionth row as at the first."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

PAGE = 50
LARGEST = 2**63  # that the database takes

_NAMES = {datetime: "at", date: "on"}  # of moments and days in a mark

Key = InstrumentedAttribute[Any] | ColumnElement[Any]


@dataclass(frozen=True)
class Page:
    """Rows of one page; `after` is the mark from which the next one begins, None on the last."""

    rows: Sequence[Any]
    after: str | None
    first: bool  # nothing comes before it


def page(
    db: Session,
    chosen: Select[Any],
    keys: Sequence[Key],
    after: str | None = None,
    *,
    newest_first: bool = True,
    size: int = PAGE,
) -> Page:
    """The rows of `chosen` in the order of `keys`, from the mark `after` on; a mark that is none begins at the start.

    The keys together tell every row from every other (the last one is an id), none of them is NULL, and each is a
    column of the statement's rows or of its first entity.
    """
    order = [key.desc() if newest_first else key.asc() for key in keys]
    chosen = chosen.where(beyond(keys, after, newest_first=newest_first)).order_by(*order)
    return cut(db.execute(chosen.limit(size + 1)).all(), keys, after, size)


def beyond(keys: Sequence[Key], after: str | None, *, newest_first: bool = True) -> ColumnElement[bool]:
    """The condition on what comes after a mark, for statements that need it inside."""
    values = _read(after, keys)
    if values is None:
        return true()
    row, value = tuple_(*keys), tuple_(*values)
    return row < value if newest_first else row > value


def cut(rows: Sequence[Any], keys: Sequence[Key], after: str | None = None, size: int = PAGE) -> Page:
    """A page of the rows that were read, in their order; one row too many says that there is a next page."""
    more = len(rows) > size
    rows = rows[:size]
    first = _read(after, keys) is None
    return Page([r[0] if len(r) == 1 else r for r in rows], mark(rows[-1], keys) if more else None, first)


def mark(row: Any, keys: Sequence[Key]) -> str:
    """Where this row stands, as an address carries it."""
    values = [_of(row, key.key) for key in keys]
    told = [{_NAMES[type(v)]: v.isoformat()} if type(v) in _NAMES else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _of(row: Any, name: str | None) -> Any:
    assert name is not None, "a key of a page needs a name"
    return row._mapping[name] if name in row._mapping else getattr(row[0], name)


def _read(mark: str | None, keys: Sequence[Key]) -> list[Any] | None:
    """Marks come back in addresses: whatever is not one of ours means the first page."""
    if not mark:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        values = [_moment(v) if isinstance(v, dict) else v for v in told]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None
    fits = len(values) == len(keys) and all(map(_fits, values, keys))
    return values if fits else None


def _moment(told: dict[str, str]) -> date:
    [(name, value)] = told.items()
    return datetime.fromisoformat(value) if name == _NAMES[datetime] else date.fromisoformat(value)


def _fits(value: Any, key: Key) -> bool:
    wanted = key.type.python_type
    if isinstance(value, bool) or not isinstance(value, wanted) or isinstance(value, datetime) != (wanted is datetime):
        return False
    if isinstance(value, str):
        return "\0" not in value and value == value.encode(errors="ignore").decode()  # halves of pairs are no text
    return abs(value) < LARGEST if wanted is int else True
