"""Importing people from a spreadsheet, page by page: the file, its columns, its rows, a yes, and its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp import imports, places, roster
from smsapp.db import transaction
from smsapp.handlers.console import downloads
from smsapp.handlers.console.guard import WRITERS, address, allowed, me
from smsapp.handlers.console.people import cells
from smsapp.imports import Import, NotHere, NotNow, Plan
from smsapp.paging import LARGEST
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.sheets import BadSheet
from smsapp.staff import audit

ONE = f"/people/imports/<int(max={LARGEST - 1}):import_id>"
OFFERED = 400  # centres that a field offers by name; where there are more, a row names its own
MOST_CHOICES = 60  # columns that get a field of their own

Act = Callable[[Session, Import], None]


def register(bp: Blueprint, rt: Runtime) -> None:
    _files(bp, rt)
    _one(bp, rt)
    _steps(bp, rt)


def _files(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/people/imports")
    @allowed(WRITERS)
    def people_imports() -> str:
        with transaction(rt.sessions) as db:
            return _list(db)

    @bp.post("/people/imports")
    @allowed(WRITERS)
    def people_import_upload() -> ResponseReturnValue:
        file = request.files.get("file")
        with transaction(rt.sessions) as db:
            if file is None or not file.filename:
                return _list(db, gettext("Choose a file first.")), 422
            try:
                row = imports.upload(db, rt, me(), file.filename, file.read())
            except BadSheet as why:
                return _list(db, cells.sentence(why)), 422
        return redirect(url_for("console.people_import_one", import_id=row.id), 303)


def _list(db: Session, problem: str = "") -> str:
    page = imports.listing(db, me(), request.args.get("after"))
    return render_template("console/people/imports.html", page=page, problem=problem, states=cells.STATES)


def _one(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(ONE)
    @allowed(WRITERS)
    def people_import_one(import_id: int) -> str:
        with transaction(rt.sessions) as db:
            return _page(db, rt, _found(db, import_id))

    @bp.get(f"{ONE}/progress")
    @allowed(WRITERS)
    def people_import_progress(import_id: int) -> Response:
        """What moves by itself; once nothing does, the whole page is to be seen."""
        with transaction(rt.sessions) as db:
            row = _found(db, import_id)
            shown = Response(render_template("console/people/import_progress.html", row=row))
        if row.status not in imports.AT_WORK:
            shown.headers["HX-Refresh"] = "true"
        return shown

    @bp.get(f"{ONE}/refused.<any(csv, xlsx):form>")
    @allowed(WRITERS)
    def people_import_refused(import_id: int, form: str) -> Response:
        """Every cell that was refused, to be put right in the list itself."""
        with transaction(rt.sessions) as db:
            row = _found(db, import_id)
            audit.note(db, rt.now(), me(), "people.refused_cells", f"import:{row.id}", address=address(), format=form)
            header = [gettext("Row"), gettext("Column"), gettext("Reason"), gettext("What the cell holds")]
            return downloads.table(form, gettext("refused-cells"), header, list(_refused(db, row)))


def _refused(db: Session, row: Import) -> Iterator[tuple[int, str, str, str]]:
    for each in imports.every_problem(db, row):
        yield each.line, str(cells.COLUMNS[each.field]), cells.reason(each.field, each.reason, each.detail), each.value


def _steps(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"{ONE}/columns")
    @allowed(WRITERS)
    def people_import_columns(import_id: int) -> ResponseReturnValue:
        """Read the columns otherwise; and where that was asked for, have the whole file checked."""

        def act(db: Session, row: Import) -> None:
            imports.change_plan(db, rt, row, _plan(row))
            if "check" in request.form:
                imports.begin_check(db, rt, me(), row)

        return _do(rt, import_id, act)

    @bp.post(f"{ONE}/confirm")
    @allowed(WRITERS)
    def people_import_confirm(import_id: int) -> ResponseReturnValue:
        return _do(rt, import_id, lambda db, row: imports.confirm(db, rt, me(), row))

    @bp.post(f"{ONE}/cancel")
    @allowed(WRITERS)
    def people_import_cancel(import_id: int) -> ResponseReturnValue:
        return _do(rt, import_id, lambda db, row: imports.cancel(db, rt, me(), row))


def _do(rt: Runtime, import_id: int, act: Act) -> ResponseReturnValue:
    """One step, or why not; either way the import as it is now."""
    try:
        with transaction(rt.sessions) as db:
            act(db, _found(db, import_id, lock=True))
    except NotNow as why:
        flash(cells.not_now(why.why), "bad")
    except BadSheet as why:
        flash(cells.sentence(why), "bad")
    return redirect(url_for("console.people_import_one", import_id=import_id), 303)


def _found(db: Session, import_id: int, *, lock: bool = False) -> Import:
    try:
        return imports.one(db, me(), import_id, lock=lock)
    except NotHere:
        abort(404)


def _page(db: Session, rt: Runtime, row: Import) -> str:
    centres = {place.id: place.name for place in _centres(db)}
    lines = imports.first_lines(row)
    width = min(max((len(line.cells) for line in lines), default=0), MOST_CHOICES)
    return render_template(
        "console/people/import.html",
        row=row,
        plan=Plan.from_stored(row.plan),
        lines=lines,
        width=width,
        fields=roster.FIELDS,
        centres=centres,
        offered=centres if len(centres) <= OFFERED else {},
        preview=imports.preview(db, rt, row) if row.status in {"new", "ready"} else (),
        problems=imports.problems(db, row, request.args.get("after")),
        cells=cells,
    )


def _centres(db: Session) -> list[Place]:
    return [place for place in places.of_kind(db, "facility") if me().scope.covers(place.id)]


def _plan(row: Import) -> Plan:
    """The form as a plan; what it can not mean is left out, and the preview shows what came of it."""
    before = Plan.from_stored(row.plan)
    chosen = {name: at for at in range(MOST_CHOICES) if (name := request.form.get(f"column-{at}")) in roster.FIELDS}
    # What lies too far right for a field of its own stays what it is.
    chosen |= {name: at for name, at in before.columns.items() if at >= MOST_CHOICES and name not in chosen}
    facility = request.form.get("facility", type=int)
    return Plan(
        sheet=request.form.get("sheet", before.sheet, type=int),
        heading=max(request.form.get("heading", before.heading, type=int), 0),
        columns=chosen,
        both="both" in request.form,
        facility_id=facility if facility is not None and me().scope.covers(facility) else None,
    )
