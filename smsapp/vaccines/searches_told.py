"""Whether the lists of children to look for grow or shrink: by village and week, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Date, Integer, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from smsapp.places import Place
from smsapp.scopes import Scope
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import OUTCOMES

WEEK = timedelta(days=7)
NO_OUTCOME = "none"  # closed without a word: not missed any more, or the file was lost


@dataclass(frozen=True)
class WeekTold:
    """One week of one village: `closed` by outcome, `open` at its end, `before` when it began."""

    facility_id: int
    facility: str
    village_id: int | None
    village: str
    monday: date
    opened: int
    closed: Mapping[str, int]
    open: int
    before: int

    @property
    def grows(self) -> int:
        """By how many the list grew; below 0 it shrank."""
        return self.open - self.before


def weekly(db: Session, scope: Scope, facility_id: int | None, weeks: int, today: date) -> Sequence[WeekTold]:
    """The last weeks with this one, of each village that had a search in them; the newest week first."""
    this = today - timedelta(days=today.weekday())
    first = this - (weeks - 1) * WEEK
    mondays = select(cast(literal(first) + func.generate_series(0, weeks - 1) * 7, Date).label("monday")).subquery()
    centre, village = aliased(Place), aliased(Place)
    begins, ends = mondays.c.monday, cast(mondays.c.monday + cast(7, Integer), Date)
    opened = and_(Search.opened_on >= begins, Search.opened_on < ends)
    closed = and_(Search.closed_on >= begins, Search.closed_on < ends)
    outcome = func.coalesce(Search.outcome, NO_OUTCOME)
    kinds = (*OUTCOMES, NO_OUTCOME)
    figures = [
        func.count().filter(opened),
        func.count().filter(and_(Search.opened_on < ends, or_(Search.closed_on.is_(None), Search.closed_on >= ends))),
        func.count().filter(
            and_(Search.opened_on < begins, or_(Search.closed_on.is_(None), Search.closed_on >= begins))
        ),
        *(func.count().filter(and_(closed, outcome == kind)) for kind in kinds),
    ]
    here = scope.within(Search.facility_id) if facility_id is None else Search.facility_id == facility_id
    chosen = (
        select(Search.facility_id, centre.name, Search.village_id, village.name, begins, *figures)
        .join(mondays, and_(Search.opened_on < ends, or_(Search.closed_on.is_(None), Search.closed_on >= first)))
        .join(centre, centre.id == Search.facility_id)
        .join(village, village.id == Search.village_id, isouter=True)
        .where(here, scope.within(Search.facility_id))
        .group_by(Search.facility_id, centre.name, Search.village_id, village.name, begins)
        .order_by(begins.desc(), centre.name, village.name.nulls_last(), Search.village_id)
    )
    return [
        WeekTold(at, name, village_id, place or "", monday, new, _some(kinds, ended), left, before)
        for at, name, village_id, place, monday, new, left, before, *ended in db.execute(chosen)
    ]


def _some(kinds: Sequence[str], counts: Sequence[int]) -> Mapping[str, int]:
    return {kind: n for kind, n in zip(kinds, counts, strict=True) if n}
