"""The one place that a curve or a map is of, and the time: a name may be that of a district and of a village in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import request
from flask_babel import LazyString, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from smsapp import registry, scopes
from smsapp.handlers.console.alerts import here, terms
from smsapp.handlers.console.alerts.here import NoPlace
from smsapp.handlers.console.guard import OFFICERS, me
from smsapp.places import KINDS, Place
from smsapp.staff.tables import FACILITY
from smsapp.surveillance.curves import Area
from smsapp.surveillance.filed import Reported
from smsapp.surveillance.idsr import Cell
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import Alert
from smsapp.surveillance.tallies import SMALL, hidden

EARLIEST = date(2000, 1, 1)
LONGEST = 731  # days of one picture
OF_A_CENTRE = ("village", "facility")  # areas whose cases are all of one
KINDS_OF: Mapping[str, LazyString] = {**terms.CHAIN, "village": lazy_gettext("village")}


@dataclass(frozen=True)
class Spot:
    """What she sees of the places that a name means; `place` if it is one, `others` of other kinds with that name."""

    sight: Sight
    villages: tuple[int, ...] = ()
    place: Place | None = None
    others: tuple[Place, ...] = ()

    @property
    def area(self) -> Area | None:
        """The area that rules may look at, if all of it is seen."""
        place = self.place
        if place is None or (place.kind == "district" and not self.sight.covers(None, place.id)):
            return None
        return None if place.kind == "region" else (place.kind, place.id)


def chosen(db: Session) -> Spot:
    """The place that the address names, the highest of its name unless it says which kind; all of hers without one."""
    asked = here.asked("place", "kind")
    if not asked.get("place"):
        return _all(db)
    found = [place for place in registry.places_called(db, asked["place"]) if _hers(db, place)]
    if not found:
        raise NoPlace(asked["place"])
    kinds = [kind for kind in KINDS if kind in {place.kind for place in found}]
    kind = asked["kind"] if asked.get("kind") in kinds else kinds[0]
    meant = [place for place in found if place.kind == kind]
    others = tuple(next(place for place in found if place.kind == other) for other in kinds if other != kind)
    only = meant[0] if len(meant) == 1 else None
    if kind == "village":
        centres = {place.parent_id for place in meant if place.parent_id is not None}
        seen = here.seen(db, me().scope.narrowed(centres))
        return Spot(seen, tuple(place.id for place in meant), only, others)
    below = scopes.at(db, [place.id for place in meant]).facilities or frozenset()
    return Spot(here.seen(db, me().scope.narrowed(below)), (), only, others)


def _all(db: Session) -> Spot:
    """Everything of hers; where that is one district or one centre, it is that."""
    seen = here.seen(db)
    if seen.scope.facilities is None:
        return Spot(seen)
    if len(seen.districts) == 1 and not seen.others:
        return Spot(seen, place=db.get(Place, next(iter(seen.districts))))
    if len(seen.others) == 1 and not seen.districts:
        return Spot(seen, place=db.get(Place, next(iter(seen.others))))
    return Spot(seen)


def districts(db: Session) -> list[str]:
    """The districts that hold something of hers, where there are several to look at more closely."""
    centre = aliased(Place)
    below = select(centre.id).where(centre.parent_id == Place.id, me().scope.within(centre.id)).exists()
    found = db.scalars(select(Place.name).where(Place.kind == "district", below).order_by(Place.name)).all()
    return list(dict.fromkeys(found)) if len(found) > 1 else []


def _hers(db: Session, place: Place) -> bool:
    scope = me().scope
    if scope.facilities is None:
        return True
    if place.kind in ("facility", "village"):
        return scope.covers(place.id if place.kind == "facility" else place.parent_id)
    return bool(scope.facilities & (scopes.at(db, [place.id]).facilities or frozenset()))


def span(today: date, usual: int) -> tuple[date, date]:
    """From the first to the last day, no longer than a picture can be; what is no date means the usual time."""
    last = max(min(_day("last") or today, today), EARLIEST)
    first = _day("first") or last - timedelta(days=usual - 1)
    return (max(first, last - timedelta(days=LONGEST - 1)) if first <= last else last), last


def back(last: date, days: int) -> tuple[date, date]:
    """So many days up to the last one."""
    return last - timedelta(days=days - 1), last


def exact(alert: Alert | None = None) -> bool:
    """Whether she may see numbers that are so small that they could point at somebody: officers, and a centre its own.

    What the pages count is of her places alone; an alert may also stand on cases of other centres.
    """
    who = me()
    if who.role in OFFICERS:
        return True
    if who.role != FACILITY or who.scope.facilities is None:
        return False
    return alert is None or (alert.within in OF_A_CENTRE and who.scope.covers(alert.facility_id))


def shown(number: int, alert: Alert | None = None) -> int | str:
    """A number as she may see it."""
    return number if exact(alert) or not hidden(number) else f"< {SMALL}"


def ages(cell: Cell) -> list[int | None]:
    """Cases, then deaths by age; where a part is too small, none of its parts: the others would tell it."""
    told: list[int | None] = []
    for parts in ((cell.under, cell.over, cell.unknown), (cell.died_under, cell.died_over, cell.died_unknown)):
        told += parts if exact() or not any(map(hidden, parts)) else (None, None, None)
    return told


def read(reports: Sequence[Reported]) -> list[Reported]:
    """The reports that she may read one by one: officers all, a centre's staff those of their own."""
    who = me()
    if who.role in OFFICERS:
        return list(reports)
    own = who.scope.facilities if who.role == FACILITY else None
    return [one for one in reports if own and one.report.facility_id in own]


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
