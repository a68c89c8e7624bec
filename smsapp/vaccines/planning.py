"""The plan of one child: for each dose of the calendar whether it is due, late, given and valid, or never to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    `given` is the dose that counts, else the last one that did not; `reason` says why that one did not.
    """

    code: str
    state: str
    due: date | None = None
    given: date | None = None
    valid: bool | None = None
    reason: str = ""
    on_time: bool | None = None


@dataclass(frozen=True)
class Plan:
    """A child's doses by code, in the order of the calendar."""

    doses: Mapping[str, Planned]
    today: date

    @property
    def open(self) -> list[Planned]:
        """What could be given today."""
        return [dose for dose in self.doses.values() if dose.state in OPEN or self._again(dose)]

    @property
    def next_visit(self) -> tuple[date, tuple[str, ...]] | None:
        """The next day on which something can be given, not before today, and all that can be given on it together."""
        waiting = [(max(p.due, self.today), p.code) for p in self.doses.values() if p.due is not None]
        if not waiting:
            return None
        day = min(at for at, _ in waiting)
        return day, tuple(code for at, code in waiting if at <= day)

    def _again(self, dose: Planned) -> bool:
        return dose.state == INVALID and dose.due is not None and dose.due <= self.today


def plan(schedule: Schedule, child: Child, given: Given, today: date) -> Plan:
    """What each dose of the calendar means for this child today.

    Doses are judged by the calendar's minimum ages and gaps and by what was given before them, never by what came
    later. A series goes on where it stopped. Doses after `today` are not looked at: nobody has given them yet.
    """
    had = _Had(schedule, child)
    for on, place in sorted(_told(schedule, given, today)):
        dose = schedule.doses[place]
        had.add(dose, on, _why_not(had, dose, on))
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


class _Had:
    """What a child has had so far, in the order of its days."""

    def __init__(self, schedule: Schedule, child: Child) -> None:
        self.schedule, self.child, self.ages = schedule, child, _ages(schedule, child.born)
        self.counting: dict[str, date] = {}  # the first dose of each code that counts
        self.failed: dict[str, tuple[date, str]] = {}  # the last one that did not, and why
        self.live: list[tuple[date, str]] = []  # injected live vaccines, whether or not they count

    def add(self, dose: Dose, on: date, reason: str) -> None:
        if reason:
            self.failed[dose.code] = on, reason
        else:
            self.counting.setdefault(dose.code, on)
        if dose.live:
            self.live.append((on, dose.antigen))

    def last(self, code: str) -> date | None:
        """The day from which a gap after this dose is counted: that of the one that counts, else of the last."""
        return self.counting.get(code) or self.failed.get(code, (None,))[0]

    def again(self, dose: Dose) -> date | None:
        """From when this dose may be repeated, where one did not count."""
        failed = self.failed.get(dose.code)
        return (dose.gap or REPEAT).after(failed[0]) if failed else None

    def late_start(self, dose: Dose) -> LateStart | None:
        """The rule that holds where the series began late; the first one that fits."""
        for late in dose.late_start:
            began = self.counting.get(late.dose)
            if began is not None and began >= late.age.after(self.child.born):
                return late
        return None

    def gap(self, dose: Dose) -> Span | None:
        late = self.late_start(dose) if dose.late_start else None
        return late.gap if late and late.gap else dose.gap

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
    again, gap, earlier = had.again(dose), had.gap(dose), had.last(dose.after)
    if (again and on < again) or (gap and earlier and on < gap.after(earlier)):
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
    due = _due(had, dose, above)
    last = had.ages[dose.code].last
    if last is not None and max(due, today) > last:
        return _open(had, dose, TOO_OLD)
    return _open(had, dose, INVALID if dose.code in had.failed else _state(had, dose, due, today), due)


def _open(had: _Had, dose: Dose, state: str, due: date | None = None) -> Planned:
    """One that does not count yet; why the last one did not, where there was one."""
    if dose.code not in had.failed:
        return Planned(dose.code, state, due)
    on, reason = had.failed[dose.code]
    return Planned(dose.code, state, due, given=on, valid=False, reason=reason)


def _due(had: _Had, dose: Dose, above: Mapping[str, Planned]) -> date:
    """Its age, no younger than allowed, no closer than allowed to what was given or is still to be given before it."""
    ages, at = had.ages[dose.code], _planned_for(above.get(dose.after))
    days = [ages.least]
    if ages.due is not None:
        days.append(ages.due)
    elif dose.due is not None:
        days.append(dose.due.after(_planned_for(above.get(dose.due_of)) or had.child.born))
    if dose.season is not None:
        days.append(dose.season.opens(at or days[0]))
    gap = had.gap(dose)
    if gap and at and (not dose.if_given or dose.after in had.counting):
        days.append(gap.after(at))
    if again := had.again(dose):
        days.append(again)
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
