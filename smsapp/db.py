"""The database: tables' common base, transactions, and what to do once one is committed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Engine, MetaData, create_engine, event
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
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB, list[Any]: JSONB}


Big = BigInteger()


def connect(url: str, pool_size: int = 5, statement_timeout_ms: int = 5000) -> Engine:
    """An engine for this process; a forked child starts with connections of its own."""
    engine = create_engine(
        url,
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
    with make() as db, db.begin():
        yield db


def after_commit(db: Session, call: Callable[[], None], key: str | None = None) -> None:
    """Have `call` run after this session's commit, once per `key`; a rollback forgets it."""
    waiting: dict[object, Callable[[], None]] = db.info.setdefault("after_commit", {})
    waiting[key if key is not None else object()] = call


@event.listens_for(Session, "after_commit")
def _run(db: Session) -> None:
    for call in list(db.info.pop("after_commit", {}).values()):
        call()


@event.listens_for(Session, "after_rollback")
def _forget(db: Session) -> None:
    db.info.pop("after_commit", None)
