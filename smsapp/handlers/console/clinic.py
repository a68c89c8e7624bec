"""A centre's clinic days, outreach and closures, by which every reminder names its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, format_date, gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from smsapp.db import transaction
from smsapp.handlers.console.guard import ALL, WRITERS, address, allowed, me
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import audit
from smsapp.vaccines import timetable
from smsapp.vaccines.tables import ClinicDay
from smsapp.vaccines.timetable import Misfit, Rule

MOST = 2**31 - 1  # of the numbers of these tables
DAY = f"<int(min=1, max={MOST}):day_id>"
CLOSURE = f"<int(min=1, max={MOST}):closure_id>"
SERVICES: Mapping[str, LazyString] = {
    "vaccines": lazy_gettext("Vaccines"),
    "antenatal": lazy_gettext("Visits of mothers"),
}
WEEKDAYS = (
    lazy_gettext("Monday"),
    lazy_gettext("Tuesday"),
    lazy_gettext("Wednesday"),
    lazy_gettext("Thursday"),
    lazy_gettext("Friday"),
    lazy_gettext("Saturday"),
    lazy_gettext("Sunday"),
)
NTHS = (
    lazy_gettext("every week"),
    lazy_gettext("the first of the month"),
    lazy_gettext("the second of the month"),
    lazy_gettext("the third of the month"),
    lazy_gettext("the fourth of the month"),
    lazy_gettext("the fifth of the month"),
)
PROBLEMS: Mapping[str, LazyString] = {
    "when": lazy_gettext("Choose either a day of the week or a date."),
    "past": lazy_gettext("This day is over."),
    "village": lazy_gettext("This village is not one of this centre’s."),
    "known": lazy_gettext("This day is there already."),
    "order": lazy_gettext("The last day comes after the first, at most a year later."),
    "empty": lazy_gettext("Say why, for example “Holiday”."),
    "long": lazy_gettext("At most 80 characters."),
}


def _numbered(labels: Sequence[LazyString]) -> list[SelectChoice]:
    return [SelectChoice(str(n), label) for n, label in enumerate(labels)]


class DayForm(FlaskForm):  # type: ignore[misc]
    service = SelectField(lazy_gettext("Service"), choices=[SelectChoice(*one) for one in SERVICES.items()])
    weekday = SelectField(lazy_gettext("Day of the week"), choices=[SelectChoice("", "–"), *_numbered(WEEKDAYS)])
    nth = SelectField(lazy_gettext("How often"), choices=_numbered(NTHS))
    on = DateField(lazy_gettext("Or on one date alone"), [Optional()])
    village = SelectField(lazy_gettext("Where"))


class ClosureForm(FlaskForm):  # type: ignore[misc]
    first = DateField(lazy_gettext("First day"), [InputRequired()])
    last = DateField(lazy_gettext("Last day"), [InputRequired()])
    why = StringField(lazy_gettext("Why"), [InputRequired()], render_kw={"autocomplete": "off"})
    everywhere = BooleanField(lazy_gettext("In the whole country (a holiday)"))


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/places/<int:place_id>/clinic")
    @allowed(ALL)
    def places_clinic(place_id: int) -> ResponseReturnValue:
        return _page(rt, place_id, DayForm(formdata=None), ClosureForm(formdata=None))

    @bp.post("/places/<int:place_id>/clinic/days")
    @allowed(WRITERS)
    def places_clinic_day(place_id: int) -> ResponseReturnValue:
        form = DayForm()
        _offer(rt, form, place_id)
        if form.validate_on_submit():
            try:
                _add_day(rt, place_id, form)
            except Misfit as no:
                form[no.field].errors = [str(PROBLEMS[no.why])]
            else:
                return _back(place_id, gettext("The day is kept; reminders follow it."))
        return _page(rt, place_id, form, ClosureForm(formdata=None))

    @bp.post("/places/<int:place_id>/clinic/closures")
    @allowed(WRITERS)
    def places_clinic_closure(place_id: int) -> ResponseReturnValue:
        form = ClosureForm()
        if form.validate_on_submit():
            try:
                _close(rt, place_id, form)
            except Misfit as no:
                form[no.field].errors = [str(PROBLEMS[no.why])]
            else:
                return _back(place_id, gettext("The closure is kept; reminders follow it."))
        return _page(rt, place_id, DayForm(formdata=None), form)

    _removing(bp, rt)


def _removing(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"/places/<int:place_id>/clinic/days/{DAY}/remove")
    @allowed(WRITERS)
    def places_clinic_remove(place_id: int, day_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            centre = centre_or_404(db, place_id)
            if timetable.remove_day(db, rt, centre.id, day_id) is not None:
                _note(db, rt, centre, "clinic.day_removed", day=day_id)
        return _back(place_id, gettext("The day is removed."))

    @bp.post(f"/places/<int:place_id>/clinic/closures/{CLOSURE}/remove")
    @allowed(WRITERS)
    def places_clinic_reopen(place_id: int, closure_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            centre = centre_or_404(db, place_id)
            row = timetable.reopen(db, rt, centre.id, closure_id)
            if row is None and me().role == "administrator":
                row = timetable.reopen(db, rt, None, closure_id)
            if row is not None:
                _note(db, rt, centre, "clinic.reopened", first=row.first.isoformat(), everywhere=not row.facility_id)
        return _back(place_id, gettext("The closure is removed."))


def _add_day(rt: Runtime, place_id: int, form: DayForm) -> None:
    weekday = int(form.weekday.data) if form.weekday.data else None
    village = int(form.village.data) if form.village.data else None
    rule = Rule(form.service.data, weekday, int(form.nth.data) or None, form.on.data, village)
    with transaction(rt.sessions) as db:
        centre = centre_or_404(db, place_id)
        row = timetable.add_day(db, rt, centre.id, rule)
        _note(db, rt, centre, "clinic.day_added", service=row.service, weekday=weekday, village=village)


def _close(rt: Runtime, place_id: int, form: ClosureForm) -> None:
    everywhere = form.everywhere.data and me().role == "administrator"
    with transaction(rt.sessions) as db:
        centre = centre_or_404(db, place_id)
        where = None if everywhere else centre.id
        timetable.close(db, rt, where, form.first.data, form.last.data, form.why.data)
        told = {"first": form.first.data.isoformat(), "last": form.last.data.isoformat(), "everywhere": everywhere}
        _note(db, rt, centre, "clinic.closed", **told)


def _page(rt: Runtime, place_id: int, day: DayForm, closure: ClosureForm) -> ResponseReturnValue:
    _offer(rt, day, place_id)
    today = rt.local_now().date()
    with transaction(rt.sessions) as db:
        centre = centre_or_404(db, place_id)
        villages = timetable.villages(db, centre.id)
        told = {
            "place": centre,
            "days": [(row, _when(row), village) for row, village in timetable.days(db, centre.id)],
            "closures": timetable.closures(db, centre.id, today),
            "ahead": [
                (on, [_held(one) for one in held]) for on, held in timetable.ahead(db, centre.id, villages, today)
            ],
        }
    forms: dict[str, Any] = {"day": day, "closure": closure, "administrator": me().role == "administrator"}
    body = render_template("console/places/clinic.html", services=SERVICES, **told, **forms)
    return body, 422 if day.errors or closure.errors else 200


def _offer(rt: Runtime, form: DayForm, place_id: int) -> None:
    with transaction(rt.sessions) as db:
        known = [
            SelectChoice(str(village.id), village.name)
            for village in timetable.villages(db, centre_or_404(db, place_id).id)
        ]
    form.village.choices = [SelectChoice("", gettext("at the centre")), *known]


def centre_or_404(db: Session, place_id: int) -> Place:
    """The centre, where whoever asks may see it."""
    place = db.get(Place, place_id) if place_id < 2**31 else None
    if place is None or place.kind != "facility" or not me().scope.covers(place.id):
        abort(404)
    return place


def _when(row: ClinicDay) -> str:
    """`Thursday, every week`, or the date."""
    if row.on is not None or row.weekday is None:
        return str(format_date(row.on, "full"))
    return f"{WEEKDAYS[row.weekday]}, {NTHS[row.nth or 0]}"


def _held(word: str) -> tuple[LazyString, str]:
    service, _, village = word.partition(":")
    return SERVICES[service], village


def _note(db: Session, rt: Runtime, centre: Place, action: str, **details: Any) -> None:
    audit.note(db, rt.now(), me(), action, f"place:{centre.id}", facility_id=centre.id, address=address(), **details)


def _back(place_id: int, words: str) -> ResponseReturnValue:
    flash(words, "good")
    return redirect(url_for("console.places_clinic", place_id=place_id))
