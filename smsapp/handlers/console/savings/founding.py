"""A group founded, and what is known of it put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from smsapp.db import transaction
from smsapp.handlers.console import placing
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.here import ONE
from smsapp.handlers.console.savings.sentences import needed, tell
from smsapp.places import Place
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import founding
from smsapp.savings.founding import Facts
from smsapp.savings.reading import NotHere
from smsapp.savings.tables import Group

EDIT = f"{ONE}/edit"
OFF = {"autocomplete": "off"}  # a phone that several people use must not remember names


class GroupForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        lazy_gettext("Name of the group"), needed("name", "empty"), render_kw=OFF | {"maxlength": founding.LONGEST_NAME}
    )
    kind = SelectField(
        lazy_gettext("Kind"),
        choices=[SelectChoice(kind, label) for kind, label in terms.KINDS.items()],
        validate_choice=False,
    )
    facility = StringField(
        lazy_gettext("Health centre"),
        needed("facility_id", "needed"),
        render_kw=OFF | {"list": "facilities", "maxlength": 120},
    )
    village = StringField(
        lazy_gettext("Village or quarter"), [Optional()], render_kw=OFF | {"maxlength": founding.LONGEST_NAME}
    )
    formed_on = DateField(lazy_gettext("Formed on"), needed("formed_on", "bounds"))
    every_days = IntegerField(lazy_gettext("Days from one meeting to the next"), [InputRequired()])

    def facts(self, db: Session) -> Facts:
        """What the form says; Unfit where it names no place of ours."""
        data = self.data
        facility = placing.facility_called(db, data["facility"] or "")
        told = {"name": data["name"] or "", "kind": data["kind"] or "", "village": data["village"] or ""}
        return Facts(**told, facility_id=facility, formed_on=data["formed_on"], every_days=data["every_days"])


@contextmanager
def acting(rt: Runtime) -> Iterator[Session]:
    """A transaction of a change; a group, or a member, that is not there for whoever asks: 404."""
    try:
        with transaction(rt.sessions) as db:
            yield db
    except NotHere:
        abort(404)


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/savings/new", methods=["GET", "POST"])
    @allowed(WRITERS)
    def savings_new() -> ResponseReturnValue:
        form = GroupForm(data={"kind": "vsla", "every_days": 7})
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    group = founding.found(db, rt, me(), form.facts(db))
                flash(gettext("The group is founded. Now write down its members."), "good")
                return redirect(url_for("console.savings_edit_members", group_id=group.id), 303)
            except Unfit as why:
                tell(form, why)
        elif request.method == "GET":
            with transaction(rt.sessions) as db:
                only = placing.facilities(db, me().scope)
            form.facility.data = only[0] if len(only) == 1 else ""
        return _page(rt, "new", form)

    @bp.route(EDIT, methods=["GET", "POST"])
    @allowed(WRITERS)
    def savings_edit(group_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            form = GroupForm(data=_told(db, group))
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    changed = founding.change(db, rt, me(), group_id, form.facts(db))
                flash(gettext("Saved.") if changed else gettext("Nothing was changed."), "good")
                return redirect(url_for("console.savings_edit", group_id=group_id), 303)
            except Unfit as why:
                tell(form, why)
        return _page(rt, "edit", form, group=group)


def _told(db: Session, group: Group) -> dict[str, Any]:
    told = {name: getattr(group, name) for name in ("name", "kind", "village", "formed_on", "every_days")}
    return {**told, "facility": db.get_one(Place, group.facility_id).name}


def _page(rt: Runtime, name: str, form: GroupForm, **more: Any) -> ResponseReturnValue:
    with transaction(rt.sessions) as db:
        offered = placing.facilities(db, me().scope)
    body = render_template(f"console/savings/{name}.html", form=form, offered=offered, terms=terms, **more)
    return body, status(form)


def status(form: FlaskForm) -> int:
    return 422 if request.method == "POST" or form.errors else 200
