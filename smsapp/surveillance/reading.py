"""Alerts as the staff read them: found by where they stand, in the order in which they rose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.paging import PAGE, Page
from smsapp.places import Place
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import LEVELS, STATES, Alert, AlertReport, AlertTold, CaseReport

OPEN, VERIFIED, ALL = "open", "verified", "all"


_IDS = any_(bindparam("ids", type_=ARRAY(BigInteger)))
_COUNTS = (
    select(AlertReport.alert_id, func.count(), func.sum(CaseReport.count))
    .join(CaseReport, CaseReport.id == AlertReport.report_id)
    .where(AlertReport.alert_id == _IDS, CaseReport.standing == "counted")
    .group_by(AlertReport.alert_id)
)
_TOLD = (
    select(AlertTold.alert_id, func.count(AlertTold.person_id.distinct()))
    .where(AlertTold.alert_id == _IDS)
    .group_by(AlertTold.alert_id)
)


class NotHere(LookupError):
    """No such alert or report, or none of hers."""


@dataclass(frozen=True)
class Wanted:
    """Which alerts; what is not given narrows nothing. `villages`: those in which a rule was met."""

    state: str = OPEN
    disease: str = ""
    level: str = ""
    villages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Row:
    """An alert of a list: where it rose, on how many reports and cases, and how many people were told."""

    alert: Alert
    place: str
    facility: str
    district: str
    reports: int
    cases: int
    told: int

    @property
    def id(self) -> int:
        return self.alert.id


@dataclass(frozen=True)
class Now:
    """How many alerts wait for an answer, and of these of the epidemic level; how many are verified and not over."""

    open: int
    epidemic: int
    verified: int


def alerts(db: Session, sight: Sight, wanted: Wanted, after: str | None = None, size: int = PAGE) -> Page:
    """The latest first, of those that are not over the epidemics before the others; the rows are `Row`s."""
    chosen = select(Alert).where(*conditions(sight, wanted))
    keys = (Alert.level, Alert.opened_at, Alert.id) if wanted.state in (OPEN, VERIFIED) else (Alert.opened_at, Alert.id)
    found = paging.page(db, chosen, keys, after, size=size)
    return Page(rows(db, found.rows), found.after, found.first)


def one(db: Session, sight: Sight, alert_id: int) -> Row:
    """This alert; NotHere where there is none, or none of hers."""
    alert = db.get(Alert, alert_id)
    if alert is None or not sight.covers(alert.facility_id, alert.district_id):
        raise NotHere(alert_id)
    return rows(db, [alert])[0]


def now(db: Session, sight: Sight) -> Now:
    """How things stand."""
    here = sight.within(Alert.facility_id, Alert.district_id)
    waits, high = Alert.state == OPEN, Alert.level == LEVELS[-1]
    counts = [func.count().filter(which) for which in (waits, waits & high, Alert.state == VERIFIED)]
    found = db.execute(select(*counts).where(Alert.state.in_((OPEN, VERIFIED)), here)).one()
    return Now(*map(int, found))


def rows(db: Session, found: Sequence[Alert]) -> list[Row]:
    """What a list says of these alerts."""
    if not found:
        return []
    ids = {"ids": [alert.id for alert in found]}
    names = places(db, {at for a in found for at in (a.place_id, a.facility_id, a.district_id) if at})
    counts = {alert: (reports, cases) for alert, reports, cases in db.execute(_COUNTS, ids)}
    told = dict(db.execute(_TOLD, ids).all())
    return [
        Row(
            alert,
            names.get(alert.place_id or 0, ""),
            names.get(alert.facility_id or 0, ""),
            names.get(alert.district_id or 0, ""),
            *counts.get(alert.id, (0, 0)),
            told.get(alert.id, 0),
        )
        for alert in found
    ]


def places(db: Session, ids: Collection[int]) -> Mapping[int, str]:
    """What places are called."""
    return dict(db.execute(select(Place.id, Place.name).where(Place.id.in_(sorted(ids)))).all()) if ids else {}


def conditions(sight: Sight, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Which alerts somebody means that she may see."""
    which = [sight.within(Alert.facility_id, Alert.district_id)]
    if wanted.state in STATES:
        which.append(Alert.state == wanted.state)
    if wanted.disease:
        which.append(Alert.disease == wanted.disease)
    if wanted.level in LEVELS:
        which.append(Alert.level == wanted.level)
    if wanted.villages:
        stands = (
            select(AlertReport.report_id)
            .join(CaseReport, CaseReport.id == AlertReport.report_id)
            .where(AlertReport.alert_id == Alert.id, CaseReport.village_id.in_(wanted.villages))
        )
        which.append(or_(Alert.place_id.in_(wanted.villages), stands.exists()))
    return which
