"""Alembic's entry: the tables are those that the modules declare."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

from smsapp import tables
from smsapp.db import Base

assert tables.ALL  # importing them is what fills the metadata


def run() -> None:
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        with context.begin_transaction():
            # Two deployments at once wait for each other.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7364725)")
            context.run_migrations()


run()
