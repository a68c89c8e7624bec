"""Meetings of a savings group of the demonstration: the roll, what is booked, and the counting at the end."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from smsapp.demo.books import Book, Ids
from smsapp.demo.bulk import put
from smsapp.runtime import Runtime
from smsapp.savings.book import ShareOut
from smsapp.savings.ledger import Line
from smsapp.savings.tables import Cycle, Group, Loan, Meeting, Member

HOUR = time(15)
ENTRY = timedelta(seconds=25)
THERE = 0.94  # of the members


class Meetings(ABC):
    """All that happened in one group, as it is remembered until `write`."""

    def __init__(
        self,
        db: Session,
        rt: Runtime,
        told: Mapping[str, Any],
        group: Group,
        members: Sequence[Member],
        ids: Mapping[str, Ids],
        chance: random.Random,
    ) -> None:
        self.db, self.rt, self.told, self.group, self.members = db, rt, told, group, members
        self.ids, self.chance = ids, chance
        self.book = Book(db, group, ids["postings"])
        self.treasurer = members[-1]
        self.meetings: list[dict[str, Any]] = []
        self.loans: list[dict[str, Any]] = []
        self.shared_out: list[dict[str, Any]] = []
        self.here: list[Member] = []
        self.meeting_id: int | None = None  # while one is held

    def cycle(self, cycle: Cycle, days: Sequence[date]) -> None:
        self.now, self.last = cycle, days[-1]
        before = self.told.get("paper", 0)
        for nth, day in enumerate(days, start=1):
            if nth <= before:
                continue
            self.open(nth, day)
            self.meet(nth, len(days) - nth)
            self.close()

    @abstractmethod
    def meet(self, nth: int, left: int) -> None:
        """What is done in the nth meeting of a cycle that has `left` more."""

    def open(self, nth: int, day: date) -> None:
        self.at = datetime.combine(day, HOUR, self.rt.settings.timezone)
        self.here = [m for m in self.members if m is self.treasurer or self.chance.random() < THERE]
        self.meeting_id = self.ids["meetings"]()
        told = {"id": self.meeting_id, "group_id": self.group.id, "cycle_id": self.now.id, "nth": nth}
        whole = {"held_on": day, "opened_by": self.treasurer.id, "opened_at": self.at}
        self.meetings.append({**told, **whole, "roll": [m.id for m in self.here]})

    def close(self) -> None:
        """The box is counted twice and holds what the book says."""
        counted = self.book.held("cash")
        self.at += 8 * ENTRY
        self.meetings[-1] |= {"first_count": counted, "second_count": counted, "closed_at": self.at}
        self.meeting_id = None

    def enter(self, kind: str, *lines: Line, **more: Any) -> int:
        self.at += ENTRY
        told = {"meeting_id": self.meeting_id, "entered_by": self.treasurer.id, **more}
        return self.book.add(self.now.id, self.at, kind, lines, **told)

    def write(self) -> None:
        """Meetings and loans first: the book refers to them."""
        put(self.db, Meeting, self.meetings)
        put(self.db, Loan, self.loans)
        self.book.write()
        put(self.db, ShareOut, self.shared_out)
