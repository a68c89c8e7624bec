"""`flask outbox`: what was promised, and putting right what got stuck."""

from __future__ import annotations

import json

import click

from smsapp import oneline, outbox
from smsapp.cli.common import runtime, said_plainly
from smsapp.db import transaction
from smsapp.figures import service
from smsapp.phones import BadNumber, caller

# What `sweep` did to so many messages, in words.
SWEPT = {
    "unknown": "left by a worker that ended: may have gone out or not",
    "settled": "settled by a delivery report that had come too early",
    "again": "queued once more",
    "dropped": "given up: may have gone out or not",
    "expired": "past their use-by",
    "brought_forward": "waiting for another try, due now",
}


@click.group("outbox", cls=oneline.Group)
def group() -> None:
    """Messages to phones."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.option("--to", "to", help="Only messages to this number, as people write it.")
@click.option("--state", help="Only messages in this state.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
def list_messages(as_json: bool, to: str | None, state: str | None, limit: int | None) -> None:
    """Messages, newest first."""
    rt = runtime()
    try:
        number = caller(to, rt.settings.country) if to is not None else None
    except BadNumber as why:
        raise click.ClickException(f"--to {to!r} is not a number: {why}") from why
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
        swept = vars(outbox.sweep(rt, now_too=now_too))
        with transaction(rt.sessions) as db:
            held_up = service.held_up(db)
    for step, count in swept.items():
        if count:
            click.echo(f"{count} {SWEPT[step]}")
    for one in held_up:
        state = "is paused" if one.paused else "is out of reach"
        tried = "is tried by a message now" if now_too else "is tried by a message every minute"
        click.echo(f"{one.gateway} {state} since {one.since.isoformat(' ', 'minutes')} ({one.reason}) and {tried}")
    if not any(swept.values()) and not held_up:
        click.echo("nothing was stuck")
