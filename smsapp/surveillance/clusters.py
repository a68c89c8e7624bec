"""Clusters of cases in space and time: whatever is linked by steps of less than K kilometres and less than D days.

Two cases are linked where both lie below the limits (strictly); a cluster is what links hold together, however far
apart its ends are (single linkage, as in Nyss of the Red Cross). Cases of one village are near each other, whether or
not somebody knows where it lies; cases of no known place stand alone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, product
from math import asin, cos, dist, floor, pi, radians, sin, sqrt
from typing import TypeVar

from smsapp.surveillance.cases import Case

EARTH = 6371.0088  # kilometres: the mean radius of the International Union of Geodesy and Geophysics

Key = TypeVar("Key")
Spot = tuple[float, float, float]
Cell = tuple[int, int, int]
# Half of a cell's neighbours, the nearest first: of each pair of cells one looks at the other.
REACH = sorted(
    (step for step in product(range(-2, 3), repeat=3) if step > (0, 0, 0)), key=lambda s: sum(x * x for x in s)
)


@dataclass(frozen=True)
class Cluster:
    """Cases that are linked, by day and id; `count` is more than they are where a report tells of several."""

    cases: tuple[Case, ...]

    @property
    def count(self) -> int:
        return sum(case.count for case in self.cases)

    @property
    def first(self) -> date:
        return self.cases[0].day

    @property
    def last(self) -> date:
        return self.cases[-1].day


def distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Kilometres between two points of latitude and longitude, by the haversine formula.

    d = 2 R asin(sqrt(sin²(Δφ / 2) + cos φ1 cos φ2 sin²(Δλ / 2)))
    """
    (phi1, lam1), (phi2, lam2) = ((radians(lat), radians(lon)) for lat, lon in (a, b))
    half = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin((lam2 - lam1) / 2) ** 2
    return 2 * EARTH * asin(sqrt(min(1.0, half)))


def clusters(cases: Iterable[Case], km: float, days: int) -> list[Cluster]:
    """The clusters of these cases, the earliest first; the order in which they are given does not matter."""
    ordered = sorted(cases, key=lambda case: (case.day, case.id))
    linked = _Linked(ordered, days)
    for village in _grouped((case.village, at) for at, case in enumerate(ordered)).values():
        linked.runs(village)
    spots = {at: _spot(case.point) for at, case in enumerate(ordered) if case.point is not None}
    # Straight through the earth: points that are this near are less than `km` apart over its surface.
    chord = 2 * EARTH * sin(min(km / EARTH, pi) / 2)
    if chord > 0:
        _link_near(linked, spots, chord)
    together = _grouped((linked.root(at), at) for at in range(len(ordered)))
    return [Cluster(tuple(ordered[at] for at in members)) for members in together.values()]


def _grouped(pairs: Iterable[tuple[Key | None, int]]) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = defaultdict(list)
    for key, at in pairs:
        if key is not None:
            groups[key].append(at)
    return groups


def _spot(point: tuple[float, float]) -> Spot:
    """Kilometres from the middle of the earth, where neither poles nor the date line are anything special."""
    lat, lon = radians(point[0]), radians(point[1])
    return EARTH * cos(lat) * cos(lon), EARTH * cos(lat) * sin(lon), EARTH * sin(lat)


def _link_near(linked: _Linked, spots: dict[int, Spot], chord: float) -> None:
    """Link cases that are less than `chord` apart.

    Cells have sides of half of it: those of one cell are always near, and those two cells away may be.
    """
    x, y, z = 0, 1, 2
    side = chord / 2
    cells = _grouped(
        ((floor(spot[x] / side), floor(spot[y] / side), floor(spot[z] / side)), at) for at, spot in spots.items()
    )
    runs = {cell: linked.runs(members) for cell, members in cells.items()}
    for step in REACH:
        for cell, own in runs.items():
            other = runs.get((cell[x] + step[x], cell[y] + step[y], cell[z] + step[z]))
            for a, b in product(own, other or ()):
                linked.join_near(a, b, spots, chord)


class _Linked:
    """Which cases hold together so far: a forest in which every tree is a cluster, its root the earliest case."""

    def __init__(self, cases: Sequence[Case], days: int) -> None:
        self.days = days
        self.on = [case.day.toordinal() for case in cases]
        self.above = list(range(len(cases)))

    def root(self, at: int) -> int:
        while self.above[at] != at:
            self.above[at] = at = self.above[self.above[at]]
        return at

    def join(self, a: int, b: int) -> None:
        a, b = sorted((self.root(a), self.root(b)))
        self.above[b] = a

    def runs(self, near: Sequence[int]) -> list[list[int]]:
        """Of cases that are near each other, in order of time, those that follow each other closely; now linked."""
        runs = [[at] for at in near[:1]]
        for before, at in pairwise(near):
            if self.on[at] - self.on[before] < self.days:
                self.join(before, at)
                runs[-1].append(at)
            else:
                runs.append([at])
        return runs

    def join_near(self, a: Sequence[int], b: Sequence[int], spots: dict[int, Spot], chord: float) -> None:
        """Join two runs if one case of each is near one of the other in space and time."""
        if self.root(a[0]) != self.root(b[0]) and self.touch(a, b, spots, chord):
            self.join(a[0], b[0])

    def touch(self, a: Sequence[int], b: Sequence[int], spots: dict[int, Spot], chord: float) -> bool:
        days = [self.on[other] for other in b]
        places = [spots[other] for other in b]
        for one in a:
            day, here = self.on[one], spots[one]
            meanwhile = places[bisect_right(days, day - self.days) : bisect_left(days, day + self.days)]
            if any(dist(here, there) < chord for there in meanwhile):
                return True
        return False
