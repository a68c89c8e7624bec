"""Places as fields of a form offer them, and as people write them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import registry
from smsapp.handlers.console.guard import me
from smsapp.places import Place
from smsapp.registry import Unfit
from smsapp.scopes import Scope

OFFERED = 300  # by name; where there are more, somebody types


def facilities(db: Session, scope: Scope) -> Sequence[str]:
    """Names of the facilities in the scope, to choose from."""
    named = select(Place.name).where(Place.kind == "facility", scope.within(Place.id)).order_by(Place.name)
    found = db.scalars(named.limit(OFFERED + 1)).all()
    return found if len(found) <= OFFERED else []


def upper(db: Session, scope: Scope) -> Sequence[str]:
    """Names of regions and districts, for whoever sees every place; a list of all facilities stands below them."""
    if scope.facilities is not None:
        return []
    return db.scalars(select(Place.name).where(Place.kind.in_(("region", "district"))).order_by(Place.name)).all()


def facility_called(db: Session, written: str) -> int | None:
    """One of our own facilities by its name or poster number; Unfit where it is none."""
    if not written.strip():
        return None
    here = [place for place in registry.places_called(db, written) if place.kind == "facility"]
    mine = [place for place in here if me().scope.covers(place.id)]
    if len(mine) != 1:
        raise Unfit("facility_id", "ambiguous" if mine else "not yours" if here else "unknown", written)
    return mine[0].id
