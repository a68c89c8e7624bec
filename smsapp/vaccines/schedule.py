"""A country's calendar of vaccines, read from `data/vaccines/<country>.yaml`; a wrong one is refused with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from smsapp import yamls
from smsapp.months import after_months
from smsapp.segments import search_key

FOLDER = Path(__file__).resolve().parent.parent / "data" / "vaccines"
STATUSES = ("confirmed", "likely", "unconfirmed", "not_in_use")
IN_USE = ("confirmed", "likely")
UNITS = ("days", "weeks", "months", "years")


class BadSchedule(ValueError):
    """A calendar that can not be used; the sentence names the file, the dose and what is wrong."""


@dataclass(frozen=True)
class Span:
    """A time of the calendar: so many days, weeks, months or years. The 31st and a month is the month's last day."""

    unit: str
    count: int

    def after(self, day: date) -> date:
        match self.unit:
            case "days":
                return day + timedelta(self.count)
            case "weeks":
                return day + timedelta(7 * self.count)
            case "months":
                return after_months(day, self.count)
            case _:
                return after_months(day, 12 * self.count)


REPEAT = Span("days", 28)  # after a dose that did not count, where no gap says otherwise


@dataclass(frozen=True)
class Season:
    """Months in which a dose is given, counted from the dose before it."""

    months: tuple[int, ...]
    not_after: int = 12  # the month from which on a dose before it is too close to this year's season
    next_year: bool = False  # always that of the year after

    def opens(self, before: date, least: date, today: date) -> date:
        """From when a dose that follows one of `before` is given, not before `least`: in a season not over today."""
        year = before.year + (self.next_year or before.month >= self.not_after)
        year = max(year, *(on.year + (on.month > self.months[-1]) for on in (before, least, today)))
        return max(date(year, self.months[0], 1), least)

    def closes(self, on: date) -> date:
        """The last day of the season of that day's year."""
        return after_months(date(on.year, self.months[-1], 1), 1) - timedelta(days=1)

    def takes(self, on: date, before: date | None) -> bool:
        """Whether a dose of that day, which follows one of `before`, is the one of a season."""
        if self.next_year and before is not None and on.year <= before.year:
            return False
        return self.months[0] <= on.month <= self.months[-1]


@dataclass(frozen=True)
class LateStart:
    """What changes where the series began from a certain age on."""

    dose: str
    age: Span
    gap: Span | None = None
    needed: bool = True


@dataclass(frozen=True)
class Dose:
    """One dose of the calendar; see the head of the data file for what each field says."""

    code: str
    antigen: str
    label: Mapping[str, str]
    status: str
    least: Span
    due: Span | None = None
    due_of: str = ""  # the dose that `due` is counted from; birth where empty
    season: Season | None = None
    most: Span | None = None
    after: str = ""
    if_given: bool = False
    gap: Span | None = None
    late_start: tuple[LateStart, ...] = ()
    on_time: int | None = None
    live: bool = False
    where: Collection[str] | None = None  # keys of the districts that have it; None: all
    sex: str = ""

    def last_day(self, born: date) -> date | None:
        """The last day on which it may be given; None where it is never too late."""
        if self.most is None:
            return None
        return self.most.after(born) - timedelta(days=0 if self.most.unit == "days" else 1)

    def is_for(self, district: str, sex: str) -> bool:
        return (self.where is None or district_key(district) in self.where) and (not self.sex or self.sex == sex)


@dataclass(frozen=True)
class Measures:
    """What a centre is measured by; codes of doses, and the age at which it is looked at."""

    timely: Sequence[str] = ()
    dropout: Sequence[tuple[str, str]] = ()
    zero: tuple[str, Span] | None = None
    full: tuple[tuple[str, ...], Span] | None = None
    baseline: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Schedule:
    """A country's calendar; `doses` are those in use, each after the one that it follows."""

    country: str
    doses: Sequence[Dose]
    known: Sequence[Dose]  # those not in use too
    live_gap: int
    missed_after: int
    reminders: tuple[int, ...]
    measures: Measures = field(default_factory=Measures)
    by_code: Mapping[str, Dose] = field(default_factory=dict)

    def with_doses(self, codes: Collection[str]) -> Schedule:
        """With some more in use, as a setting names them."""
        if unknown := set(codes) - {dose.code for dose in self.known}:
            raise BadSchedule(f"{self.country}: no dose is called {', '.join(sorted(unknown))}")
        return _in_use(self, [d for d in self.known if d.status in IN_USE or d.code in codes])


def _in_use(schedule: Schedule, doses: Sequence[Dose]) -> Schedule:
    told = {**vars(schedule), "doses": tuple(doses), "by_code": {dose.code: dose for dose in doses}}
    return Schedule(**told)


@cache
def in_use(country: str, more: tuple[str, ...]) -> Schedule:
    """The calendar of COUNTRY, with what VACCINES_ON switches on; an empty one for a country that has none here."""
    if not _file(country).exists():
        return Schedule(country, (), (), 0, 0, ())
    return of_country(country).with_doses(more)


@cache
def of_country(country: str) -> Schedule:
    """The calendar of a country by its code (`ML`)."""
    path = _file(country)
    if not path.exists():
        raise BadSchedule(f"no calendar of vaccines for {country}: {path.name} is missing")
    return read(path)


@cache
def written(country: str) -> Mapping[str, Any]:
    """What stands in a country's file beside its calendar: words, and the doses of mothers; empty without a file."""
    path = _file(country)
    return _load(path) if path.exists() else {}


def district_key(name: str) -> str:
    """What the spellings of a district have in common: `Kalaban Coro` is `Kalaban-Coro`."""
    return "".join(filter(str.isalnum, search_key(name)))


def _file(country: str) -> Path:
    return FOLDER / f"{country.lower()}.yaml"


def read(path: Path) -> Schedule:
    """A calendar file."""
    raw = _load(path)
    try:
        where = {name: frozenset(map(district_key, names)) for name, names in raw.get("where", {}).items()}
        known = [_dose(told, where) for told in raw["doses"]]
        schedule = Schedule(
            country=raw["country"],
            doses=(),
            known=tuple(known),
            live_gap=int(raw["live_gap"]),
            missed_after=int(raw["missed_after"]),
            reminders=tuple(map(int, raw["reminders"])),
            measures=_measures(raw.get("indicators", {})),
        )
    except (KeyError, TypeError, ValueError) as why:
        raise BadSchedule(f"{path.name}: {why}") from why
    _check(path.name, known)
    return _in_use(schedule, [dose for dose in known if dose.status in IN_USE])


def _measures(told: Mapping[str, Any]) -> Measures:
    zero, full = told.get("zero"), told.get("full")
    return Measures(
        timely=tuple(told.get("timely", ())),
        dropout=tuple((first, last) for first, last in told.get("dropout", ())),
        zero=(zero["dose"], _age(zero["age"])) if zero else None,
        full=(tuple(full["doses"]), _age(full["age"])) if full else None,
        baseline={code: (int(before), int(after)) for code, (before, after) in told.get("baseline", {}).items()},
    )


def _load(path: Path) -> Mapping[str, Any]:
    """BaseLoader, so that `yes` stays a word."""
    raw: Mapping[str, Any] = yamls.plain(path)
    return raw


def _dose(told: Mapping[str, Any], where: Mapping[str, Collection[str]]) -> Dose:
    code = told["code"]
    due = dict(told.get("due", {}))
    of = due.pop("of", "")
    try:
        return Dose(
            code=code,
            antigen=told["antigen"],
            label=told["label"],
            status=told["status"],
            least=_age(told["least"]),
            due=_span(due),
            due_of=of,
            season=_season(told.get("season")),
            most=_span(told.get("most")),
            after=told.get("after", ""),
            if_given=told.get("if_given") == "yes",
            gap=_span(told.get("gap")),
            late_start=tuple(_late_start(each) for each in told.get("late_start", ())),
            on_time=int(told["on_time"]) if "on_time" in told else None,
            live=told.get("live") == "yes",
            where=where[told["where"]] if "where" in told else None,
            sex=told.get("sex", ""),
        )
    except (KeyError, TypeError, ValueError) as why:
        raise BadSchedule(f"{code}: {why}") from why


def _span(told: Mapping[str, str] | None) -> Span | None:
    if not told:
        return None
    [(unit, count)] = told.items()
    if unit not in UNITS:
        raise BadSchedule(f"{unit} is none of {', '.join(UNITS)}")
    return Span(unit, int(count))


def _season(told: Mapping[str, Any] | None) -> Season | None:
    if told is None:
        return None
    months = tuple(map(int, told["months"]))
    return Season(months, int(told.get("not_after", 12)), told.get("next_year") == "yes")


def _late_start(told: Mapping[str, Any]) -> LateStart:
    needed = told.get("needed", "yes") == "yes"
    return LateStart(told["dose"], _age(told["age"]), _span(told.get("gap")), needed)


def _age(told: Mapping[str, str]) -> Span:
    age = _span(told)
    if age is None:
        raise BadSchedule("an age is missing")
    return age


def _check(name: str, doses: Sequence[Dose]) -> None:
    seen: set[str] = set()
    for dose in doses:
        if dose.code in seen:
            raise BadSchedule(f"{name}: two doses are called {dose.code}")
        if dose.status not in STATUSES:
            raise BadSchedule(f"{name}: {dose.code}: status {dose.status!r} is none of {', '.join(STATUSES)}")
        if (dose.due is None) == (dose.season is None):
            raise BadSchedule(f"{name}: {dose.code}: needs either `due` or `season`")
        if dose.season is not None and not dose.after:
            raise BadSchedule(f"{name}: {dose.code}: a season follows another dose")
        for earlier in filter(None, (dose.after, dose.due_of, *(late.dose for late in dose.late_start))):
            if earlier not in seen:
                raise BadSchedule(f"{name}: {dose.code}: {earlier} does not stand above it")
        seen.add(dose.code)
