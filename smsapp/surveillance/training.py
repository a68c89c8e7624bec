"""Workers who practise: what they report is kept apart and alerts nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp.people import Person, Role
from smsapp.surveillance import reporters
from smsapp.surveillance.tables import Reporter


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
