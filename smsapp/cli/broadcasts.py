"""`flask broadcasts`: one text to many."""

from __future__ import annotations

import click

from smsapp import broadcasts, segments
from smsapp.cli.common import leaving, runtime, said_plainly
from smsapp.db import transaction


@click.group("broadcasts")
def group() -> None:
    """One text to many."""


@group.command()
@click.option("--to-group", "to", required=True, help="The group's name.")
@click.option("--text", "words", required=True, help="What to send; folded to what a phone can show.")
def send(to: str, words: str) -> None:
    """Queue one message to each member; the workers send. Quiet hours and STOP hold."""
    if not segments.clean(words):
        raise click.ClickException("the text is empty")
    rt = runtime()
    with said_plainly(), transaction(rt.sessions) as db:
        try:
            queued = broadcasts.send(db, rt, to, words)
        except LookupError as why:
            raise click.ClickException(str(why)) from why
    click.echo(f"{queued} queued{leaving(rt, queued)}")
