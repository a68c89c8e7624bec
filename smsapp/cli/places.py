"""`flask places`: regions, districts, facilities and villages from a file."""

from __future__ import annotations

from typing import TextIO

import click

from smsapp import gazetteer
from smsapp.cli.common import echo_tally, runtime, said_plainly, sheet
from smsapp.db import transaction


@click.group("places")
def group() -> None:
    """Where care is given."""


@group.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
def import_file(file: TextIO) -> None:
    """Add or update places from a CSV FILE with the columns kind,name,code,parent.

    Kinds are region, district, facility and village, each in the one before it. A facility's code is the number on
    its poster. The parent is a name; Bamako/Commune I where two places have one name.
    """
    rt = runtime()
    with said_plainly():
        rows = sheet(file, "kind", "kind,name,code,parent")
        with transaction(rt.sessions) as db:
            tally = gazetteer.take(db, rows, first_line=2)
    echo_tally(tally)
