"""The reports that count, as the plain cases that rules and statistics are worked out from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from smsapp.places import Place
from smsapp.surveillance.ages import OVER
from smsapp.surveillance.cases import Case, Population
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.tables import Population as Counted

CONFIRMED, DEAD, OVER_FIVE = "confirmed", "dead", "over_five"  # the facts that a rule may ask for


def cases(
    db: Session, disease: str, since: date, *, districts: Collection[int] | None = None, last: date | None = None
) -> Sequence[Case]:
    """The cases of a disease counted from a day on, of everywhere or of some districts, in order.

    A zero report is none; nor is what was told in training, by strangers, or taken back, or found not real.
    """
    village = aliased(Place)
    which: list[ColumnElement[bool]] = [
        CaseReport.disease == disease,
        CaseReport.standing == "counted",
        CaseReport.kind != "zero",
        CaseReport.counted_on >= since,
    ]
    if districts is not None:
        which.append(CaseReport.district_id.in_(sorted(districts)))
    if last is not None:
        which.append(CaseReport.counted_on <= last)
    rows = db.execute(
        select(CaseReport, village.lat, village.lon)
        .join(village, village.id == CaseReport.village_id, isouter=True)
        .where(*which)
        .order_by(CaseReport.counted_on, CaseReport.id)
    )
    return [_case(row, lat, lon) for row, lat, lon in rows]


def began(db: Session) -> date | None:
    """The first day on which anybody reported, were it a week with nothing; what lies before nobody watched."""
    return db.scalar(select(func.min(CaseReport.counted_on)).where(CaseReport.standing == "counted"))


def populations(db: Session, place_ids: Collection[int] | None = None) -> Mapping[int, Sequence[Population]]:
    """How many people live in places, at every day on which somebody counted."""
    chosen = select(Counted).order_by(Counted.place_id, Counted.on)
    if place_ids is not None:
        chosen = chosen.where(Counted.place_id.in_(sorted(place_ids)))
    known: dict[int, list[Population]] = defaultdict(list)
    for row in db.scalars(chosen):
        known[row.place_id].append(Population(row.people, row.on))
    return known


def _case(row: CaseReport, lat: float | None, lon: float | None) -> Case:
    facts = {CONFIRMED: row.lab == "positive", DEAD: row.died > 0, OVER_FIVE: row.age_group == OVER}
    return Case(
        id=row.id,
        day=row.counted_on,
        disease=row.disease,
        village=row.village_id,
        facility=row.facility_id,
        district=row.district_id,
        lat=lat,
        lon=lon,
        count=row.count,
        facts=frozenset(name for name, holds in facts.items() if holds),
    )
