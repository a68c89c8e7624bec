"""Names for what the rows of a list point to: one query each, however many rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from smsapp.people import Number, Person
from smsapp.places import Place
from smsapp.staff import Account


def served(db: Session, numbers: Collection[str]) -> Mapping[str, str | None]:
    """The name of the person whom each of these numbers mainly serves."""
    rows = db.execute(
        select(Number.number, Person.name)
        .ext(distinct_on(Number.number))
        .join(Person, Person.id == Number.person_id)
        .where(Number.number.in_(numbers))
        .order_by(Number.number, Number.main.desc(), Number.since, Person.id)
    )
    names: dict[str, str | None] = dict(rows.all())
    return names


def named(db: Session, table: type[Place] | type[Account], ids: Collection[int | None]) -> Mapping[int | None, str]:
    """The names of these places or accounts."""
    wanted = [i for i in ids if i is not None]
    names: dict[int | None, str] = dict(db.execute(select(table.id, table.name).where(table.id.in_(wanted))).all())
    return names
