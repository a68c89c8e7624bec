"""`flask outbox`: what was promised, and putting right what got stuck."""

from __future__ import annotations

import json

import click

from smsapp import outbox
from smsapp.cli.common import runtime, said_plainly
from smsapp.db import transaction


@click.group("outbox")
def group() -> None:
    """Messages to phones."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.option("--to", "number", help="Only messages to this number.")
@click.option("--state", help="Only messages in this state.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
def list_messages(as_json: bool, number: str | None, state: str | None, limit: int | None) -> None:
    """Messages, newest first."""
    rt = runtime()
    with said_plainly(), transaction(rt.sessions) as db:
        rows = outbox.listing(db, number, state, limit)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['id']:>8}  {row['created'][:19]}  {row['to']:<14} {row['state']:<9} {row['text'][:60]!r}")
    if not rows:
        click.echo("no message")


@group.command()
@click.option("--now", "now_too", is_flag=True, help="Every waiting retry is due, a paused gateway is probed at once.")
def sweep(now_too: bool) -> None:
    """Find what got stuck and put it right. Safe at any time."""
    rt = runtime()
    with said_plainly():
        click.echo(outbox.sweep(rt, now_too=now_too))
