"""What the staff write in a child's file: doses, what is put right, where she is followed, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from smsapp import paging
from smsapp.db import transaction
from smsapp.handlers.console.care import child as page
from smsapp.handlers.console.care import here, sentences, terms
from smsapp.handlers.console.care.here import CHILD, OFF, acting
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.refusals import Refused
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, desk, giving
from smsapp.vaccines.desk import Facts
from smsapp.vaccines.tables import Child, Dose

DAYS = ["%Y-%m-%d", "%d/%m/%Y"]  # as a phone's own calendar sends it, and as people write it


class DosesForm(FlaskForm):  # type: ignore[misc]
    token = HiddenField()
    doses = SelectMultipleField(lazy_gettext("Doses"), validate_choice=False, option_widget=CheckboxInput())
    source = RadioField(
        lazy_gettext("How it is known"),
        choices=[
            SelectChoice("card", lazy_gettext("Given here now, or written on the card")),
            SelectChoice("reported", lazy_gettext("Told by the family, without a card: shown, and not counted")),
        ],
        default="card",
    )
    on = DateField(lazy_gettext("Day on which it was given"), [Optional()], DAYS, sentences.NO_DAY)
    elsewhere = BooleanField(lazy_gettext("Given in another place"))


class StrikeForm(FlaskForm):  # type: ignore[misc]
    why = StringField(lazy_gettext("Why"), sentences.needed("why", "empty"), render_kw=OFF | {"maxlength": 200})


class ChildForm(FlaskForm):  # type: ignore[misc]
    born_on = DateField(lazy_gettext("Born on"), sentences.needed("born_on", "needed"), DAYS, sentences.NO_DAY)
    sex = SelectField(lazy_gettext("Sex"), validate_choice=False)
    name = StringField(lazy_gettext("Name"), [Optional(), Length(max=200)], render_kw=OFF | {"maxlength": 60})
    village = SelectField(lazy_gettext("Village"), validate_choice=False)

    @property
    def village_id(self) -> int | None:
        chosen = self.village.data or ""
        return int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None


class MoveForm(FlaskForm):  # type: ignore[misc]
    facility = StringField(
        lazy_gettext("Health centre"),
        sentences.needed("facility_id", "needed"),
        render_kw=OFF | {"maxlength": 120},
    )


class EndForm(FlaskForm):  # type: ignore[misc]
    state = RadioField(
        lazy_gettext("What happened"), [InputRequired(sentences.UNFIT["state", "unknown"])], validate_choice=False
    )


def register(bp: Blueprint, rt: Runtime) -> None:
    _doses(bp, rt)
    _strike(bp, rt)
    _edit(bp, rt)
    _move(bp, rt)
    _end(bp, rt)

    @bp.post(f"{CHILD}/confirm")
    @allowed(WRITERS)
    def children_confirm(child_id: int) -> ResponseReturnValue:
        with acting(rt) as db:
            if desk.confirm(db, rt, me(), here.child(db, child_id, lock=True)):
                flash(gettext("Confirmed. The family gets its reminders from now on."), "good")
        if request.form.get("back"):
            return redirect(url_for("console.children_waiting"), 303)
        return redirect(url_for("console.children_one", child_id=child_id), 303)


def _doses(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{CHILD}/doses", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_doses(child_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            told = page.folder(db, rt, here.child(db, child_id))
        form = DosesForm(data={"on": told["today"], "token": here.token(), "source": "card"})
        form.doses.choices = list(told["labels"].items())
        if not told["live"] and request.method == "GET":
            return redirect(url_for("console.children_one", child_id=child_id), 303)
        if form.validate_on_submit():
            try:
                return _given(rt, child_id, form)
            except (Unfit, Refused) as why:
                here.tell(form, why)
        return render_template("console/care/doses.html", form=form, **told), here.status(form)


def _given(rt: Runtime, child_id: int, form: DosesForm) -> ResponseReturnValue:
    data = form.data
    told = data["source"] == "reported"
    if not told and data["on"] is None:
        raise Unfit("on", "needed")
    with acting(rt) as db:
        key = f"console:{here.named(data['token'])}:{child_id}"
        new = desk.give(
            db,
            rt,
            me(),
            child_id,
            data["doses"] or (),
            None if told else data["on"],
            key=key,
            elsewhere=data["elsewhere"],
        )
        spoiled = [dose for dose in new if dose.source == giving.CARD and not dose.valid and dose.reason]
    if not new:
        flash(gettext("This was written down already."), "good")
    else:
        flash(ngettext("%(num)d dose is written down.", "%(num)d doses are written down.", len(new)), "good")
    for dose in spoiled:
        said = {"dose": terms.labels(rt).get(dose.code, dose.code), "why": terms.REASONS.get(dose.reason, dose.reason)}
        flash(gettext("%(dose)s does not count: %(why)s. It has to be repeated.", **said), "warn")
    return redirect(url_for("console.children_one", child_id=child_id), 303)


def _strike(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{CHILD}/doses/<int(max={paging.LARGEST - 1}):dose_id>/strike", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_strike(child_id: int, dose_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            child = here.child(db, child_id)
            dose = db.scalar(select(Dose).where(Dose.id == dose_id, Dose.child_id == child.id)) or abort(404)
        form = StrikeForm()
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    desk.strike(db, rt, me(), child_id, dose_id, form.why.data or "")
                flash(gettext("The dose is struck out; it can still be seen on this page."), "good")
                return redirect(url_for("console.children_one", child_id=child_id), 303)
            except Unfit as why:
                here.tell(form, why)
        return _page(rt, "strike", form, child, dose=dose, labels=terms.labels(rt))


def _edit(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{CHILD}/edit", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_edit(child_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            child = here.child(db, child_id)
            villages = here.villages(db, child.facility_id)
        told = {"born_on": child.born_on, "sex": child.sex or "", "name": child.name or ""}
        form = ChildForm(data={**told, "village": str(child.village_id or "")})
        offer(form, {str(place.id): place.name for place in villages})
        if form.validate_on_submit():
            try:
                facts = Facts(form.born_on.data, form.sex.data or "", form.name.data or "", form.village_id)
                with acting(rt) as db:
                    changed = desk.correct(db, rt, me(), child_id, facts)
                flash(gettext("Saved.") if changed else gettext("Nothing was changed."), "good")
                return redirect(url_for("console.children_one", child_id=child_id), 303)
            except (Unfit, Refused) as why:
                here.tell(form, why)
        return _page(rt, "edit", form, child)


def offer(form: ChildForm, villages: Mapping[str, str]) -> None:
    """What can be chosen."""
    sexes = [SelectChoice(sex, label) for sex, label in terms.SEXES.items()]
    form.sex.choices = [SelectChoice("", gettext("not told")), *sexes]
    form.village.choices = [
        SelectChoice("", gettext("village not known")),
        *(SelectChoice(*one) for one in villages.items()),
    ]


def _move(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{CHILD}/move", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_move(child_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            child = here.child(db, child_id)
        form = MoveForm()
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    centre = here.centre(db, form.facility.data or "")
                    desk.transfer(db, rt, me(), here.child(db, child_id, lock=True), centre.id)
                flash(gettext("%(centre)s follows this child from now on.", centre=centre.name), "good")
                mine = me().scope.covers(centre.id)
                to = url_for("console.children_one", child_id=child_id) if mine else url_for("console.children")
                return redirect(to, 303)
            except Unfit as why:
                here.tell(form, why)
        return _page(rt, "move", form, child)


def _end(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{CHILD}/end", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_end(child_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            child = here.child(db, child_id)
        form = EndForm()
        form.state.choices = [
            SelectChoice("moved", gettext("The family lives elsewhere now, out of reach")),
            SelectChoice("dead", gettext("The child has died")),
        ]
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    desk.end(db, rt, me(), here.child(db, child_id, lock=True), form.state.data)
                return redirect(url_for("console.children_one", child_id=child_id), 303)
            except Unfit as why:
                here.tell(form, why)
        return _page(rt, "end", form, child)


def _page(rt: Runtime, name: str, form: FlaskForm, child: Child, **more: Any) -> ResponseReturnValue:
    """A form about a child; a closed file has none."""
    if child.state != "active":
        return redirect(url_for("console.children_one", child_id=child.id), 303)
    with transaction(rt.sessions) as db:
        offered = here.centres(db) if name == "move" else ()
    told = {"child": child, "code": codes.of(child.number), "terms": terms, "offered": offered, **more}
    return render_template(f"console/care/{name}.html", form=form, **told), here.status(form)
