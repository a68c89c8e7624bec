"""A person added, put right, and given or taken a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput

from smsapp import registry
from smsapp.db import transaction
from smsapp.handlers.console import placing, words
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.handlers.console.people.cards import ONE, found
from smsapp.handlers.console.people.sentences import unfit
from smsapp.i18n import language_name
from smsapp.people import ROLES
from smsapp.registry import Card, Facts, NotHere, Unfit
from smsapp.runtime import Runtime

_OFF = {"autocomplete": "off"}  # a phone that several people use must not remember names


class PersonForm(FlaskForm):  # type: ignore[misc]
    version = HiddenField()
    name = StringField(lazy_gettext("Name"), render_kw=_OFF | {"maxlength": 120})
    number = StringField(lazy_gettext("Number"), render_kw=_OFF | {"inputmode": "tel", "maxlength": 80})
    language = SelectField(lazy_gettext("Language"), validate_choice=False)
    facility = StringField(lazy_gettext("Health centre"), render_kw=_OFF | {"list": "facilities", "maxlength": 120})
    roles = SelectMultipleField(lazy_gettext("Roles"), validate_choice=False, option_widget=CheckboxInput())

    def facts(self, db: Session) -> Facts:
        """What the form says; Unfit where it names no place of ours."""
        data = self.data
        roles = frozenset(data["roles"] or ())
        return Facts(data["name"], data["language"] or None, placing.facility_called(db, data["facility"] or ""), roles)

    def tell(self, why: Unfit) -> None:
        field = {"facility_id": "facility"}.get(why.field, why.field)
        self[field].errors = [*self[field].errors, unfit(why)]


def register(bp: Blueprint, rt: Runtime) -> None:
    _new(bp, rt)
    _edit(bp, rt)
    _numbers(bp, rt)


def _new(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/people/new", methods=["GET", "POST"])
    @allowed(WRITERS)
    def people_new() -> ResponseReturnValue:
        form = _form(rt)
        if form.validate_on_submit():
            try:
                with transaction(rt.sessions) as db:
                    person = registry.add(db, rt, me(), form.facts(db), form.number.data or "")
                flash(gettext("The person is added."), "good")
                return redirect(url_for("console.people_one", person_id=person.id), 303)
            except Unfit as why:
                form.tell(why)
        elif request.method == "GET":
            with transaction(rt.sessions) as db:
                only = placing.facilities(db, me().scope)
            form.facility.data = only[0] if len(only) == 1 else ""
        return _page(rt, "new", form)


def _edit(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{ONE}/edit", methods=["GET", "POST"])
    @allowed(WRITERS)
    def people_edit(person_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            card = found(db, person_id)
        form = _form(rt, card)
        if form.validate_on_submit():
            try:
                with transaction(rt.sessions) as db:
                    _change(db, rt, person_id, form)
                return redirect(url_for("console.people_one", person_id=person_id), 303)
            except Unfit as why:
                form.tell(why)
        return _page(rt, "edit", form, card=card)


def _change(db: Session, rt: Runtime, person_id: int, form: PersonForm) -> None:
    changed = registry.change(db, rt, me(), person_id, form.facts(db), form.version.data or "")
    if changed:
        flash(gettext("Saved."), "good")
    else:
        flash(gettext("Nothing was changed."), "good")


def _form(rt: Runtime, card: Card | None = None) -> PersonForm:
    told: dict[str, Any] = {}
    if card is not None:
        told = {
            "name": card.name,
            "language": card.language or "",
            "facility": card.facility,
            "roles": list(card.roles),
        }
        told["version"] = card.version
    form = PersonForm(data=told)
    form.language.choices = [
        SelectChoice("", gettext("not known")),
        *(SelectChoice(code, language_name(code)) for code in rt.settings.languages),
    ]
    known = dict.fromkeys([*ROLES, *(card.roles if card else ())])
    form.roles.choices = [SelectChoice(role, words.call(words.PEOPLE_ROLES, role)) for role in known]
    return form


def _page(rt: Runtime, name: str, form: PersonForm, **more: Any) -> ResponseReturnValue:
    with transaction(rt.sessions) as db:
        offered = placing.facilities(db, me().scope)
    body = render_template(f"console/people/{name}.html", form=form, offered=offered, **more)
    return body, 422 if form.errors else 200


def _numbers(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"{ONE}/numbers")
    @allowed(WRITERS)
    def people_numbers_add(person_id: int) -> ResponseReturnValue:
        def act(db: Session) -> None:
            registry.add_number(db, rt, me(), person_id, request.form.get("number", ""))
            flash(gettext("The number is hers now."), "good")

        return _step(rt, person_id, act)

    @bp.post(f"{ONE}/numbers/remove")
    @allowed(WRITERS)
    def people_numbers_remove(person_id: int) -> ResponseReturnValue:
        def act(db: Session) -> None:
            if registry.remove_number(db, rt, me(), person_id, _number_of_hers()):
                flash(gettext("The number is no longer hers."), "good")

        return _step(rt, person_id, act)

    @bp.post(f"{ONE}/numbers/main")
    @allowed(WRITERS)
    def people_numbers_main(person_id: int) -> ResponseReturnValue:
        def act(db: Session) -> None:
            if registry.make_main(db, rt, me(), person_id, _number_of_hers()):
                flash(gettext("She is written to at this number from now on."), "good")

        return _step(rt, person_id, act)


def _number_of_hers() -> str:
    """As a button of her page names it; what no number can hold finds none."""
    return request.form.get("number", "").replace("\0", "")


def _step(rt: Runtime, person_id: int, act: Callable[[Session], None]) -> ResponseReturnValue:
    try:
        with transaction(rt.sessions) as db:
            act(db)
    except NotHere:
        abort(404)
    except Unfit as why:
        flash(unfit(why), "bad")
    return redirect(url_for("console.people_one", person_id=person_id), 303)
