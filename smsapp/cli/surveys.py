"""`flask surveys`: invitations and results."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import BinaryIO

import click
from rich.console import Console
from rich.table import Table

from smsapp import oneline, people, places, sheets, surveys
from smsapp.cli.common import leaving, runtime, said_plainly
from smsapp.db import transaction
from smsapp.flows.nodes import Flow
from smsapp.messages import STATUSES
from smsapp.phones import BadNumber, normalise
from smsapp.runtime import Runtime
from smsapp.surveys import Rate, Scores


@click.group("surveys", cls=oneline.Group)
def group() -> None:
    """Satisfaction surveys."""


def _survey(rt: Runtime, name: str) -> Flow:
    flow = rt.flows.live.get(name)
    if flow is None or not surveys.items(flow):
        raise click.ClickException(f"unknown survey {name!r}")
    return flow


@group.command()
@click.option("--facility", required=True, help="Its name or its poster number.")
@click.option("--numbers-file", type=click.File("rb"), help="One number a line; - for stdin.")
@click.option("--random", "count", type=click.IntRange(1), help="Draw so many of the facility's people.")
@click.option("--seed", type=int, help="Of the draw, kept so that it can be repeated.")
@click.option("--use-by", help="ISO time after which an invitation is not sent but listed. Default: 72 hours.")
@click.option("--survey", "name", default="satisfaction", show_default=True)
def invite(
    facility: str, numbers_file: BinaryIO | None, count: int | None, seed: int | None, use_by: str | None, name: str
) -> None:
    """Queue invitations, once a number and month."""
    if (numbers_file is None) == (count is None):
        raise click.UsageError("give --numbers-file or --random N, one of them")
    if count is not None and seed is None:
        raise click.UsageError("--random needs --seed, so that the draw can be repeated")
    rt = runtime()
    flow, until = _survey(rt, name), _time(rt, use_by)
    with said_plainly(), transaction(rt.sessions) as db:
        place = places.facility(db, facility)
        bad: list[str] = []
        if numbers_file is not None:
            numbers, bad = _numbers(rt, numbers_file)
        else:
            numbers = surveys.draw(people.numbers_at(db, place.id), count or 0, seed or 0)
        done = surveys.invite(db, rt, flow, place, numbers, until)
    for number, why in done.skipped.items():
        click.echo(f"not invited: {number}: {why}")
    for line in bad:
        click.echo(f"not invited: {line}")
    click.echo(f"{len(done.queued)} invited, {len(done.skipped) + len(bad)} not{leaving(rt, len(done.queued))}")
    if not numbers:
        raise click.ClickException("no number to invite")


@group.command()
@click.option("--facility", required=True, help="Its name or its poster number.")
@click.option("--csv", "as_csv", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.option("--survey", "name", default="satisfaction", show_default=True)
def results(facility: str, as_csv: bool, as_json: bool, name: str) -> None:
    """Scores by month: share of good answers a question, and the composite; hidden under ten answers."""
    rt = runtime()
    flow = _survey(rt, name)
    with said_plainly(), transaction(rt.sessions) as db:
        place = places.facility(db, facility)
        scores = surveys.results(db, flow, place.id)
    if as_json:
        months = [_json(month) for month in scores]
        click.echo(json.dumps({"survey": flow.name, "facility": place.name, "months": months}, ensure_ascii=False))
    elif as_csv:
        click.echo(_csv(flow, scores), nl=False)
    elif scores:
        _table(flow, place.name, scores)
    else:
        click.echo(f"{place.name}: no answers yet")


@group.command()
@click.option("--facility", required=True, help="Its name or its poster number.")
@click.option("--state", type=click.Choice(STATUSES), help="Only those in this state, for example expired.")
def invitations(facility: str, state: str | None) -> None:
    """What became of each invitation; those past their use-by were not sent and stand here as expired."""
    rt = runtime()
    with said_plainly(), transaction(rt.sessions) as db:
        place = places.facility(db, facility)
        rows = surveys.invitations(db, place.id, state)
    for row in rows:
        click.echo(f"{row.created_at:%Y-%m-%d %H:%M}  {row.number:<14} {row.status:<9} {row.reason or ''}".rstrip())
    if not rows:
        click.echo("no invitation")


def _numbers(rt: Runtime, file: BinaryIO) -> tuple[list[str], list[str]]:
    """Good numbers, and a line for each that is none; a first line without a digit is a heading."""
    good, bad = [], []
    for place, line in enumerate(sheets.decoded(file.read()).splitlines(), start=1):
        cell = re.split("[;,\t]", line)[0].strip().strip('"')
        if not cell or (place == 1 and not any(c.isdigit() for c in cell)):
            continue
        try:
            good.append(normalise(cell, rt.settings.country))
        except BadNumber as why:
            bad.append(f"line {place}: {cell[:40]!r}: {why}")
    return good, bad


def _time(rt: Runtime, raw: str | None) -> datetime | None:
    if raw is None:
        return None
    try:
        given = datetime.fromisoformat(raw)
    except ValueError as why:
        raise click.ClickException(f"--use-by {raw!r} is no time: 2026-05-31T18:00") from why
    until = (given if given.tzinfo else given.replace(tzinfo=rt.settings.timezone)).astimezone(UTC)
    if until <= rt.now():
        raise click.ClickException(f"--use-by {raw!r} is over: nothing would be sent")
    return until


def _json(month: Scores) -> dict[str, object]:
    return {
        "month": f"{month.month:%Y-%m}",
        "n": month.n,
        "questions": {name: {"n": rate.n, "top_two": rate.percent} for name, rate in month.items.items()},
        "composite": {"n": month.composite.n, "score": month.composite.percent},
    }


def _csv(flow: Flow, scores: Sequence[Scores]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [ask.name for ask in surveys.items(flow)]
    heads = [head for name in [*names, "composite"] for head in (name, f"{name}_n")]
    writer.writerow(["facility", "month", "n", *heads])
    for month in scores:
        rates = [*(month.items[name] for name in names), month.composite]
        cells = [cell for rate in rates for cell in ("" if rate.percent is None else rate.percent, rate.n)]
        writer.writerow([month.facility, f"{month.month:%Y-%m}", month.n, *cells])
    return out.getvalue()


def _table(flow: Flow, facility: str, scores: Sequence[Scores]) -> None:
    table = Table(title=f"{facility}: % of good answers (n)", caption=f"no figure under n = {surveys.SMALL}")
    for head in ("month", "n", *(ask.name for ask in surveys.items(flow)), "composite"):
        table.add_column(head, justify="left" if head == "month" else "right")
    for month in scores:
        rates = [_cell(rate) for rate in (*month.items.values(), month.composite)]
        table.add_row(f"{month.month:%Y-%m}", str(month.n), *rates)
    # Piped into a file a table must not be cut to eighty columns.
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _cell(rate: Rate) -> str:
    return f"- ({rate.n})" if rate.percent is None else f"{rate.percent:.0f} ({rate.n})"
