"""The reports that count, as the plain cases that rules and statistics are worked out from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from smsapp.arrays import among_told
from smsapp.places import Place
from smsapp.reads import Read
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
    told = {"disease": disease, "since": since, "last": last}
    within = None if districts is None else sorted(districts)
    rows = _cases(of_some=within is not None, until=last is not None).rows(db, told | {"districts": within})
    return [
        Case(i, day, named, village, facility, district, lat, lon, n, _facts(lab == "positive", died > 0, age == OVER))
        for i, day, named, village, facility, district, lat, lon, n, lab, died, age in rows
    ]


@cache
def _cases(*, of_some: bool, until: bool) -> Read:
    """Columns, not whole rows: a rule is tried out on all that a year brought."""
    row, place = CaseReport, aliased(Place)
    which = [row.disease == bindparam("disease"), row.standing == "counted", row.kind != "zero"]
    which.append(row.counted_on >= bindparam("since"))
    if of_some:
        which.append(among_told(row.district_id, "districts"))
    if until:
        which.append(row.counted_on <= bindparam("last"))
    places = row.village_id, row.facility_id, row.district_id, place.lat, place.lon
    return Read(
        select(row.id, row.counted_on, row.disease, *places, row.count, row.lab, row.died, row.age_group)
        .join(place, place.id == row.village_id, isouter=True)
        .where(*which)
        .order_by(row.counted_on, row.id)
    )


def began(db: Session) -> date | None:
    """The first day on which anybody reported, were it a week with nothing; what lies before nobody watched."""
    return db.scalar(select(func.min(CaseReport.counted_on)).where(CaseReport.standing == "counted"))


def watched(db: Session, area: str, since: date, districts: Collection[int] | None = None) -> Mapping[int, date]:
    """By place of an area the first day on which anybody there reported anything, but none before `since`."""
    within = None if districts is None else sorted(districts)
    rows = _watched(area, of_some=within is not None).rows(db, {"districts": within})
    return {at: max(first, since) for at, first in rows}


@cache
def _watched(area: str, *, of_some: bool) -> Read:
    columns = {"facility": CaseReport.facility_id, "district": CaseReport.district_id}
    place = columns.get(area, func.coalesce(CaseReport.village_id, CaseReport.facility_id))
    which = [CaseReport.standing == "counted", place.is_not(None)]
    if of_some:
        which.append(among_told(CaseReport.district_id, "districts"))
    return Read(select(place, func.min(CaseReport.counted_on)).where(*which).group_by(place))


def populations(db: Session, place_ids: Collection[int] | None = None) -> Mapping[int, Sequence[Population]]:
    """How many people live in places, at every day on which somebody counted."""
    chosen = select(Counted).order_by(Counted.place_id, Counted.on)
    if place_ids is not None:
        chosen = chosen.where(Counted.place_id.in_(sorted(place_ids)))
    known: dict[int, list[Population]] = defaultdict(list)
    for row in db.scalars(chosen):
        known[row.place_id].append(Population(row.people, row.on))
    return known


@cache
def _facts(confirmed: bool, dead: bool, over_five: bool) -> frozenset[str]:
    facts = {CONFIRMED: confirmed, DEAD: dead, OVER_FIVE: over_five}
    return frozenset(name for name, holds in facts.items() if holds)
