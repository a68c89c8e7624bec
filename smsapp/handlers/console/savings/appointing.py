"""Officers of a group: who holds which office since when, and who held it before."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice

from smsapp.db import transaction
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.founding import EDIT, acting, status
from smsapp.handlers.console.savings.sentences import needed, tell
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import groups, offices
from smsapp.savings.offices import Appointed
from smsapp.savings.tables import OFFICES


class OfficesForm(FlaskForm):  # type: ignore[misc]
    since = DateField(lazy_gettext("From this day on"), needed("since", "bounds"))

    def wanted(self) -> dict[str, int | None]:
        said = {office: self[office].data or "" for office in OFFICES}
        return {office: int(card) if card.isascii() and card.isdecimal() else None for office, card in said.items()}


for _office in OFFICES:
    setattr(OfficesForm, _office, SelectField(terms.OFFICES[_office], validate_choice=False))


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{EDIT}/officers", methods=["GET", "POST"])
    @allowed(WRITERS)
    def savings_edit_officers(group_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            form = _form(db, rt, group_id)
            held = offices.history(db, group_id)
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    changed = offices.appoint(db, rt, me(), group_id, form.wanted(), form.since.data)
                flash(_said(changed), "good")
                return redirect(url_for("console.savings_edit_officers", group_id=group_id), 303)
            except Unfit as why:
                tell(form, why)
        told = {"group": group, "held": held, "terms": terms, "offices": OFFICES}
        return render_template("console/savings/edit_officers.html", form=form, **told), status(form)


def _said(appointed: Appointed) -> str:
    said: str = gettext("Saved.") if appointed.changed else gettext("Nothing was changed.")
    if appointed.asked:
        said = gettext("Nothing has changed yet: two officers of the group must agree on their phones within 7 days.")
    return said


def _form(db: Session, rt: Runtime, group_id: int) -> OfficesForm:
    members = groups.whole(db, group_id)
    told: dict[str, Any] = {office: str(who.card) for who in members for office in who.offices}
    form = OfficesForm(data={"since": rt.local_now().date(), **told})
    nobody = SelectChoice("", gettext("nobody"))
    for office in OFFICES:
        form[office].choices = [nobody, *(SelectChoice(str(who.card), who.title) for who in members)]
    return form
