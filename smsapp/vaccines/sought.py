"""When a child counts as missed, and how a search for her ends once she was given what she missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp.arrays import among_told
from smsapp.reads import Read
from smsapp.vaccines import families
from smsapp.vaccines.planning import MISSED, Plan
from smsapp.vaccines.promises import Search
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Child

# What the end of a file says of the search for the child.
ENDED: Mapping[str, str] = {"moved": "moved", "dead": "died"}
VACCINATED = "vaccinated"

_OPEN = Read(
    select(Search.id, Search.child_id, Search.doses).where(
        among_told(Search.child_id, "children"), Search.closed_on.is_(None)
    )
)


def missed_from(schedule: Schedule, due: date, came: date) -> date:
    """The day from which a dose counts as missed; who comes into care late has as long as anybody from then on."""
    return max(due, came) + timedelta(days=schedule.missed_after)


def next_look(schedule: Schedule, child: Child, made: Plan) -> date | None:
    """The next day from which some dose counts as missed; the plan's own day where one does already."""
    days = [missed_from(schedule, dose.due, families.since(child)) for dose in made.doses.values() if dose.due]
    return max(min(days), made.today) if days else None


def settle(db: Session, schedule: Schedule, found: Sequence[tuple[Child, Plan]]) -> None:
    """After a change of what they were given: a search ends where nothing that it was for is missed any more."""
    for child, made in found:
        child.seek_on = next_look(schedule, child, made) if child.state == "active" else None
    close(db, {child.id: made for child, made in found})


def close(db: Session, plans: Mapping[int, Plan]) -> None:
    """End the searches for these children of which nothing is missed any more."""
    for search_id, child_id, codes in _OPEN.rows(db, {"children": list(plans)}):
        today = plans[child_id].today
        doses = [dose for dose in plans[child_id].doses.values() if dose.code in codes]
        if not any(dose.state == MISSED for dose in doses):
            told = {"outcome": VACCINATED, "outcome_on": today} if any(dose.given for dose in doses) else {}
            db.execute(update(Search).where(Search.id == search_id).values(closed_on=today, **told))


def end(db: Session, child: Child, state: str, today: date) -> None:
    """Her file was closed, and the search for her with it."""
    child.seek_on = None
    row = update(Search).where(Search.child_id == child.id, Search.closed_on.is_(None))
    told = {"outcome": ENDED[state], "outcome_on": today} if state in ENDED else {}
    db.execute(row.values(closed_on=today, **told))
