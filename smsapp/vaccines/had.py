"""What one child was given, day by day: which doses count, why the others do not, and how near the next may come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from smsapp.vaccines.schedule import REPEAT, Dose, LateStart, Schedule, Span

# Why a dose did not count.
TOO_YOUNG, TOO_SOON, TOO_LATE, LIVE, BEFORE_BIRTH = "too_young", "too_soon", "too_late", "live", "before_birth"
OUT_OF_SEASON = "out_of_season"


@dataclass(frozen=True)
class Ages:
    """What a dose's ages are in the life of somebody born on a certain day."""

    least: date
    due: date | None  # where it is counted from birth
    last: date | None


# What depends on the calendar and a birthday alone is worked out once: thousands of children share a birthday.


@lru_cache(maxsize=4096)
def _ages(schedule: Schedule, born: date) -> Mapping[str, Ages]:
    return {
        dose.code: Ages(
            dose.least.after(born),
            dose.due.after(born) if dose.due is not None and not dose.due_of else None,
            dose.last_day(born),
        )
        for dose in schedule.doses
    }


@lru_cache(maxsize=64)
def apart_of(schedule: Schedule) -> Mapping[str, Mapping[str, Span]]:
    """How far each dose is from each of its vaccine, itself too; of two the later one of the calendar sets it."""
    return {
        dose.code: {
            other.code: (dose if place >= at else other).gap or REPEAT
            for at, other in enumerate(schedule.doses)
            if other.antigen == dose.antigen
        }
        for place, dose in enumerate(schedule.doses)
    }


class Had:
    """What a child has had so far, in the order of its days."""

    def __init__(self, schedule: Schedule, born: date) -> None:
        self.schedule, self.born, self.ages = schedule, born, _ages(schedule, born)
        self._apart = apart_of(schedule)
        self.last: dict[str, date] = {}  # by code, the day of the one that counts, else of the last one
        self.counting: dict[str, date] = {}  # the first dose of each code that counts
        self.failed: dict[str, tuple[date, str]] = {}  # the last one before it that did not, and why
        self.reasons: dict[tuple[str, date], str] = {}  # why each of these did not
        self.live: list[tuple[date, str]] = []  # injected live vaccines, whether or not they count

    def add(self, dose: Dose, on: date) -> None:
        """One more: the first that counts, or one that does not. Whatever comes after that was given too often."""
        if dose.code not in self.counting:
            if reason := _why_not(self, dose, on):
                self.failed[dose.code] = on, reason
                self.reasons[dose.code, on] = reason
            else:
                self.counting[dose.code] = on
            self.last[dose.code] = on
        if dose.live:
            self.live.append((on, dose.antigen))

    def clear(self, dose: Dose) -> list[date]:
        """From when this one may follow each one of its vaccine that was given, whether or not it counts."""
        given = self.last
        return [self.apart(dose, code).after(given[code]) for code in self._apart[dose.code] if code in given]

    def apart(self, dose: Dose, other: str) -> Span:
        """How far this dose is from another of its vaccine."""
        if dose.late_start and other == dose.after and (late := self.late_start(dose)) and late.gap:
            return late.gap
        return self._apart[dose.code][other]

    def late_start(self, dose: Dose) -> LateStart | None:
        """The rule that holds where the series began late; the first one that fits."""
        for late in dose.late_start:
            began = self.counting.get(late.dose)
            if began is not None and began >= late.age.after(self.born):
                return late
        return None

    def clear_of_live(self, dose: Dose) -> list[date]:
        """From when this live vaccine may follow each other one that is not of its day."""
        wait = timedelta(days=self.schedule.live_gap)
        return [on + wait for on, antigen in self.live if antigen != dose.antigen] if dose.live else []


def _why_not(had: Had, dose: Dose, on: date) -> str:
    """Why a dose given on this day does not count; empty where it does."""
    if on < had.born:
        return BEFORE_BIRTH
    ages = had.ages[dose.code]
    if on < ages.least:
        return TOO_YOUNG
    if ages.last is not None and on > ages.last:
        return TOO_LATE
    if on < max(had.clear(dose), default=on):
        return TOO_SOON
    if dose.live and any(
        on < clear and clear - on < timedelta(days=had.schedule.live_gap) for clear in had.clear_of_live(dose)
    ):
        return LIVE
    if dose.season is not None and not dose.season.takes(on, had.last.get(dose.after)):
        return OUT_OF_SEASON
    return ""
