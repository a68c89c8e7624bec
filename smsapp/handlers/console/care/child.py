"""A child's page: the calendar drawn, the next visit, doses, reminders, and what happened."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console.care import drawn, here, terms
from smsapp.handlers.console.care.here import CHILD
from smsapp.handlers.console.guard import ALL, allowed
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, filed, giving
from smsapp.vaccines.filed import Folder
from smsapp.vaccines.planning import NOT_YET, OPEN
from smsapp.vaccines.tables import Child


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(CHILD)
    @allowed(ALL)
    def children_one(child_id: int) -> str:
        with transaction(rt.sessions) as db:
            child = here.child(db, child_id)
            told = folder(db, rt, child)
            here.note(db, rt, "viewed", child)
        return render_template("console/care/child.html", **told)


def folder(db: Session, rt: Runtime, child: Child) -> dict[str, Any]:
    """What the page shows; of a closed file no calendar, and nothing that invites to act."""
    found = filed.of_child(db, rt, child)
    labels, schedule, live = terms.labels(rt), giving.calendar(rt), child.state == "active"
    return {
        "child": child,
        "code": codes.of(child.number),
        "folder": found,
        "picture": drawn.draw(schedule, child, found.plan, found.reported, labels) if live and schedule.doses else None,
        "states": _states(found),
        "labels": labels,
        "terms": terms,
        "live": live,
        "today": rt.local_now().date(),
        "drawn": drawn,
    }


def _states(found: Folder) -> list[Any]:
    """Doses that are still open, in the order of the calendar."""
    return [dose for dose in found.plan.doses.values() if dose.state in {*OPEN, NOT_YET} or dose.due]
