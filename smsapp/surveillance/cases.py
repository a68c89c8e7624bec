"""Reported cases and the people among whom they are counted, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

AREAS = ("village", "facility", "district")


@dataclass(frozen=True)
class Case:
    """A report of one case, or of `count` of them together; `day` is the one that it is counted on.

    Places are their ids, None where they are not known. `facts` are words that rules may ask for, such as "confirmed",
    "dead" or "over_five".
    """

    id: int
    day: date
    disease: str = ""
    village: int | None = None
    facility: int | None = None
    district: int | None = None
    lat: float | None = None
    lon: float | None = None
    count: int = 1
    facts: frozenset[str] = frozenset()

    def place(self, area: str) -> int | None:
        """Where it is counted, in areas of this kind; whoever names no village is counted for the facility instead."""
        match area:
            case "village":
                return self.facility if self.village is None else self.village
            case "facility":
                return self.facility
            case _:
                return self.district

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude, where both are known."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)


@dataclass(frozen=True)
class Population:
    """How many people live in a place, as counted or estimated on a day."""

    people: int
    on: date


def population(known: Sequence[Population], day: date) -> Population | None:
    """The one that held on that day: the last before it, else the first there is; None where nobody counted."""
    before = [one for one in known if one.on <= day]
    if before:
        return max(before, key=lambda one: one.on)
    return min(known, key=lambda one: one.on, default=None)
