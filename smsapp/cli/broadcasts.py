"""`flask broadcasts`: one text to many."""

from __future__ import annotations

import click

from smsapp import broadcasts, oneline, segments
from smsapp.cli.common import leaving, runtime, said_plainly
from smsapp.db import transaction

MOST_PARTS = 10  # nearly always a mistake, and paid for by the part


@click.group("broadcasts", cls=oneline.Group)
def group() -> None:
    """One text to many."""


@group.command()
@click.option("--to-group", "to", required=True, help="The group's name.")
@click.option("--text", "words", required=True, help="What to send; folded to what a phone can show.")
def send(to: str, words: str) -> None:
    """Queue one message to each member; the workers send. Quiet hours and STOP hold."""
    if not segments.clean(words):
        raise click.ClickException("the text is empty")
    parts = segments.count(segments.fold(segments.clean(words)))
    if parts > MOST_PARTS:
        raise click.ClickException(
            f"the text takes {parts} SMS for each member, at most {MOST_PARTS} are sent: shorten it"
        )
    rt = runtime()
    with said_plainly(), transaction(rt.sessions) as db:
        try:
            queued = broadcasts.send(db, rt, to, words)
        except LookupError as why:
            raise click.ClickException(str(why)) from why
    click.echo(f"{queued} queued, {parts} SMS each{leaving(rt, queued)}")
