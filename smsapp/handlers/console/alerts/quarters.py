"""7-1-7 of a quarter: which alerts were detected, told and answered in time, by district, and where they got stuck."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from smsapp.db import transaction
from smsapp.handlers.console import downloads
from smsapp.handlers.console.alerts import here, terms
from smsapp.handlers.console.guard import ANYBODY, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import timeline
from smsapp.surveillance.sevenoneseven import INTERVALS, TARGETS
from smsapp.surveillance.timeline import Row

OFFERED = 8  # quarters to choose from
QUARTER = re.compile("(20[0-9]{2})-?[QT]([1-4])")


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/7-1-7")
    @allowed(ANYBODY)
    def surveillance_response() -> str:
        year, number = _quarter(rt)
        rows = _rows(rt, year, number)
        told = {"rows": rows, "chosen": f"{year}-T{number}", "quarters": _offered(rt), "actions": terms.actions(rt)}
        told |= {"intervals": INTERVALS, "targets": TARGETS, "names": terms.INTERVALS, "all": timeline.ALL}
        return render_template("console/alerts/quarters.html", **told)

    @bp.get("/surveillance/7-1-7.<any(csv, xlsx):form>")
    @allowed(ANYBODY)
    def surveillance_response_sheet(form: str) -> ResponseReturnValue:
        year, number = _quarter(rt)
        heads = [gettext("District"), gettext("Interval"), gettext("Target (days)"), gettext("Outbreaks")]
        heads += [gettext("Kept"), gettext("Exceeded"), gettext("Not known yet"), gettext("Days (median)")]
        heads += [gettext("Got stuck at")]
        rows = [line for row in _rows(rt, year, number) for line in _lines(row)]
        with transaction(rt.sessions) as db:
            here.note(db, rt, "surveillance.counts_exported", form=form, quarter=f"{year}-T{number}")
        return downloads.table(form, f"7-1-7-{year}-T{number}", heads, rows, terms.separator())


def _rows(rt: Runtime, year: int, number: int) -> Sequence[Row]:
    """Of districts that are hers as a whole; of a single centre there are too few to tell of."""
    with transaction(rt.sessions) as db:
        sight = here.seen(db)
        hers = None if sight.scope.facilities is None else sight.districts
        return timeline.quarter(db, rt, year, number, hers)


def _lines(row: Row) -> Iterator[list[object]]:
    name = gettext("All together") if row.district == timeline.ALL else row.district
    for interval in INTERVALS:
        counts = row.intervals[interval]
        yield [
            name,
            str(terms.INTERVALS[interval]),
            TARGETS[interval],
            row.alerts,
            counts[True],
            counts[False],
            counts[None],
            row.days[interval],
            row.stuck.get(interval, 0),
        ]


def _quarter(rt: Runtime) -> tuple[int, int]:
    """The quarter that the address names, else the present one."""
    if told := QUARTER.fullmatch(request.args.get("quarter", "")):
        return int(told[1]), int(told[2])
    today = rt.local_now().date()
    return today.year, _of(today)


def _of(day: date) -> int:
    return (day.month - 1) // 3 + 1


def _offered(rt: Runtime) -> Sequence[str]:
    today = rt.local_now().date()
    last = today.year * 4 + _of(today) - 1
    return [f"{n // 4}-T{n % 4 + 1}" for n in range(last, last - OFFERED, -1)]
