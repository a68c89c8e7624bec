"""What SQLAlchemy and psycopg would do again for each test, done once or straight away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import psycopg
from psycopg import pq
from psycopg._preparing import PrepareManager
from sqlalchemy import Connection, Engine, event


def make(engine: Engine) -> None:
    """Hurry this engine."""
    event.listen(engine, "connect", _keep_prepared)
    for name, words in (
        ("", "SAVEPOINT"),
        ("release_", "RELEASE SAVEPOINT"),
        ("rollback_to_", "ROLLBACK TO SAVEPOINT"),
    ):
        way = engine.dialect, f"do_{name}savepoint"
        setattr(*way, partial(_said, words, getattr(*way)))


class Kept(PrepareManager):
    """What is prepared stays so after a rollback, as every test ends with one; no test makes a table anew.

    psycopg would forget it all, and PostgreSQL plan each test's statements from their words again.
    """

    prepare_threshold = 1  # at its second run: planning takes PostgreSQL longer than nearly all of what tests ask
    prepared_max = 1000

    def clear(self) -> bool:
        return False


def _keep_prepared(driver: psycopg.Connection, record: object) -> None:
    del record
    driver._prepared = Kept()


def _said(words: str, slowly: Callable[[Connection, str], None], connection: Connection, name: str) -> None:
    """Each transaction of a test is a savepoint, and SQLAlchemy would compile the words of each anew."""
    driver = cast(psycopg.Connection, connection.connection.driver_connection).pgconn
    begun = driver.transaction_status in {pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR}
    if not begun or driver.exec_(f"{words} {name}".encode()).status != pq.ExecStatus.COMMAND_OK:
        slowly(connection, name)  # which begins, and knows each error
