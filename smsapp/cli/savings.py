"""`flask savings`: share-outs worked out, and the groups' books walked from their first posting."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

import click
from rich.console import Console
from rich.progress import track
from sqlalchemy import select

from smsapp import oneline
from smsapp.cli.common import read_document, runtime, said_plainly
from smsapp.db import Sessions, transaction
from smsapp.savings import shareout, verifying
from smsapp.savings.tables import Group


@click.group("savings", cls=oneline.Group)
def group() -> None:
    """Savings groups and their books."""


@group.command("share-out")
@click.option("--json", "source", type=click.File(encoding="utf-8-sig"), required=True, help="A file, or - for stdin.")
def share_out(source: TextIO) -> None:
    """Who would get what; nothing is stored.

    \b
    In: {"method": "standard", "unit": 5, "shares": {"Awa": 60, "Bintou": 45}, "share_value": 500,
         "service_charge_collected": 2000, "outstanding_loans": {"Awa": 1000}};
        methods: standard (by savings), flat (equal parts of the profit), interest_returned (to who paid it).
    Out: {"distributable": 54500, "value_per_share": 519.04…, "payouts": {"Awa": 30140, "Bintou": 23355},
          "remainder": 5, "loss": false}.
    """
    with said_plainly():
        told = read_document(source, "a share-out")
        click.echo(json.dumps(shareout.share(shareout.read(told)).told()))


@group.command()
@click.option("--group", "name", help="Only the groups of this name.")
def verify(name: str | None) -> None:
    """Walk every book: its chain, each posting, all balances. Names the first row of a group that does not fit."""
    rt = runtime()
    chosen = select(Group.id).order_by(Group.id)
    with said_plainly(), transaction(rt.sessions) as db:
        ids = db.scalars(chosen if name is None else chosen.where(Group.name == name)).all()
    if name is not None and not ids:
        raise click.ClickException(f"unknown group {name!r}")
    broken = 0
    for group_id in _watched(ids):
        try:
            with said_plainly():
                click.echo(_walked(rt.sessions, group_id))
        except verifying.Broken as why:
            broken += 1
            click.echo(f"broken: {why}", err=True)
    if not ids:
        click.echo("no group")
    if broken:
        click.get_current_context().exit(1)


def _walked(sessions: Sessions, group_id: int) -> str:
    with transaction(sessions) as db:
        # One moment of the book, whoever writes in it meanwhile.
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        book = db.get_one(Group, group_id)
        said = f"group {group_id} ({book.name})"
        count = verifying.verify(db, book)
    return f"{said}: {count} {'posting' if count == 1 else 'postings'}, all in order"


def _watched(ids: Sequence[int]) -> Iterable[int]:
    """With a progress bar where a person watches; elsewhere it would leave an empty line."""
    if not sys.stderr.isatty():
        return ids
    return track(ids, "books", console=Console(stderr=True), transient=True)
