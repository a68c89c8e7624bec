"""Places of the health pyramid: region, district, facility, village."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from smsapp.db import Base
from smsapp.segments import search_key

KINDS = ("region", "district", "facility", "village")
LONGEST_NAME = 120
POSTER = range(3, 9)  # digits: short enough to type, longer than the keys for back, menu and more


class UnknownPlace(LookupError):
    """No place, or more than one, has this name."""


class Place(Base):
    """`code` is the number on a centre's poster: what a mother types to say where she was.

    `lat` and `lon` are degrees of WGS 84, both or neither.
    """

    __tablename__ = "places"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    code: Mapped[str | None] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    __table_args__ = (
        CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="point"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="degrees"),
    )


def of_kind(db: Session, kind: str) -> Sequence[Place]:
    return db.scalars(select(Place).where(Place.kind == kind).order_by(Place.name)).all()


def facility(db: Session, words: str) -> Place:
    """A facility by its poster number, its name, or the name without "CSCom"."""
    wanted = plain(words)
    found = [p for p in of_kind(db, "facility") if wanted in {p.code, plain(p.name)}]
    if not found:
        names = ", ".join(p.name for p in of_kind(db, "facility")[:5]) or "none yet"
        raise UnknownPlace(f"unknown facility {words!r} (known: {names})")
    if len(found) > 1:
        raise UnknownPlace(f"{words!r} is the name of {len(found)} facilities: give its poster number")
    return found[0]


def by_code(db: Session, code: str) -> Place | None:
    return db.scalar(select(Place).where(Place.kind == "facility", Place.code == code))


def posters(db: Session) -> list[dict[str, str]]:
    """Every facility with a poster, by the number on it; `also` is what people call it."""
    rows = db.execute(select(Place.code, Place.name).where(Place.kind == "facility", Place.code.is_not(None)))
    return [{"name": str(code), "label": name, "also": plain(name)} for code, name in rows]


def regions(db: Session) -> list[dict[str, str]]:
    """Regions that have a facility to choose."""
    district, centre = aliased(Place), aliased(Place)
    has_centre = (
        select(centre.id)
        .join(district, centre.parent_id == district.id)
        .where(centre.kind == "facility", centre.code.is_not(None), district.parent_id == Place.id)
        .exists()
    )
    rows = db.execute(select(Place.id, Place.name).where(Place.kind == "region", has_centre).order_by(Place.name))
    return [{"name": str(i), "label": name} for i, name in rows]


def districts(db: Session) -> list[dict[str, str]]:
    """Districts that have a facility to choose; `parent` is the region."""
    centre = aliased(Place)
    has_centre = (
        select(centre.id)
        .where(centre.kind == "facility", centre.code.is_not(None), centre.parent_id == Place.id)
        .exists()
    )
    rows = db.execute(
        select(Place.id, Place.name, Place.parent_id).where(Place.kind == "district", has_centre).order_by(Place.name)
    )
    return [{"name": str(i), "label": name, "parent": str(parent)} for i, name, parent in rows]


def centres(db: Session) -> list[dict[str, str]]:
    """Facilities by poster number; `parent` is the district."""
    rows = db.execute(
        select(Place.code, Place.name, Place.parent_id)
        .where(Place.kind == "facility", Place.code.is_not(None))
        .order_by(Place.name)
    )
    return [{"name": str(code), "label": name, "parent": str(parent)} for code, name, parent in rows]


def right_below(db: Session, above: int | None) -> dict[int, Place]:
    """For each facility under a place (None: the country), which of the places right below it holds the facility.

    A facility looked at by itself stands for itself.
    """
    places = {place.id: place for place in db.scalars(select(Place).where(Place.kind != "village"))}
    found = {}
    for facility in places.values():
        place: Place | None = facility if facility.kind == "facility" else None
        while place is not None and place.parent_id != above and place.id != above:
            place = places.get(place.parent_id or 0)
        if place is not None and (place.id != above or place.kind == "facility"):
            found[facility.id] = place
    return found


def plain(words: str) -> str:
    """What two ways to write a place's name have in common: no case, no accents, no "CSCom"."""
    return " ".join(search_key(words).replace("cscom", " ").split())
