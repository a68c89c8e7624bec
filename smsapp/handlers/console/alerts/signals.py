"""Strangers' signals: kept as a report of a health centre, or dismissed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.db import transaction
from smsapp.handlers.console.alerts import here, terms
from smsapp.handlers.console.alerts.acts import CONSOLE
from smsapp.handlers.console.alerts.here import acting
from smsapp.handlers.console.guard import DECIDERS, allowed, me
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.surveillance import recording, strangers

MOST_CENTRES = 400
NO_CENTRE = lazy_gettext("Choose the health centre to which the case belongs.")
JUDGED: LazyString = lazy_gettext("Somebody has judged this signal already.")


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/signals")
    @allowed(DECIDERS)
    def surveillance_signals() -> str:
        with transaction(rt.sessions) as db:
            page = strangers.signals(db, here.seen(db), request.args.get("after"))
            said = strangers.texts(db, [it.report for it in page.rows])
            centres = _centres(db)
        told = {"page": page, "said": said, "centres": centres, "diseases": terms.diseases(rt)}
        return render_template("console/alerts/signals.html", terms=terms, **told)

    @bp.post(f"/surveillance/signals/<int(max={paging.LARGEST - 1}):report_id>")
    @allowed(DECIDERS)
    def surveillance_judge(report_id: int) -> ResponseReturnValue:
        keep = request.form.get("keep") == "1"
        try:
            with acting(rt) as db:
                report = strangers.one(db, here.seen(db), report_id)
                centre = _centre(db) or report.facility_id
                if keep and centre is None:
                    flash(str(NO_CENTRE), "bad")
                else:
                    recording.judge(db, rt, report_id, keep, centre if keep else None, me().id, channel=CONSOLE)
                    what = "surveillance.kept" if keep else "surveillance.discarded"
                    here.note(db, rt, what, f"report:{report_id}", centre)
                    flash(gettext("It counts from now on.") if keep else gettext("It does not count."), "good")
        except Refused:
            flash(str(JUDGED), "bad")
        return redirect(url_for("console.surveillance_signals"), 303)


def _centres(db: Session) -> list[tuple[int, str]]:
    """Those among which whoever asks may choose."""
    chosen = select(Place.id, Place.name).where(Place.kind == "facility", me().scope.within(Place.id))
    return [(i, name) for i, name in db.execute(chosen.order_by(Place.name).limit(MOST_CENTRES))]


def _centre(db: Session) -> int | None:
    """The centre that the form names, if it is one of hers."""
    told = request.form.get("centre", "")
    if not (told.isascii() and told.isdecimal() and len(told) < 10):
        return None
    return db.scalar(
        select(Place.id).where(Place.id == int(told), Place.kind == "facility", me().scope.within(Place.id))
    )
