"""What the commands share: settings and servers found, errors said in one line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from smsapp.config import BadSettings, Settings
from smsapp.db import transaction
from smsapp.outbox import quiet
from smsapp.places import UnknownPlace
from smsapp.runtime import Runtime, build
from smsapp.tally import Tally

COMMAND_TIMEOUT = "300s"


def settings() -> Settings:
    try:
        return Settings.load()
    except BadSettings as why:
        raise click.ClickException(str(why)) from why


def runtime() -> Runtime:
    """The service's own settings and servers; one line if its database does not answer."""
    try:
        rt = build(settings(), pool_size=2)
    except BadSettings as why:
        raise click.ClickException(str(why)) from why
    # Commands run one after the other in one process, as the tests do, must not keep each its connections.
    click.get_current_context().call_on_close(rt.sessions.kw["bind"].dispose)
    with said_plainly(), transaction(rt.sessions) as db:
        db.execute(text("SELECT 1"))
    return rt


@contextmanager
def said_plainly() -> Iterator[None]:
    """Errors that an operator can act on end the command with one line, never a traceback."""
    try:
        yield
    except SQLAlchemyError as why:
        first = str(getattr(why, "orig", None) or why).strip().splitlines()[0]
        raise click.ClickException(f"the database does not answer ({first}); is the service running?") from why
    except (UnknownPlace, ValueError, OSError, csv.Error, CommandError) as why:
        raise click.ClickException(str(why)) from why


def echo_tally(tally: Tally) -> None:
    for line, why in sorted(tally.refused):
        click.echo(f"line {line}: {why}")
    click.echo(f"{tally.added} added, {tally.changed} changed, {len(tally.refused)} refused")


def leaving(rt: Runtime, count: int) -> str:
    """In the quiet hours, when that which was just queued goes out; else nothing."""
    end = quiet.until(rt.now(), rt.settings) if count else None
    return f"; they leave at {end.astimezone(rt.settings.timezone):%H:%M}" if end else ""
