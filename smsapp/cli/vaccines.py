"""`flask vaccines`: plans worked out."""

from __future__ import annotations

import json
from typing import TextIO

import click

from smsapp import oneline
from smsapp.cli.common import read_document, said_plainly
from smsapp.config import Settings
from smsapp.vaccines.described import describe
from smsapp.vaccines.schedule import of_country


@click.group("vaccines", cls=oneline.Group)
def group() -> None:
    """Children's vaccines and their reminders."""


@group.command("plan")
@click.option("--json", "source", type=click.File(encoding="utf-8-sig"), required=True, help="A file, or - for stdin.")
def plan(source: TextIO) -> None:
    """What one child is due, by the calendar of COUNTRY; nothing is stored.

    \b
    In: {"birth": "2025-01-15", "given": {"PENTA1": "2025-02-26"}, "today": "2025-03-01",
         "district": "Sikasso", "sex": "F"}; given, district and sex may be missing.
    Out: {"doses": {"PENTA1": {"due": null, "given": "2025-02-26", "valid": true, "state": "given", "reason": ""}, …},
          "next": {"date": "2025-03-01", "doses": ["BCG", …]}}.
    """
    with said_plainly():
        chosen = Settings.some("country", "vaccines_on")
        told = read_document(source, "a child")
        click.echo(json.dumps(describe(of_country(chosen["country"]).with_doses(chosen["vaccines_on"]), told)))
