"""How often a piece of work asks the database: what holds it to that as its rows grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session


@contextmanager
def statements(db: Session) -> Iterator[list[str]]:
    """What SQLAlchemy has the database do meanwhile; one that is run for each row of a list is there as often."""
    asked: list[str] = []

    def hear(connection: Connection, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        del connection, cursor, context
        asked.extend([statement] * (len(values) if many else 1))

    engine = db.get_bind().engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)
