"""Savings groups found by name, place, kind and state."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext

from smsapp.db import transaction
from smsapp.handlers.console import placing
from smsapp.handlers.console.guard import ALL, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.here import NoPlace
from smsapp.runtime import Runtime
from smsapp.savings import reading
from smsapp.savings.reading import Wanted

FILTERS = ("q", "place", "kind", "state")


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/savings", endpoint="savings")
    @allowed(ALL)
    def shown() -> tuple[str, int]:
        asked, problem, page = here.asked(*FILTERS), "", None
        wanted = Wanted(asked.get("q", ""), asked.get("kind", ""), asked.get("state", ""))
        with transaction(rt.sessions) as db:
            try:
                scope = here.narrowed(db, asked.get("place", ""))
                page = reading.groups(db, scope, wanted, rt.local_now().date(), request.args.get("after"))
            except NoPlace:
                problem = gettext("No place is called “%(name)s”.", name=asked["place"])
            offered = [*placing.upper(db, me().scope), *placing.facilities(db, me().scope)]
        told = {"asked": asked, "problem": problem, "page": page, "offered": offered, "terms": terms}
        return render_template("console/savings/list.html", **told), 422 if problem else 200
