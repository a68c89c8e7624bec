"""The line list of cases, for surveillance officers: found, and taken along as a file; who read it is on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp import tabular
from smsapp.db import transaction
from smsapp.handlers.console import shell
from smsapp.handlers.console.alerts import here, terms
from smsapp.handlers.console.alerts.here import NoPlace
from smsapp.handlers.console.guard import OFFICERS, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import line_list
from smsapp.surveillance.filed import Reported
from smsapp.surveillance.line_list import USUAL, Wanted
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.weeks import Week

FILTERS = ("first", "last", "disease", "place", "standing", "age", "sex", "lab")
MOST_OF_A_WORKBOOK = 100_000  # made as a whole before the first byte goes out
PIECE = 65_536  # bytes
EVERY = "all"
LONGEST = 60  # of a filter on the record


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/cases")
    @allowed(OFFICERS)
    def surveillance_cases() -> ResponseReturnValue:
        problem, page = "", None
        with transaction(rt.sessions) as db:
            try:
                sight, wanted = _wanted(db, rt)
                page = line_list.cases(db, sight, wanted, request.args.get("after"))
                here.note(db, rt, "surveillance.cases_viewed", **_filters())
            except NoPlace as why:
                problem = gettext("No place is called “%(name)s”.", name=str(why))
            offered = here.offered(db)
        told = {"asked": _asked(rt), "page": page, "problem": problem, "offered": offered, "every": EVERY}
        body = render_template("console/alerts/cases.html", terms=terms, diseases=terms.diseases(rt), **told)
        return body, 422 if problem else 200

    @bp.get("/surveillance/cases.<any(csv, xlsx):form>")
    @allowed(OFFICERS)
    def surveillance_cases_sheet(form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            try:
                sight, wanted = _wanted(db, rt)
            except NoPlace:
                return redirect(url_for("console.surveillance_cases", **here.asked(*FILTERS)))
            many = line_list.count(db, sight, wanted, MOST_OF_A_WORKBOOK) if form == "xlsx" else 0
            if many > MOST_OF_A_WORKBOOK:
                most = shell.FILTERS["number"](MOST_OF_A_WORKBOOK)
                flash(gettext("They are more than %(most)s. Take the CSV, which has no end.", most=most), "bad")
                return redirect(url_for("console.surveillance_cases", **here.asked(*FILTERS)))
            here.note(db, rt, "surveillance.cases_exported", form=form, **_filters())
        return _sheet(rt, form, _lines(rt, line_list.each(rt, sight, wanted)))


def _asked(rt: Runtime) -> Mapping[str, Any]:
    """What the filters show: a list always has its first and last day."""
    first, last = _days(rt)
    return {**here.asked(*FILTERS), "first": first.isoformat(), "last": last.isoformat()}


def _filters() -> dict[str, Any]:
    """What the record keeps of the filters."""
    return {name: value[:LONGEST] for name, value in here.asked(*FILTERS).items()}


def _wanted(db: Session, rt: Runtime) -> tuple[Sight, Wanted]:
    told = here.asked(*FILTERS)
    sight, villages = here.narrowed(db, told.get("place", ""))
    first, last = _days(rt)
    return sight, Wanted(
        first,
        last,
        told.get("disease", ""),
        told.get("standing", "counted"),
        told.get("sex", ""),
        told.get("age", ""),
        told.get("lab", ""),
        villages,
    )


def _days(rt: Runtime) -> tuple[date, date]:
    """From the first to the last day; what is no date means the usual."""
    today = rt.local_now().date()
    last = _day("last") or today
    return _day("first") or last - USUAL, last


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _sheet(rt: Runtime, form: str, rows: Iterator[list[Any]]) -> Response:
    name = gettext("line-list-%(day)s", day=f"{rt.local_now():%Y-%m-%d}")
    if form == "xlsx":
        answer = Response(_pieces(tabular.xlsx(_header(), rows, name)), content_type=tabular.XLSX_TYPE)
    else:
        body = stream_with_context(tabular.csv_rows(_header(), rows, terms.separator()))
        answer = Response(body, content_type=tabular.CSV_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return answer


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _header() -> list[str]:
    return [
        gettext("Reference"),
        gettext("Day"),
        gettext("Week"),
        gettext("Disease"),
        gettext("Kind"),
        gettext("Sex"),
        gettext("Age"),
        gettext("Age group"),
        gettext("Cases"),
        gettext("Deaths"),
        gettext("Village"),
        gettext("Health centre"),
        gettext("District"),
        gettext("First sign"),
        gettext("Laboratory"),
        gettext("Day of the result"),
        gettext("State"),
    ]


def _lines(rt: Runtime, rows: Iterator[Reported]) -> Iterator[list[Any]]:
    """No name and no number of anybody: whoever reported is not in it either."""
    diseases, labs, standings = terms.diseases(rt), _said(terms.LAB), _said(terms.STANDINGS)
    kinds, sexes, groups = _called(terms.KINDS), _called(terms.SEXES), _called(terms.AGES)
    ages: dict[tuple[int | None, str | None], str] = {}  # a hundred thousand rows have few
    for it in rows:
        report = it.report
        age = report.age_count, report.age_unit
        if age not in ages:
            ages[age] = terms.age(report) if report.age_count is not None else ""
        yield [
            report.number,
            report.counted_on.isoformat(),
            terms.week(Week.of(report.week)),
            diseases.get(report.disease, report.disease),
            kinds[report.kind],
            sexes.get(report.sex or ""),
            ages[age] or None,
            groups.get(report.age_group or ""),
            report.count,
            report.died,
            it.village or None,
            it.facility or None,
            it.district or None,
            report.since.isoformat() if report.since else None,
            labs.get(report.lab or ""),
            report.lab_on.isoformat() if report.lab_on else None,
            standings[report.standing],
        ]


def _called(table: terms.Words) -> dict[str, str]:
    """The words of a table in the reader's language, looked up once."""
    return {word: str(label) for word, label in table.items()}


def _said(table: terms.Toned) -> dict[str, str]:
    return {word: str(label) for word, (label, _) in table.items()}
