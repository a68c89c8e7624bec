"""Weekly reports: how complete and in time they come, by week and by place, and which villages are silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console import downloads, words
from smsapp.handlers.console.alerts import here, terms
from smsapp.handlers.console.alerts.here import NoPlace
from smsapp.handlers.console.guard import ANYBODY, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import reading, silent, weekly
from smsapp.surveillance.weekly import FACILITY, VILLAGE, Expected, Weekly
from smsapp.surveillance.weeks import Heard, Week

SHOWN = 12  # weeks of the table
MARKED = 8  # weeks of the table of villages
NONE = Heard(0, 0, 0)
MARKS: Mapping[str, tuple[LazyString, str]] = {
    weekly.TIMELY: (lazy_gettext("in time"), "good"),
    weekly.LATE: (lazy_gettext("after the deadline"), "open"),
    weekly.MISSING: (lazy_gettext("nothing"), "bad"),
    weekly.WAITING: (lazy_gettext("awaited"), "quiet"),
}
WHYS: Mapping[str, tuple[LazyString, str]] = {
    silent.NO_NUMBER: (lazy_gettext("no number"), "bad"),
    silent.STOPPED: (lazy_gettext("number stopped (STOP)"), "warn"),
    silent.PHONE_OFF: (lazy_gettext("phone off"), "warn"),
    silent.NO_REPORT: (lazy_gettext("merely no report"), "quiet"),
}


@dataclass(frozen=True)
class Line:
    """A place in a week: its villages, and its centres."""

    id: int
    name: str
    villages: Heard
    centres: Heard


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/weeks")
    @allowed(ANYBODY)
    def surveillance_weeks() -> ResponseReturnValue:
        problem, told = "", {}
        with transaction(rt.sessions) as db:
            try:
                told = _told(db, rt)
            except NoPlace as why:
                problem = gettext("No place is called “%(name)s”.", name=str(why))
            told |= {"offered": here.offered(db), "asked": here.asked("place", "week")}
        return render_template(
            "console/alerts/weeks.html", problem=problem, marks=MARKS, **told
        ), 422 if problem else 200

    @bp.get("/surveillance/weeks.<any(csv, xlsx):form>")
    @allowed(ANYBODY)
    def surveillance_weeks_file(form: str) -> ResponseReturnValue:
        place = here.asked("place").get("place", "")
        with transaction(rt.sessions) as db:
            try:
                scope = here.narrowed(db, place)[0].scope
            except NoPlace:
                return redirect(url_for("console.surveillance_weeks", place=place))
            last = _last(rt)
            seen = weekly.read(db, rt, scope, last.plus(1 - SHOWN), last)
            names = _names(db, seen)
            here.note(db, rt, "surveillance.weeks_exported", form=form, place=place)
        name = f"{gettext('weekly-reports')}-{last}"
        rows = [row for week in seen.weeks for row in _rows(seen, names, week)]
        return downloads.table(form, name, _heads(), rows, terms.separator())

    _silent(bp, rt)


def _silent(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/silent")
    @allowed(ANYBODY)
    def surveillance_silent() -> ResponseReturnValue:
        problem, told = "", {}
        with transaction(rt.sessions) as db:
            try:
                scope = here.narrowed(db, here.asked("place").get("place", ""))[0].scope
                told = {"villages": silent.villages(db, rt, scope), "last": weekly.last_due(rt)}
            except NoPlace as why:
                problem = gettext("No place is called “%(name)s”.", name=str(why))
            told |= {"offered": here.offered(db), "asked": here.asked("place")}
        return render_template(
            "console/alerts/silent.html", problem=problem, whys=WHYS, longest=silent.LOOKED_BACK, **told
        ), 422 if problem else 200

    @bp.get("/surveillance/silent.<any(csv, xlsx):form>")
    @allowed(ANYBODY)
    def surveillance_silent_file(form: str) -> ResponseReturnValue:
        place = here.asked("place").get("place", "")
        with transaction(rt.sessions) as db:
            try:
                found = silent.villages(db, rt, here.narrowed(db, place)[0].scope)
            except NoPlace:
                return redirect(url_for("console.surveillance_silent", place=place))
            here.note(db, rt, "surveillance.silent_exported", form=form, place=place)
        heads = [
            gettext("Village"),
            gettext("Health centre"),
            gettext("Weeks without a report"),
            gettext("Likely reason"),
            gettext("Workers"),
        ]
        whys = {why: label for why, (label, _) in WHYS.items()}
        rows = [[v.name, v.facility, v.weeks, words.call(whys, v.why), ", ".join(v.workers)] for v in found]
        name = f"{gettext('silent-villages')}-{weekly.last_due(rt)}"
        return downloads.table(form, name, heads, rows, terms.separator())


def _told(db: Session, rt: Runtime) -> dict[str, Any]:
    sight, villages = here.narrowed(db, here.asked("place").get("place", ""))
    last = _last(rt)
    seen = weekly.read(db, rt, sight.scope, last.plus(1 - SHOWN), last)
    chosen = _week(rt, seen.weeks)
    marked, lately = _marked(seen, villages), seen.weeks[: -MARKED - 1 : -1]
    return {
        "weeks": [(week, seen.heard(week), seen.heard(week, FACILITY)) for week in reversed(seen.weeks)],
        "chosen": chosen,
        "open": rt.now() < seen.deadline(chosen),
        "due": seen.deadline(chosen),
        "lines": _lines(db, seen, chosen),
        "marked": [(one, [seen.mark(one.id, week, rt.now()) for week in lately]) for one in marked],
        "marked_weeks": lately,
        "silent": silent.many(db, rt, sight.scope),
    }


def _last(rt: Runtime) -> Week:
    """The last week that is over: until its deadline its reports are awaited."""
    return Week.of(rt.local_now().date()).plus(-1)


def _week(rt: Runtime, weeks: Sequence[Week]) -> Week:
    """The week that is asked for, else the last that is due."""
    asked = request.args.get("week", "")
    found = [week for week in weeks if str(week) == asked]
    return found[0] if found else weekly.last_due(rt)


def _lines(db: Session, seen: Weekly, week: Week) -> list[Line]:
    """By district; of one district by health centre."""
    districts = {one.district_id for one in (*seen.villages.values(), *seen.centres.values())}
    if len(districts) == 1:
        villages, centres = seen.by_facility(week), {}
        expected = seen.expected(week, FACILITY)
        for place in expected:
            at = seen.came.get(week, {}).get(place)
            centres[place] = Heard(1, at is not None, at is not None and at < seen.deadline(week, FACILITY))
    else:
        villages, centres = seen.by_district(week), dict(seen.by_district(week, FACILITY))
    names = reading.places(db, {*villages, *centres})
    lines = [Line(i, names.get(i, ""), villages.get(i, NONE), centres.get(i, NONE)) for i in {*villages, *centres}]
    return sorted(lines, key=lambda line: (line.name, line.id))


def _marked(seen: Weekly, villages: Sequence[int]) -> list[Expected]:
    """Village by village, of one centre or of the villages that were asked for."""
    if not villages and len({one.facility_id for one in seen.villages.values()}) != 1:
        return []
    chosen = [one for one in seen.villages.values() if not villages or one.id in villages]
    return sorted(chosen, key=lambda one: (one.name, one.id))


def _names(db: Session, seen: Weekly) -> Mapping[int, str]:
    every = (*seen.villages.values(), *seen.centres.values())
    above = {at for one in every for at in (one.facility_id, one.district_id) if at}
    return {**reading.places(db, above), **{one.id: one.name for one in every}}


def _heads() -> list[str]:
    return [
        gettext("Week"),
        gettext("Monday of the week"),
        gettext("Level"),
        gettext("District"),
        gettext("Health centre"),
        gettext("Village"),
        gettext("Expected"),
        gettext("Reported"),
        gettext("In time"),
        gettext("Complete (%)"),
        gettext("In time (%)"),
    ]


def _rows(seen: Weekly, names: Mapping[int, str], week: Week) -> Iterator[list[Any]]:
    """Districts by their centres, centres by their villages, and each village."""
    begins = [terms.week(week), week.monday.isoformat()]
    for district, told in seen.by_district(week, FACILITY).items():
        yield [*begins, gettext("district"), names.get(district, ""), None, None, *_figures(told)]
    above = {one.facility_id: names.get(one.district_id or 0, "") for one in seen.villages.values()}
    for centre, told in seen.by_facility(week).items():
        yield [*begins, gettext("health centre"), above[centre], names.get(centre, ""), None, *_figures(told)]
    due, came = seen.deadline(week), seen.came.get(week, {})
    for one in sorted(seen.expected(week, VILLAGE).values(), key=lambda each: (each.facility_id, each.name)):
        at = came.get(one.id)
        told = Heard(1, at is not None, at is not None and at < due)
        place = [names.get(one.district_id or 0, ""), names.get(one.facility_id, ""), one.name]
        yield [*begins, gettext("village"), *place, *_figures(told)]


def _figures(told: Heard) -> list[Any]:
    shares = (told.completeness, told.timeliness)
    return [
        told.expected,
        told.received,
        told.timely,
        *(None if share is None else round(100 * float(share), 1) for share in shares),
    ]
