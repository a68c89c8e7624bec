"""The form by which administrators add a health centre, or change its name, number and place."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from smsapp import centres, places
from smsapp.centres import Told, Unfit
from smsapp.db import transaction
from smsapp.figures import atlas
from smsapp.figures.atlas import Way
from smsapp.handlers.console.guard import ADMINISTRATORS, address, allowed, me
from smsapp.runtime import Runtime
from smsapp.staff import audit

PROBLEMS = {
    "empty": lazy_gettext("Write a name."),
    "long": lazy_gettext("At most 120 characters."),
    "digits": lazy_gettext("Three to eight digits, the number on the poster."),
    "taken": lazy_gettext("This number is already another centre’s."),
    "known": lazy_gettext("There is already a centre of this name in that district."),
}


class CentreForm(FlaskForm):  # type: ignore[misc]
    name = StringField(lazy_gettext("Name of the health centre"), [InputRequired()], render_kw={"autocomplete": "off"})
    code = StringField(lazy_gettext("Number on the poster"), render_kw={"inputmode": "numeric", "autocomplete": "off"})
    region = StringField(lazy_gettext("Region"), [InputRequired()], render_kw={"list": "regions"})
    district = StringField(lazy_gettext("District"), [InputRequired()], render_kw={"list": "districts"})


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/places/new", methods=["GET", "POST"])
    @allowed(ADMINISTRATORS)
    def places_new() -> ResponseReturnValue:
        return _answer(rt, CentreForm(), None)

    @bp.route("/places/<int:place_id>/edit", methods=["GET", "POST"])
    @allowed(ADMINISTRATORS)
    def places_edit(place_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            way = atlas.way(db, place_id) if place_id < 2**31 else None
        if way is None or way.place.kind != "facility":
            abort(404)
        return _answer(rt, CentreForm(data=_as_it_is(way)), way)


def _answer(rt: Runtime, form: CentreForm, way: Way | None) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            kept = _keep(rt, form, way)
        except Unfit as why:
            form[why.field].errors = [str(PROBLEMS[why.why])]
        else:
            flash(gettext("%(name)s is kept.", name=kept[1]), "good")
            return redirect(url_for("console.places_one", place_id=kept[0]))
    with transaction(rt.sessions) as db:
        known = {kind: sorted({p.name for p in places.of_kind(db, kind)}) for kind in ("region", "district")}
    return render_template("console/places/form.html", form=form, way=way, known=known), 422 if form.errors else 200


def _keep(rt: Runtime, form: CentreForm, way: Way | None) -> tuple[int, str]:
    with transaction(rt.sessions) as db:
        facility = db.get(places.Place, way.place.id) if way else None
        told = Told(form.name.data, form.code.data or "", form.region.data, form.district.data)
        place = centres.keep(db, told, facility)
        before, after = _as_it_is(way) if way else {}, _as_it_is(Way.to(db, place))
        changed = sorted(key for key, value in after.items() if before.get(key) != value)
        action = "places.changed" if way else "places.added"
        subject = f"place:{place.id}"
        audit.note(db, rt.now(), me(), action, subject, facility_id=place.id, address=address(), fields=changed)
    return place.id, place.name


def _as_it_is(way: Way) -> dict[str, str]:
    above = {place.kind: place.name for place in way.above}
    named = {kind: above.get(kind, "") for kind in ("region", "district")}
    return {"name": way.place.name, "code": way.place.code or "", **named}
