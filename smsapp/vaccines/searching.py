"""Children who missed what they were due are looked for: a search for each, opened once a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.people import Person
from smsapp.runtime import Runtime
from smsapp.vaccines import families, giving, sought
from smsapp.vaccines.missing import REFUSED
from smsapp.vaccines.planning import MISSED, Plan
from smsapp.vaccines.promises import SUBJECTS, Reminder, Search
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Child
from smsapp.vaccines.visits import visits

AT_ONCE = 500
DAY = timedelta(days=1)


def open_searches(rt: Runtime, today: date, stop: Callable[[], bool] = lambda: False) -> int:
    """Open the searches of the day; how many. Only children whose own day has come are planned, each once a day."""
    opened = 0
    while not stop():
        with transaction(rt.sessions) as db:
            children = _due(db, today)
            opened += _some(db, rt, children, today)
        if len(children) < AT_ONCE:
            break
    return opened


def _due(db: Session, today: date) -> Sequence[Child]:
    """Children whose plan somebody has to look at, confirmed by their centre; ours until the transaction ends."""
    chosen = select(Child).where(Child.seek_on <= today, Child.state == "active", Child.confirmed_on.is_not(None))
    family = Person.id == func.coalesce(Child.carer_id, Child.mother_id)
    known = chosen.where(~select(Person.id).where(family, Person.forgotten_at.is_not(None)).exists())
    locked = known.order_by(Child.seek_on, Child.id).limit(AT_ONCE).with_for_update(skip_locked=True)
    return db.scalars(locked, execution_options={"populate_existing": True}).all()


def _some(db: Session, rt: Runtime, children: Sequence[Child], today: date) -> int:
    """Look at the plans of these children, and say when to look at them next; how many are new to look for."""
    schedule, plans = giving.calendar(rt), giving.plans_of(db, rt, children, today)
    sought.close(db, plans)  # of a season that is over nothing is looked for
    waits, refused = _waits(db, schedule, children, today), _refused(db, children)
    rows = []
    for child in children:
        doses = missed(schedule, child, plans[child.id], today)
        if doses and child.id in waits:
            child.seek_on = waits[child.id]
            continue
        child.seek_on = _next(schedule, child, plans[child.id], today)
        if set(doses) - refused.get(child.id, set()):
            rows.append(_row(child, doses, today))
    db.flush()
    if not rows:
        return 0
    write = insert(Search).on_conflict_do_nothing().returning(Search.id)
    return len(db.scalars(write, rows).all())


def missed(schedule: Schedule, child: Child, made: Plan, today: date) -> list[str]:
    """What she should have been given by now, as far as it can be given on one day."""
    came = families.since(child)
    ready = {code for visit in visits(made, came) for code in visit.doses if visit.due_on <= today}
    return [
        dose.code
        for dose in made.doses.values()
        if dose.state == MISSED
        and dose.due
        and dose.code in ready
        and sought.missed_from(schedule, dose.due, came) <= today
    ]


def _next(schedule: Schedule, child: Child, made: Plan, today: date) -> date | None:
    came = families.since(child)
    days = [sought.missed_from(schedule, dose.due, came) for dose in made.doses.values() if dose.due]
    return min((day for day in (*days, made.turns) if day is not None and day > today), default=None)


def _waits(db: Session, schedule: Schedule, children: Sequence[Child], today: date) -> Mapping[int, date]:
    """Until when nobody looks for a child: she was found lately, or her family was told of a clinic day to come."""
    found: dict[int, date] = {}
    grace = timedelta(days=schedule.missed_after)
    for child_id, closed_on in db.execute(_found(children, today - grace)):
        found[child_id] = (closed_on or today) + grace
    for told, day in db.execute(_named(children, today)):
        found[told or 0] = max(day + DAY, found.get(told or 0, today))
    return found


def _found(children: Sequence[Child], since: date) -> Select[int, date | None]:
    chosen = select(Search.child_id, func.max(Search.closed_on)).where(
        Search.child_id.in_([child.id for child in children]),
        Search.outcome == sought.VACCINATED,
        Search.closed_on > since,
    )
    return chosen.group_by(Search.child_id)


def _named(children: Sequence[Child], today: date) -> Select[int | None, date]:
    told = select(Reminder.child_id, func.max(Reminder.day)).where(
        Reminder.child_id.in_([child.id for child in children]),
        Reminder.subject == SUBJECTS[0],
        Reminder.due_on <= today,
        Reminder.message_id.is_not(None),
        Reminder.day >= today,
    )
    return told.group_by(Reminder.child_id)


def _refused(db: Session, children: Sequence[Child]) -> Mapping[int, set[str]]:
    """Doses that a family refused when somebody came for them: nobody comes for these again by herself."""
    chosen = select(Search.child_id, Search.doses).where(
        Search.child_id.in_([child.id for child in children]),
        Search.outcome == REFUSED,
        Search.closed_on.is_not(None),
    )
    found: dict[int, set[str]] = {}
    for child_id, doses in db.execute(chosen):
        found.setdefault(child_id, set()).update(doses)
    return found


def _row(child: Child, doses: list[str], today: date) -> dict[str, Any]:
    here = {"child_id": child.id, "facility_id": child.facility_id, "village_id": child.village_id}
    return {**here, "opened_on": today, "doses": doses}
