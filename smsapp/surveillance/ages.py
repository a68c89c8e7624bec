"""Ages as surveillance counts them: as they were told, and under or over five."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DAYS = {"days": 1.0, "weeks": 7.0, "months": 365 / 12, "years": 365.0}
FIVE = 5 * DAYS["years"]

Group = Literal["under_five", "five_or_more"]
UNDER: Group = "under_five"
OVER: Group = "five_or_more"


@dataclass(frozen=True)
class Age:
    """`count` is None where only the group was told, as codes do."""

    group: Group
    count: int | None = None
    unit: str = ""

    @classmethod
    def of(cls, count: int, unit: str) -> Age:
        return cls(UNDER if count * DAYS[unit] < FIVE else OVER, count, unit)

    @property
    def days(self) -> float | None:
        """About so many days old."""
        return None if self.count is None else self.count * DAYS[self.unit]

    @property
    def months(self) -> int | None:
        return None if self.days is None else int(self.days / DAYS["months"] + 1e-9)


@dataclass(frozen=True)
class Ages:
    """Whom a case definition means; in days, None where it has no end on that side."""

    least: float | None = None
    under: float | None = None

    def hold(self, age: Age) -> bool:
        """False only where somebody of this age can not be meant."""
        first, end = age.days, age.days
        if first is None or end is None:
            first, end = (0, FIVE - 1) if age.group == UNDER else (FIVE, float("inf"))
        return (self.under is None or first < self.under) and (self.least is None or end >= self.least)


ANY = Ages()
