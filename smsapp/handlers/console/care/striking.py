"""A mother's visit struck out by whoever writes for her centre."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from smsapp import paging
from smsapp.db import transaction
from smsapp.handlers.console.care import here
from smsapp.handlers.console.care.here import PREGNANCY, acting
from smsapp.handlers.console.care.writing import StrikeForm
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, striking
from smsapp.vaccines.reading import NotHere


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{PREGNANCY}/visits/<int(max={paging.LARGEST - 1}):visit_id>/strike", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_pregnancy_strike(pregnancy_id: int, visit_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            file = here.pregnancy(db, pregnancy_id)
            try:
                visit = striking.of(db, file, visit_id)
            except NotHere:
                abort(404)
        form, back = StrikeForm(), url_for("console.children_pregnancy", pregnancy_id=pregnancy_id)
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    striking.strike(db, rt, me(), pregnancy_id, visit_id, form.why.data or "")
                flash(gettext("The visit is struck out; it can still be seen on this page."), "good")
                return redirect(back, 303)
            except Unfit as why:
                here.tell(form, why)
        told = {"visit": visit, "code": codes.of(file.number), "back": back}
        return render_template("console/care/strike_visit.html", form=form, **told), here.status(form)
