"""What a centre is measured by: who has reached the age of each measure, and which doses count for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, or_, true

from smsapp.months import after_months
from smsapp.vaccines.schedule import Schedule, Span
from smsapp.vaccines.tables import Child

MONTHS = 36  # of births that are counted: a child of three has had nearly all that the calendar has for her


@dataclass(frozen=True)
class Reached:
    """The children who have reached an age: born on `last` at the latest, and in care until so many days old."""

    last: date
    days: int
    sex: str = ""

    @property
    def condition(self) -> ColumnElement[bool]:
        stayed = or_(Child.ended_on.is_(None), Child.ended_on - Child.born_on >= self.days)
        return and_(Child.born_on <= self.last, stayed, Child.sex == self.sex if self.sex else true())


@dataclass(frozen=True)
class Counted:
    """Doses that count for a measure: in its `n`, or in the number that it is a part of."""

    measure: str
    part: str  # "n" or "of"
    code: str
    reached: Reached
    timely: bool = False
    before_days: int | None = None  # given before that age


def reaches(schedule: Schedule, today: date) -> Mapping[str, Reached]:
    """For each measure of children, who has reached its age."""
    found = {}
    for dose in schedule.doses:
        if dose.due is not None and not dose.due_of and dose.due.after(today) <= after_months(today, MONTHS):
            found[f"cover.{dose.code}"] = of_age(dose.due, today, dose.sex)
    for code in schedule.measures.timely:
        if (window := schedule.by_code[code].on_time) is not None:
            found[f"time.{code}"] = Reached(today - timedelta(days=window + 1), window)
    for first, last in schedule.measures.dropout:
        found[f"dropout.{first}.{last}"] = found[f"cover.{last}"]
    for name, told in (("zero", schedule.measures.zero), ("full", schedule.measures.full)):
        if told is not None:
            found[name] = of_age(told[1], today)
    return found


def doses_of(schedule: Schedule, today: date) -> Iterator[Counted]:
    """Which doses count for which measure."""
    reached = reaches(schedule, today)
    for measure, who in reached.items():
        match measure.split("."):
            case ["cover", code]:
                yield Counted(measure, "n", code, who)
            case ["time", code]:
                yield Counted(measure, "n", code, who, timely=True)
            case ["dropout", first, last]:
                yield Counted(measure, "of", first, who)
                yield Counted(measure, "n", last, who)
    if schedule.measures.zero:
        yield Counted("zero", "n", schedule.measures.zero[0], reached["zero"], before_days=reached["zero"].days)


def of_age(age: Span, today: date, sex: str = "") -> Reached:
    """Who has reached this age today. The last day of birth is looked for: months end where they are shorter."""
    last = today - (age.after(today) - today)
    while age.after(last) > today:
        last -= timedelta(days=1)
    while age.after(last + timedelta(days=1)) <= today:
        last += timedelta(days=1)
    return Reached(last, (age.after(last) - last).days, sex)
