"""Who reports cases: the workers of a centre with their villages, each with a short code of her own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.arrays import among
from smsapp.people import Number, Person, Post, Role
from smsapp.places import Place
from smsapp.reads import Read
from smsapp.surveillance import tables

ROLES = ("asc", "midwife", "dtc")
DIGITS = 4  # of a personal code: ten thousand workers of a country's pilot districts
TRIES = 50
WRONG_A_DAY = 5  # codes that nobody has, from one phone
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sender:
    """Somebody whose reports count; `villages` are those that she answers for, none: all of her centre's."""

    id: int
    name: str
    language: str | None
    facility_id: int
    facility: str
    district_id: int | None
    villages: tuple[int, ...]
    training: bool
    head: bool

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else ""


def of_number(db: Session, number: str) -> Sender | None:
    """Who speaks from this phone; the first of those who work for a centre."""
    return _one(db, _OF_NUMBER, number)


def of_code(db: Session, code: str) -> Sender | None:
    """Whose short code this is."""
    return _one(db, _OF_CODE, code)


def may_try(db: Session, phone: str, now: datetime) -> bool:
    """Whether a code typed on this phone is still looked up: not after so many wrong ones in a day."""
    wrong = select(func.count()).where(tables.CodeTry.phone == phone, tables.CodeTry.at > now - A_DAY)
    return (db.scalar(wrong) or 0) < WRONG_A_DAY


def wrong(db: Session, phone: str, now: datetime) -> None:
    """Remember that a code was typed which nobody has."""
    db.execute(delete(tables.CodeTry).where(tables.CodeTry.at <= now - A_DAY))
    db.add(tables.CodeTry(phone=phone, at=now))


def of_person(db: Session, person_id: int) -> Sender | None:
    """A worker by her id."""
    return _one(db, _OF_PERSON, person_id)


def code_of(db: Session, person_id: int) -> str:
    """Her short code, made now where she has none: digits that nobody else has, and that do not begin with 0."""
    known = select(tables.Reporter.code).where(tables.Reporter.person_id == person_id)
    for _ in range(TRIES):
        if code := db.scalar(known):
            return code
        fresh = str(secrets.randbelow(9 * 10 ** (DIGITS - 1)) + 10 ** (DIGITS - 1))
        db.execute(insert(tables.Reporter).values(person_id=person_id, code=fresh).on_conflict_do_nothing())
    raise LookupError("no code is free")


def _sender(which: ColumnElement[bool]) -> Read:
    roles = select(func.array_agg(Role.role)).where(Role.person_id == Person.id).scalar_subquery()
    village = select(func.array_agg(Place.id)).join(Post, Post.place_id == Place.id)
    villages = village.where(Post.person_id == Person.id, Place.kind == "village").scalar_subquery()
    centre = select(Place.id, Place.name, Place.parent_id).where(Place.kind == "facility").subquery()
    return Read(
        select(
            Person.id,
            Person.name,
            Person.language,
            centre.c.id,
            centre.c.name,
            centre.c.parent_id,
            villages,
            tables.Reporter.training_since,
            roles,
        )
        .join(centre, centre.c.id == Person.facility_id)
        .join(Number, Number.person_id == Person.id)
        .join(tables.Reporter, tables.Reporter.person_id == Person.id, isouter=True)
        .where(select(Role.role).where(Role.person_id == Person.id, among(Role.role, ROLES)).exists(), which)
        .order_by(Number.main.desc(), Number.since, Person.id)
        .limit(1)
    )


_OF_NUMBER = _sender(Number.number == bindparam("her"))
_OF_CODE = _sender(tables.Reporter.code == bindparam("her"))
_OF_PERSON = _sender(Person.id == bindparam("her"))


def _one(db: Session, which: Read, her: str | int) -> Sender | None:
    rows = which.rows(db, {"her": her})
    if not rows:
        return None
    [(person_id, name, language, centre_id, centre_name, district_id, held, training, names)] = rows
    return Sender(
        id=person_id,
        name=name or "",
        language=language,
        facility_id=centre_id,
        facility=centre_name,
        district_id=district_id,
        villages=tuple(sorted(held or ())),
        training=training is not None,
        head="dtc" in names,
    )
