"""`flask vaccines`: plans worked out, and the reminders of a day."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TextIO

import click

from smsapp import oneline
from smsapp.cli.common import read_document, runtime, said_plainly
from smsapp.config import Settings
from smsapp.vaccines import mondays, reminding
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


@group.command("remind")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Another day than today, such as 2026-03-12.")
def remind(today: datetime | None) -> None:
    """Queue the reminders due that day, once each whatever the number of runs; the schedule runs the same."""
    rt = runtime()
    with said_plainly():
        told = reminding.remind(rt, today.date() if today else None)
    many = {"text": told.texts, "reminder": told.reminders}
    texts, steps = (f"{n} {word}{'' if n == 1 else 's'}" for word, n in many.items())
    click.echo(f"{texts} queued for {steps}")
    for why, count in sorted(told.not_sent.items()):
        click.echo(f"{count} not sent: {why}")


@group.command("lists")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Another Monday than today, such as 2026-03-09.")
def lists(today: datetime | None) -> None:
    """Queue Monday's lists of children to look for, once a week for each worker; the schedule runs the same."""
    rt = runtime()
    day = today.date() if today else rt.local_now().date()
    if day.weekday() != mondays.MONDAY:
        raise click.ClickException(f"{day} is not a Monday; the last one was {day - timedelta(days=day.weekday())}")
    with said_plainly():
        new = mondays.lists(rt, day)
    click.echo(f"{new} {'list' if new == 1 else 'lists'} queued")
