"""`flask surveillance`: statistics of cases worked out, and alerts that nobody answered sent on."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TextIO

import click

from smsapp import oneline
from smsapp.cli.common import read_document, runtime, said_plainly
from smsapp.surveillance import escalating
from smsapp.surveillance.described import describe

FARTHEST = timedelta(days=366)  # of another time than now: a slip would send every alert to the top


@click.group("surveillance", cls=oneline.Group)
def group() -> None:
    """Community surveillance and its alerts."""


@group.command("ears")
@click.option("--json", "source", type=click.File(encoding="utf-8-sig"), required=True, help="A file, or - for stdin.")
def ears(source: TextIO) -> None:
    """EARS C1, C2 and C3 of counts in order of time, a day or a week each; nothing is stored.

    \b
    In: {"y": [3, 2, 4, 3, 5, 2, 3, 4, 3, 2, 4, 3, 9], "baseline": 7, "min_sd": 0.5};
        without baseline it is 7, without min_sd 0.
    Out: {"rows": [{"t": 1, "y": 3, "c1": null, "c2": null, "c3": null,
                    "c1_alarm": false, "c2_alarm": false, "c3_alarm": false}, …]};
         null where it can not be computed: too few values before it, or no spread among them.
    """
    with said_plainly():
        told = read_document(source, "a series of counts")
        click.echo(json.dumps(describe(told)))


@group.command("escalate")
@click.option("--now", "told", help="Another time than now, with its zone, such as 2026-03-12T10:30:00+00:00.")
def escalate(told: str | None) -> None:
    """Send alerts that nobody answered in time on to the next level, once each; the schedule runs the same."""
    rt = runtime()
    now = _moment(told, rt.now()) if told is not None else None
    with said_plainly():
        done = escalating.escalate(rt, now or rt.now())
    texts = f"{done.texts} {'text' if done.texts == 1 else 'texts'} queued"
    click.echo(f"{done.again} sent again, {done.climbed} sent to the next level, {texts}")


def _moment(told: str, today: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(told.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.ClickException(f"{told!r} is no time with its zone, such as 2026-03-12T10:30:00+00:00"[:200])
    if abs(moment - today) > FARTHEST:
        raise click.ClickException(f"{told} is more than {FARTHEST.days} days from now")
    return moment
