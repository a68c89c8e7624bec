"""Many values of a search, or of a column, as one parameter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Table, any_, bindparam, column, func, literal, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import InstrumentedAttribute


def among(key: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """As `in_`: of hundreds of parameters the writing of the statement costs more than the search itself."""
    return key == any_(literal(list(values), ARRAY(key.type)))


def among_told(key: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """The same in a statement that is made once: its values are told by this name, as a list."""
    return key == any_(bindparam(name, type_=ARRAY(key.type)))


@lru_cache(maxsize=16)
def write_all(table: Table, names: tuple[str, ...]) -> Insert:
    """One INSERT for all rows, an array a column: thousands of single values take longer to send than to write."""
    columns = [column(name, table.c[name].type) for name in names]
    # One dimension: a value may be a list itself.
    arrays = [bindparam(f"told_{c.name}", type_=ARRAY(c.type, dimensions=1)) for c in columns]
    rows = select(*func.unnest(*arrays).table_valued(*columns, name="told").render_derived().c)
    return insert(table).from_select(names, rows)


def told(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """What `write_all` writes."""
    return {f"told_{name}": [row[name] for row in rows] for name in rows[0]}
