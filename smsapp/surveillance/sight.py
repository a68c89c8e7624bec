"""Which alerts and reports somebody may see: those of her centres, and of districts all of whose centres are hers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, any_, bindparam, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from smsapp.places import Place
from smsapp.reads import Read
from smsapp.scopes import Scope

Column = InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Sight:
    """`scope` are her centres; `districts` those that are hers as a whole, `others` her centres in no such district."""

    scope: Scope
    districts: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()

    def within(self, facility: Column, district: Column) -> ColumnElement[bool]:
        """The condition on what has a facility and a district, or a district alone."""
        if self.scope.facilities is None:
            return true()
        ways = [_one_of(column, ids) for column, ids in ((district, self.districts), (facility, self.others)) if ids]
        return or_(*ways) if ways else false()

    def covers(self, facility_id: int | None, district_id: int | None) -> bool:
        return self.scope.facilities is None or district_id in self.districts or facility_id in self.others


_CENTRES = any_(bindparam("centres", type_=ARRAY(Integer)))
_OWN = select(Place.parent_id).where(Place.id == _CENTRES, Place.parent_id.is_not(None))
_DISTRICTS = Read(
    select(Place.parent_id, func.array_agg(Place.id))
    .where(Place.kind == "facility", Place.parent_id.in_(_OWN))
    .group_by(Place.parent_id)
)


def of(db: Session, scope: Scope) -> Sight:
    """What a scope of centres sees."""
    if scope.facilities is None:
        return Sight(scope)
    rows = _DISTRICTS.rows(db, {"centres": sorted(scope.facilities)})
    whole = {district: set(centres) for district, centres in rows if district and set(centres) <= scope.facilities}
    return Sight(scope, frozenset(whole), scope.facilities - frozenset().union(*whole.values()))


def _one_of(column: Column, ids: frozenset[int]) -> ColumnElement[bool]:
    if len(ids) == 1:
        return column == next(iter(ids))  # an equality leaves an index its order
    return column.in_(bindparam("places", sorted(ids), expanding=True, literal_execute=True, unique=True))
