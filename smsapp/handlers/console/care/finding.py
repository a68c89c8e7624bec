"""The register of children: found, and taken along as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext

from smsapp import tabular
from smsapp.db import transaction
from smsapp.handlers.console import shell, words
from smsapp.handlers.console.care import here, terms
from smsapp.handlers.console.care.here import NoPlace
from smsapp.handlers.console.guard import ALL, WRITERS, address, allowed, me
from smsapp.phones import pretty
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.staff import audit
from smsapp.vaccines import clinic, reading
from smsapp.vaccines.reading import Row, Wanted

FILTERS = ("q", "place", "state", "age")
AT_ONCE = 500


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/children", endpoint="children")
    @allowed(ALL)
    def shown() -> tuple[str, int]:
        asked, problem, page, days = here.asked(*FILTERS), "", None, {}
        with transaction(rt.sessions) as db:
            try:
                scope, villages = here.narrowed(db, asked.get("place", ""))
                page = reading.children(db, rt, scope, _wanted(asked, villages), request.args.get("after"))
                calendars = clinic.of_facilities(db, {row.child.facility_id for row in page.rows})
                days = {row.id: _day(row, calendars) for row in page.rows}
            except NoPlace:
                problem = gettext("No place is called “%(name)s”.", name=asked["place"])
            offered = here.offered(db, me().scope)
        told = {"asked": asked, "problem": problem, "page": page, "days": days, "offered": offered, "terms": terms}
        body = render_template("console/care/list.html", labels=terms.labels(rt), today=rt.local_now().date(), **told)
        return body, 422 if problem else 200

    @bp.get("/children/export.csv")
    @allowed(WRITERS)
    def children_export() -> ResponseReturnValue:
        """Who takes children along has to be one who writes in their files; what was searched for is not kept."""
        asked, staff = here.asked(*FILTERS), me()
        with transaction(rt.sessions) as db:
            try:
                scope, villages = here.narrowed(db, asked.get("place", ""))
            except NoPlace:
                return redirect(url_for("console.children", **asked))
            told: dict[str, Any] = {name: asked[name] for name in ("place", "state", "age") if name in asked}
            told |= {"searched": True} if "q" in asked else {}
            audit.note(db, rt.now(), staff, "care.exported", address=address(), form="csv", **told)
        rows = _lines(rt, scope, _wanted(asked, villages))
        separator = ";" if shell.language() == "fr" else ","  # what Excel expects in that language
        body = stream_with_context(tabular.csv_rows(_header(), rows, separator))
        answer = Response(body, content_type=tabular.CSV_TYPE)
        answer.headers.set("Content-Disposition", "attachment", filename=f"{gettext('children')}.csv")
        return answer


def _wanted(asked: Mapping[str, str], villages: tuple[int, ...]) -> Wanted:
    return Wanted(asked.get("q", ""), asked.get("state", ""), asked.get("age", ""), villages)


def _day(row: Row, calendars: Mapping[int, clinic.Calendar]) -> Any:
    """The clinic day of her next visit."""
    if row.visit is None:
        return None
    calendar = calendars[row.child.facility_id]
    return calendar.next_day(row.visit.day, "vaccines", row.child.village_id)


def _header() -> list[str]:
    return [
        gettext("Code"),
        gettext("Child"),
        gettext("Sex"),
        gettext("Born on"),
        gettext("Family"),
        gettext("Number"),
        gettext("Health centre"),
        gettext("Village"),
        gettext("State"),
        gettext("Can be given now"),
    ]


def _lines(rt: Runtime, scope: Scope, wanted: Wanted) -> Iterator[list[Any]]:
    """Page by page, each in a transaction of its own: a large file takes its time."""
    after: str | None = None
    names = terms.labels(rt)
    while True:
        with transaction(rt.sessions) as db:
            page = reading.children(db, rt, scope, wanted, after, AT_ONCE)
        yield from (_line(row, names) for row in page.rows)
        if (after := page.after) is None:
            return


def _line(row: Row, names: Mapping[str, str]) -> list[Any]:
    child, live = row.child, row.child.state == "active"
    return [
        row.code,
        child.name if live else None,
        words.call(terms.SEXES, child.sex) if child.sex else None,
        child.born_on.isoformat(),
        row.family.name if live else None,
        pretty(row.family.number) if live and row.family.number else None,
        row.facility,
        row.village,
        words.call(terms.STATES, state(row)),
        ", ".join(names.get(code, code) for code in row.now),
    ]


def state(row: Row) -> str:
    if row.child.state != "active":
        return reading.ENDED
    if row.child.confirmed_on is None:
        return reading.UNCONFIRMED
    return reading.MISSED if row.missed_since else reading.DUE if row.now else reading.IN_CARE
