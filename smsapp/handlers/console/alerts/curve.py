"""The epidemic curve of a disease in a place, with what the rules in force compare it with; small numbers hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console import downloads
from smsapp.handlers.console.alerts import curve_drawing, here, rule_words, spots, terms
from smsapp.handlers.console.alerts.here import NoPlace
from smsapp.handlers.console.alerts.spots import Spot
from smsapp.handlers.console.guard import ANYBODY, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import curves, reading
from smsapp.surveillance.curves import DAY, Bar, Curve, Wanted
from smsapp.surveillance.tallies import SMALL
from smsapp.surveillance.weeks import Week

FILTERS = ("disease", "place", "kind", "first", "last")
USUAL = 84  # days


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/curve")
    @allowed(ANYBODY)
    def surveillance_curve() -> ResponseReturnValue:
        problem, told = "", {}
        with transaction(rt.sessions) as db:
            try:
                told = _told(db, rt)
            except NoPlace as why:
                problem = gettext("No place is called “%(name)s”.", name=str(why))
            offered, districts = here.offered(db), spots.districts(db)
        first, last = spots.span(rt.local_now().date(), USUAL)
        asked = here.asked(*FILTERS)
        shown = {"first": first.isoformat(), "last": last.isoformat()}
        common = {"asked": asked, "days": shown, "offered": offered, "problem": problem, "terms": terms}
        common["districts"] = [] if asked.get("place") else districts
        common |= {
            "diseases": terms.diseases(rt),
            "small": SMALL,
            "exact": spots.exact(),
            "shown": spots.shown,
            "week_of": Week.of,
            "kinds": spots.KINDS_OF,
        }
        body = render_template("console/alerts/curve.html", says=rule_words, draw=curve_drawing, **common, **told)
        return body, 422 if problem else 200

    @bp.get("/surveillance/curve.<any(csv, xlsx):form>")
    @allowed(ANYBODY)
    def surveillance_curve_sheet(form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            try:
                found = _told(db, rt)
            except NoPlace:
                return redirect(url_for("console.surveillance_curve", **here.asked(*FILTERS)))
            here.note(db, rt, "surveillance.counts_exported", form=form, **here.asked("place"))
        made: Curve = found["curve"]
        name = gettext("epidemic-curve-%(disease)s-%(day)s", disease=made.wanted.disease, day=made.wanted.last)
        return downloads.table(form, name, _header(), list(_rows(made, found["names"])), terms.separator())


def _told(db: Session, rt: Runtime) -> dict[str, Any]:
    spot = spots.chosen(db)
    first, last = spots.span(rt.local_now().date(), USUAL)
    disease = _disease(db, rt, spot, here.asked("disease").get("disease", ""))
    made = curves.curve(db, Wanted(disease, first, last, spot.sight, spot.villages, spot.area))
    districts = {district for bar in made.bars for district, _ in bar.ears}
    places = {alert.place_id for alert in made.alerts if alert.place_id}
    names = reading.places(db, districts | places)
    return {"spot": spot, "curve": made, "names": names, "alerts": made.alerts, "by_day": made.wanted.by == DAY}


def _disease(db: Session, rt: Runtime, spot: Spot, asked: str) -> str:
    """The one that she asks for, else the one that is most likely meant."""
    known = terms.diseases(rt)
    if asked in known:
        return asked
    first, _ = spots.span(rt.local_now().date(), USUAL)
    found = curves.likely(db, spot.sight, spot.villages, first) or ""
    return found if found in known else next(iter(known))


def _header() -> list[str]:
    return [
        gettext("From"),
        gettext("To"),
        gettext("Week"),
        gettext("Cases under five"),
        gettext("Cases five and over"),
        gettext("Cases of unknown age"),
        gettext("All cases"),
        gettext("All deaths"),
        gettext("Alerts that began"),
        gettext("EARS signals"),
    ]


def _rows(made: Curve, names: Mapping[int, str]) -> Iterator[list[Any]]:
    for bar in made.bars:
        yield [
            bar.first.isoformat(),
            bar.last.isoformat(),
            terms.week(Week.of(bar.first)),
            *_figures(bar),
            ", ".join(str(alert.number) for alert in bar.alerts) or None,
            ", ".join(names.get(district, "") for district, _ in bar.ears) or None,
        ]


def _figures(bar: Bar) -> list[Any]:
    cell = bar.cell
    ages = [cell.under, cell.over, cell.unknown] if spots.exact() else [None] * 3
    return [*ages, spots.shown(cell.cases), spots.shown(cell.deaths)]
