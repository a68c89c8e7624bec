"""`flask db`: the schema."""

from __future__ import annotations

import click

from smsapp import oneline, release, schema
from smsapp.cli.common import said_plainly, settings


@click.group("db", cls=oneline.Group)
def group() -> None:
    """Bring the database up to this release."""


@group.command()
def upgrade() -> None:
    """Run the migrations that are missing."""
    with said_plainly():
        schema.upgrade(settings().database_url)
    click.echo(f"database at {release.head()}")


@group.command(context_settings={"ignore_unknown_options": True})  # -1 is a revision
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Yes, delete.")
def downgrade(revision: str, yes: bool) -> None:
    """Go back to REVISION, or by -1. DELETES the tables and columns that came after it, with all they hold."""
    if not yes:
        raise click.ClickException(f"this deletes what came after {revision}: if you are sure, add --yes")
    with said_plainly():
        schema.downgrade(settings().database_url, revision)
    click.echo("gone back; bring it up again with: db upgrade")
