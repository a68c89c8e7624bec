"""The group that an address names, for whoever may see it."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from sqlalchemy.orm import Session

from smsapp import paging, registry, scopes
from smsapp.handlers.console.guard import address, me
from smsapp.runtime import Runtime
from smsapp.savings import reading
from smsapp.savings.reading import NotHere
from smsapp.savings.tables import Cycle, Group
from smsapp.scopes import Scope
from smsapp.staff import audit

ONE = f"/savings/<int(max={reading.MOST - 1}):group_id>"
MEMBER = f"{ONE}/members/<int(max={paging.LARGEST - 1}):member_id>"


class NoPlace(Exception):
    """Nothing is called as somebody typed it."""


def found(db: Session, group_id: int) -> Group:
    """This group, or 404."""
    try:
        return reading.one(db, me().scope, group_id)
    except NotHere:
        abort(404)


def cycle_of(db: Session, group: Group) -> Cycle | None:
    """The cycle that the address asks for, else the last one; None where the group has none. Another group's: 404."""
    named = request.args.get("cycle", "")
    cycles = reading.cycles(db, group.id)
    if not named:
        return cycles[0] if cycles else None
    chosen = [cycle for cycle in cycles if str(cycle.id) == named]
    if not chosen:
        abort(404)
    return chosen[0]


def asked(*names: str) -> dict[str, str]:
    """What the address asks for, of these words."""
    told = {name: request.args.get(name, "").replace("\0", "").strip() for name in names}
    return {name: value for name, value in told.items() if value}


def narrowed(db: Session, place: str) -> Scope:
    """What of the places of this name whoever asks may see; all that she may where there is none."""
    if not place:
        return me().scope
    places = registry.places_called(db, place)
    if not places:
        raise NoPlace(place)
    return me().scope.narrowed(scopes.at(db, [found.id for found in places]).facilities or ())


def note(db: Session, rt: Runtime, action: str, group: Group, subject: str = "", **details: Any) -> None:
    """Whoever asks saw or took along something of this group: its page, where no other subject is named."""
    told: dict[str, Any] = {"facility_id": group.facility_id, "address": address(), **details}
    audit.note(db, rt.now(), me(), action, subject or f"savings_group:{group.id}", **told)
