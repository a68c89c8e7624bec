"""A centre's scores month by month, as its staff and its association read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from smsapp.surveys import Scores

MONTHS = 13  # this one, and the same of last year to hold it against


@dataclass(frozen=True)
class Month:
    """A month of the year shown; `scores` None: nobody answered."""

    month: date
    scores: Scores | None

    @property
    def composite(self) -> float | None:
        return self.scores.composite.percent if self.scores else None

    def item(self, name: str) -> float | None:
        """The share of good answers to one question; None under ten answers."""
        return self.scores.items[name].percent if self.scores else None


@dataclass(frozen=True)
class Year:
    """The last thirteen months, from the first of them that has an answer."""

    months: Sequence[Month]

    @property
    def n(self) -> int:
        return sum(month.scores.n for month in self.months if month.scores)

    @property
    def shown(self) -> Sequence[Month]:
        """The months whose composite may be shown."""
        return [month for month in self.months if month.composite is not None]


def year(scores: Sequence[Scores], today: date) -> Year:
    """Without a gap, so that a line between two months is as long as the time between them."""
    by_month, months = {each.month: each for each in scores}, last_months(today)
    answered = [month for month in months if month in by_month]
    return Year([Month(month, by_month.get(month)) for month in months if answered and month >= answered[0]])


def last_months(today: date) -> list[date]:
    """The first days of the months up to this one."""
    this = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(this - MONTHS + 1, this + 1)]
