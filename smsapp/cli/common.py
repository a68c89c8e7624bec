"""What the commands share: settings and servers found, errors said in one line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

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
    except (UnknownPlace, BadSettings, ValueError, OSError, csv.Error, CommandError) as why:
        raise click.ClickException(str(why)) from why


def read_document(source: TextIO, what: str) -> Any:
    """The one JSON document of a command that calculates; in one line what is wrong where it is none."""
    try:
        return json.load(source, object_pairs_hook=_once)
    except RecursionError as why:
        raise click.ClickException(f"not {what}: brackets within brackets") from why
    except json.JSONDecodeError as why:
        raise click.ClickException(f"not JSON: {why}") from why


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that is there twice JSON would keep the last, and somebody's money or dose would be gone."""
    told = dict(pairs)
    if len(told) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return told


def echo_tally(tally: Tally) -> None:
    for line, why in sorted(tally.refused):
        click.echo(f"line {line}: {why}")
    click.echo(f"{tally.added} added, {tally.changed} changed, {len(tally.refused)} refused")


def leaving(rt: Runtime, count: int) -> str:
    """In the quiet hours, when that which was just queued goes out; else nothing."""
    end = quiet.until(rt.now(), rt.settings) if count else None
    return f"; they leave at {end.astimezone(rt.settings.timezone):%H:%M}" if end else ""
