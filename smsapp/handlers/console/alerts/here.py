"""What every page of surveillance does alike: what she may see, the alert that an address names, and the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from smsapp import paging, registry, scopes
from smsapp.db import transaction
from smsapp.handlers.console.guard import address, me
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.staff import audit
from smsapp.surveillance import reading, sight
from smsapp.surveillance.reading import NotHere, Row
from smsapp.surveillance.sight import Sight

ALERT = f"/surveillance/<int(max={paging.LARGEST - 1}):alert_id>"
MOST_OFFERED = 400


class NoPlace(Exception):
    """Nothing is called as somebody typed it."""


@contextmanager
def acting(rt: Runtime) -> Iterator[Session]:
    """A transaction; what is not there for whoever asks: 404."""
    try:
        with transaction(rt.sessions) as db:
            yield db
    except NotHere:
        abort(404)


def asked(*names: str) -> dict[str, Any]:
    """What the address asks for, of these words."""
    told = {name: request.args.get(name, "").replace("\0", "").strip() for name in names}
    return {name: value for name, value in told.items() if value}


def seen(db: Session, scope: Scope | None = None) -> Sight:
    """What whoever asks may see, or a part of it."""
    return sight.of(db, scope or me().scope)


def narrowed(db: Session, place: str) -> tuple[Sight, tuple[int, ...]]:
    """What of the places of this name she may see: centres with their districts, or villages; all without a name."""
    if not place:
        return seen(db), ()
    found = registry.places_called(db, place)
    if not found:
        raise NoPlace(place)
    villages = [one for one in found if one.kind == "village"]
    if villages:
        centres = {one.parent_id for one in villages if one.parent_id is not None}
        return seen(db, me().scope.narrowed(centres)), tuple(one.id for one in villages)
    return seen(db, me().scope.narrowed(scopes.at(db, [one.id for one in found]).facilities or ())), ()


def offered(db: Session) -> Sequence[str]:
    """Names of her places to filter by: districts and centres; of one centre its villages."""
    scope = me().scope
    if scope.facilities is not None and len(scope.facilities) == 1:
        own = select(Place.name).where(Place.kind == "village", Place.parent_id.in_(scope.facilities))
        return db.scalars(own.order_by(Place.name).limit(MOST_OFFERED)).all()
    centre = aliased(Place)
    below = select(centre.id).where(centre.parent_id == Place.id, scope.within(centre.id)).exists()
    hers = ((Place.kind == "facility") & scope.within(Place.id)) | ((Place.kind == "district") & below)
    chosen = select(Place.name, Place.kind).where(hers).order_by(Place.kind, Place.name).limit(MOST_OFFERED)
    return list(dict.fromkeys(db.scalars(chosen)))


def alert(db: Session, alert_id: int) -> Row:
    """This alert, or 404."""
    try:
        return reading.one(db, seen(db), alert_id)
    except NotHere:
        abort(404)


def note(db: Session, rt: Runtime, what: str, subject: str = "", facility_id: int | None = None, **more: Any) -> None:
    """Whoever asks saw or did this."""
    audit.note(db, rt.now(), me(), what, subject, facility_id=facility_id, address=address(), **more)
