"""Whose duty an alert is: the head of a centre, and the surveillance officers of its district, region and country."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, select
from sqlalchemy.orm import Session, aliased

from smsapp.arrays import among
from smsapp.db import Work
from smsapp.people import Number, Person, Post, Role
from smsapp.places import Place
from smsapp.reads import Read
from smsapp.surveillance.rules import KM
from smsapp.surveillance.tables import Alert, AlertReport, CaseReport

HEAD, OFFICER, NATIONAL = "dtc", "officer", "national"

_ANSWERS = """
SELECT FROM person_numbers n JOIN persons p ON p.id = n.person_id JOIN person_roles r ON r.person_id = p.id
WHERE n.number = %(number)s AND (r.role IN ('officer', 'national') OR r.role = 'dtc' AND p.facility_id IS NOT NULL)
LIMIT 1
"""


@dataclass(frozen=True)
class Area:
    """Where something happened, as ids from the centre upwards; None where that is not known."""

    facility: int | None = None
    district: int | None = None
    region: int | None = None


@dataclass(frozen=True)
class OnDuty:
    """Somebody who answers for an area, with the number that mainly serves her. `level` is where she stands."""

    id: int
    name: str
    language: str | None
    number: str
    level: str


_BELOW = aliased(Place)
_PARENT = Read(select(Place.parent_id).where(Place.id == bindparam("place")))
_PARENTS = Read(
    select(_BELOW.parent_id, Place.parent_id)
    .join(Place, Place.id == _BELOW.parent_id, isouter=True)
    .where(_BELOW.id == bindparam("place"))
)


_OF_NUMBER = Read(
    select(Person.id, Person.name, Person.language, Person.facility_id, Role.role)
    .join(Number, Number.person_id == Person.id)
    .join(Role, Role.person_id == Person.id)
    .where(Number.number == bindparam("number"), among(Role.role, (HEAD, OFFICER, NATIONAL)))
    .order_by(Role.role, Number.main.desc(), Person.id)
)
_POSTS = Read(
    select(Place.id, Place.kind)
    .join(Post, Post.place_id == Place.id)
    .where(Post.person_id == bindparam("person"), among(Place.kind, ("district", "region")))
    .order_by(Place.id)
)


def above(db: Session, facility_id: int | None = None, district_id: int | None = None) -> Area:
    """The area of a facility, or of a district where no facility is known."""
    if facility_id is None:
        regions = _PARENT.rows(db, {"place": district_id}) if district_id is not None else []
        return Area(None, district_id, regions[0][0] if regions else None)
    rows = _PARENTS.rows(db, {"place": facility_id})
    return Area(facility_id, *(rows[0] if rows else (None, None)))


def near(db: Session, alert: Alert) -> Sequence[Area]:
    """Where an alert is: in one place, or with villages that are near each other in those of all its reports."""
    places = {(alert.facility_id, alert.district_id): None}
    if alert.within == KM:
        its = select(AlertReport.report_id).where(AlertReport.alert_id == alert.id)
        chosen = select(CaseReport.facility_id, CaseReport.district_id).where(CaseReport.id.in_(its)).distinct()
        rows = db.execute(chosen.order_by(CaseReport.facility_id, CaseReport.district_id))
        places |= dict.fromkeys((row.facility_id, row.district_id) for row in rows)
    return [above(db, *each) for each in places]


def at(db: Session, level: str, area: Area) -> Sequence[OnDuty]:
    """Who answers for the area at a level: facility, district, region or national; nobody is an empty list.

    Heads belong to their centre. An officer answers for the districts or regions that she was given, a national one
    for the country; one without any answers for the district in which her own facility lies.
    """
    place = {"facility": area.facility, "district": area.district, "region": area.region}.get(level)
    return _found(db, level, _AT[level], place) if place is not None or level == "national" else ()


def these(db: Session, ids: Collection[int]) -> Sequence[OnDuty]:
    """People by their ids, whatever their duty is by now."""
    return _found(db, "", _THESE, sorted(ids)) if ids else ()


def of_number(db: Session, number: str) -> Sequence[tuple[OnDuty, Area]]:
    """What this phone's holder may decide on: each of her posts, the nearest to the centres first."""
    found: list[tuple[OnDuty, Area]] = []
    for person_id, name, language, facility_id, role in _OF_NUMBER.rows(db, {"number": number}):
        for level, area in _areas(db, person_id, facility_id, role):
            found.append((OnDuty(person_id, name or "", language, number, level), area))
    return found


def answers(work: Work, number: str) -> bool:
    """Whether this phone's holder may decide on anything, asked at every dial: one statement, and no Session for it."""
    row = work.execute(_ANSWERS, {"number": number}).fetchone()
    return row is not None


def covers(post: tuple[OnDuty, Area], area: Area) -> bool:
    """Whether what happened in `area` is a matter of this post."""
    one, own = post
    match one.level:
        case "facility":
            return area.facility is not None and own.facility == area.facility
        case "district":
            return area.district is not None and own.district == area.district
        case "region":
            return area.region is not None and own.region == area.region
        case _:
            return True


def _areas(db: Session, person_id: int, facility_id: int | None, role: str) -> list[tuple[str, Area]]:
    if role == NATIONAL:
        return [("national", Area())]
    if role == HEAD:
        return [("facility", above(db, facility_id))] if facility_id is not None else []
    posts = _POSTS.rows(db, {"person": person_id})
    if not posts and facility_id is not None:
        return [("district", Area(district=(own := above(db, facility_id)).district, region=own.region))]
    return [
        ("district", above(db, district_id=place)) if kind == "district" else ("region", Area(region=place))
        for place, kind in posts
    ]


def _has(role: str) -> ColumnElement[bool]:
    return select(Role.role).where(Role.person_id == Person.id, Role.role == role).exists()


def _posted() -> ColumnElement[bool]:
    return select(Post.person_id).where(Post.person_id == Person.id, Post.place_id == bindparam("at")).exists()


def _of_district() -> ColumnElement[bool]:
    """Her own facility lies in the district, and she was given no other."""
    facility, given = aliased(Place), aliased(Place)
    here = select(facility.id).where(facility.id == Person.facility_id, facility.parent_id == bindparam("at")).exists()
    elsewhere = (
        select(Post.person_id)
        .join(given, given.id == Post.place_id)
        .where(Post.person_id == Person.id, among(given.kind, ("district", "region")))
        .exists()
    )
    return here & ~elsewhere


def _people(*which: ColumnElement[bool]) -> Read:
    return Read(
        select(Person.id, Person.name, Person.language, Number.number)
        .join(Number, Number.person_id == Person.id)
        .where(Number.main.is_(True), *which)
        .order_by(Person.id, Number.since)
    )


_AT = {
    "facility": _people(Person.facility_id == bindparam("at"), _has(HEAD)),
    "district": _people(_has(OFFICER), _posted() | _of_district()),
    "region": _people(_has(OFFICER), _posted()),
    "national": _people(_has(NATIONAL)),
}
_THESE = _people(Person.id == any_(bindparam("at", type_=ARRAY(BigInteger))))


def _found(db: Session, level: str, which: Read, at: int | list[int] | None) -> Sequence[OnDuty]:
    rows = which.rows(db, {"at": at})
    people = {i: OnDuty(i, name or "", language, number, level) for i, name, language, number in reversed(rows)}
    return sorted(people.values(), key=lambda one: one.id)
