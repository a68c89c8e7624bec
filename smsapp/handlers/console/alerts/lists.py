"""Alerts with their clocks running: those that wait for an answer first of all."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console.alerts import here, spots, terms, ticking
from smsapp.handlers.console.alerts.here import NoPlace
from smsapp.handlers.console.guard import ANYBODY, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import reading
from smsapp.surveillance.reading import Wanted

FILTERS = ("state", "disease", "level", "place")


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance")
    @allowed(ANYBODY)
    def surveillance() -> ResponseReturnValue:
        problem, told = "", {}
        with transaction(rt.sessions) as db:
            try:
                told = _found(db, rt)
            except NoPlace as why:
                problem = gettext("No place is called “%(name)s”.", name=str(why))
            told["offered"] = here.offered(db)
            told["standing"] = reading.now(db, here.seen(db))
        return render_template(
            "console/alerts/list.html", problem=problem, **_common(rt), **told
        ), 422 if problem else 200

    @bp.get("/surveillance/news")
    @allowed(ANYBODY)
    def surveillance_news() -> ResponseReturnValue:
        """The rows of the first page again: their clocks run, and others answer."""
        with transaction(rt.sessions) as db:
            try:
                told = _found(db, rt)
            except NoPlace:
                return "", 204
        return render_template("console/alerts/rows.html", **_common(rt), **told)


def _found(db: Session, rt: Runtime) -> dict[str, Any]:
    asked = here.asked(*FILTERS)
    sight, villages = here.narrowed(db, asked.get("place", ""))
    wanted = Wanted(asked.get("state", reading.OPEN), asked.get("disease", ""), asked.get("level", ""), villages)
    page = reading.alerts(db, sight, wanted, request.args.get("after"))
    now = rt.now()
    return {"page": page, "cases": spots.shown, "clocks": {row.id: ticking.of(rt, row.alert, now) for row in page.rows}}


def _common(rt: Runtime) -> dict[str, Any]:
    return {"asked": here.asked(*FILTERS), "terms": terms, "diseases": terms.diseases(rt)}
