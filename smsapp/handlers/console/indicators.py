"""What centres are measured by: vaccines, their timeliness and drop-out, and the care of mothers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from sqlalchemy.orm import Session

from smsapp import scopes
from smsapp.db import transaction
from smsapp.figures import atlas
from smsapp.handlers.console import downloads, drawing
from smsapp.handlers.console.guard import ALL, address, allowed, me
from smsapp.handlers.console.places import OPEN_UP_TO, way_or_404
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import audit
from smsapp.vaccines import cohorts, giving, measured, measures
from smsapp.vaccines.measured import Cohort, Rate
from smsapp.vaccines.schedule import Schedule

PERIODS = (6, 12, 24, 36)  # months of births
USUAL = 24  # so that who was born in them has reached the age of most doses
MOTHERS = ("antenatal4", "births", "postnatal", "postnatal6")


@dataclass(frozen=True)
class Shown:
    """The measures of a place and period, those of one of them by month and place."""

    place: Place | None
    months: Sequence[date]
    by_month: Mapping[date, Cohort]
    by_place: Sequence[tuple[Place, Cohort]]
    groups: Mapping[str, Sequence[str]]  # heading -> measures
    names: Mapping[str, str]
    chosen: str

    @property
    def total(self) -> Cohort:
        return measured.together(self.by_month.values())

    @property
    def period(self) -> int:
        return len(self.months)

    @property
    def asked(self) -> dict[str, Any]:
        """What the address of this page says."""
        told = {"place": self.place.id if self.place else None, "period": self.period, "measure": self.chosen}
        return {name: value for name, value in told.items() if value}

    def drawn_as(self, measure: str) -> str:
        """What a chart of this measure is called."""
        match measure.split("."):
            case ["dropout", first, last]:
                values = {"first": self.names[f"cover.{first}"], "last": self.names[f"cover.{last}"]}
                return str(gettext("Kept from %(first)s to %(last)s", **values))
        return self.names[measure]

    def points(self, values: Sequence[float | None]) -> list[tuple[date, float | None]]:
        return list(zip(self.months, values, strict=True))

    def cohort(self, month: date) -> Cohort:
        return self.by_month.get(month, Cohort())


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/indicators")
    @allowed(ALL)
    def indicators() -> str:
        with transaction(rt.sessions) as db:
            shown, regions = _shown(db, rt), atlas.outline(db, me().scope)
            at = measured.counted_at(db)
        many = sum(region.facilities for region in regions) > OPEN_UP_TO
        told = {"regions": regions, "many": many, "at": at, "drawing": drawing, "periods": PERIODS}
        told |= {"charts": _charts(rt, shown), "headings": _headings(), "small": measured.SMALL}
        return render_template("console/indicators.html", shown=shown, **told)

    @bp.get("/indicators.json")
    @allowed(ALL)
    def indicators_data() -> Mapping[str, Any]:
        with transaction(rt.sessions) as db:
            shown = _shown(db, rt)
        series = [vars(line) for lines in _charts(rt, shown).values() for line in lines]
        return {"labels": [drawing.short_month(month) for month in shown.months], "series": series}

    @bp.get("/indicators.<any(csv, xlsx):form>")
    @allowed(ALL)
    def indicators_sheet(form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            shown = _shown(db, rt)
            subject = f"place:{shown.place.id}" if shown.place else ""
            audit.note(db, rt.now(), me(), "indicators.exported", subject, address=address(), form=form)
        heads = [
            gettext("Place"),
            gettext("Born in"),
            gettext("Measure"),
            gettext("How many"),
            gettext("Out of"),
            gettext("Percent"),
            gettext("Not yet of age"),
        ]
        return downloads.table(form, f"{gettext('indicators')}-{rt.local_now():%Y-%m-%d}", heads, list(_rows(shown)))


@dataclass(frozen=True)
class Line:
    """One line of a chart; `plain` is one to compare with."""

    name: str
    label: str
    values: Sequence[float | None]
    plain: bool = False


def _charts(rt: Runtime, shown: Shown) -> dict[str, list[Line]]:
    """By measure its line, with the programme's figures before and after where there are any.

    Of a drop-out the chart shows who was kept, as the programme tells it.
    """
    baseline = giving.calendar(rt).measures.baseline
    drawn = [shown.chosen] if request.args.get("measure") else [name for name in baseline if name in shown.names]
    return {measure: list(_lines(shown, measure, baseline.get(measure))) for measure in drawn or [shown.chosen]}


def _lines(shown: Shown, measure: str, baseline: tuple[int, int] | None) -> Iterator[Line]:
    rates = [shown.cohort(month).rate(measure).percent for month in shown.months]
    if measure.startswith(measured.LOSSES):
        rates = [None if rate is None else round(100 - rate, 1) for rate in rates]
    yield Line(measure, shown.drawn_as(measure), rates)
    words = (gettext("Bamako before the programme: %(n)s %%"), gettext("after it: %(n)s %%"))
    for place, value in enumerate(baseline or ()):
        yield Line(f"{measure}.{place}", words[place] % {"n": value}, [value] * len(rates), plain=True)


def _shown(db: Session, rt: Runtime) -> Shown:
    place = _place(db)
    scope = me().scope
    if place is not None:
        scope = scope.narrowed(scopes.at(db, [place.id]).facilities or ())
        if not scope.facilities and me().scope.facilities is not None:
            abort(404)
    today, schedule = rt.local_now().date(), giving.calendar(rt)
    months, groups = cohorts.months(today, _period()), _groups(schedule, today)
    names = {name: _name(schedule, name) for some in groups.values() for name in some}
    chosen = request.args.get("measure", "")
    found = measured.read(db, scope, months[0], months[-1])
    return Shown(
        place,
        months,
        measured.by_month(found),
        measured.by_place(db, found, place.id if place else None),
        groups,
        names,
        chosen if chosen in names else next(iter(names), ""),
    )


def _place(db: Session) -> Place | None:
    named = request.args.get("place", "")
    if not named:
        return None
    if not (named.isascii() and named.isdecimal() and len(named) < 10):
        abort(404)
    return way_or_404(db, int(named)).place


def _period() -> int:
    asked = request.args.get("period", "")
    return int(asked) if asked in map(str, PERIODS) else USUAL


def _headings() -> dict[str, str]:
    return {
        "cover": gettext("Coverage by dose"),
        "time": gettext("In time"),
        "dropout": gettext("Drop-out"),
        "whole": gettext("At twelve months"),
        "mothers": gettext("Mothers and births"),
    }


def _groups(schedule: Schedule, today: date) -> dict[str, list[str]]:
    names = list(measures.reaches(schedule, today))
    return {
        "cover": [name for name in names if name.startswith("cover.")],
        "time": [name for name in names if name.startswith("time.")],
        "dropout": [name for name in names if name.startswith("dropout.")],
        "whole": [name for name in names if name in {"full", "zero"}],
        "mothers": list(MOTHERS),
    }


def _name(schedule: Schedule, measure: str) -> str:
    match measure.split("."):
        case ["cover", code]:
            return _label(schedule, code)
        case ["time", code]:
            return str(gettext("%(dose)s in time", dose=_label(schedule, code)))
        case ["dropout", first, last]:
            values = {"first": _label(schedule, first), "last": _label(schedule, last)}
            return str(gettext("Lost from %(first)s to %(last)s", **values))
    return str(
        {
            "zero": gettext("No dose of Penta at 12 months"),
            "full": gettext("All vaccines at 12 months"),
            "antenatal4": gettext("Four visits before birth"),
            "births": gettext("Born at the centre"),
            "postnatal": gettext("Visit within 4 days after birth"),
            "postnatal6": gettext("Visit six weeks after birth"),
        }[measure]
    )


def _label(schedule: Schedule, code: str) -> str:
    label = schedule.by_code[code].label
    return label.get(str(get_locale()), label["fr"])


def _rows(shown: Shown) -> Iterator[list[Any]]:
    """By place over the whole period, then by month of the chosen place; what is too few to show is left out."""
    whole = gettext("The whole period")
    for place, cohort in shown.by_place:
        yield from _of(place.name, whole, cohort, shown)
    name = shown.place.name if shown.place else gettext("Everything that I may see")
    for month in shown.months:
        yield from _of(name, f"{month:%Y-%m}", shown.cohort(month), shown)
    yield from _of(name, whole, shown.total, shown)


def _of(place: str, month: str, cohort: Cohort, shown: Shown) -> Iterator[list[Any]]:
    for measure, words in shown.names.items():
        rate = cohort.rate(measure)
        if rate.of:
            young = None if measure in MOTHERS else cohort.young(measure)
            yield [place, month, words, *_figures(rate), young]


def _figures(rate: Rate) -> list[Any]:
    return [None, f"< {measured.SMALL}", None] if rate.hidden else [rate.counted, rate.of, rate.percent]
