"""Workers who practise: what they report is kept apart and alerts nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.people import Number, Person, Role
from smsapp.runtime import Runtime
from smsapp.surveillance import reporters
from smsapp.surveillance.tables import Reporter

LASTS = timedelta(hours=24)  # whoever forgets to end it would report into the void


@dataclass(frozen=True)
class Worker:
    """Somebody of a centre who reports, and whether she only practises."""

    id: int
    name: str
    training: bool


def of_centre(db: Session, facility_id: int) -> Sequence[Worker]:
    works = select(Role.role).where(Role.person_id == Person.id, Role.role.in_(reporters.ROLES)).exists()
    chosen = select(Person.id, Person.name, Reporter.training_since)
    rows = db.execute(
        chosen.join(Reporter, Reporter.person_id == Person.id, isouter=True)
        .where(Person.facility_id == facility_id, works)
        .order_by(Person.name, Person.id)
    )
    return [Worker(person_id, name or "", since is not None) for person_id, name, since in rows]


def switch(db: Session, person_id: int, since: datetime | None) -> None:
    """From now on what she reports is practice; without `since` it counts again."""
    reporters.code_of(db, person_id)  # her row
    db.execute(update(Reporter).where(Reporter.person_id == person_id).values(training_since=since))


def end_old(db: Session, rt: Runtime) -> int:
    """End what was begun a day ago, and tell those who practised; how many."""
    old = Reporter.training_since <= rt.now() - LASTS
    ended = update(Reporter).where(old).values(training_since=None).returning(Reporter.person_id)
    ids = db.scalars(ended).all()
    chosen = select(Person, Number.number).join(Number, Number.person_id == Person.id)
    for person, number in db.execute(chosen.where(Person.id.in_(ids), Number.main.is_(True))).all():
        words = rt.texts.say(person.language or rt.settings.language, "case.practice_off")
        outbox.post(db, rt, number, words, kind="feedback", language=person.language, person_id=person.id)
    return len(ids)
