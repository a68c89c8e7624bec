"""Pregnancies: the list by the day that is expected, and a mother's file with her visits against their windows."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from smsapp.db import transaction
from smsapp.handlers.console.care import here, sentences, terms
from smsapp.handlers.console.care.here import PREGNANCY, NoPlace, acting
from smsapp.handlers.console.care.writing import DAYS
from smsapp.handlers.console.guard import ALL, WRITERS, allowed, me
from smsapp.refusals import Refused
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, desk, lists, mothers_doses, mothers_file
from smsapp.vaccines.tables import Pregnancy


class VisitForm(FlaskForm):  # type: ignore[misc]
    on = DateField(lazy_gettext("Day of the visit"), sentences.needed("visit", "needed"), DAYS, sentences.NO_DAY)
    td = SelectField(lazy_gettext("Dose of tetanus vaccine (Td)"), validate_choice=False)


class EndForm(FlaskForm):  # type: ignore[misc]
    state = RadioField(
        lazy_gettext("What happened"), [InputRequired(sentences.UNFIT["state", "unknown"])], validate_choice=False
    )


def register(bp: Blueprint, rt: Runtime) -> None:
    _one(bp, rt)
    _end(bp, rt)

    @bp.get("/children/pregnancies")
    @allowed(ALL)
    def children_pregnancies() -> ResponseReturnValue:
        asked, problem, page = here.asked("q", "place", "state"), "", None
        today, state = rt.local_now().date(), here.asked("state").get("state", lists.AHEAD)
        with transaction(rt.sessions) as db:
            try:
                scope, _ = here.narrowed(db, asked.get("place", ""))
                words, after = asked.get("q", ""), request.args.get("after")
                page = lists.pregnancies(db, scope, state, today, words, after)
            except NoPlace:
                problem = gettext("No place is called “%(name)s”.", name=asked["place"])
            offered = here.offered(db, me().scope)
        told = {"asked": asked, "state": state, "problem": problem, "page": page, "offered": offered, "today": today}
        return render_template("console/care/pregnancies.html", terms=terms, **told), 422 if problem else 200


def _end(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{PREGNANCY}/end", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_pregnancy_end(pregnancy_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            file = here.pregnancy(db, pregnancy_id)
        form = EndForm()
        form.state.choices = [
            SelectChoice("moved", gettext("She lives elsewhere now, out of reach")),
            SelectChoice("lost", gettext("The pregnancy has ended without a living child")),
            SelectChoice("dead", gettext("The mother has died")),
        ]
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    desk.end(db, rt, me(), here.pregnancy(db, pregnancy_id, lock=True), form.state.data)
                return redirect(url_for("console.children_pregnancy", pregnancy_id=pregnancy_id), 303)
            except Unfit as why:
                here.tell(form, why)
        if file.state not in {"active", "born"}:
            return redirect(url_for("console.children_pregnancy", pregnancy_id=file.id), 303)
        told = {"file": file, "code": codes.of(file.number)}
        return render_template("console/care/pregnancy_end.html", form=form, **told), here.status(form)


def _one(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(PREGNANCY, methods=["GET"])
    @allowed(ALL)
    def children_pregnancy(pregnancy_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            file = here.pregnancy(db, pregnancy_id)
            here.note(db, rt, "viewed", file)
        return _page(rt, file, _form(rt, file))

    @bp.post(f"{PREGNANCY}/visit")
    @allowed(WRITERS)
    def children_pregnancy_visit(pregnancy_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            file = here.pregnancy(db, pregnancy_id)
        form = _form(rt, file)
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    new = desk.attend(db, rt, me(), pregnancy_id, form.on.data, form.td.data or "")
                said = gettext("Written down.") if new else gettext("This was written down already.")
                flash(said, "good")
                return redirect(url_for("console.children_pregnancy", pregnancy_id=pregnancy_id), 303)
            except (Unfit, Refused) as why:
                here.tell(form, why)
        return _page(rt, file, form)


def _form(rt: Runtime, file: Pregnancy) -> VisitForm:
    form = VisitForm(data={"on": rt.local_now().date()})
    codes_of = mothers_doses.rules(rt.settings.country).codes if file.state == "active" else ()
    form.td.choices = [SelectChoice("", gettext("none")), *(SelectChoice(code, code) for code in codes_of)]
    return form


def _page(rt: Runtime, file: Pregnancy, form: VisitForm) -> ResponseReturnValue:
    with transaction(rt.sessions) as db:
        found = mothers_file.of(db, rt, file)
    told = {"file": file, "found": found, "code": codes.of(file.number), "today": rt.local_now().date()}
    labels = terms.labels(rt)
    body = render_template("console/care/pregnancy.html", form=form, terms=terms, labels=labels, codes=codes, **told)
    return body, here.status(form)
