"""Where a health centre and its villages lie, written down by hand for the map and for distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp import geography
from smsapp.db import transaction
from smsapp.geography import BadPoint, Point
from smsapp.handlers.console.clinic import centre_or_404
from smsapp.handlers.console.guard import ALL, HEADS, address, allowed, me
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import audit
from smsapp.vaccines import timetable

PROBLEMS: Mapping[str, LazyString] = {
    "format": lazy_gettext("Write degrees, latitude first: 12.66, -7.93 or 12°39'58\"N 7°54'11\"W."),
    "swapped": lazy_gettext("This lies outside the country. Latitude comes first; did you mean %(hint)s?"),
    "minus": lazy_gettext("This lies outside the country. West has a minus; did you mean %(hint)s?"),
    "outside": lazy_gettext("This lies outside the country. In Bamako it would be 12.65, -8.0."),
}


@dataclass(frozen=True)
class Line:
    """A place of the form: what stands in its field, and what is wrong with it."""

    place: Place
    typed: str
    problem: str = ""

    @property
    def field(self) -> str:
        return f"point_{self.place.id}"


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/places/<int:place_id>/points")
    @allowed(ALL)
    def places_points(place_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            centre = centre_or_404(db, place_id)
            lines = [Line(place, _told(place)) for place in _places(db, centre)]
        return render_template("console/places/points.html", place=centre, lines=lines)

    @bp.post("/places/<int:place_id>/points")
    @allowed(HEADS)
    def places_points_save(place_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            centre = centre_or_404(db, place_id)
            read = [_read(rt, place) for place in _places(db, centre)]
            wrong = any(line.problem for line, _ in read)
            moved = [] if wrong else [line.place.name for line, point in read if _move(line.place, point)]
            if moved:
                subject = f"place:{centre.id}"
                audit.note(
                    db,
                    rt.now(),
                    me(),
                    "places.located",
                    subject,
                    facility_id=centre.id,
                    address=address(),
                    places=moved,
                )
        if wrong:
            lines = [line for line, _ in read]
            return render_template("console/places/points.html", place=centre, lines=lines), 422
        flash(gettext("Where these places lie is kept.") if moved else gettext("Nothing has changed."), "good")
        return redirect(url_for("console.places_points", place_id=place_id), 303)


def _places(db: Session, centre: Place) -> list[Place]:
    """The centre first, then its villages."""
    return [centre, *timetable.villages(db, centre.id)]


def _told(place: Place) -> str:
    return "" if place.lat is None or place.lon is None else geography.told(Point(place.lat, place.lon))


def _read(rt: Runtime, place: Place) -> tuple[Line, Point | None]:
    """What stands in the field of a place; one that the form has not leaves all as it is."""
    typed = request.form.get(f"point_{place.id}", _told(place)).replace("\0", "").strip()
    if not typed:
        return Line(place, typed), None
    try:
        return Line(place, typed), geography.read(typed, rt.settings.country)
    except BadPoint as wrong:
        return Line(place, typed[:100], str(PROBLEMS[wrong.why]) % {"hint": wrong.hint}), None


def _move(place: Place, point: Point | None) -> bool:
    """Put it there; whether that changes anything."""
    wanted = (point.lat, point.lon) if point else (None, None)
    if wanted == (place.lat, place.lon):
        return False
    place.lat, place.lon = wanted
    return True
