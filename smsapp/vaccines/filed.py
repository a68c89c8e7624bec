"""All that stands in one child's file: doses with who wrote them down, reminders and their answers, what happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.messages import Message
from smsapp.people import Person
from smsapp.runtime import Runtime
from smsapp.staff import Account
from smsapp.vaccines import clinic, giving, lacking, reading, visits
from smsapp.vaccines.families import File
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.promises import Reminder, Search
from smsapp.vaccines.reading import Family
from smsapp.vaccines.reminding.listing import SPOILT
from smsapp.vaccines.tables import CareEvent, Child, Dose
from smsapp.vaccines.visits import Visit

RECENT = 30  # reminders, and happenings


@dataclass(frozen=True)
class Written:
    """Something that somebody wrote down: a dose, or what happened."""

    row: Dose | CareEvent
    by: str


@dataclass(frozen=True)
class Told:
    """A reminder with what became of its text; `why_not` is a word where none arrived."""

    reminder: Reminder
    status: str
    why_not: str


@dataclass(frozen=True)
class Ahead:
    """A visit to come, and its clinic day."""

    visit: Visit
    day: date


@dataclass(frozen=True)
class Folder:
    """A child's file."""

    child: Child
    family: Sequence[Family]  # who reads for her first
    facility: str
    village: str
    plan: Plan
    now: Sequence[str]
    ahead: Sequence[Ahead]
    doses: Sequence[Written]
    reminders: Sequence[Told]
    events: Sequence[Written]
    search: Search | None

    @property
    def reported(self) -> set[str]:
        standing = (it.row for it in self.doses if isinstance(it.row, Dose) and it.row.struck_at is None)
        return {dose.code for dose in standing if dose.source == giving.REPORTED}


def of_child(db: Session, rt: Runtime, child: Child) -> Folder:
    plan = giving.plan_of(db, rt, child)
    live, today = child.state == "active", rt.local_now().date()
    calendar = clinic.of_facility(db, child.facility_id)
    coming = visits.visits(plan, today) if live else ()
    ahead = [Ahead(v, calendar.next_day(v.day, "vaccines", child.village_id)) for v in coming]
    names = reading.named(db, [child])
    search = select(Search).where(Search.child_id == child.id, Search.closed_on.is_(None))
    return Folder(
        child=child,
        family=_family(db, child),
        facility=names.place(child.facility_id),
        village=names.place(child.village_id),
        plan=plan,
        now=lacking.together(plan) if live else (),
        ahead=ahead,
        doses=_doses(db, child),
        reminders=reminders(db, child),
        events=events(db, child),
        search=db.scalar(search) if live else None,
    )


def _family(db: Session, child: Child) -> Sequence[Family]:
    """Whoever brings her up, then her mother."""
    ids = [i for i in dict.fromkeys((child.carer_id, child.mother_id)) if i is not None]
    found = reading.families(db, ids)
    return [found[i] for i in ids if i in found]


def _doses(db: Session, child: Child) -> Sequence[Written]:
    """By day, those struck out too."""
    chosen = select(Dose).where(Dose.child_id == child.id).order_by(Dose.given_on.nulls_last(), Dose.id)
    return _by(db, db.scalars(chosen).all())


def events(db: Session, file: File) -> Sequence[Written]:
    """What happened to a file, the newest first."""
    whose = CareEvent.child_id if isinstance(file, Child) else CareEvent.pregnancy_id
    chosen = select(CareEvent).where(whose == file.id).order_by(CareEvent.id.desc()).limit(RECENT)
    return _by(db, db.scalars(chosen).all())


def _by(db: Session, rows: Sequence[Dose] | Sequence[CareEvent]) -> Sequence[Written]:
    people, accounts = recorders(db, rows)
    named = []
    for row in rows:
        person = row.recorded_by if isinstance(row, Dose) else row.by
        named.append(Written(row, people.get(person or 0) or accounts.get(row.staff_id or 0, "")))
    return named


def reminders(db: Session, file: File) -> Sequence[Told]:
    """Sent and not sent, the newest first."""
    whose = Reminder.child_id if isinstance(file, Child) else Reminder.pregnancy_id
    chosen = select(Reminder, Message.status).join(Message, Message.id == Reminder.message_id, isouter=True)
    rows = db.execute(chosen.where(whose == file.id).order_by(Reminder.planned_for.desc(), Reminder.id.desc()))
    return [Told(it, status or "", why_not(it, status)) for it, status in rows.fetchmany(RECENT)]


def why_not(reminder: Reminder, status: str | None) -> str:
    """Why nobody read it, as one word."""
    return reminder.why_not or (status if status in SPOILT else "")


def recorders(db: Session, rows: Collection[Any]) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Who wrote these doses, visits or events down: names of people and of the staff, by their ids."""
    if not rows:
        return {}, {}
    by = {getattr(row, "recorded_by", None) or getattr(row, "by", None) for row in rows} - {None}
    people = select(Person.id, Person.name).where(Person.id.in_(by))
    accounts = select(Account.id, Account.name).where(Account.id.in_({row.staff_id for row in rows} - {None}))
    return {i: name or "" for i, name in db.execute(people)}, dict(db.execute(accounts).all())
