"""What SQLAlchemy and psycopg would do again for each test, done once or straight away."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq
from psycopg._preparing import PrepareManager
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Transaction

Savepoint = Callable[[Connection, str], None]
AT_HAND = {pq.TransactionStatus.IDLE, pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR}


def make(engine: Engine) -> None:
    """Hurry this engine."""
    event.listen(engine, "connect", _keep_prepared)
    savepoints = Savepoints(engine)
    engine.dialect.do_savepoint = savepoints.begin
    engine.dialect.do_release_savepoint = savepoints.release
    engine.dialect.do_rollback_to_savepoint = savepoints.roll_back_to


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


class Savepoints:
    """Each transaction of a test is a savepoint, and SQLAlchemy would compile the words of each anew.

    The first begins the test's own transaction with it. One that is over is released with the words that begin the
    next: nothing in between can tell, and the end of the test's own transaction releases the last. Whatever is unlike
    this is left to SQLAlchemy, which knows each error.
    """

    def __init__(self, engine: Engine) -> None:
        dialect = engine.dialect
        self._begin: Savepoint = dialect.do_savepoint
        self._release: Savepoint = dialect.do_release_savepoint
        self._roll_back_to: Savepoint = dialect.do_rollback_to_savepoint
        self._over: WeakKeyDictionary[Transaction, str] = WeakKeyDictionary()  # the last one, of a test's transaction

    def begin(self, connection: Connection, name: str) -> None:
        over = self._over.pop(connection.get_transaction(), None)
        words = f"RELEASE SAVEPOINT {over}; SAVEPOINT {name}" if over else f"SAVEPOINT {name}"
        if _driver(connection).transaction_status == pq.TransactionStatus.IDLE:
            words = f"BEGIN; {words}"
        if not _said(connection, words):
            self._begin(connection, name)

    def release(self, connection: Connection, name: str) -> None:
        """Also of all that were begun in it, as PostgreSQL has it."""
        if _driver(connection).transaction_status == pq.TransactionStatus.INTRANS:
            self._over[connection.get_transaction()] = name
        else:
            self._release(connection, name)

    def roll_back_to(self, connection: Connection, name: str) -> None:
        self._over.pop(connection.get_transaction(), None)  # it was begun in this one, and is gone with it
        if not _said(connection, f"ROLLBACK TO SAVEPOINT {name}"):
            self._roll_back_to(connection, name)


def _said(connection: Connection, words: str) -> bool:
    """Whether PostgreSQL has done so."""
    driver = _driver(connection)
    return driver.transaction_status in AT_HAND and driver.exec_(words.encode()).status == pq.ExecStatus.COMMAND_OK


def _driver(connection: Connection) -> pq.PGconn:
    return cast(psycopg.Connection, connection.connection.driver_connection).pgconn
