"""What the simulated year knows of a child, and whether each visit of hers was told of, or has the reason why not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from smsapp.arrays import among
from smsapp.vaccines import clinic, planning, visits
from smsapp.vaccines.clinic import Calendar
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.schedule import Schedule
from tests.village import CENTRAL

TOLD = (  # thousands of them are no rows to change
    *(Reminder.child_id, Reminder.subject, Reminder.day, Reminder.planned_for, Reminder.doses),
    *(Reminder.number, Reminder.message_id, Reminder.why_not),
)
Told = Row[*tuple[Any, ...]]
DAY = timedelta(days=1)


@dataclass
class Known:
    """What this world itself knows of a child: what a promise is held against."""

    id: int
    place: int  # in the order of registration: the ids of those who come at the same moment may have another
    number: str | None
    born_on: date
    centre: int
    village: int | None
    registered_on: date
    given: dict[str, date] = field(default_factory=dict)
    written: dict[str, date] = field(default_factory=dict)  # on which day each of them was written down
    gone_on: date | None = None

    @property
    def who(self) -> planning.Child:
        return planning.Child(self.born_on, {CENTRAL: "Kadiolo"}.get(self.centre, ""), "F")


def check(db: Session, schedule: Schedule, some: Sequence[Known], until: date) -> tuple[Counter[str], list[str]]:
    """What became of the visits of these children that were due before this day, and what is wrong with them."""
    calendars = clinic.of_facilities(db, {known.centre for known in some})
    rows: dict[int, dict[date, list[Told]]] = defaultdict(lambda: defaultdict(list))
    hers = Reminder.subject == "vaccines", among(Reminder.child_id, [known.id for known in some])
    for row in db.execute(select(*TOLD).where(*hers).order_by(Reminder.planned_for, Reminder.id)):
        rows[row.child_id or 0][row.day].append(row)
    became, wrong = Counter[str](), list[str]()
    for known in some:
        for day in _due(known, schedule, calendars[known.centre], until):
            if found := _told(day, rows[known.id]):
                became[found] += 1
            else:
                wrong.append(f"{day}: nothing says why child {known.id} was not told of her visit")
    return became, wrong


def _due(known: Known, schedule: Schedule, calendar: Calendar, until: date) -> Iterator[date]:
    """As the plan was each morning: the clinic days of visits, of which somebody was told, or a row says why not."""
    last = min(known.gone_on or date.max, until)
    seen, next_day = set[date](), known.registered_on + DAY
    for day, after in pairwise([*_changes(known, schedule, next_day + DAY, last), last]):
        had = {code: on for code, on in known.given.items() if known.written[code] < day}
        for one in visits.visits(planning.plan(schedule, known.who, had, day), known.registered_on):
            held = calendar.next_day(max(one.day, next_day), "vaccines", known.village)
            if day <= held < after and one.due_on not in seen:
                seen.add(one.due_on)
                yield held


def _changes(known: Known, schedule: Schedule, first: date, last: date) -> list[date]:
    """The mornings on which her visits may be others than the day before: a dose was written, or is too late."""
    written = {day + DAY for day in known.written.values()}
    over = {dose.last_day(known.born_on) for dose in schedule.doses}
    days = {first} | written | {day + DAY for day in over if day is not None}
    return sorted(day for day in days if first <= day < last)


def _told(day: date, rows: Mapping[date, Sequence[Told]]) -> str:
    """Whether somebody was told of the visit on this day, else why not; empty where nothing says so."""
    if found := rows.get(day):
        told = next((row for row in found if row.message_id is not None), found[0])
        return "told" if told.message_id is not None else told.why_not or ""
    every = (row for some in rows.values() for row in some)
    if any(row.planned_for <= day <= max(row.day, row.planned_for) for row in every):
        return "told of another day"
    return ""
