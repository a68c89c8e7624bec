"""A vaccination session at a centre: the children expected, ticked on one page and written down at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from smsapp import paging
from smsapp.db import transaction, twice_if_deadlocked
from smsapp.handlers.console import placing
from smsapp.handlers.console.care import here, sentences, terms
from smsapp.handlers.console.care.here import acting
from smsapp.handlers.console.guard import ALL, WRITERS, allowed, me
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.vaccines import sessions
from smsapp.vaccines.sessions import Outcome
from smsapp.vaccines.tables import Child

FARTHEST = timedelta(days=60)  # ahead, to prepare; and as far back, for what comes late from a notebook
MOST_ADDED = 100


@dataclass(frozen=True)
class Sheet:
    """What came in with the form: ticked doses by child, and children who were added by their codes."""

    token: str
    ticked: Mapping[int, Collection[str]] = field(default_factory=dict)
    added: Sequence[int] = ()


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/children/session")
    @allowed(ALL)
    def children_session() -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            centre, problem = _chosen(db, request.args.get("place", ""))
            day = _day(rt, request.args.get("day", ""))
        return _page(rt, centre, day, Sheet(here.token()), problem)

    @bp.post("/children/session")
    @allowed(WRITERS)
    def children_session_save() -> ResponseReturnValue:
        sheet, form = _sheet(request.form), request.form
        with transaction(rt.sessions) as db:
            centre = _centre(db, form.get("centre", ""))
            day = _day(rt, form.get("day", ""))
        if day is None:
            return _page(rt, centre, day, sheet)
        if "add" in form:
            return _added(rt, centre, day, sheet, form.get("code", ""))
        if day > rt.local_now().date():
            return _page(
                rt, centre, day, sheet, gettext("This day is still to come: nothing is written down before it.")
            )
        if not sheet.ticked:
            return _page(rt, centre, day, sheet, gettext("Nothing is ticked: tick what was given, then save."))
        outcomes = twice_if_deadlocked(partial(_save, rt, centre, day, sheet))
        told = {"centre": centre, "day": day, "outcomes": outcomes, "lost": len(sheet.ticked) - len(outcomes)}
        shown = {"labels": terms.labels(rt), "terms": terms, "said": sentences.said}
        return render_template("console/care/saved.html", **shown, **told)


def _save(rt: Runtime, centre: Place, day: date, sheet: Sheet) -> Sequence[Outcome]:
    with acting(rt) as db:
        return sessions.save(db, rt, me(), centre.id, day, sheet.ticked, sheet.token)


def _page(rt: Runtime, centre: Place | None, day: date | None, sheet: Sheet, problem: str = "") -> ResponseReturnValue:
    today = rt.local_now().date()
    problem = problem or ("" if day else str(sentences.NO_DAY))
    with transaction(rt.sessions) as db:
        offered = placing.facilities(db, me().scope)
        found = None
        if centre is not None and day is not None:
            added = _children(db, centre, day, sheet.added)
            found = sessions.expected(db, rt, centre.id, day, added)
            here_already = {it.child.id for it in found.children}
            if missing := [i for i in sheet.ticked if i not in here_already]:  # somebody wrote for them meanwhile
                found = sessions.expected(db, rt, centre.id, day, [*added, *_children(db, centre, day, missing)])
    told: dict[str, Any] = {"centre": centre, "day": day, "found": found, "sheet": sheet, "offered": offered}
    told |= {"today": today, "problem": problem, "terms": terms, "labels": terms.labels(rt)}
    return render_template("console/care/session.html", **told), 422 if problem else 200


def _added(rt: Runtime, centre: Place, day: date, sheet: Sheet, typed: str) -> ResponseReturnValue:
    """The same page with one more child; what is ticked stays ticked."""
    if not typed.strip():
        return _page(rt, centre, day, sheet, str(sentences.REFUSED["care.code_format"]))
    try:
        with transaction(rt.sessions) as db:
            child = sessions.by_code(db, centre.id, day, typed)
    except Refused as why:
        return _page(rt, centre, day, sheet, sentences.said(why))
    flash(gettext("%(code)s is at the end of the list.", code=typed.strip().upper()[:12]), "good")
    more = [*(i for i in sheet.added if i != child.id), child.id]
    return _page(rt, centre, day, Sheet(sheet.token, sheet.ticked, more[-MOST_ADDED:]))


def _chosen(db: Session, written: str) -> tuple[Place | None, str]:
    """The centre of this name; the only one of whoever asks where none is named."""
    mine = me().scope.facilities
    if not written.strip():
        return (db.get(Place, next(iter(mine))), "") if mine is not None and len(mine) == 1 else (None, "")
    try:
        found = placing.facility_called(db, written)
    except Unfit as why:
        return None, sentences.said(why)
    return db.get(Place, found), ""


def _centre(db: Session, told: str) -> Place:
    number = int(told) if told.isdecimal() and len(told) < 10 else 0
    if not me().scope.covers(number):
        abort(404)
    place = db.get(Place, number)
    if place is None or place.kind != "facility":
        abort(404)
    return place


def _day(rt: Runtime, written: str) -> date | None:
    """Today where none is named; None for what is no day, or too far from today."""
    today = rt.local_now().date()
    if not written.strip():
        return today
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(written.strip(), form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
        return day if abs(day - today) <= FARTHEST else None
    return None


def _sheet(form: MultiDict[str, str]) -> Sheet:
    ticked: dict[int, dict[str, None]] = {}
    for told in form.getlist("given"):
        number, _, doses = told.partition(":")
        if (child_id := _id(number)) is not None:
            ticked.setdefault(child_id, {}).update(dict.fromkeys(doses.split("+")))
    added = [i for i in map(_id, form.getlist("added")) if i is not None]
    return Sheet(here.named(form.get("token", "")), ticked, added[:MOST_ADDED])


def _id(told: str) -> int | None:
    return int(told) if told.isdecimal() and told.isascii() and len(told) < len(str(paging.LARGEST)) else None


def _children(db: Session, centre: Place, day: date, ids: Sequence[int]) -> Sequence[Child]:
    """In the order in which they were added."""
    live = Child.facility_id == centre.id, Child.state == "active", Child.born_on <= day
    found = {child.id: child for child in db.scalars(select(Child).where(Child.id.in_(ids), *live))}
    return [found[i] for i in ids if i in found]
