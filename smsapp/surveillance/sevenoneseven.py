"""7-1-7: was an outbreak detected in seven days, notified in one, and answered in seven, and where did it get stuck?

    detect  = detection - emergence                                       at most 7 days
    notify  = notification - detection                                    at most 1 day
    respond = completion of the last early response action - notification at most 7 days

Source: the 7-1-7 Alliance's digital toolkit. A day that nobody has told is asked for; none is ever worked out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

DETECT, NOTIFY, RESPOND = INTERVALS = ("detect", "notify", "respond")
TARGETS: Mapping[str, int] = {DETECT: 7, NOTIFY: 1, RESPOND: 7}
EMERGENCE, DETECTION, NOTIFICATION = ("emergence", "detection", "notification")
ACTIONS = (
    "investigation",
    "analysis",
    "laboratory",
    "case_management",
    "public_health_measures",
    "risk_communication",
    "coordination",
)


@dataclass(frozen=True)
class Interval:
    """One of the three: its days, None while an end of it is not known; `running` are those gone by of an open one."""

    name: str
    days: int | None = None
    running: int | None = None

    @property
    def target(self) -> int:
        return TARGETS[self.name]

    @property
    def met(self) -> bool | None:
        """Whether the target was kept; None while that is open."""
        if self.days is not None:
            return self.days <= self.target
        return False if self.running is not None and self.running > self.target else None

    @property
    def over(self) -> int:
        """How many days beyond the target it took, or has taken so far."""
        gone = self.running if self.days is None else self.days
        return max(0, (gone or 0) - self.target)


@dataclass(frozen=True)
class Timeline:
    """The three intervals of an outbreak; `asked` are the dates that are not known, or that can not be.

    `stuck` is the interval farthest beyond its target, empty where none is; `slowest` are the actions that decide when
    the response is complete: those not done, else those done last.
    """

    intervals: tuple[Interval, Interval, Interval]
    asked: tuple[str, ...]
    stuck: str
    slowest: tuple[str, ...]

    @property
    def met(self) -> bool | None:
        """All three; one that was missed is enough for no."""
        each = [interval.met for interval in self.intervals]
        return False if False in each else None if None in each else True


def sevenoneseven(
    emergence: date | None,
    detection: date | None,
    notification: date | None,
    actions: Mapping[str, date | None],
    not_applicable: Collection[str] = (),
    today: date | None = None,
) -> Timeline:
    """The intervals from what was told; `actions` say when each early response action was completed.

    With `today` the clocks of what is not done yet run. A date before the one that it follows can not be: both are
    asked for. Actions may be complete before the notification: the response then took no day.
    """
    told = {EMERGENCE: emergence, DETECTION: detection, NOTIFICATION: notification}
    applicable = [action for action in ACTIONS if action not in not_applicable]
    missing = [action for action in applicable if actions.get(action) is None]
    done = {action: day for action in applicable if (day := actions.get(action)) is not None}
    completed = max(done.values(), default=notification) if not missing else None
    detect = _interval(DETECT, emergence, detection, today)
    notify = _interval(NOTIFY, detection, notification, today)
    intervals = (detect, notify, _response(notification, completed, today))
    asked = [name for name, day in told.items() if day is None or name in _impossible(told)] + missing
    worst = max(intervals, key=lambda interval: interval.over)
    slowest = missing or [action for action, day in done.items() if day == completed]
    return Timeline(intervals, tuple(asked), worst.name if worst.over else "", tuple(slowest))


def summed(timelines: Iterable[Timeline]) -> dict[str, dict[bool | None, int]]:
    """For each interval, and for all three together, how many met the target, missed it, or are not known yet."""
    table: dict[str, dict[bool | None, int]] = {name: {True: 0, False: 0, None: 0} for name in (*INTERVALS, "all")}
    for timeline in timelines:
        table["all"][timeline.met] += 1
        for interval in timeline.intervals:
            table[interval.name][interval.met] += 1
    return table


def _interval(name: str, start: date | None, end: date | None, today: date | None) -> Interval:
    if start is None or (end is not None and end < start):
        return Interval(name)
    if end is not None:
        return Interval(name, days=(end - start).days)
    return Interval(name, running=None if today is None else max(0, (today - start).days))


def _response(notification: date | None, completed: date | None, today: date | None) -> Interval:
    if notification is not None and completed is not None:
        completed = max(notification, completed)
    return _interval(RESPOND, notification, completed, today)


def _impossible(told: Mapping[str, date | None]) -> set[str]:
    """The names of dates that contradict each other."""
    known = [(name, day) for name, day in told.items() if day is not None]
    wrong = [(start, end) for (start, first), (end, second) in pairwise(known) if second < first]
    return {name for pair in wrong for name in pair}
