"""Charts of messages and their cost, of the whole service or a place, by day or by month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp import scopes
from smsapp.db import transaction
from smsapp.figures import atlas, centre, traffic
from smsapp.figures.traffic import Traffic
from smsapp.handlers.console import downloads, drawing
from smsapp.handlers.console.guard import ALL, address, allowed, me
from smsapp.handlers.console.places import OPEN_UP_TO, way_or_404
from smsapp.messages import STATUSES
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.staff import audit

DAYS = 30
LINES = ("received", "written", "delivered", "failed")


@dataclass(frozen=True)
class Shown:
    """What somebody chose to look at, and what there is to see."""

    place: Place | None
    by: str  # "day" or "month"
    rows: Sequence[tuple[date, Traffic]]  # the oldest first, without a gap

    @property
    def name(self) -> Callable[[date], str]:
        return drawing.day_name if self.by == "day" else drawing.month_name

    @property
    def total(self) -> Traffic:
        return sum((row for _, row in self.rows), Traffic())

    @property
    def values(self) -> Mapping[str, Sequence[float]]:
        rows = [row for _, row in self.rows]
        return {
            "received": [row.received for row in rows],
            "written": [row.written for row in rows],
            "delivered": [row.out.get("delivered", 0) for row in rows],
            "failed": [row.out.get("failed", 0) + row.out.get("expired", 0) for row in rows],
            "cost": [round(float(row.cost.francs)) for row in rows],
        }

    def trend(self, line: str) -> str:
        return drawing.trend(list(zip((at for at, _ in self.rows), self.values[line], strict=True)), self.name)


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/charts")
    @allowed(ALL)
    def charts() -> str:
        with transaction(rt.sessions) as db:
            shown, regions = _shown(db, rt), atlas.outline(db, me().scope)
        many = sum(region.facilities for region in regions) > OPEN_UP_TO
        return render_template(
            "console/places/charts.html", shown=shown, regions=regions, many=many, drawing=drawing, lines=LINES
        )

    @bp.get("/charts/messages.json")
    @allowed(ALL)
    def charts_data() -> Mapping[str, Any]:
        with transaction(rt.sessions) as db:
            shown = _shown(db, rt)
        short = drawing.short_day if shown.by == "day" else drawing.short_month
        series = [{"name": name, "values": values} for name, values in shown.values.items()]
        return {"labels": [short(at) for at, _ in shown.rows], "series": series}

    @bp.get("/charts/messages.<any(csv, xlsx):form>")
    @allowed(ALL)
    def charts_sheet(form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            shown = _shown(db, rt)
            subject = f"place:{shown.place.id}" if shown.place else ""
            audit.note(db, rt.now(), me(), "charts.exported", subject, address=address(), form=form, by=shown.by)
        return downloads.table(form, "messages", *_sheet(shown))


def _shown(db: Session, rt: Runtime) -> Shown:
    place, scope = _chosen(db)
    by = "day" if request.args.get("by") == "day" else "month"
    today = rt.local_now().date()
    if by == "day":
        days = [today - timedelta(days=n) for n in reversed(range(DAYS))]
        return Shown(place, by, _without_gaps(days, traffic.by_day(db, rt, scope, days[0])))
    months = centre.last_months(today)
    return Shown(place, by, _without_gaps(months, traffic.by_month(db, rt, scope, months[0])))


def _chosen(db: Session) -> tuple[Place | None, Scope]:
    """The place that the address names, and what of it whoever asks may see."""
    named = request.args.get("place", "")
    if not named:
        return None, me().scope
    if not (named.isascii() and named.isdecimal() and len(named) < 10):
        abort(404)
    place = way_or_404(db, int(named)).place
    scope = me().scope.narrowed(scopes.at(db, [place.id]).facilities or ())
    if not scope.facilities and me().scope.facilities is not None:
        abort(404)
    return place, scope


def _without_gaps(dates: Sequence[date], found: Mapping[date, Traffic]) -> list[tuple[date, Traffic]]:
    """From the first that has any; the last two at least, for one alone makes no line."""
    begins = min([*(at for at in dates if at in found), dates[-2]])
    return [(at, found.get(at, Traffic())) for at in dates if at >= begins]


def _sheet(shown: Shown) -> tuple[list[str], list[list[Any]]]:
    currencies = sorted(shown.total.cost.others)
    told = [gettext("Cost told (FCFA)"), gettext("Cost estimated (FCFA)"), *(c or "?" for c in currencies)]
    heads = [gettext("Date"), gettext("From phones"), gettext("To phones"), *STATUSES, *told]
    rows = []
    for at, row in shown.rows:
        sums = [row.cost.told, row.cost.estimated, *(row.cost.others.get(c, 0) for c in currencies)]
        counts = [row.received, row.written, *(row.out.get(status, 0) for status in STATUSES)]
        rows.append([f"{at:%Y-%m-%d}" if shown.by == "day" else f"{at:%Y-%m}", *counts, *map(float, sums)])
    return heads, rows
