"""Alerts as those see them whose duty they are: found by a number, and listed, the longest unanswered first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, false, or_, select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.surveillance import duty, locks
from smsapp.surveillance.duty import Area, OnDuty
from smsapp.surveillance.escalations import CHAIN
from smsapp.surveillance.rules import KM
from smsapp.surveillance.tables import Alert, AlertReport, CaseReport

OPEN = ("open", "verified")  # something is still to be done about it
MOST = 60  # of a list on a phone

Posts = Sequence[tuple[OnDuty, Area]]

_ORDER = case({"open": 0, "verified": 1}, value=Alert.state, else_=2)
_PLACED = Read(select(Alert.disease, Alert.district_id, Alert.within).where(Alert.id == bindparam("alert")))
_HELD = select(Alert).where(Alert.id == bindparam("alert")).with_for_update().execution_options(populate_existing=True)
_NUMBERED = select(Alert).where(Alert.number == bindparam("number", type_=BigInteger))
_WIDTH = case({"village": 0, "district": 2}, value=Alert.within, else_=1)


def area(db: Session, alert: Alert) -> Area:
    """Where it happened."""
    return duty.above(db, alert.facility_id, alert.district_id)


def find(db: Session, posts: Posts, number: int, *, lock: bool = True) -> tuple[Alert, OnDuty]:
    """The alert of this number, or that of the report of this number, and the highest post that answers for it.

    Refused where there is none, or where it is no matter of these posts. With `lock` nobody else decides meanwhile.
    """
    if not posts:
        raise Refused("alert.stranger", final=True)
    named, where = _named(db, number)
    if not _covering(posts, where):
        raise Refused("alert.other_area", number=number)
    hers = ((one.id, _covering(posts, near)) for one, near in named)
    alert_id, covering = next((found for found in hers if found[1]), (0, []))
    if not covering:
        raise Refused("alert.none_of_report", number=number)
    post, _ = max(covering, key=lambda one: CHAIN.index(one[0].level))
    return hold(db, alert_id) if lock else db.get_one(Alert, alert_id), post


def of_reporter(db: Session, person_id: int, number: int) -> tuple[CaseReport, Alert | None] | None:
    """Her report of this number and what became of it, the alert of the nearest area; None where it is not hers."""
    report = db.scalar(select(CaseReport).where(CaseReport.number == number, CaseReport.reporter_id == person_id))
    if report is None:
        return None
    return report, next(iter(_nearest(db, report.id)), None)


def hold(db: Session, alert_id: int) -> Alert:
    """The row as it is now; until the end of the transaction nobody else changes it, or what stands on it."""
    [(disease, district, within)] = _PLACED.rows(db, {"alert": alert_id})
    wide: list[int | None] = []
    if within == KM:  # its reports may be of several districts
        its = select(AlertReport.report_id).where(AlertReport.alert_id == alert_id)
        wide = [None, *db.scalars(select(CaseReport.district_id).where(CaseReport.id.in_(its)).distinct())]
    locks.take(db, [(disease, district_id) for district_id in (district, *wide)])
    return db.scalars(_HELD, {"alert": alert_id}).one()


def listed(db: Session, posts: Posts, most: int = MOST) -> Sequence[Alert]:
    """What these posts have still to do: the longest unanswered first, then what is verified and not over."""
    chosen = select(Alert).where(_of(posts), Alert.state.in_(OPEN))
    return db.scalars(chosen.order_by(_ORDER, Alert.opened_at, Alert.id).limit(most)).all()


def _covering(posts: Posts, where: Sequence[Area]) -> list[tuple[OnDuty, Area]]:
    """Those of the posts that answer for one of these areas."""
    return [post for post in posts if any(duty.covers(post, each) for each in where)]


def _named(db: Session, number: int) -> tuple[Iterable[tuple[Alert, Sequence[Area]]], Sequence[Area]]:
    """The alerts of a number, of a report's the nearest first, each with where it is; and where alert or report is."""
    if alert := db.scalar(_NUMBERED, {"number": number}):
        where = duty.near(db, alert)
        return [(alert, where)], where
    report = db.scalar(select(CaseReport).where(CaseReport.number == number))
    if report is None:
        raise Refused("alert.unknown", number=number)
    nearest = ((alert, duty.near(db, alert)) for alert in _nearest(db, report.id))
    return nearest, [duty.above(db, report.facility_id, report.district_id)]


def _nearest(db: Session, report_id: int) -> Sequence[Alert]:
    """Of the alerts on a report those that wait for an answer, then those to be dealt with; the narrowest first."""
    its = select(Alert).join(AlertReport, AlertReport.alert_id == Alert.id).where(AlertReport.report_id == report_id)
    return db.scalars(its.order_by(_ORDER, _WIDTH, Alert.opened_at.desc(), Alert.id.desc())).all()


def _of(posts: Posts) -> ColumnElement[bool]:
    """The alerts that are a matter of one of these posts."""
    return or_(false(), *(_one(post) for post in posts))


def _one(post: tuple[OnDuty, Area]) -> ColumnElement[bool]:
    one, own = post
    match one.level:
        case "facility":
            return Alert.facility_id == own.facility
        case "district":
            return Alert.district_id == own.district
        case "region":
            return Alert.district_id.in_(select(Place.id).where(Place.parent_id == own.region))
        case _:
            return Alert.id.is_not(None)
