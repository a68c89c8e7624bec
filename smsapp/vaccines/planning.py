"""The plan of one child: for each dose of the calendar whether it is due, late, given and valid, or never to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from smsapp.vaccines.had import Had, apart_of
from smsapp.vaccines.schedule import Dose, Schedule

NOT_YET, DUE, LATE, MISSED = "not_yet", "due", "late", "missed"
GIVEN, INVALID, TOO_OLD, NOT_NEEDED = "given", "invalid", "too_old", "not_needed"
NOT_APPLICABLE = "not_applicable"  # her district does not have it, or nobody said that she is a girl
OPEN = (DUE, LATE, MISSED)
DAY = timedelta(days=1)
SHORT_WINDOW = 14  # days after it was due, for a dose without a window of its own

Given = Mapping[str, date | Sequence[date]]


@dataclass(frozen=True)
class Child:
    """What a plan depends on."""

    born: date
    district: str = ""
    sex: str = ""


class Planned(NamedTuple):
    """One dose of a child's plan.

    `due` is the day from which it should be given (again, where one did not count), None where nothing is to be given.
    `given` is the dose that counts, else the last one that did not; `reason` says why that one did not. One that
    `waits` comes after another of its vaccine that is still to be given: from when is not known before. After `until`
    it is due in another season.
    """

    code: str
    state: str
    due: date | None = None
    given: date | None = None
    valid: bool | None = None
    reason: str = ""
    on_time: bool | None = None
    waits: bool = False
    until: date | None = None


@dataclass(frozen=True)
class Plan:
    """A child's doses by code, in the order of the calendar; `reasons`: why one that was given did not count."""

    doses: Mapping[str, Planned]
    today: date
    reasons: Mapping[tuple[str, date], str]  # by code and day; none for one that was given once too often

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

    @property
    def turns(self) -> date | None:
        """From when the plan is another one though nothing was given: a season is over."""
        return min((dose.until + DAY for dose in self._next() if dose.until is not None), default=None)

    def _next(self) -> Iterator[Planned]:
        return (dose for dose in self.doses.values() if dose.due is not None and not dose.waits)


def plan(schedule: Schedule, child: Child, given: Given, today: date) -> Plan:
    """What each dose of the calendar means for this child today.

    Doses are judged by the calendar's minimum ages and gaps and by what was given before them, never by what came
    later; of one day by their order in the calendar. A series goes on where it stopped. Doses after `today` are not
    looked at: nobody has given them yet.
    """
    had = Had(schedule, child.born)
    for on, place in sorted(_told(schedule, given, today)):
        had.add(schedule.doses[place], on)
    doses: dict[str, Planned] = {}
    meant = _meant_for(schedule, child.district, child.sex)
    for dose in schedule.doses:
        doses[dose.code] = _one(had, dose, doses, today) if dose.code in meant else _besides(had, dose)
    return Plan(doses, today, had.reasons)


def _told(schedule: Schedule, given: Given, today: date) -> Iterable[tuple[date, int]]:
    places = _places(schedule)
    for code, days in given.items():
        if code in places:
            for day in {days} if isinstance(days, date) else set(days):
                if day <= today:
                    yield day, places[code]


@lru_cache(maxsize=1024)
def _meant_for(schedule: Schedule, district: str, sex: str) -> Collection[str]:
    return frozenset(dose.code for dose in schedule.doses if dose.is_for(district, sex))


@lru_cache(maxsize=64)
def _places(schedule: Schedule) -> Mapping[str, int]:
    return {dose.code: place for place, dose in enumerate(schedule.doses)}


def _besides(had: Had, dose: Dose) -> Planned:
    """One that is not for her: it is never due. What she was given of it, maybe where she lived before, is judged."""
    if dose.code in had.counting:
        return _given(had, dose)
    return _open(had, dose, INVALID if dose.code in had.failed else NOT_APPLICABLE)


def _given(had: Had, dose: Dose) -> Planned:
    on = had.counting[dose.code]
    return Planned(dose.code, GIVEN, given=on, valid=True, on_time=_on_time(dose, had.born, on))


def _one(had: Had, dose: Dose, above: Mapping[str, Planned], today: date) -> Planned:
    if dose.code in had.counting:
        return _given(had, dose)
    late = had.late_start(dose) if dose.late_start else None
    if late and not late.needed:
        return _open(had, dose, NOT_NEEDED)
    if never := _never(dose, above):
        return _open(had, dose, never)
    before = _before(had, dose, above)
    due = _due(had, dose, above, before, today)
    last = had.ages[dose.code].last
    if last is not None and max(due, today) > last:
        return _open(had, dose, TOO_OLD)
    state = INVALID if dose.code in had.failed else _state(had, dose, due, today)
    until = dose.season.closes(due) if dose.season is not None else None
    return _open(had, dose, state, due, waits=bool(before), until=until)


def _open(
    had: Had, dose: Dose, state: str, due: date | None = None, *, waits: bool = False, until: date | None = None
) -> Planned:
    """One that does not count yet; why the last one did not, where there was one."""
    if dose.code not in had.failed:
        return Planned(dose.code, state, due, waits=waits, until=until)
    on, reason = had.failed[dose.code]
    return Planned(dose.code, state, due, on, False, reason, waits=waits, until=until)


def _never(dose: Dose, above: Mapping[str, Planned]) -> str:
    """The state of the dose that it follows, where that one can never come any more."""
    before = above.get(dose.after)
    return before.state if before and not dose.if_given and before.state in {TOO_OLD, NOT_NEEDED} else ""


def _before(had: Had, dose: Dose, above: Mapping[str, Planned]) -> Mapping[str, date]:
    """What of its vaccine is still to be given before it, and from when; not one that it does without."""
    without = dose.after if dose.if_given else ""
    codes = (code for code in apart_of(had.schedule)[dose.code] if code in above and code != without)
    return {code: due for code in codes if (due := above[code].due) is not None}


def _due(had: Had, dose: Dose, above: Mapping[str, Planned], before: Mapping[str, date], today: date) -> date:
    """Its age, no younger than allowed, no closer than allowed to what was given or is still to be given before it."""
    ages = had.ages[dose.code]
    days = [ages.least]
    if ages.due is not None:
        days.append(ages.due)
    elif dose.due is not None:
        days.append(dose.due.after(_planned_for(above.get(dose.due_of)) or had.born))
    days += had.clear(dose)
    days += [had.apart(dose, code).after(on) for code, on in before.items()]
    if dose.live:
        days += had.clear_of_live(dose)
    if dose.season is None:
        return max(days)
    return dose.season.opens(_planned_for(above.get(dose.after)) or days[0], max(days), today)


def _planned_for(before: Planned | None) -> date | None:
    if before is None:
        return None
    return before.given if before.valid else before.due


def _state(had: Had, dose: Dose, due: date, today: date) -> str:
    if today < due:
        return NOT_YET
    if today >= due + timedelta(days=had.schedule.missed_after):
        return MISSED
    window = due + timedelta(days=SHORT_WINDOW)
    if dose.on_time is not None:
        window = max(due, had.born + timedelta(days=dose.on_time))
    return DUE if today <= window else LATE


def _on_time(dose: Dose, born: date, on: date) -> bool | None:
    return None if dose.on_time is None else (on - born).days <= dose.on_time
