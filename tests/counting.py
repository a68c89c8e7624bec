"""How often a piece of work asks the database: what holds it to that as its rows grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

Hear = Callable[[str, Any, bool], None]  # a statement, its values, and whether these are many rows


@contextmanager
def statements(db: Session, *, each: bool = True) -> Iterator[list[str]]:
    """What the database is asked meanwhile on the one connection that these tests share.

    One that is run for each row of a list is there as often; once where `each` is not asked for.
    """
    asked: list[str] = []
    with hearing(db, lambda said, values, many: asked.extend([said] * (len(values) if many and each else 1))):
        yield asked


@contextmanager
def hearing(db: Session, hear: Hear) -> Iterator[None]:
    """The same, each with its values."""
    shared = db.get_bind()
    assert isinstance(shared, Connection)
    driver: Any = shared.connection.driver_connection
    driver.cursor_factory = _heard_by(hear)
    try:
        yield
    finally:
        driver.cursor_factory = psycopg.Cursor


@contextmanager
def heard(engine: Engine, hear: Hear) -> Iterator[None]:
    """The same on every connection that is taken from the pool meanwhile."""

    def taken(driver: Any, record: object, proxy: object) -> None:
        del record, proxy
        driver.cursor_factory = _heard_by(hear)

    def given_back(driver: Any, record: object) -> None:
        del record
        driver.cursor_factory = psycopg.Cursor

    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", given_back)
    try:
        yield
    finally:
        event.remove(engine, "checkout", taken)
        event.remove(engine, "checkin", given_back)


def _heard_by(hear: Hear) -> type[psycopg.Cursor[Any]]:
    """By the driver, and not by SQLAlchemy: not all that is asked goes through it."""

    class Heard(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            hear(query, params, False)
            return super().execute(query, params, **more)

        def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:
            rows = list(params_seq)
            hear(query, rows, True)
            super().executemany(query, rows, **more)

    return Heard
