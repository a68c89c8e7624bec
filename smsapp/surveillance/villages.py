"""Villages by name: a worker's own, and those that her words may mean; nothing close is taken for another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from smsapp.places import Place
from smsapp.reads import Read
from smsapp.segments import search_key
from smsapp.surveillance.reporters import Sender

_CENTRE = aliased(Place)
_OF_DISTRICT = select(_CENTRE.id).where(_CENTRE.parent_id == bindparam("district"), _CENTRE.kind == "facility")
_VILLAGES = select(Place.id, Place.name, Place.parent_id).where(Place.kind == "village").order_by(Place.name, Place.id)
_EVERYWHERE = Read(_VILLAGES)
_IN_DISTRICT = Read(_VILLAGES.where(Place.parent_id.in_(_OF_DISTRICT)))
_AT_CENTRE = Read(_VILLAGES.where(Place.parent_id == bindparam("centre")))


@dataclass(frozen=True)
class Village:
    id: int
    name: str
    facility_id: int


def of_worker(db: Session, who: Sender) -> Sequence[Village]:
    """Those that she answers for; all of her centre's where none were given to her."""
    found = _villages(db, _AT_CENTRE, centre=who.facility_id)
    own = [each for each in found if each.id in who.villages]
    return own or ([] if who.villages else found)


def named(db: Session, who: Sender | None, words: str) -> Sequence[Village]:
    """Villages of exactly this name, in any spelling of case and accents: the nearest to her where several have it.

    A worker's are those of her own, else of her centre, else of her district; a stranger's those of the country.
    """
    key = key_of(words)
    if not key:
        return ()
    if who is None:
        return [each for each in _villages(db, _EVERYWHERE) if key_of(each.name) == key]
    if who.district_id is None:
        return [each for each in of_worker(db, who) if key_of(each.name) == key]
    near = _villages(db, _IN_DISTRICT, district=who.district_id)
    same = [each for each in near if key_of(each.name) == key]
    nearer = [
        [each for each in same if each.id in who.villages],
        [each for each in same if each.facility_id == who.facility_id],
    ]
    return next((few for few in nearer if few), same)


def _villages(db: Session, which: Read, **where: int) -> list[Village]:
    return [Village(place_id, name, centre or 0) for place_id, name, centre in which.rows(db, where)]


def key_of(words: str) -> str:
    """Its letters and digits alone: a dash or a blank more does not make another village."""
    return "".join(filter(str.isalnum, search_key(words)))
