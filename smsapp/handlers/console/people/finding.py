"""People found, and taken along as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp import registry, tabular
from smsapp.db import transaction
from smsapp.handlers.console import placing, shell, words
from smsapp.handlers.console.guard import ALL, WRITERS, address, allowed, me
from smsapp.handlers.console.people.cells import COLUMNS
from smsapp.people import ROLES
from smsapp.registry import Found, Wanted
from smsapp.runtime import Runtime
from smsapp.staff import Staff, audit

FILTERS = ("q", "place", "role", "language")
MOST_OF_A_WORKBOOK = 100_000  # people: made as a whole before the first byte goes out
AT_ONCE = 500
PIECE = 65_536  # bytes


class NoPlace(Exception):
    """Nothing is called as somebody typed it."""


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/people", endpoint="people")
    @allowed(ALL)
    def shown() -> tuple[str, int]:
        asked, problem, page = _asked(), "", None
        with transaction(rt.sessions) as db:
            try:
                page = registry.people(db, me().scope, _wanted(db, asked), request.args.get("after"))
            except NoPlace:
                problem = gettext("No place is called “%(name)s”.", name=asked["place"])
            offered = [*placing.upper(db, me().scope), *placing.facilities(db, me().scope)]
        choices = {"roles": ROLES, "languages": rt.settings.languages, "offered": offered}
        body = render_template("console/people/list.html", asked=asked, problem=problem, page=page, **choices)
        return body, 422 if problem else 200

    @bp.get("/people/export.<any(csv, xlsx):form>")
    @allowed(WRITERS)
    def people_export(form: str) -> ResponseReturnValue:
        asked, staff = _asked(), me()
        with transaction(rt.sessions) as db:
            try:
                wanted = _wanted(db, asked)
            except NoPlace:
                return redirect(url_for("console.people", **asked))
            too_many = form == "xlsx" and registry.count(db, staff.scope, wanted, MOST_OF_A_WORKBOOK)
            if too_many and too_many > MOST_OF_A_WORKBOOK:
                said = gettext(
                    "They are more than %(most)s. Take the CSV, which has no end.", most=_n(MOST_OF_A_WORKBOOK)
                )
                flash(said, "warn")
                return redirect(url_for("console.people", **asked))
            _note(db, rt, staff, form, asked)
        return _file(form, _rows(rt, staff, wanted))


def _asked() -> dict[str, Any]:
    told = {name: request.args.get(name, "").replace("\0", "").strip() for name in FILTERS}
    return {name: value for name, value in told.items() if value}


def _wanted(db: Session, asked: Mapping[str, Any]) -> Wanted:
    places: Sequence[Any] = ()
    if "place" in asked and not (places := registry.places_called(db, asked["place"])):
        raise NoPlace(asked["place"])
    ids = tuple(place.id for place in places)
    return Wanted(asked.get("q", ""), ids, asked.get("role", ""), asked.get("language", ""))


def _note(db: Session, rt: Runtime, staff: Staff, form: str, asked: Mapping[str, Any]) -> None:
    """What was taken along; a name or a number that was searched for is not written down."""
    told: dict[str, Any] = {name: asked[name] for name in ("place", "role", "language") if name in asked}
    told |= {"searched": True} if "q" in asked else {}
    audit.note(db, rt.now(), staff, "people.exported", address=address(), form=form, **told)


def _header() -> list[str]:
    names = ("name", "phone", "phone2", "language", "facility", "role", "groups")
    return [str(COLUMNS[name]) for name in names]


def _rows(rt: Runtime, staff: Staff, wanted: Wanted) -> Iterator[list[Any]]:
    """Page by page, each in a transaction of its own: a file of a million people takes its time."""
    after: str | None = None
    while True:
        with transaction(rt.sessions) as db:
            page = registry.people(db, staff.scope, wanted, after, AT_ONCE)
        yield from map(_row, page.rows)
        if (after := page.after) is None:
            return


def _row(found: Found) -> list[Any]:
    roles = "; ".join(words.call(words.PEOPLE_ROLES, role) for role in found.roles)
    first, *others = found.numbers or ("",)
    groups = "; ".join(found.groups)
    return [found.name, first, ", ".join(others), found.language, found.facility, roles, groups]


def _file(form: str, rows: Iterator[list[Any]]) -> Response:
    name = str(gettext("people"))
    if form == "csv":
        separator = ";" if shell.language() == "fr" else ","  # what Excel expects in that language
        body = stream_with_context(tabular.csv_rows(_header(), rows, separator))
        answer = Response(body, content_type=tabular.CSV_TYPE)
    else:
        answer = Response(_pieces(tabular.xlsx(_header(), rows, name)), content_type=tabular.XLSX_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return answer


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _n(value: int) -> str:
    return str(shell.FILTERS["number"](value))
