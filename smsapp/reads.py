"""What is read at every hop: a SELECT written as all others, and sent by psycopg itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import psycopg
from psycopg import pq
from psycopg.sql import Literal
from sqlalchemy import CompoundSelect, Select
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection


class Read:
    """A SELECT of columns, put into words once: SQLAlchemy's own way of running one takes eight times as long.

    What has no name of its own is written into the words: a plan that is kept for all values could not use an index
    of the rows with this one. A list is told as an array (`arrays.among_told`): `in_` is written anew at each run,
    for as many as there are.
    """

    def __init__(self, chosen: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]) -> None:
        self._chosen = chosen

    @cached_property
    def _said(self) -> tuple[str, Mapping[str, Any]]:
        # At its first run, when every table is known.
        compiled = self._chosen.compile(dialect=dialect())  # type: ignore[no-untyped-call]
        values = compiled.params
        nameless = {name for name in values if compiled.binds[name].unique}

        def written(found: re.Match[str]) -> str:
            name = found[1]
            return Literal(values[name]).as_string().replace("%", "%%") if name in nameless else found[0]

        words = re.sub(r"%\((\w+)\)s", written, compiled.string)
        return words, {name: value for name, value in values.items() if name not in nameless}

    def rows(self, db: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Its rows as they are now, after what the Session has still to write."""
        db.flush()
        words, fixed = self._said
        return own_cursor(db.connection().connection).execute(words, {**fixed, **values}).fetchall()

    def column(self, db: Session, values: Mapping[str, Any]) -> list[Any]:
        """The same of a SELECT of one column."""
        return [value for (value,) in self.rows(db, values)]


def own_cursor(pooled: PoolProxiedConnection) -> psycopg.Cursor[Any]:
    """The one of this connection, for what is read at once: each new one finds out anew how every type is read.

    By its factory, which whoever counts statements puts another in place of.
    """
    driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
    made = driver.cursor_factory
    if made not in pooled.info:
        pooled.info[made] = driver.cursor()
    cursor: psycopg.Cursor[Any] = pooled.info[made]
    return cursor


def ask_alone(pooled: PoolProxiedConnection, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row of a statement for which psycopg, left to itself, would begin a transaction."""
    driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
    alone = driver.pgconn.transaction_status == pq.TransactionStatus.IDLE
    if alone:
        driver.autocommit = True
    try:
        return own_cursor(pooled).execute(statement, values).fetchone()
    finally:
        if alone and not driver.closed:
            driver.autocommit = False
