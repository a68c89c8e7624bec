"""How many cases there were, by disease, week and place: small ones hidden from all whose cases they are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console import downloads
from smsapp.handlers.console.alerts import here, spots, terms
from smsapp.handlers.console.alerts.here import NoPlace
from smsapp.handlers.console.guard import ANYBODY, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import tallies
from smsapp.surveillance.tallies import SMALL, Tallied, Tally

FILTERS = ("disease", "place", "weeks")
PERIODS = (12, 26, 52)  # weeks


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/counts")
    @allowed(ANYBODY)
    def surveillance_counts() -> ResponseReturnValue:
        problem, found = "", None
        with transaction(rt.sessions) as db:
            try:
                found = _found(db, rt)
            except NoPlace as why:
                problem = gettext("No place is called “%(name)s”.", name=str(why))
            offered = here.offered(db)
        told: dict[str, Any] = {
            "asked": here.asked(*FILTERS),
            "found": found,
            "problem": problem,
            "offered": offered,
            "cell": spots.shown,
            "exact": spots.exact(),
        }
        told |= {"diseases": terms.diseases(rt), "periods": PERIODS, "period": _period(), "small": SMALL}
        return render_template("console/alerts/counts.html", **told), 422 if problem else 200

    @bp.get("/surveillance/counts.<any(csv, xlsx):form>")
    @allowed(ANYBODY)
    def surveillance_counts_sheet(form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            try:
                found = _found(db, rt)
            except NoPlace:
                return redirect(url_for("console.surveillance_counts", **here.asked(*FILTERS)))
            here.note(db, rt, "surveillance.counts_exported", form=form)
        rows = list(_rows(found, terms.diseases(rt)))
        heads = [gettext("By"), gettext("Which"), gettext("Cases"), gettext("Deaths")]
        name = gettext("cases-%(day)s", day=f"{rt.local_now():%Y-%m-%d}")
        return downloads.table(form, name, heads, rows, terms.separator())


def _found(db: Session, rt: Runtime) -> Tallied:
    told = here.asked(*FILTERS)
    sight, villages = here.narrowed(db, told.get("place", ""))
    weeks = tallies.last_weeks(rt.local_now().date(), _period())
    return tallies.tallied(db, sight, weeks, told.get("disease", ""), villages)


def _period() -> int:
    told = request.args.get("weeks", "")
    return int(told) if told in map(str, PERIODS) else PERIODS[0]


def _rows(found: Tallied, diseases: Mapping[str, str]) -> Iterator[list[Any]]:
    def line(by: str, which: str, told: Tally) -> list[Any]:
        return [by, which, spots.shown(told.cases), spots.shown(told.deaths)]

    for disease, name in diseases.items():
        if disease in found.by_disease:
            yield line(gettext("Disease"), name, found.by_disease[disease])
    for week, told in found.by_week.items():
        yield line(gettext("Week"), terms.week(week), told)
    for place, told in found.by_place:
        yield line(gettext("Place"), place, told)
