"""The week's table of integrated surveillance: by disease, age and centre, as it is handed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console import downloads
from smsapp.handlers.console.alerts import here, spots, terms
from smsapp.handlers.console.guard import DECIDERS, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import idsr
from smsapp.surveillance.idsr import Cell, Centre
from smsapp.surveillance.weeks import Week

OFFERED = 53  # weeks to choose from


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/idsr")
    @allowed(DECIDERS)
    def surveillance_idsr() -> str:
        wanted = _week(rt)
        with transaction(rt.sessions) as db:
            centres = _centres(db, wanted)
        told = {"week": wanted, "weeks": _offered(rt), "diseases": terms.diseases(rt), "spots": spots}
        return render_template("console/alerts/idsr.html", centres=centres, total=idsr.total(centres), **told)

    @bp.get("/surveillance/idsr.<any(csv, xlsx):form>")
    @allowed(DECIDERS)
    def surveillance_idsr_sheet(form: str) -> ResponseReturnValue:
        wanted = _week(rt)
        with transaction(rt.sessions) as db:
            centres = _centres(db, wanted)
            here.note(db, rt, "surveillance.idsr_exported", form=form, week=str(wanted))
        rows = list(_rows(wanted, centres, terms.diseases(rt)))
        return downloads.table(form, gettext("idsr-%(week)s", week=wanted), _header(), rows, terms.separator())


def _centres(db: Session, wanted: Week) -> Sequence[Centre]:
    return idsr.week(db, here.seen(db), wanted)


def _week(rt: Runtime) -> Week:
    """The week that the address names, else the last whole one."""
    try:
        return Week.read(request.args.get("week", ""))
    except (ValueError, OverflowError):
        return Week.of(rt.local_now().date()).plus(-1)


def _offered(rt: Runtime) -> Sequence[Week]:
    now = Week.of(rt.local_now().date())
    return [now.plus(-n) for n in range(OFFERED)]


def _header() -> list[str]:
    return [
        gettext("Week"),
        gettext("District"),
        gettext("Health centre"),
        gettext("Disease"),
        gettext("Cases under five"),
        gettext("Cases five and over"),
        gettext("Cases of unknown age"),
        gettext("Deaths under five"),
        gettext("Deaths five and over"),
        gettext("Deaths of unknown age"),
        gettext("All cases"),
        gettext("All deaths"),
    ]


def _rows(wanted: Week, centres: Sequence[Centre], diseases: Mapping[str, str]) -> Iterator[list[Any]]:
    """Each centre's own diseases, then every disease of the country in all of them together."""
    for centre in centres:
        if not centre.cells:
            yield [terms.week(wanted), centre.district, centre.name, gettext("no case"), *_figures(Cell())]
        for disease, name in diseases.items():
            if disease in centre.cells:
                yield [terms.week(wanted), centre.district, centre.name, name, *_figures(centre.cells[disease])]
    total = idsr.total(centres)
    for disease, name in diseases.items():
        yield [terms.week(wanted), None, gettext("All together"), name, *_figures(total.get(disease, Cell()))]


def _figures(cell: Cell) -> list[Any]:
    return [*spots.ages(cell), spots.shown(cell.cases), spots.shown(cell.deaths)]
