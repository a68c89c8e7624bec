"""`flask people`: people from a file."""

from __future__ import annotations

import csv
import sys
from typing import TextIO

import click
from rich.console import Console
from rich.progress import track

from smsapp import roster
from smsapp.cli.common import runtime, said_plainly
from smsapp.db import transaction

BATCH = 500


@click.group("people")
def group() -> None:
    """Who is served."""


@group.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
def import_file(file: TextIO) -> None:
    """Add or update people from a CSV FILE with the columns phone,name,language,facility,groups."""
    rt = runtime()
    with said_plainly():
        rows = list(csv.DictReader(file))
        if not rows or "phone" not in (rows[0] or {}):
            raise click.ClickException("the first line should name the columns: phone,name,language,facility,groups")
        total = roster.Counts()
        batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
        watched = sys.stderr.isatty()
        bar = track(batches, "people", console=Console(stderr=True), transient=True, disable=not watched)
        for place, batch in enumerate(bar):
            with transaction(rt.sessions) as db:
                total.add(roster.take(db, rt, batch, first_line=2 + place * BATCH))
    for line, why in total.refused:
        click.echo(f"line {line}: {why}")
    click.echo(f"{total.added} added, {total.changed} changed, {len(total.refused)} refused")
