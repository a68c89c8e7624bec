"""`flask demo`: the demonstration data."""

from __future__ import annotations

import click

from smsapp import demo, oneline
from smsapp.cli.common import runtime, said_plainly
from smsapp.db import transaction


@click.group("demo", cls=oneline.Group)
def group() -> None:
    """Invented people and a year of invented answers."""


@group.command()
@click.option("--yes", is_flag=True, help="Also into a database server of your own.")
@click.option("--if-empty", is_flag=True, help="Say nothing and do nothing where there are people.")
def load(yes: bool, if_empty: bool) -> None:
    """Load the demonstration into an empty database."""
    rt = runtime()
    if not yes and not rt.settings.demo:
        raise click.ClickException("this is not the demonstration's own database; if you are sure: demo load --yes")
    with said_plainly(), transaction(rt.sessions) as db:
        try:
            made = demo.load(db, rt)
        except demo.NotEmpty as why:
            if if_empty:
                return
            raise click.ClickException(str(why)) from why
    click.echo(", ".join(f"{n} {what}" for what, n in made.items()))
