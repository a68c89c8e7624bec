"""The file that an address names, for whoever may see it; and what every page of this section does alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from flask import abort, flash, request
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import paging, registry, scopes
from smsapp.db import transaction
from smsapp.handlers.console.care import sentences
from smsapp.handlers.console.guard import address, me
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.vaccines import desk, reading
from smsapp.vaccines.families import File
from smsapp.vaccines.reading import NotHere
from smsapp.vaccines.tables import Child, Pregnancy

CHILD = f"/children/<int(max={paging.LARGEST - 1}):child_id>"
PREGNANCY = f"/children/pregnancies/<int(max={paging.LARGEST - 1}):pregnancy_id>"
OFF = {"autocomplete": "off"}  # a phone that several people use must not remember names


class NoPlace(Exception):
    """Nothing is called as somebody typed it."""


@contextmanager
def acting(rt: Runtime) -> Iterator[Session]:
    """A transaction of a change; a file that is not there for whoever asks: 404."""
    try:
        with transaction(rt.sessions) as db:
            yield db
    except NotHere:
        abort(404)


def child(db: Session, child_id: int, *, lock: bool = False) -> Child:
    """This child, or 404."""
    try:
        return reading.child(db, me().scope, child_id, lock=lock)
    except NotHere:
        abort(404)


def pregnancy(db: Session, pregnancy_id: int, *, lock: bool = False) -> Pregnancy:
    try:
        return reading.pregnancy(db, me().scope, pregnancy_id, lock=lock)
    except NotHere:
        abort(404)


def asked(*names: str) -> dict[str, Any]:
    """What the address asks for, of these words."""
    told = {name: request.args.get(name, "").replace("\0", "").strip() for name in names}
    return {name: value for name, value in told.items() if value}


def narrowed(db: Session, place: str) -> tuple[Scope, tuple[int, ...]]:
    """What of the places of this name whoever asks may see: centres, or villages of hers; all where there is none."""
    if not place:
        return me().scope, ()
    places = registry.places_called(db, place)
    if not places:
        raise NoPlace(place)
    villages = [found for found in places if found.kind == "village"]
    if villages:
        centres = {found.parent_id for found in villages if found.parent_id is not None}
        return me().scope.narrowed(centres), tuple(found.id for found in villages)
    return me().scope.narrowed(scopes.at(db, [found.id for found in places]).facilities or ()), ()


def villages(db: Session, facility_id: int) -> Sequence[Place]:
    """Those of a centre, by name."""
    chosen = select(Place).where(Place.kind == "village", Place.parent_id == facility_id)
    return db.scalars(chosen.order_by(Place.name)).all()


def offered(db: Session, scope: Scope) -> Sequence[str]:
    """Names of places to filter by: villages where somebody sees one centre alone, else the centres."""
    if scope.facilities is not None and len(scope.facilities) == 1:
        return [place.name for place in villages(db, next(iter(scope.facilities)))]
    chosen = select(Place.name).where(Place.kind == "facility", scope.within(Place.id)).order_by(Place.name)
    return db.scalars(chosen.limit(300)).all()


def note(db: Session, rt: Runtime, what: str, file: File, **details: Any) -> None:
    """Whoever asks saw this file."""
    desk.note(db, rt, me(), file, what, address(), **details)


def token() -> str:
    """The name of a form, which is booked once."""
    return uuid4().hex


def status(form: FlaskForm) -> int:
    return 422 if request.method == "POST" or form.errors else 200


def tell(form: FlaskForm, why: Unfit | Refused) -> None:
    """Beside the field that it is about; what belongs to none stands above the page."""
    name = sentences.field(why)
    if name in form:
        form[name].errors = [*form[name].errors, sentences.said(why)]
    else:
        flash(sentences.said(why), "bad")


def named(token: str) -> str:
    """A form's name as we made it; what is none of ours gets a new one."""
    return token if len(token) == 32 and token.isalnum() and token.isascii() else uuid4().hex


def centre(db: Session, written: str) -> Place:
    """A centre anywhere in the country, by its name or poster number; Unfit where it is none, or several."""
    found = [place for place in registry.places_called(db, written) if place.kind == "facility"]
    if len(found) != 1:
        raise Unfit("facility_id", "ambiguous" if found else "unknown", written)
    return found[0]


def centres(db: Session) -> Sequence[str]:
    """Names of all centres to choose from, where they are few enough."""
    found = db.scalars(select(Place.name).where(Place.kind == "facility").order_by(Place.name).limit(301)).all()
    return found if len(found) <= 300 else []
