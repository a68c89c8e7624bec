"""Of which day a mother's card can show what a text asked for: one on which each dose of it could have counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.vaccines import giving, visits_attended
from smsapp.vaccines import planning as plans
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.asked import About
from smsapp.vaccines.reminding.steps import DAY
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Child, Pregnancy


@dataclass(frozen=True)
class Visit:
    """A child's doses of one visit that do not count yet, and what her card shows besides."""

    schedule: Schedule
    child: plans.Child
    had: Mapping[str, Sequence[date]]
    codes: Sequence[str]

    def counts(self, on: date) -> bool:
        """Whether all of them could have been given that day."""
        some = self.by(on)
        given = {**self.had, **{code: [*self.had.get(code, ()), on] for code in some}}
        made = plans.plan(self.schedule, self.child, given, on).doses
        return bool(some or not self.codes) and all(made[code].valid and made[code].given == on for code in some)

    def by(self, on: date) -> list[str]:
        """Those for which she was not too old by that day: the others she was not given."""
        last = {code: self.schedule.by_code[code].last_day(self.child.born) for code in self.codes}
        return [code for code, day in last.items() if day is None or on <= day]

    def first(self, until: date) -> date:
        """The first day that can be, looked for no longer than `until`."""
        rules = [self.schedule.by_code[code] for code in self.codes]
        before = [day for dose in rules for code in (dose.code, dose.after) for day in self.had.get(code, ())]
        day = max([self.child.born, *(dose.least.after(self.child.born) for dose in rules), *before])
        while day < until and not self.counts(day):
            day += DAY
        return day


@dataclass(frozen=True)
class Card:
    """What one thing that a text asked about can be on a card: not before `first`."""

    about: About
    first: date
    visit: Visit | None = None  # of a child

    def fits(self, on: date) -> bool:
        return self.first <= on and (self.visit is None or self.visit.counts(on))

    def doses(self, on: date | None) -> Sequence[str]:
        """A child's doses that are booked of that day; without one all of the visit are told."""
        if self.visit is None:
            return ()
        return self.visit.codes if on is None else self.visit.by(on)


def cards(db: Session, rt: Runtime, about: Sequence[About]) -> list[Card]:
    """What each of these can be."""
    children = [one.file for one in about if isinstance(one.file, Child)]
    had = giving.standing(db, [child.id for child in children])
    who = giving.planned(db, children)
    made = giving.plans_of(db, rt, children, had=had, who=who)
    found, schedule = [], giving.calendar(rt)
    for one in about:
        file = one.file
        if isinstance(file, Pregnancy):
            found.append(Card(one, _first(rt, one, file)))
            continue
        doses = made[file.id].doses
        codes = [code for code in map(str, one.reminder.doses) if code in doses and not doses[code].valid]
        visit = Visit(schedule, who[file.id], giving.dated(had.get(file.id, ())), codes)
        dues = [day for code in codes if (day := doses[code].due)]
        found.append(Card(one, visit.first(max([made[file.id].today, *dues])), visit))
    return found


def _first(rt: Runtime, one: About, file: Pregnancy) -> date:
    """Not before this pregnancy, or the birth; nor on a day of a visit whose days were over when this one was due."""
    planned = visits_attended.planned(rt, file, one.reminder.subject)
    return max([_began(one, file), *(visit.closes + DAY for visit in planned if visit.closes < one.reminder.due_on)])


def _began(one: About, file: Pregnancy) -> date:
    if one.reminder.subject == "postnatal" and file.ended_on is not None:
        return file.ended_on
    if file.due_on is not None:
        return file.last_period or file.due_on - TERM
    return file.registered_on
