"""When a child counts as missed, and how a search for her ends once she was given what she missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.types import TypeEngine

from smsapp import arrays
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
_DAYS: Mapping[str, TypeEngine[Any]] = {"id": BigInteger(), "look_on": Date(), "seek_on": Date()}
_TOLD = (
    func.unnest(*(bindparam(f"told_{name}", type_=ARRAY(kind)) for name, kind in _DAYS.items()))
    .table_valued(*(column(name, kind) for name, kind in _DAYS.items()))
    .render_derived()
    .c
)
_LOOK = update(Child).where(Child.id == _TOLD.id).values(look_on=_TOLD.look_on, seek_on=_TOLD.seek_on)


def missed_from(schedule: Schedule, due: date, came: date) -> date:
    """The day from which a dose counts as missed; who comes into care late has as long as anybody from then on."""
    return max(due, came) + timedelta(days=schedule.missed_after)


def next_look(schedule: Schedule, child: Child, made: Plan) -> date | None:
    """The next day from which some dose counts as missed; the plan's own day where one does already."""
    days = [missed_from(schedule, dose.due, families.since(child)) for dose in made.doses.values() if dose.due]
    return max(min(days), made.today) if days else None


def settle(db: Session, schedule: Schedule, found: Iterable[tuple[Child, Plan]], today: date) -> None:
    """After a change of what they were given: reminders and searches look at them anew, and some searches end.

    The days of all are written in one statement.
    """
    db.flush()  # a row may be new
    plans, changed = dict[int, Plan](), list[Child]()
    for child, made in found:
        plans[child.id], live = made, child.state == "active"
        days = today if live else child.look_on, next_look(schedule, child, made) if live else None
        if days != (child.look_on, child.seek_on):
            set_committed_value(child, "look_on", days[0])
            set_committed_value(child, "seek_on", days[1])
            changed.append(child)
    if changed:
        told = arrays.told([{name: getattr(child, name) for name in _DAYS} for child in changed])
        db.execute(_LOOK, told, execution_options={"synchronize_session": False})
    close(db, plans)


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
