"""Places: the pyramid with its people, and the page of a health centre that it pins to its wall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp import surveys
from smsapp.db import transaction
from smsapp.figures import atlas, centre, crowd
from smsapp.figures.atlas import Way
from smsapp.figures.centre import Year
from smsapp.flows.nodes import Flow
from smsapp.handlers.console import centre_form, downloads, drawing
from smsapp.handlers.console.guard import ALL, address, allowed, me
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import audit
from smsapp.surveys import Scores

SURVEY = "satisfaction"
OPEN_UP_TO = 60  # facilities on one page; where there are more each district has its own

# What the good answers to each question mean, shorter than the question; others stand for themselves.
QUESTIONS = {
    "respect": lazy_gettext("Respectful welcome"),
    "explained": lazy_gettext("Clear explanations"),
    "wait": lazy_gettext("Short wait"),
    "money": lazy_gettext("No unexplained payment"),
    "clean": lazy_gettext("Clean centre"),
    "again": lazy_gettext("Would come back"),
}


def register(bp: Blueprint, rt: Runtime) -> None:
    _pages(bp, rt)
    _data(bp, rt)
    centre_form.register(bp, rt)


def _pages(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/places")
    @allowed(ALL)
    def places() -> str:
        with transaction(rt.sessions) as db:
            regions = atlas.pyramid(db, me().scope, SURVEY, rt.local_now().date())
        many = sum(region.facilities for region in regions) > OPEN_UP_TO
        return render_template("console/places/list.html", regions=regions, many=many, drawing=drawing)

    @bp.get("/places/<int:place_id>")
    @allowed(ALL)
    def places_one(place_id: int) -> str:
        with transaction(rt.sessions) as db:
            way = way_or_404(db, place_id)
            if way.place.kind != "facility":
                return _upper(db, rt, way)
            found = _centre(db, rt, way.place)
        return render_template("console/places/centre.html", way=way, **found)


def _data(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/places/<int:place_id>/satisfaction.json")
    @allowed(ALL)
    def places_chart(place_id: int) -> Mapping[str, Any]:
        with transaction(rt.sessions) as db:
            facility = _facility_or_404(db, place_id)
            flow = rt.flows.live[SURVEY]
            year = centre.year(surveys.results(db, flow, facility.id), rt.local_now().date())
        return _chart(rt, flow, year)

    @bp.get("/places/<int:place_id>/satisfaction.<any(csv, xlsx):form>")
    @allowed(ALL)
    def places_sheet(place_id: int, form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            facility = _facility_or_404(db, place_id)
            flow = rt.flows.live[SURVEY]
            scores = surveys.results(db, flow, facility.id)
            audit.note(
                db,
                rt.now(),
                me(),
                "places.exported",
                f"place:{facility.id}",
                facility_id=facility.id,
                address=address(),
                form=form,
            )
        heads, rows = _sheet(rt, flow, scores)
        return downloads.table(form, f"satisfaction-{facility.code or facility.id}", heads, rows)


def way_or_404(db: Session, place_id: int) -> Way:
    """A place that whoever asks may see; one that she may not is not there for her."""
    way = atlas.way(db, place_id) if place_id < 2**31 else None
    if way is None or way.place.kind == "village":
        abort(404)
    if way.place.kind == "facility" and not me().scope.covers(place_id):
        abort(404)
    return way


def _facility_or_404(db: Session, place_id: int) -> Place:
    place = way_or_404(db, place_id).place
    if place.kind != "facility":
        abort(404)
    return place


def _upper(db: Session, rt: Runtime, way: Way) -> str:
    """A region or a district, as the top of what lies below it."""
    branch = atlas.find(atlas.pyramid(db, me().scope, SURVEY, rt.local_now().date()), way.place.id)
    if branch is None:
        abort(404)
    many = branch.kind == "region" and branch.facilities > OPEN_UP_TO
    return render_template("console/places/upper.html", way=way, branch=branch, many=many, drawing=drawing)


def _centre(db: Session, rt: Runtime, place: Place) -> dict[str, Any]:
    flow, today = rt.flows.live[SURVEY], rt.local_now().date()
    year = centre.year(surveys.results(db, flow, place.id), today)
    return {
        "place": place,
        "people": crowd.of_facility(db, place.id),
        "year": year,
        "today": today,
        "questions": _questions(rt, flow),
        "composite_trend": drawing.trend([(m.month, m.composite) for m in year.months]),
        "trends": {
            a.name: drawing.trend([(m.month, m.item(a.name)) for m in year.months]) for a in surveys.items(flow)
        },
        "drawing": drawing,
        "small": surveys.SMALL,
    }


def _questions(rt: Runtime, flow: Flow) -> dict[str, str]:
    """What each question is called here; one that has no short name is asked in full."""
    return {
        ask.name: str(QUESTIONS.get(ask.name) or rt.texts.find(me().language, f"{flow.name}.{ask.name}") or ask.name)
        for ask in surveys.items(flow)
    }


def _chart(rt: Runtime, flow: Flow, year: Year) -> dict[str, Any]:
    """The lines of the page's charts; a month that may not be shown is a gap."""
    composite = {"name": "composite", "values": [month.composite for month in year.months]}
    items = [{"name": name, "values": [month.item(name) for month in year.months]} for name in _questions(rt, flow)]
    return {"labels": [drawing.short_month(month.month) for month in year.months], "series": [composite, *items]}


def _sheet(rt: Runtime, flow: Flow, scores: Sequence[Scores]) -> tuple[list[str], list[list[Any]]]:
    questions = _questions(rt, flow)
    heads = [gettext("Health centre"), gettext("Month"), gettext("Answers"), gettext("Score out of 100")]
    for label in questions.values():
        heads += [f"{label} (%)", f"{label} (n)"]
    rows = []
    for month in scores:
        rates = [cell for name in questions for cell in (month.items[name].percent, month.items[name].n)]
        rows.append([month.facility, f"{month.month:%Y-%m}", month.n, month.composite.percent, *rates])
    return heads, rows
