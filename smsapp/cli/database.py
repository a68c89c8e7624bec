"""`flask db`: the schema."""

from __future__ import annotations

import click

from smsapp import schema
from smsapp.cli.common import said_plainly, settings


@click.group("db")
def group() -> None:
    """Bring the database up to this release."""


@group.command()
def upgrade() -> None:
    """Run the migrations that are missing."""
    with said_plainly():
        schema.upgrade(settings().database_url)
    click.echo(f"database at {schema.head()}")


@group.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Go back to REVISION (or -1)."""
    with said_plainly():
        schema.downgrade(settings().database_url, revision)
