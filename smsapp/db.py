"""The database: tables' common base, transactions, and what to do once one is committed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import psycopg
from sqlalchemy import BigInteger, Connection, DateTime, Engine, MetaData, create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

Sessions = sessionmaker[Session]

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
        connect_args={
            "connect_timeout": 3,
            "application_name": "smsapp",
            "options": f"-c statement_timeout={statement_timeout_ms} -c lock_timeout=3000"
            " -c idle_in_transaction_session_timeout=15000 -c timezone=UTC",
        },
    )
    # A connection shared by two processes hands one's answers to the other.
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


def sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(make: Sessions) -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back by any exception.

    What was handed to `after_commit` runs once the commit has succeeded.
    """
    with make() as db:
        with db.begin():
            yield db
        _run_waiting(db)


def _run_waiting(db: Session) -> None:
    """Not by SQLAlchemy's events: they fire for savepoints too."""
    for call in db.info.pop(AFTER_COMMIT, {}).values():
        call()


class Work:
    """One transaction: psycopg's own connection at once, a Session on it when somebody asks for one.

    A hop that only moves a conversation needs no Session; making and closing one would cost it a third.
    """

    def __init__(self, connection: Connection, make: Sessions) -> None:
        self._connection = connection
        self._make = make
        self._driver: Any = connection.connection.driver_connection

    @cached_property
    def session(self) -> Session:
        return self._make(bind=self._connection)

    @property
    def has_session(self) -> bool:
        return "session" in vars(self)

    def execute(self, statement: str, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        """One statement in psycopg's own form, after what the Session has still to write."""
        if self.has_session:
            self.session.flush()
        try:
            done: psycopg.Cursor[Any] = self._driver.execute(statement, values)
        except psycopg.OperationalError:
            if self._driver.closed:
                # The server went away: every pooled connection is as dead as this one. SQLAlchemy would see
                # to that by itself, had the statement gone through it.
                self._connection.invalidate()
                self._connection.engine.dispose()
            raise
        return done

    def commit(self) -> None:
        if not self.has_session:
            self._driver.commit()
            return
        self.session.commit()
        _run_waiting(self.session)

    def close(self) -> None:
        if self.has_session:
            self.session.close()


@contextmanager
def work(make: Sessions) -> Iterator[Work]:
    """One transaction as `transaction` makes it, for what runs at every hop."""
    bind = make.kw["bind"]
    with bind.connect() if isinstance(bind, Engine) else nullcontext(bind) as connection:
        one = Work(connection, make)
        if not isinstance(bind, Engine):
            one.session.connection()  # somebody else's transaction: ours is a savepoint in it
        try:
            yield one
            one.commit()
        finally:
            one.close()


def after_commit(db: Session, call: Callable[[], None], key: str | None = None) -> None:
    """Have `call` run after the commit of this session's `transaction`, once per `key`.

    A savepoint that is rolled back does not take it back: it should be harmless when there is nothing to do.
    """
    waiting: dict[object, Callable[[], None]] = db.info.setdefault(AFTER_COMMIT, {})
    waiting[key if key is not None else object()] = call
