"""The map of villages with reports: how many cases each had, and how it stands there; small numbers hidden."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console import downloads
from smsapp.handlers.console.alerts import here, map_drawing, spots, terms
from smsapp.handlers.console.alerts.here import NoPlace
from smsapp.handlers.console.guard import ANYBODY, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import mapped
from smsapp.surveillance.mapped import CASES, NOTHING, OPEN, SILENT, VERIFIED, Map, Wanted
from smsapp.surveillance.tallies import SMALL

FILTERS = ("disease", "place", "kind", "days")
PERIODS = (7, 30, 90, 365)  # days
USUAL = 30
STATES: Mapping[str, tuple[LazyString, str]] = {
    OPEN: (lazy_gettext("alert to verify"), "bad"),
    VERIFIED: (lazy_gettext("verified alert"), "warn"),
    SILENT: (lazy_gettext("silent"), "quiet"),
    CASES: (lazy_gettext("cases, no alert"), "open"),
    NOTHING: (lazy_gettext("no case"), "quiet"),
}


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/map")
    @allowed(ANYBODY)
    def surveillance_map() -> ResponseReturnValue:
        problem, shown, spot = "", None, None
        with transaction(rt.sessions) as db:
            try:
                spot = spots.chosen(db)
                shown = _map(db, rt, spot)
            except NoPlace as why:
                problem = gettext("No place is called “%(name)s”.", name=str(why))
            districts, offered = spots.districts(db), here.offered(db)
        told: dict[str, Any] = {"problem": problem, "shown": shown, "spot": spot, "offered": offered}
        told |= {"districts": districts, "diseases": terms.diseases(rt)}
        body = render_template("console/alerts/map.html", **_words(), **told)
        return body, 422 if problem else 200

    @bp.get("/surveillance/map.<any(csv, xlsx):form>")
    @allowed(ANYBODY)
    def surveillance_map_sheet(form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            try:
                shown = _map(db, rt, spots.chosen(db))
            except NoPlace:
                return redirect(url_for("console.surveillance_map", **here.asked(*FILTERS)))
            here.note(db, rt, "surveillance.counts_exported", form=form, **here.asked("place"))
        name = gettext("map-%(day)s", day=f"{rt.local_now():%Y-%m-%d}")
        return downloads.table(form, name, _header(), [_row(one) for one in shown.spots], terms.separator())


def _words() -> dict[str, Any]:
    """What the page needs besides what it shows."""
    asked = {"asked": here.asked(*FILTERS), "kinds": spots.KINDS_OF, "periods": PERIODS, "period": _days()}
    drawn = {"states": STATES, "cell": spots.shown, "small": SMALL, "draw": map_drawing, "last_day": last_day}
    return {**asked, **drawn, "exact": spots.exact()}


def _map(db: Session, rt: Runtime, spot: spots.Spot) -> Map:
    last = rt.local_now().date()
    first, _ = spots.back(last, _days())
    asked = here.asked("disease").get("disease", "")
    disease = asked if asked in terms.diseases(rt) else ""
    return mapped.read(db, rt, Wanted(spot.sight, first, last, disease, spot.villages))


def last_day(one: mapped.Spot) -> date | None:
    """Of cases so few that their number is not shown, the day is not either."""
    return one.last if spots.shown(one.cases) == one.cases else None


def _days() -> int:
    told = request.args.get("days", "")
    return int(told) if told in map(str, PERIODS) else USUAL


def _header() -> list[str]:
    return [
        gettext("Village"),
        gettext("Health centre"),
        gettext("Latitude"),
        gettext("Longitude"),
        gettext("State"),
        gettext("All cases"),
        gettext("All deaths"),
        gettext("Last case"),
    ]


def _row(one: mapped.Spot) -> list[Any]:
    lat, lon = one.point or (None, None)
    last = last_day(one)
    figures = [spots.shown(one.cases), spots.shown(one.deaths), last.isoformat() if last else None]
    return [one.name, one.facility, lat, lon, str(STATES[one.state][0]), *figures]
