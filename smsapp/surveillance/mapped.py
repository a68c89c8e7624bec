"""Villages and centres on the map: how many cases each village had in a time, and how it stands there now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.geography import Point
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.surveillance import reading, silent
from smsapp.surveillance.clusters import distance
from smsapp.surveillance.rules import KM
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import Alert, AlertReport, CaseReport

# How a village stands, the first that holds: an alert waits for an answer there, one was found real, nothing is heard
# of it any more, there were cases, or nothing is the matter.
OPEN, VERIFIED, SILENT, CASES, NOTHING = STATES = ("open", "verified", "silent", "cases", "nothing")
MOST = 600  # villages of one picture; those with nothing are left out first


@dataclass(frozen=True)
class Wanted:
    """Which cases of which places; an alert that is not over counts whenever it began."""

    sight: Sight
    first: date
    last: date
    disease: str = ""
    villages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Spot:
    """A village: its cases and deaths in the time, the last day of one, how it stands, and whether it is silent."""

    id: int
    name: str
    facility: str
    point: Point | None
    state: str
    cases: int = 0
    deaths: int = 0
    last: date | None = None
    silent: bool = False


@dataclass(frozen=True)
class Centre:
    id: int
    name: str
    point: Point | None


@dataclass(frozen=True)
class Ring:
    """The villages of an alert by kilometres that is not over: round their middle, so many kilometres wide."""

    number: int
    middle: Point
    km: float


@dataclass(frozen=True)
class Map:
    spots: Sequence[Spot]  # the most urgent first
    centres: Sequence[Centre]
    rings: Sequence[Ring]
    left_out: int  # villages with nothing, where there are too many
    nowhere: int  # cases of no village of these places

    @property
    def drawn(self) -> Sequence[Spot]:
        return [spot for spot in self.spots if spot.point is not None]

    @property
    def missing(self) -> Sequence[Spot]:
        """The villages that nobody knows the place of."""
        return [spot for spot in self.spots if spot.point is None]

    def many(self, state: str) -> int:
        """How many stand like this; a silent one is silent whatever else is the matter there."""
        return sum(spot.silent if state == SILENT else spot.state == state for spot in self.spots)


def read(db: Session, rt: Runtime, wanted: Wanted) -> Map:
    """The villages of a scope."""
    counts, nowhere = _counts(db, wanted)
    alerts = _alerts(db, wanted)
    quiet = silent.now(db, rt, wanted.sight.scope)
    states = _states(db, quiet, counts, alerts)
    places = _places(db, wanted)
    centres = {place.id: place for place in places if place.kind == "facility"}
    villages = [place for place in places if place.kind == "village"]
    spots = [_spot(place, centres, states.get(place.id, NOTHING), counts.get(place.id)) for place in villages]
    spots = [replace(spot, silent=spot.id in quiet) for spot in spots]
    spots.sort(key=lambda spot: (STATES.index(spot.state), -spot.cases, spot.name, spot.id))
    ours = {spot.id for spot in spots}
    nowhere += sum(cases for village, (cases, _, _) in counts.items() if village not in ours)
    points = {spot.id: spot.point for spot in spots if spot.point}
    shown = [Centre(place.id, place.name, _point(place)) for place in centres.values()]
    return Map(spots[:MOST], shown, _rings(db, alerts, points), len(spots[MOST:]), nowhere)


def _places(db: Session, wanted: Wanted) -> Sequence[Place]:
    """The centres of the scope and their villages."""
    scope = wanted.sight.scope
    centres = select(Place).where(Place.kind == "facility", scope.within(Place.id)).order_by(Place.name, Place.id)
    villages = select(Place).where(Place.kind == "village", scope.within(Place.parent_id)).order_by(Place.id)
    if wanted.villages:
        villages = villages.where(Place.id.in_(wanted.villages))
    return [*db.scalars(centres), *db.scalars(villages)]


def _point(place: Place) -> Point | None:
    return None if place.lat is None or place.lon is None else Point(place.lat, place.lon)


def _spot(place: Place, centres: Mapping[int, Place], state: str, counted: tuple[int, int, date] | None) -> Spot:
    above = centres.get(place.parent_id or 0)
    cases, deaths, last = counted or (0, 0, None)
    return Spot(place.id, place.name, above.name if above else "", _point(place), state, cases, deaths, last)


def _counts(db: Session, wanted: Wanted) -> tuple[Mapping[int, tuple[int, int, date]], int]:
    """By village the cases that count; and how many of no known village."""
    row = CaseReport
    where = [row.kind != "zero", row.standing == "counted", row.counted_on.between(wanted.first, wanted.last)]
    where.append(wanted.sight.within(row.facility_id, row.district_id))
    if wanted.disease:
        where.append(row.disease == wanted.disease)
    if wanted.villages:
        where.append(row.village_id.in_(wanted.villages))
    rows = db.execute(
        select(row.village_id, func.sum(row.count), func.sum(row.died), func.max(row.counted_on))
        .where(*where)
        .group_by(row.village_id)
    ).all()
    counts = {village: (int(cases), int(deaths), last) for village, cases, deaths, last in rows if village}
    return counts, sum(int(cases) for village, cases, *_ in rows if not village)


def _alerts(db: Session, wanted: Wanted) -> Sequence[Alert]:
    meant = reading.Wanted(reading.ALL, wanted.disease, villages=wanted.villages)
    going = Alert.state.in_((reading.OPEN, reading.VERIFIED))
    found = db.scalars(select(Alert).where(going, *reading.conditions(wanted.sight, meant)))
    return sorted(found, key=lambda alert: alert.id)  # not by the database: it would walk through all there ever were


def _villages_of(db: Session, alerts: Sequence[Alert]) -> Mapping[int, set[int]]:
    """By alert the villages of its reports, and that in which it rose."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = db.execute(
        select(AlertReport.alert_id, CaseReport.village_id)
        .join(CaseReport, CaseReport.id == AlertReport.report_id)
        .where(
            AlertReport.alert_id.in_([alert.id for alert in alerts]),
            CaseReport.standing == "counted",
        )
        .distinct()
    )
    for alert_id, village in rows:
        if village is not None:
            found[alert_id].add(village)
    for alert in alerts:
        if alert.within == "village" and alert.place_id is not None:
            found[alert.id].add(alert.place_id)
    return found


def _states(db: Session, quiet: Collection[int], counts: Collection[int], alerts: Sequence[Alert]) -> Mapping[int, str]:
    """From the least urgent on, so that the most urgent stays."""
    states = dict.fromkeys(counts, CASES)
    states |= dict.fromkeys(quiet, SILENT)
    where = _villages_of(db, alerts)
    for state in (VERIFIED, OPEN):
        for alert in alerts:
            if alert.state == state:
                states |= dict.fromkeys(where[alert.id], state)
    return states


def _rings(db: Session, alerts: Sequence[Alert], points: Mapping[int, Point]) -> Sequence[Ring]:
    near = [alert for alert in alerts if alert.within == KM]
    where = _villages_of(db, near) if near else {}
    rings = []
    for alert in near:
        here = [points[village] for village in where[alert.id] if village in points]
        if here:
            middle = Point(sum(p.lat for p in here) / len(here), sum(p.lon for p in here) / len(here))
            rings.append(Ring(alert.number, middle, max(distance(middle, point) for point in here)))
    return rings
