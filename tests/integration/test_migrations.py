"""Migrations: up, down and up again on a database of their own, and the same as what the modules declare."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from psycopg import sql
from sqlalchemy import URL, Engine, create_engine, inspect, make_url, text

from smsapp import cli, db, release, schema, ties
from smsapp.config import Settings
from smsapp.db import Base
from smsapp.embedded import postgres_program


@pytest.fixture
def empty(settings: Settings) -> Iterator[str]:
    """The address of an empty database."""
    here = make_url(settings.database_url)
    name = f"{here.database}_migrations"
    server = here.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as own:
        own.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        own.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield here.set(database=name).render_as_string(hide_password=False)
        own.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def tables(url):
    engine = create_engine(url)
    names = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    return names


def test_every_step_goes_back_and_forth_and_so_do_all_at_once(empty, settings):
    """To nothing, and to what the modules declare; a database behind this release is noticed."""
    assert behind(empty) == "the database is at nothing: run `flask db upgrade`"
    script = ScriptDirectory.from_config(schema.config())
    for revision in reversed(list(script.walk_revisions())):
        schema.upgrade(empty, revision.revision)
        schema.downgrade(empty, revision.down_revision or "base")
        schema.upgrade(empty, revision.revision)
    schema.upgrade(empty)
    is_as_declared(empty)
    schema.downgrade(empty, "base")
    assert tables(empty) == set()
    is_as_declared(settings.database_url)  # the tests' own, which came up from nothing all at once


def behind(url):
    make = db.sessions(create_engine(url))
    with make() as own:
        told = release.behind(own)
    make.kw["bind"].dispose()
    return told


def is_as_declared(url):
    assert behind(url) == ""
    assert tables(url) == {table.name for table in Base.metadata.sorted_tables}
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_the_command_goes_back_only_where_somebody_is_sure(empty, settings, monkeypatch):
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: replace(settings, database_url=empty)))
    run = partial(CliRunner().invoke, cli.bare_app().cli)
    assert run(["db", "upgrade"]).exit_code == 0
    unsure = run(["db", "downgrade", "-1"])
    assert (unsure.exit_code, "deletes what came after -1" in unsure.stderr) == (1, True)
    assert tables(empty)
    before = ScriptDirectory.from_config(schema.config()).get_revision("head").down_revision
    assert run(["db", "downgrade", "-1", "--yes"]).exit_code == 0
    engine = create_engine(empty)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == before
    engine.dispose()
    unknown = run(["db", "downgrade", "nowhere", "--yes"])
    assert (unknown.exit_code, "Traceback" in unknown.stderr) == (1, False)
    assert "DELETES" in run(["db", "downgrade", "--help"]).stdout


def test_whoever_is_forgotten_is_found_in_every_file_by_an_index():
    """A merge or a forgetting looks for one person in each column of persons: large tables must not be read whole."""
    large = {"pregnancies", "children", "doses", "attended_visits", "care_events", "care_reminders", "searches"}
    led = {
        (table.name, next(iter(index.columns)).name)
        for table in Base.metadata.sorted_tables
        for index in table.indexes
        if index.dialect_options["postgresql"]["where"] is None
    }
    held = {(column.table.name, column.name) for column, _ in ties.columns(Base.metadata, "person")}
    assert {one for one in held if one[0] in {*large, "family_contacts"}} <= led


def test_a_dump_is_restored_whole(demonstration, empty):
    """As README tells it: what pg_dump writes is read with an empty search path."""
    dump = [postgres_program("pg_dump"), "--no-owner", address(demonstration.url)]
    sent = subprocess.run(dump, capture_output=True, check=True)
    read = [postgres_program("psql"), "-v", "ON_ERROR_STOP=1", "-q", "-1", address(make_url(empty))]
    restored = subprocess.run(read, input=sent.stdout, capture_output=True)
    assert (restored.returncode, restored.stderr) == (0, b"")
    copy = create_engine(empty)
    assert contents(copy) == contents(demonstration)
    copy.dispose()


def address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def contents(engine: Engine) -> dict[str, object]:
    """How many rows each table has, and what is computed of people's names."""
    counted = {t.name: f"SELECT count(*) FROM {t.name}" for t in Base.metadata.sorted_tables}
    computed = {"words": "SELECT string_agg(search::text, chr(10) ORDER BY id) FROM persons"}
    with engine.connect() as connection:
        return {name: connection.scalar(text(query)) for name, query in (counted | computed).items()}
