"""`flask places`: regions, districts, facilities and villages from a file."""

from __future__ import annotations

from typing import BinaryIO

import click

from smsapp import gazetteer, oneline, sheets
from smsapp.cli.common import echo_tally, runtime, said_plainly
from smsapp.db import transaction
from smsapp.tally import Tally


@click.group("places", cls=oneline.Group)
def group() -> None:
    """Where care is given."""


@group.command("import")
@click.argument("file", type=click.File("rb"))
def import_file(file: BinaryIO) -> None:
    """Add or update places from a CSV FILE with the columns kind,name,code,parent.

    Kinds are region, district, facility and village, each in the one before it. A facility's code is the number on
    its poster. The parent is a name; Bamako/Commune I where two places have one name.

    Columns that may be there as well: lat and lon in degrees (12.66 and -7.93), population with population_on, the day
    of the count (2025-01-01). What is empty stays as it was.
    """
    rt = runtime()
    with said_plainly():
        sheet = sheets.read(file.read(), ("kind", "name", "code", "parent"))
        tally = Tally(refused=sheet.refused)
        with transaction(rt.sessions) as db:
            tally.add(gazetteer.take(db, sheet.rows, rt.settings.country, rt.local_now().date()))
    echo_tally(tally)
