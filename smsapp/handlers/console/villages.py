"""The villages of a health centre, and the community health workers who answer for them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import InputRequired

from smsapp import centres
from smsapp.centres import Unfit
from smsapp.db import transaction
from smsapp.handlers.console.centre_form import PROBLEMS
from smsapp.handlers.console.clinic import centre_or_404
from smsapp.handlers.console.guard import ALL, WRITERS, address, allowed, me
from smsapp.people import posts
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import audit
from smsapp.vaccines import timetable
from smsapp.vaccines.workers import ASC


class VillageForm(FlaskForm):  # type: ignore[misc]
    name = StringField(lazy_gettext("Name of the village"), [InputRequired()], render_kw={"autocomplete": "off"})


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/places/<int:place_id>/villages")
    @allowed(ALL)
    def places_villages(place_id: int) -> ResponseReturnValue:
        return _page(rt, place_id, VillageForm(formdata=None))

    @bp.post("/places/<int:place_id>/villages")
    @allowed(WRITERS)
    def places_villages_add(place_id: int) -> ResponseReturnValue:
        form = VillageForm()
        if form.validate_on_submit():
            try:
                name = _add(rt, place_id, form.name.data)
            except Unfit as no:
                form.name.errors = [str(PROBLEMS[no.why])]
            else:
                flash(gettext("%(name)s is kept.", name=name), "good")
                return redirect(url_for("console.places_villages", place_id=place_id))
        return _page(rt, place_id, form)

    @bp.post("/places/<int:place_id>/villages/workers/<int:person_id>")
    @allowed(WRITERS)
    def places_villages_worker(place_id: int, person_id: int) -> ResponseReturnValue:
        told = request.form.getlist("village")
        wanted = [int(raw) for raw in told if raw.isascii() and raw.isdecimal() and len(raw) < 11]
        with transaction(rt.sessions) as db:
            centre = centre_or_404(db, place_id)
            workers = {worker.id: worker for worker, _ in posts.answered_for(db, centre.id, ASC)}
            if person_id not in workers:
                abort(404)
            kept = posts.answer_for(db, person_id, centre.id, [n for n in wanted if n < 2**31])
            _note(db, rt, centre, "villages.given", person=person_id, villages=sorted(kept))
            name = workers[person_id].name
        flash(gettext("The villages of %(name)s are kept.", name=name or "–"), "good")
        return redirect(url_for("console.places_villages", place_id=place_id))


def _add(rt: Runtime, place_id: int, typed: str) -> str:
    with transaction(rt.sessions) as db:
        centre = centre_or_404(db, place_id)
        village = centres.add_village(db, typed, centre)
        _note(db, rt, centre, "villages.added", village=village.id)
        return village.name


def _page(rt: Runtime, place_id: int, form: VillageForm) -> ResponseReturnValue:
    with transaction(rt.sessions) as db:
        centre = centre_or_404(db, place_id)
        told = {
            "place": centre,
            "villages": timetable.villages(db, centre.id),
            "workers": posts.answered_for(db, centre.id, ASC),
        }
    body = render_template("console/places/villages.html", form=form, **told)
    return body, 422 if form.errors else 200


def _note(db: Session, rt: Runtime, centre: Place, action: str, **details: Any) -> None:
    audit.note(db, rt.now(), me(), action, f"place:{centre.id}", facility_id=centre.id, address=address(), **details)
