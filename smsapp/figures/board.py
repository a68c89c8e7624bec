"""The first page: every domain's cards, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.figures import domains
from smsapp.figures.shapes import Card, Chore, Week
from smsapp.figures.tables import CountedDay
from smsapp.people import Person
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import Scope

LATE = timedelta(minutes=30)  # six runs that did not come


@dataclass(frozen=True)
class Board:
    """What somebody sees first, within her scope."""

    cards: Sequence[Card]
    alarms: Sequence[Chore]
    chores: Sequence[Chore]
    has_places: bool
    has_people: bool
    stale_since: datetime | None  # nobody has counted since

    @property
    def is_new(self) -> bool:
        """Nothing has happened yet: what to do first is said instead of figures."""
        weeks = [card.values["week"] for card in self.cards if "week" in card.values]
        return not self.has_people and not any(isinstance(w, Week) and any(w.days.values()) for w in weeks)


def board(db: Session, rt: Runtime, scope: Scope, parts: domains.Domains = ()) -> Board:
    found = parts or domains.ALL
    chores = [chore for part in found for chore in part.chores(db, rt, scope) if chore.n]
    facility = select(Place.id).where(Place.kind == "facility", scope.within(Place.id)).limit(1)
    somebody = select(Person.id).where(scope.within(Person.facility_id)).limit(1)
    return Board(
        [card for part in found for card in part.cards(db, rt, scope)],
        [chore for chore in chores if chore.urgent],
        [chore for chore in chores if not chore.urgent],
        db.scalar(facility) is not None,
        db.scalar(somebody) is not None,
        _stale_since(db, rt.now()),
    )


def _stale_since(db: Session, now: datetime) -> datetime | None:
    counted = db.scalar(select(func.max(CountedDay.counted_at)))
    return counted if counted is not None and counted < now - LATE else None
