"""Places within a scope as the pyramid that they are, with how many people they serve and how content these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.figures import crowd, satisfaction
from smsapp.figures.satisfaction import Score
from smsapp.places import Place
from smsapp.scopes import Scope

EMPTY: Mapping[int, Any] = {}


@dataclass(frozen=True)
class Branch:
    """A place and what lies below it; of a facility the latest score that may be shown."""

    id: int
    kind: str
    name: str
    code: str | None
    people: int = 0
    score: Score | None = None
    below: Sequence[Branch] = field(default_factory=tuple)

    @property
    def facilities(self) -> int:
        return 1 if self.kind == "facility" else sum(branch.facilities for branch in self.below)


@dataclass(frozen=True)
class Way:
    """A place and those above it, the highest first."""

    place: Place
    above: Sequence[Place]

    @classmethod
    def to(cls, db: Session, place: Place) -> Way:
        above: list[Place] = []
        upper = place.parent_id
        while upper is not None and (found := db.get(Place, upper)) is not None:
            above.insert(0, found)
            upper = found.parent_id
        return cls(place, above)


def pyramid(db: Session, scope: Scope, survey: str, today: date) -> Sequence[Branch]:
    """The regions that have a facility in this scope, with their figures; for whoever sees everything, all."""
    scores = satisfaction.scores(db, scope, survey, satisfaction.latest(today))
    return outline(db, scope, crowd.by_facility(db, scope), {score.facility_id: score for score in scores})


def outline(
    db: Session, scope: Scope, people: Mapping[int, int] = EMPTY, latest: Mapping[int, Score] = EMPTY
) -> Sequence[Branch]:
    """The same with what figures one has."""
    places = db.scalars(select(Place).where(Place.kind != "village").order_by(Place.name, Place.id)).all()
    children: dict[int | None, list[Place]] = {}
    for place in places:
        children.setdefault(place.parent_id, []).append(place)
    return [branch for top in children.get(None, ()) if (branch := _grown(top, children, scope, people, latest))]


def find(branches: Sequence[Branch], place_id: int) -> Branch | None:
    for branch in branches:
        if branch.id == place_id:
            return branch
        if (below := find(branch.below, place_id)) is not None:
            return below
    return None


def _grown(
    place: Place,
    children: Mapping[int | None, Sequence[Place]],
    scope: Scope,
    people: Mapping[int, int],
    latest: Mapping[int, Score],
) -> Branch | None:
    if place.kind == "facility":
        if not scope.covers(place.id):
            return None
        return Branch(place.id, place.kind, place.name, place.code, people.get(place.id, 0), latest.get(place.id))
    grown = (_grown(child, children, scope, people, latest) for child in children.get(place.id, ()))
    below = [branch for branch in grown if branch]
    if not below and scope.facilities is not None:
        return None
    return Branch(place.id, place.kind, place.name, place.code, sum(b.people for b in below), None, below)


def way(db: Session, place_id: int) -> Way | None:
    """A place and the way to it."""
    place = db.get(Place, place_id)
    return Way.to(db, place) if place is not None else None
