"""EARS, three statistics that compare a day's cases with the days before it: C1, C2 and C3.

Each compares a value with the arithmetic mean and the sample standard deviation (n - 1) of `baseline` values before it:
C1 with those right before it, C2 with those that end two days earlier, so that a slow rise does not hide itself;
C3 adds up what three days' C2 are above 1:

    C1(t), C2(t) = (y(t) - mean) / max(sd, min_sd)
    C3(t) = max(0, C2(t) - 1) + max(0, C2(t-1) - 1) + max(0, C2(t-2) - 1)

Source: L. Hutwagner et al., "The bioterrorism preparedness and response Early Aberration Reporting System (EARS)",
Journal of Urban Health 80 (2003), i89-i96. An alarm is a value at or above 3, 3 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import copysign, sqrt

BASELINE = 7
GUARD = 2  # days between the baseline of C2 and its day
SUMMED = 3  # days whose C2 make up C3
C1_ALARM, C2_ALARM, C3_ALARM = 3, 3, 2
# Values are counted in millionths, all in whole numbers: then a spread of nothing is nothing, and 3 is not 2.9999….
PARTS = 10**6


@dataclass(frozen=True)
class Row:
    """One value, `t` from 1; a statistic is None where it can not be computed: too few values, or no spread at all."""

    t: int
    y: float
    c1: float | None = None
    c2: float | None = None
    c3: float | None = None

    @property
    def c1_alarm(self) -> bool:
        return self.c1 is not None and self.c1 >= C1_ALARM

    @property
    def c2_alarm(self) -> bool:
        return self.c2 is not None and self.c2 >= C2_ALARM

    @property
    def c3_alarm(self) -> bool:
        return self.c3 is not None and self.c3 >= C3_ALARM


def ears(y: Sequence[float], baseline: int = BASELINE, min_sd: float = 0) -> list[Row]:
    """One row a value, in order of time. `baseline` is 2 or more; values and `min_sd` count to the sixth decimal."""
    measure = _Measure(y, baseline, min_sd)
    c1 = [measure.above(at, at - baseline) for at in range(len(y))]
    c2 = [measure.above(at, at - baseline - GUARD) for at in range(len(y))]
    c3 = [_c3(c2[at + 1 - SUMMED : at + 1]) for at in range(len(y))]
    return [Row(at + 1, y[at], c1[at], c2[at], c3[at]) for at in range(len(y))]


def _c3(last: Sequence[float | None]) -> float | None:
    known = [value for value in last if value is not None]
    return sum(max(0.0, value - 1) for value in known) if len(known) == SUMMED else None


class _Measure:
    """Sums from the first value on, of which every baseline is a difference."""

    def __init__(self, y: Sequence[float], baseline: int, min_sd: float) -> None:
        self.counts = [round(value * PARTS) for value in y]
        self.sums = list(accumulate(self.counts, initial=0))
        self.squares = list(accumulate((count * count for count in self.counts), initial=0))
        self.length = baseline
        self.least = baseline * (baseline - 1) * round(min_sd * PARTS) ** 2

    def above(self, at: int, start: int) -> float | None:
        """How many standard deviations a value is above the mean of the baseline that starts there."""
        if start < 0:
            return None
        n, end = self.length, start + self.length
        total = self.sums[end] - self.sums[start]
        # n (n - 1) times the variance, so that it stays a whole number.
        spread = max(n * (self.squares[end] - self.squares[start]) - total * total, self.least)
        if spread == 0:
            return None
        over = n * self.counts[at] - total
        return copysign(sqrt(over * over * (n - 1) / (n * spread)), over)
