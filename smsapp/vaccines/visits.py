"""From a child's plan to her visits: what can be given together, and from when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from smsapp.vaccines.planning import Plan

ONE_WAY = timedelta(days=6)  # doses due within a week of one another are one way to the centre


@dataclass(frozen=True)
class Visit:
    """Doses for one way. `due_on`, on which the first of them is due, names the visit; on `day` all of them are."""

    due_on: date
    day: date
    doses: tuple[str, ...]


def visits(plan: Plan, since: date) -> Sequence[Visit]:
    """The visits of a plan, the earliest first. What was due before `since` is one visit of that day.

    `since` is when the child came into care: whoever comes late hears of one visit, not of a year of them. A dose
    that waits for another of its vaccine belongs to no visit: its day is not known before.
    """
    waiting = [(max(dose.due, since), dose.code) for dose in plan.doses.values() if dose.due and not dose.waits]
    found: list[list[tuple[date, str]]] = []
    for due, code in sorted(waiting, key=lambda each: each[0]):
        if found and due <= found[-1][0][0] + ONE_WAY:
            found[-1].append((due, code))
        else:
            found.append([(due, code)])
    return [Visit(some[0][0], some[-1][0], tuple(code for _, code in some)) for some in found]
