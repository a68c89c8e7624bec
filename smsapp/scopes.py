"""What part of the country somebody may see: everything, or the people of some facilities."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from smsapp.places import Place


@dataclass(frozen=True)
class Scope:
    """The facilities whose people may be seen; None: everybody, also those who belong to no facility."""

    facilities: frozenset[int] | None = None

    def covers(self, facility_id: int | None) -> bool:
        return self.facilities is None or facility_id in self.facilities

    def within(self, facility: InstrumentedAttribute[Any] | ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition on a column that holds a facility's id; every list, search, export and chart has it."""
        if self.facilities is None:
            return true()
        if len(self.facilities) == 1:
            return facility == next(iter(self.facilities))  # an equality leaves an index its order
        # Their values in the statement itself: a plan that is kept for any list of them suits none.
        return facility.in_(
            bindparam("facilities", sorted(self.facilities), expanding=True, literal_execute=True, unique=True)
        )

    def narrowed(self, wanted: Collection[int]) -> Scope:
        """Only those of the wanted facilities that lie in this scope."""
        return Scope(frozenset(wanted) if self.facilities is None else self.facilities & frozenset(wanted))


EVERYWHERE = Scope()


def at(db: Session, place_ids: Collection[int]) -> Scope:
    """The facilities that are these places or lie below them."""
    reached = select(Place.id, Place.kind).where(Place.id.in_(sorted(place_ids))).cte(recursive=True)
    reached = reached.union(select(Place.id, Place.kind).join(reached, Place.parent_id == reached.c.id))
    return Scope(frozenset(db.scalars(select(reached.c.id).where(reached.c.kind == "facility"))))
