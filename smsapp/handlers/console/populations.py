"""How many people live in a district or around a centre, by the day of the count: what rates are worked out with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length

from smsapp import scopes
from smsapp.db import transaction
from smsapp.figures.atlas import Way
from smsapp.handlers.console.guard import ALL, HEADS, address, allowed, me
from smsapp.handlers.console.places import way_or_404
from smsapp.runtime import Runtime
from smsapp.staff import audit
from smsapp.surveillance import populations
from smsapp.surveillance.populations import LONGEST_SOURCE, BadCount
from smsapp.surveillance.tables import Population

PROBLEMS = {
    "people": lazy_gettext("Write a whole number, for example 455000."),
    "on": lazy_gettext("Choose a day up to today."),
    "taken": lazy_gettext("There is a number of this day already: correct that one."),
}


class CountForm(FlaskForm):  # type: ignore[misc]
    people = StringField(lazy_gettext("People"), [InputRequired()], render_kw={"inputmode": "numeric"})
    on = DateField(lazy_gettext("Day of the count or estimate"), [InputRequired()])
    source = StringField(
        lazy_gettext("Source"), [InputRequired(), Length(max=LONGEST_SOURCE)], render_kw={"autocomplete": "off"}
    )


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/places/<int:place_id>/people")
    @allowed(ALL)
    def places_populations(place_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            way = _way_or_404(db, place_id)
            known = populations.of(db, place_id)
        held = next((row for row in known if row.on == _was(request.args.get("on", ""))), None)
        told = {"people": str(held.people), "on": held.on, "source": held.source} if held else {}
        return _page(way, known, CountForm(formdata=None, data=told), held.on if held else None)

    @bp.post("/places/<int:place_id>/people")
    @allowed(HEADS)
    def places_populations_save(place_id: int) -> ResponseReturnValue:
        form, was = CountForm(), _was(request.form.get("was", ""))
        with transaction(rt.sessions) as db:
            way = _way_or_404(db, place_id)
            known = populations.of(db, place_id)
            held = next((row.on for row in known if row.on == was), None)
            if form.validate_on_submit() and _kept(db, rt, way, form, held):
                flash(gettext("The number of people is kept."), "good")
                return redirect(url_for("console.places_populations", place_id=place_id), 303)
        return _page(way, known, form, held)


def _way_or_404(db: Session, place_id: int) -> Way:
    """A place that holds something of hers."""
    way = way_or_404(db, place_id)
    hers = me().scope.facilities
    if hers is not None and hers.isdisjoint(scopes.at(db, [place_id]).facilities or ()):
        abort(404)
    return way


def _kept(db: Session, rt: Runtime, way: Way, form: CountForm, was: date | None) -> bool:
    digits = "".join(form.people.data.split())
    people = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
    source = " ".join(form.source.data.replace("\0", "").split())
    try:
        row = populations.put(db, way.place.id, form.on.data, people, source, rt.local_now().date(), was)
    except BadCount as wrong:
        field = form.people if wrong.field == "people" else form.on
        field.errors = [str(PROBLEMS[wrong.field])]
        return False
    told: dict[str, Any] = {"people": row.people, "day": row.on.isoformat(), "source": row.source}
    subject = f"place:{way.place.id}"
    facility = way.place.id if way.place.kind == "facility" else None
    action = "places.count_corrected" if was else "places.counted"
    audit.note(db, rt.now(), me(), action, subject, facility_id=facility, address=address(), **told)
    return True


def _page(way: Way, known: Sequence[Population], form: CountForm, was: date | None) -> ResponseReturnValue:
    told = {"way": way, "known": known, "form": form, "was": was}
    return render_template("console/places/populations.html", **told), 422 if form.errors else 200


def _was(told: str) -> date | None:
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None
