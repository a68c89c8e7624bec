"""Health centres added, renamed or moved by hand, with the region and the district that they lie in; their villages."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from smsapp.places import LONGEST_NAME, POSTER, Place, plain
from smsapp.segments import clean


class Unfit(Exception):
    """A field does not fit: `why` is empty, long, digits, taken or known."""

    def __init__(self, field: str, why: str, by: str = "") -> None:
        super().__init__(field, why)
        self.field, self.why, self.by = field, why, by


@dataclass(frozen=True)
class Told:
    """What somebody typed; a region or a district that is new is made."""

    name: str
    code: str
    region: str
    district: str


def keep(db: Session, told: Told, facility: Place | None = None) -> Place:
    """Add the centre, or change the one given."""
    name, region, district = (_named(f, getattr(told, f)) for f in ("name", "region", "district"))
    code = _code(db, told.code, facility)
    below = _found_or_made(db, "district", district, _found_or_made(db, "region", region, None))
    same = _called(db, "facility", name, below)
    if same is not None and same is not facility:
        raise Unfit("name", "known", below.name)
    place = facility or Place(kind="facility")
    place.name, place.code, place.parent_id = name, code, below.id
    db.add(place)
    try:
        with db.begin_nested():
            db.flush()
    except IntegrityError as why:  # somebody took the code in this moment
        raise Unfit("code", "taken") from why
    return place


def add_village(db: Session, typed: str, facility: Place) -> Place:
    """A village of this centre, or Unfit."""
    name = _named("name", typed)
    if _called(db, "village", name, facility) is not None:
        raise Unfit("name", "known", facility.name)
    return _found_or_made(db, "village", name, facility)


def _named(field: str, typed: str) -> str:
    name = " ".join(clean(typed).split())
    if not plain(name):
        raise Unfit(field, "empty")
    if len(name) > LONGEST_NAME:
        raise Unfit(field, "long")
    return name


def _code(db: Session, typed: str, facility: Place | None) -> str | None:
    code = clean(typed).strip()
    if not code:
        return None
    if not (code.isascii() and code.isdigit() and len(code) in POSTER):
        raise Unfit("code", "digits")
    other = db.scalar(select(Place).where(Place.code == code))
    if other is not None and other is not facility:
        raise Unfit("code", "taken", other.name)
    return code


def _found_or_made(db: Session, kind: str, name: str, parent: Place | None) -> Place:
    found = _called(db, kind, name, parent)
    if found is None:
        found = Place(kind=kind, name=name, parent_id=parent.id if parent else None)
        db.add(found)
        db.flush()
    return found


def _called(db: Session, kind: str, name: str, parent: Place | None) -> Place | None:
    """The place of this name there, however its name is written."""
    here = select(Place).where(Place.kind == kind, Place.parent_id == (parent.id if parent else None))
    return next((place for place in db.scalars(here) if plain(place.name) == plain(name)), None)
