"""The plan of one child: for each dose of the calendar whether it is due, late, given and valid, or never to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from smsapp.vaccines.schedule import REPEAT, Dose, LateStart, Schedule, Span

NOT_YET, DUE, LATE, MISSED = "not_yet", "due", "late", "missed"
GIVEN, INVALID, TOO_OLD, NOT_NEEDED = "given", "invalid", "too_old", "not_needed"
OPEN = (DUE, LATE, MISSED)
# Why a dose did not count.
TOO_YOUNG, TOO_SOON, TOO_LATE, LIVE, BEFORE_BIRTH = "too_young", "too_soon", "too_late", "live", "before_birth"
SHORT_WINDOW = 14  # days after it was due, for a dose without a window of its own

Given = Mapping[str, date | Sequence[date]]


@dataclass(frozen=True)
class Child:
    """What a plan depends on."""

    born: date
    district: str = ""
    sex: str = ""


@dataclass(frozen=True)
class Planned:
    """One dose of a child's plan.

    `due` is the day from which it should be given (again, where one did not count), None where nothing is to be given.
    `given` is the dose that counts, else the last one that did not; `reason` says why that one did not. One that
    `waits` comes after another of its vaccine that is still to be given: from when is not known before.
    """

    code: str
    state: str
    due: date | None = None
    given: date | None = None
    valid: bool | None = None
    reason: str = ""
    on_time: bool | None = None
    waits: bool = False


@dataclass(frozen=True)
class Plan:
    """A child's doses by code, in the order of the calendar."""

    doses: Mapping[str, Planned]
    today: date

    @property
    def open(self) -> list[Planned]:
        """What can be given today, all of it on one way: of each vaccine one dose."""
        return [dose for dose in self._next() if dose.due is not None and dose.due <= self.today]

    @property
    def next_visit(self) -> tuple[date, tuple[str, ...]] | None:
        """The next day on which something can be given, not before today, and all that can be given on it together."""
        ahead = [(max(dose.due, self.today), dose.code) for dose in self._next() if dose.due is not None]
        if not ahead:
            return None
        day = min(at for at, _ in ahead)
        return day, tuple(code for at, code in ahead if at <= day)

    def _next(self) -> Iterator[Planned]:
        return (dose for dose in self.doses.values() if dose.due is not None and not dose.waits)


def plan(schedule: Schedule, child: Child, given: Given, today: date) -> Plan:
    """What each dose of the calendar means for this child today.

    Doses are judged by the calendar's minimum ages and gaps and by what was given before them, never by what came
    later; of one day by their order in the calendar. A series goes on where it stopped. Doses after `today` are not
    looked at: nobody has given them yet.
    """
    had = _Had(schedule, child)
    for on, place in sorted(_told(schedule, given, today)):
        had.add(schedule.doses[place], on)
    doses: dict[str, Planned] = {}
    for dose in _meant_for(schedule, child.district, child.sex):
        doses[dose.code] = _one(had, dose, doses, today)
    return Plan(doses, today)


def _told(schedule: Schedule, given: Given, today: date) -> Iterable[tuple[date, int]]:
    places = _places(schedule)
    for code, days in given.items():
        if code in places:
            for day in {days} if isinstance(days, date) else set(days):
                if day <= today:
                    yield day, places[code]


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


@lru_cache(maxsize=1024)
def _meant_for(schedule: Schedule, district: str, sex: str) -> Sequence[Dose]:
    return [dose for dose in schedule.doses if dose.is_for(district, sex)]


@lru_cache(maxsize=64)
def _places(schedule: Schedule) -> Mapping[str, int]:
    return {dose.code: place for place, dose in enumerate(schedule.doses)}


@lru_cache(maxsize=64)
def _apart(schedule: Schedule) -> Mapping[str, Mapping[str, Span]]:
    """How far each dose is from each of its vaccine, itself too; of two the later one of the calendar sets it."""
    return {
        dose.code: {
            other.code: (dose if place >= at else other).gap or REPEAT
            for at, other in enumerate(schedule.doses)
            if other.antigen == dose.antigen
        }
        for place, dose in enumerate(schedule.doses)
    }


class _Had:
    """What a child has had so far, in the order of its days."""

    def __init__(self, schedule: Schedule, child: Child) -> None:
        self.schedule, self.child, self.ages = schedule, child, _ages(schedule, child.born)
        self.counting: dict[str, date] = {}  # the first dose of each code that counts
        self.failed: dict[str, tuple[date, str]] = {}  # the last one before it that did not, and why
        self.live: list[tuple[date, str]] = []  # injected live vaccines, whether or not they count

    def add(self, dose: Dose, on: date) -> None:
        """One more: the first that counts, or one that does not. Whatever comes after that was given too often."""
        if dose.code not in self.counting:
            if reason := _why_not(self, dose, on):
                self.failed[dose.code] = on, reason
            else:
                self.counting[dose.code] = on
        if dose.live:
            self.live.append((on, dose.antigen))

    def last(self, code: str) -> date | None:
        """The day of the dose of this code that counts, else of the last one that did not."""
        return self.counting.get(code) or self.failed.get(code, (None,))[0]

    def clear(self, dose: Dose) -> Iterator[date]:
        """From when this one may follow each one of its vaccine that was given, whether or not it counts."""
        for code in _apart(self.schedule)[dose.code]:
            if (on := self.last(code)) is not None:
                yield self.apart(dose, code).after(on)

    def apart(self, dose: Dose, other: str) -> Span:
        """How far this dose is from another of its vaccine."""
        if other == dose.after and (late := self.late_start(dose)) and late.gap:
            return late.gap
        return _apart(self.schedule)[dose.code][other]

    def late_start(self, dose: Dose) -> LateStart | None:
        """The rule that holds where the series began late; the first one that fits."""
        for late in dose.late_start:
            began = self.counting.get(late.dose)
            if began is not None and began >= late.age.after(self.child.born):
                return late
        return None

    def clear_of_live(self, dose: Dose) -> list[date]:
        """From when this live vaccine may follow each other one that is not of its day."""
        wait = timedelta(days=self.schedule.live_gap)
        return [on + wait for on, antigen in self.live if antigen != dose.antigen] if dose.live else []


def _why_not(had: _Had, dose: Dose, on: date) -> str:
    """Why a dose given on this day does not count; empty where it does."""
    born = had.child.born
    if on < born:
        return BEFORE_BIRTH
    ages = had.ages[dose.code]
    if on < ages.least:
        return TOO_YOUNG
    if ages.last is not None and on > ages.last:
        return TOO_LATE
    if any(on < clear for clear in had.clear(dose)):
        return TOO_SOON
    if dose.live and any(
        on < clear and clear - on < timedelta(days=had.schedule.live_gap) for clear in had.clear_of_live(dose)
    ):
        return LIVE
    return ""


def _one(had: _Had, dose: Dose, above: Mapping[str, Planned], today: date) -> Planned:
    if (on := had.counting.get(dose.code)) is not None:
        return Planned(dose.code, GIVEN, given=on, valid=True, on_time=_on_time(dose, had.child.born, on))
    late = had.late_start(dose) if dose.late_start else None
    if late and not late.needed:
        return _open(had, dose, NOT_NEEDED)
    before = _before(had, dose, above)
    due = _due(had, dose, above, before)
    last = had.ages[dose.code].last
    if last is not None and max(due, today) > last:
        return _open(had, dose, TOO_OLD)
    state = INVALID if dose.code in had.failed else _state(had, dose, due, today)
    return _open(had, dose, state, due, waits=bool(before))


def _open(had: _Had, dose: Dose, state: str, due: date | None = None, *, waits: bool = False) -> Planned:
    """One that does not count yet; why the last one did not, where there was one."""
    on, reason = had.failed.get(dose.code, (None, ""))
    return Planned(dose.code, state, due, given=on, valid=None if on is None else False, reason=reason, waits=waits)


def _before(had: _Had, dose: Dose, above: Mapping[str, Planned]) -> Mapping[str, date]:
    """What of its vaccine is still to be given before it, and from when; not one that it does without."""
    without = dose.after if dose.if_given else ""
    codes = (code for code in _apart(had.schedule)[dose.code] if code in above and code != without)
    return {code: due for code in codes if (due := above[code].due) is not None}


def _due(had: _Had, dose: Dose, above: Mapping[str, Planned], before: Mapping[str, date]) -> date:
    """Its age, no younger than allowed, no closer than allowed to what was given or is still to be given before it."""
    ages, at = had.ages[dose.code], _planned_for(above.get(dose.after))
    days = [ages.least]
    if ages.due is not None:
        days.append(ages.due)
    elif dose.due is not None:
        days.append(dose.due.after(_planned_for(above.get(dose.due_of)) or had.child.born))
    if dose.season is not None:
        days.append(dose.season.opens(at or days[0]))
    days += had.clear(dose)
    days += [had.apart(dose, code).after(on) for code, on in before.items()]
    if dose.live:
        days += had.clear_of_live(dose)
    return max(days)


def _planned_for(before: Planned | None) -> date | None:
    if before is None:
        return None
    return before.given if before.valid else before.due


def _state(had: _Had, dose: Dose, due: date, today: date) -> str:
    if today < due:
        return NOT_YET
    if today >= due + timedelta(days=had.schedule.missed_after):
        return MISSED
    window = due + timedelta(days=SHORT_WINDOW)
    if dose.on_time is not None:
        window = max(due, had.child.born + timedelta(days=dose.on_time))
    return DUE if today <= window else LATE


def _on_time(dose: Dose, born: date, on: date) -> bool | None:
    return None if dose.on_time is None else (on - born).days <= dose.on_time
