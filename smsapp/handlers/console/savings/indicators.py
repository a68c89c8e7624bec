"""Indicators of savings groups as SAVIX asks for them: by place, by group, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp import registry
from smsapp.db import transaction
from smsapp.handlers.console import downloads, placing, words
from smsapp.handlers.console.guard import ALL, address, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.here import NoPlace
from smsapp.runtime import Runtime
from smsapp.savings import indicators, reading
from smsapp.savings.indicators import Figures
from smsapp.savings.reading import Wanted
from smsapp.savings.tables import Cycle, Group
from smsapp.scopes import Scope
from smsapp.staff import audit


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/savings/indicators")
    @allowed(ALL)
    def savings_indicators() -> tuple[str, int]:
        asked, problem, told = here.asked("place"), "", {}
        with transaction(rt.sessions) as db:
            try:
                told = _told(db, rt, asked.get("place", ""))
            except NoPlace:
                problem = gettext("No place is called “%(name)s”.", name=asked["place"])
            offered = [*placing.upper(db, me().scope), *placing.facilities(db, me().scope)]
        shown = {"asked": asked, "problem": problem, "offered": offered, "today": rt.local_now().date()}
        weeks = indicators.ATTENDANCE.days // 7
        body = render_template("console/savings/indicators.html", weeks=weeks, terms=terms, **shown, **told)
        return body, 422 if problem else 200

    @bp.get("/savings/indicators.<any(csv, xlsx):form>")
    @allowed(ALL)
    def savings_indicators_file(form: str) -> ResponseReturnValue:
        place = here.asked("place").get("place", "")
        with transaction(rt.sessions) as db:
            try:
                scope = here.narrowed(db, place)
            except NoPlace:
                return redirect(url_for("console.savings_indicators", place=place))
            rows = list(_rows(db, rt, scope))
            audit.note(db, rt.now(), me(), "savings.exported", address=address(), form=form, place=place)
        return downloads.table(form, f"{gettext('savings-groups')}-{rt.local_now():%Y-%m-%d}", _heads(), rows)


def _told(db: Session, rt: Runtime, place: str) -> dict[str, Any]:
    scope, today = here.narrowed(db, place), rt.local_now().date()
    named = registry.places_called(db, place) if place else []
    above = named[0].id if len(named) == 1 else None
    facilities = indicators.by_facility(db, scope, today)
    page = reading.groups(db, scope, Wanted(), today, request.args.get("after"))
    total = sum(facilities.values(), Figures())
    return {"places": indicators.by_place(db, facilities, above), "page": page, "total": total}


def _heads() -> list[str]:
    return [
        gettext("Group number"),
        gettext("Group"),
        gettext("Kind"),
        gettext("Health centre"),
        gettext("Formed on"),
        gettext("Cycle began on"),
        gettext("Share-out planned on"),
        gettext("Share value (FCFA)"),
        gettext("Members"),
        gettext("Women"),
        gettext("Attendance (%)"),
        gettext("Savings (FCFA)"),
        gettext("Shares"),
        gettext("Savings per member (FCFA)"),
        gettext("Loans outstanding"),
        gettext("Loans outstanding (FCFA)"),
        gettext("Loans overdue"),
        gettext("Overdue (FCFA)"),
        gettext("Share at risk (%)"),
        gettext("Written off (FCFA)"),
        gettext("Social fund (FCFA)"),
        gettext("In the box (FCFA)"),
        gettext("Charges (FCFA)"),
        gettext("Fines (FCFA)"),
        gettext("Differences in counts (FCFA)"),
        gettext("Expenses (FCFA)"),
        gettext("Return on savings (%)"),
    ]


def _rows(db: Session, rt: Runtime, scope: Scope) -> Iterator[list[Any]]:
    figures = indicators.by_group(db, scope, rt.local_now().date())
    for group, place, cycle in reading.every(db, scope):
        yield _row(group, place, cycle, figures.get(group.id, Figures()))


def _row(group: Group, place: str, cycle: Cycle | None, of: Figures) -> list[Any]:
    return [
        group.id,
        group.name,
        words.call(terms.KINDS, group.kind),
        place,
        group.formed_on.isoformat(),
        cycle.started_on.isoformat() if cycle else None,
        cycle.ends_on.isoformat() if cycle else None,
        cycle.share_value if cycle else None,
        of.members,
        of.women,
        _rate(of.attendance),
        of.savings,
        of.savings // cycle.share_value if cycle else None,
        of.savings_each,
        of.loans_open,
        of.loans,
        of.loans_overdue,
        of.overdue,
        _rate(of.at_risk),
        of.losses,
        of.social,
        of.cash,
        of.charges,
        of.fines,
        of.differences,
        of.expenses,
        _rate(of.return_on_savings),
    ]


def _rate(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)
