"""When a child counts as missed, and how a search for her ends once she was given what she missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp.arrays import among_told
from smsapp.vaccines import families
from smsapp.vaccines.planning import MISSED, Plan
from smsapp.vaccines.promises import Search
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Child

# What the end of a file says of the search for the child.
ENDED: Mapping[str, str] = {"moved": "moved", "dead": "died"}
VACCINATED = "vaccinated"

_OPEN = select(Search).where(among_told(Search.child_id, "children"), Search.closed_on.is_(None))


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
    for search in db.scalars(_OPEN, {"children": list(plans)}):
        _settle(search, plans[search.child_id])


def _settle(search: Search, made: Plan) -> None:
    if any(dose.state == MISSED for dose in made.doses.values() if dose.code in search.doses):
        return
    search.closed_on = made.today
    if any(dose.given for dose in made.doses.values() if dose.code in search.doses):
        search.outcome, search.outcome_on = VACCINATED, made.today


def end(db: Session, child: Child, state: str, today: date) -> None:
    """Her file was closed, and the search for her with it."""
    child.seek_on = None
    row = update(Search).where(Search.child_id == child.id, Search.closed_on.is_(None))
    told = {"outcome": ENDED[state], "outcome_on": today} if state in ENDED else {}
    db.execute(row.values(closed_on=today, **told))
