"""`flask people`: people from a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import click
from rich.console import Console
from rich.progress import track

from smsapp import oneline, roster, sheets
from smsapp.cli.common import echo_tally, runtime, said_plainly
from smsapp.db import transaction
from smsapp.sheets import Row
from smsapp.staff import audit
from smsapp.tally import Tally

BATCH = 500

Rows = Sequence[Row]


@click.group("people", cls=oneline.Group)
def group() -> None:
    """Who is served."""


@group.command("import")
@click.argument("file", type=click.File("rb"))
def import_file(file: BinaryIO) -> None:
    """Add or update people from a FILE (CSV or XLSX) with the columns phone,name,language,facility,groups."""
    rt = runtime()
    with said_plainly():
        sheet = sheets.read(file.read(), ("phone", "name", "language", "facility", "groups"))
        total = Tally(refused=sheet.refused)
        batches = [sheet.rows[i : i + BATCH] for i in range(0, len(sheet.rows), BATCH)]
        for batch in _watched(batches):
            with transaction(rt.sessions) as db:
                total.add(roster.take(db, rt, batch))
        with transaction(rt.sessions) as db:
            told: dict[str, Any] = {"added": total.added, "changed": total.changed, "refused": len(total.refused)}
            audit.note(db, rt.now(), None, "people.imported", **told)
    echo_tally(total)


def _watched(batches: Sequence[Rows]) -> Iterable[Rows]:
    """With a progress bar where a person watches; elsewhere it would leave an empty line."""
    if not sys.stderr.isatty():
        return batches
    return track(batches, "people", console=Console(stderr=True), transient=True)
