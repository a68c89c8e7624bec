"""`flask people`: people from a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

import click
from rich.console import Console
from rich.progress import track

from smsapp import roster
from smsapp.cli.common import echo_tally, runtime, said_plainly, sheet
from smsapp.db import transaction
from smsapp.tally import Tally

BATCH = 500

Rows = Sequence[Mapping[str, str | None]]


@click.group("people")
def group() -> None:
    """Who is served."""


@group.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
def import_file(file: TextIO) -> None:
    """Add or update people from a CSV FILE with the columns phone,name,language,facility,groups."""
    rt = runtime()
    with said_plainly():
        rows = sheet(file, "phone", "phone,name,language,facility,groups")
        total = Tally()
        batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
        for place, batch in enumerate(_watched(batches)):
            with transaction(rt.sessions) as db:
                total.add(roster.take(db, rt, batch, first_line=2 + place * BATCH))
    echo_tally(total)


def _watched(batches: Sequence[Rows]) -> Iterable[Rows]:
    """With a progress bar where a person watches; elsewhere it would leave an empty line."""
    if not sys.stderr.isatty():
        return batches
    return track(batches, "people", console=Console(stderr=True), transient=True)
