"""Two records of one person become one: everything of the one that goes moves to the one that stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, and_, delete, func, select, update
from sqlalchemy.orm import Session

from smsapp import ties
from smsapp.db import Base
from smsapp.people import Number, Person, Role
from smsapp.registry import card, editing
from smsapp.runtime import Runtime
from smsapp.staff import Staff, audit

CHOSEN = ("name", "language", "facility_id")  # facts of which only one can stay


def merge(db: Session, rt: Runtime, staff: Staff, stays: int, goes: int, from_other: Mapping[str, bool]) -> bool:
    """Whether they were merged; False where the other one is gone already. Can not be undone.

    `from_other` says which of the CHOSEN facts are taken from the one that goes; what the one that stays lacks is
    taken in any case. The rows of consent keep their order, so that the last word stays the last.
    """
    if stays == goes:
        raise ValueError("a person can not be merged with herself")
    locked = select(Person).where(Person.id.in_([stays, goes]), staff.scope.within(Person.facility_id))
    locked = locked.order_by(Person.id).with_for_update().execution_options(populate_existing=True)
    both = {person.id: person for person in db.scalars(locked)}
    if stays not in both:
        raise card.NotHere(f"person {stays}")
    if goes not in both:
        return False
    keeper, other = both[stays], both[goes]
    before = _facts(db, keeper), _facts(db, other)
    for fact in CHOSEN:
        hers = getattr(other, fact)
        if hers is not None and (from_other.get(fact) or getattr(keeper, fact) is None):
            setattr(keeper, fact, hers)
    keeper.created_at = min(keeper.created_at, other.created_at)
    db.flush()
    _join_numbers(db, stays, goes)
    for column, _ in ties.columns(Base.metadata, "person"):
        move(db, column, stays, goes)
    db.expire_all()
    db.execute(delete(Person).where(Person.id == goes))
    editing.note(db, rt, staff, stays, "merged", {"one": before[0], "other": before[1]}, _facts(db, keeper))
    subject = f"person:{stays}"
    audit.note(db, rt.now(), staff, "people.merged", subject, facility_id=keeper.facility_id, other=goes)
    return True


def move(db: Session, column: Column[Any], stays: int, goes: int) -> None:
    """Rows of the one become the other's; a row that the other has already goes, for it says nothing new."""
    table: Table = column.table
    for together in _unique_with(column):
        twin = table.alias("twin")
        same = [table.c[name] == twin.c[name] for name in together]
        has = select(twin.c[column.name]).where(twin.c[column.name] == stays, *same).exists()
        db.execute(delete(table).where(column == goes, has))
    db.execute(update(table).where(column == goes).values({column.name: stays}))


def _unique_with(column: Column[Any]) -> Iterator[list[str]]:
    """For each rule that two rows may not be alike, the other columns that it looks at."""
    for rule in column.table.constraints:
        if isinstance(rule, UniqueConstraint) or rule is column.table.primary_key:
            names = [each.name for each in rule.columns]
            if column.name in names:
                yield [name for name in names if name != column.name]


def _join_numbers(db: Session, stays: int, goes: int) -> None:
    """On a number that both have, she keeps the older date, and mainly serving if either was mainly served."""
    twin = Number.__table__.alias("twin")
    shared = and_(Number.number == twin.c.number, twin.c.person_id == goes, Number.person_id == stays)
    told = {"main": Number.main | twin.c.main, "since": func.least(Number.since, twin.c.since)}
    db.execute(update(Number).where(shared).values(told), execution_options={"synchronize_session": False})


def _facts(db: Session, person: Person) -> dict[str, Any]:
    numbers = db.scalars(select(Number.number).where(Number.person_id == person.id).order_by(Number.number)).all()
    roles = db.scalars(select(Role.role).where(Role.person_id == person.id).order_by(Role.role)).all()
    return {
        "name": person.name,
        "language": person.language,
        "facility_id": person.facility_id,
        "numbers": list(numbers),
        "roles": list(roles),
    }
