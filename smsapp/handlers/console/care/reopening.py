"""A file that was closed by mistake, opened again by whoever writes for its centre."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField

from smsapp.db import transaction
from smsapp.handlers.console.care import here, sentences
from smsapp.handlers.console.care.here import CHILD, OFF, PREGNANCY, acting
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, reopening
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import Child


class ReopenForm(FlaskForm):  # type: ignore[misc]
    why = StringField(
        lazy_gettext("What happened"), sentences.needed("why", "reopened"), render_kw=OFF | {"maxlength": 200}
    )


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{CHILD}/reopen", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_reopen(child_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            child = here.child(db, child_id)
        return _page(rt, child, url_for("console.children_one", child_id=child.id))

    @bp.route(f"{PREGNANCY}/reopen", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_pregnancy_reopen(pregnancy_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            file = here.pregnancy(db, pregnancy_id)
        return _page(rt, file, url_for("console.children_pregnancy", pregnancy_id=file.id))


def _page(rt: Runtime, file: File, back: str) -> ResponseReturnValue:
    """The form; of an open file the page says only that."""
    form, live = ReopenForm(), file.state not in reopening.CLOSED
    if live and request.method == "POST":
        return redirect(back, 303)
    if form.validate_on_submit():
        try:
            with acting(rt) as db:
                locked = here.child if isinstance(file, Child) else here.pregnancy
                again = locked(db, file.id, lock=True)
                if reopening.reopen(db, rt, me(), again, form.why.data or ""):
                    flash(gettext("The file is open again. Reminders start anew from today on."), "good")
            return redirect(back, 303)
        except Unfit as why:
            here.tell(form, why)
    told = {"file": file, "code": codes.of(file.number), "back": back, "live": live}
    return render_template("console/care/reopen.html", form=form, **told), here.status(form)
