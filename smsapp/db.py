"""The database: tables' common base, transactions, and what to do once one is committed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg import pq
from sqlalchemy import BigInteger, Connection, DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, configure_mappers, sessionmaker
from sqlalchemy.pool import PoolProxiedConnection

from smsapp.reads import ask_alone, own_cursor

Sessions = sessionmaker[Session]
Done = TypeVar("Done")

# Named constraints, so that a migration can drop what it made.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    # None is no value, not JSON's null: `IS NOT NULL` must mean what it says.
    type_annotation_map: ClassVar = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
    }


Big = BigInteger()
AFTER_COMMIT = "after_commit"
MOST_PREPARED = 400  # statements of a connection: of a worker's own, psycopg's hundred pushed each other out


def connect(url: str, pool_size: int = 5, statement_timeout_ms: int = 5000) -> Engine:
    """An engine for this process; a forked child starts with connections of its own."""
    engine = create_engine(
        url,
        hide_parameters=True,  # what people wrote stands in no error's words
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=False,
        pool_recycle=300,
        pool_reset_on_return=None,  # by `_given_back`
        query_cache_size=1500,  # the console's statements are more than the 500 that are kept otherwise
        connect_args={
            "connect_timeout": 3,
            "application_name": "smsapp",
            "options": f"-c statement_timeout={statement_timeout_ms} -c lock_timeout=3000"
            " -c idle_in_transaction_session_timeout=15000 -c timezone=UTC",
        },
    )
    event.listen(engine, "connect", _keep_plans)
    event.listen(engine, "reset", _given_back)
    # A connection shared by two processes hands one's answers to the other.
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


def _keep_plans(driver: psycopg.Connection[Any], record: object) -> None:
    """The database keeps the plan of each statement that comes again."""
    del record
    driver.prepared_max = MOST_PREPARED


def _given_back(driver: psycopg.Connection[Any], record: object, state: object) -> None:
    """Nothing stays open on a connection in the pool; most have nothing open, and need no call to find that out."""
    del record, state
    if driver.pgconn.transaction_status != pq.TransactionStatus.IDLE:
        driver.rollback()


def sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine, expire_on_commit=False)


def get_ready(make: Sessions) -> None:
    """Do what the first query of a process does once: a worker calls it for the processes that it will fork."""
    configure_mappers()
    with suppress(OperationalError), make() as db:  # where nothing answers yet, each of them does the rest itself
        db.connection()
        db.invalidate()  # closed for good: they have connections of their own


@contextmanager
def transaction(make: Sessions) -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back by any exception.

    What was handed to `after_commit` runs once the commit has succeeded.
    """
    with make() as db:
        with db.begin():
            yield db
        _run_waiting(db)


def twice_if_deadlocked(call: Callable[[], Done]) -> Done:
    """Where two transactions waited for each other PostgreSQL ends one: it did nothing, and is done again, once."""
    try:
        return call()
    except (psycopg.errors.DeadlockDetected, OperationalError) as error:
        if not isinstance(getattr(error, "orig", error), psycopg.errors.DeadlockDetected):
            raise
    return call()


def _run_waiting(db: Session) -> None:
    """Not by SQLAlchemy's events: they fire for savepoints too."""
    for call in db.info.pop(AFTER_COMMIT, {}).values():
        call()


class Statement:
    """A call of a function of the database with `%(names)s`, run by libpq itself, for what runs at every hop.

    It is sent in one round trip together with what opens or closes its transaction, and its plan is kept by the
    database: psycopg's own cursors cost a hop twice as much, and what they prepare is forgotten at a rollback.
    """

    def __init__(self, sql: str) -> None:
        self.parts = [part.encode() for part in re.split(r"%\(\w+\)s", sql)]
        self.names = re.findall(r"%\((\w+)\)s", sql)

    def run(
        self, connection: pq.abc.PGconn, values: Mapping[str, object], before: bytes = b"", after: bytes = b""
    ) -> pq.abc.PGresult:
        """The result of the last command: `after` if given, else this statement's own."""
        literal = pq.Escaping(connection).escape_literal
        told = (_as_text(values[name]) for name in self.names)
        words = [b"NULL" if value is None else literal(value) for value in told]
        call = b"".join(piece for pair in zip(self.parts, [*words, b""], strict=True) for piece in pair)
        return _checked(connection.exec_(before + call + after))


Row = tuple[str | None, ...]


def _first_row(result: pq.abc.PGresult) -> Row | None:
    if not result.ntuples:
        return None
    return tuple(_from_text(result.get_value(0, column)) for column in range(result.nfields))


def _checked(result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status in {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}:
        return result
    raise psycopg.errors.error_from_result(result)


def _as_text(value: object) -> bytes | None:
    if value is None:
        return None
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    if "\0" in text:
        raise psycopg.DataError("a text for the database can not hold NUL")
    return text.encode()


def _from_text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


class Work:
    """One transaction: the driver's own connection at once, a Session on it when somebody asks for one.

    A hop that only moves a conversation needs no Session; making and closing one would cost it a third.
    """

    def __init__(self, pooled: PoolProxiedConnection, make: Sessions, bind: Engine | Connection) -> None:
        self._pooled = pooled
        self._make = make
        self._bind = bind
        self._driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
        self._done = False

    @cached_property
    def session(self) -> Session:
        bind = self._bind
        # Not closed by itself: it stands on the pooled connection, which goes back to the pool.
        return self._make(bind=Connection(bind, self._pooled) if isinstance(bind, Engine) else bind)

    @property
    def has_session(self) -> bool:
        return "session" in vars(self)

    def execute(self, statement: str, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        """One statement in psycopg's own form, after what the Session has still to write; its rows until the next."""
        if self.has_session:
            self.session.flush()
        with self._watched():
            return own_cursor(self._pooled).execute(statement, values)

    def run(self, statement: Statement, values: Mapping[str, object]) -> Row | None:
        """The first row of a statement, after what the Session has still to write."""
        if self.has_session:
            self.session.flush()
        begin = b"BEGIN; " if self._driver.pgconn.transaction_status == pq.TransactionStatus.IDLE else b""
        with self._watched():
            return _first_row(statement.run(self._driver.pgconn, values, before=begin))

    def ask(self, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of a statement alone: nothing is opened for it."""
        with self._watched():
            return ask_alone(self._pooled, statement, values)

    def run_last(self, statement: Statement, values: Mapping[str, object]) -> None:
        """The statement that ends this transaction, committed with it."""
        if self.has_session:
            self.run(statement, values)
            return
        with self._watched():
            done = statement.run(self._driver.pgconn, values, after=b"; COMMIT")
        if done.command_status != b"COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("the transaction had failed before it was committed")
        self._done = True

    def commit(self) -> None:
        if self.has_session:
            self.session.commit()
            _run_waiting(self.session)
        elif not self._done:
            self._driver.commit()

    def close(self) -> None:
        if self.has_session:
            self.session.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """When the server went away every pooled connection is as dead as this one.

        SQLAlchemy would see to that by itself, had the statement gone through it.
        """
        try:
            yield
        except psycopg.OperationalError:
            if self._driver.closed:
                self._pooled.invalidate()
                if isinstance(self._bind, Engine):
                    self._bind.dispose()
            raise


@contextmanager
def work(make: Sessions) -> Iterator[Work]:
    """One transaction as `transaction` makes it, for what runs at every hop."""
    with _begun(make) as one:
        if isinstance(make.kw["bind"], Connection):
            one.session.connection()  # somebody else's transaction: ours is a savepoint in it
        try:
            yield one
            one.commit()
        finally:
            one.close()


def ask(make: Sessions, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row of a statement that needs no transaction: one round trip instead of three."""
    with _begun(make) as one:
        return one.ask(statement, values)


@contextmanager
def _begun(make: Sessions) -> Iterator[Work]:
    """On a connection of the pool, or on the one that these sessions share."""
    bind: Engine | Connection = make.kw["bind"]
    pooled = bind.raw_connection() if isinstance(bind, Engine) else bind.connection
    try:
        yield Work(pooled, make, bind)
    finally:
        if isinstance(bind, Engine):
            pooled.close()


def after_commit(db: Session, call: Callable[[], None], key: str | None = None) -> None:
    """Have `call` run after the commit of this session's `transaction`, once per `key`.

    A savepoint that is rolled back does not take it back: it should be harmless when there is nothing to do.
    """
    waiting: dict[object, Callable[[], None]] = db.info.setdefault(AFTER_COMMIT, {})
    waiting[key if key is not None else object()] = call
