"""The cases of one place by day, and the days on which a rule was met there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from smsapp.surveillance.cases import Case, Population
from smsapp.surveillance.rules import Rule


@dataclass(frozen=True)
class Hit:
    """A day on which a rule was met, the first day that it looked at, and the numbers."""

    day: date
    since: date
    numbers: Mapping[str, Any]


class Days:
    """The cases of one place by day."""

    def __init__(self, cases: Sequence[Case]) -> None:
        ordered = sorted(cases, key=lambda case: (case.day, case.id))
        self.cases = ordered
        self.on = [case.day for case in ordered]
        self.sums = list(accumulate((case.count for case in ordered), initial=0))

    def between(self, first: date, last: date) -> int:
        """How many there were from the first to the last day."""
        return self.sums[bisect_right(self.on, last)] - self.sums[bisect_left(self.on, first)]

    def ids(self, first: date, last: date) -> tuple[int, ...]:
        return tuple(case.id for case in self.cases[bisect_left(self.on, first) : bisect_right(self.on, last)])

    def with_cases(self) -> list[date]:
        return sorted(set(self.on))


def few(rule: Rule, here: Population) -> bool:
    """Whether fewer people live there than the rule calls small."""
    return here.people < max(rule.small, 1)
