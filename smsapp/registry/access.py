"""What is held on a person, for herself (law 2013-015): every row of every table that is tied to her."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, or_, select
from sqlalchemy.orm import Session

from smsapp import ties
from smsapp.db import Base
from smsapp.people import Group, Membership, Number, Person
from smsapp.places import Place
from smsapp.registry import card
from smsapp.runtime import Runtime
from smsapp.staff import Staff, audit

Document = dict[str, Any]  # ready for JSON

MOST = 10_000  # rows of one table: a person has some hundred messages
LEFT_OUT = frozenset({"search", "history", "person_id"})  # columns that say nothing more
REPEATING = frozenset({"reports"})  # the gateways' words on messages that stand here themselves


def document(db: Session, rt: Runtime, staff: Staff, person_id: int) -> Document:
    """All of it; audited. NotHere where the scope does not let one see her."""
    person = card.held(db, staff.scope, person_id)
    numbers = db.scalars(select(Number.number).where(Number.person_id == person_id).order_by(Number.number)).all()
    told = {
        "made_at": rt.now().isoformat(),
        "person": {
            "id": person.id,
            "name": person.name,
            "language": person.language,
            "facility": db.scalar(select(Place.name).where(Place.id == person.facility_id)),
            "groups": list(db.scalars(_groups(person_id))),
            "registered_at": person.created_at.isoformat(),
        },
        "numbers": list(numbers),
        "tables": dict(_tables(db, person, numbers)),
    }
    subject = f"person:{person_id}"
    audit.note(db, rt.now(), staff, "people.access", subject, facility_id=person.facility_id)
    return told


def _groups(person_id: int) -> Select[str]:
    names = select(Group.name).join(Membership, Membership.group_id == Group.id)
    return names.where(Membership.person_id == person_id).order_by(Group.name)


def _tables(db: Session, person: Person, numbers: Sequence[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """By table, the rows that are tied to her or to a number that only she has."""
    alone = [n for n in numbers if not db.scalar(_others(n, person.id))]
    which: dict[str, list[ColumnElement[bool]]] = {}
    for column, _ in ties.columns(Base.metadata, "person"):
        which.setdefault(_table(column).name, []).append(column == person.id)
    for column, _ in ties.columns(Base.metadata, "number"):
        if alone and _table(column).name not in REPEATING:
            which.setdefault(_table(column).name, []).append(_of_number(column, alone))
    for name, conditions in which.items():
        table = Base.metadata.tables[name]
        rows = db.execute(select(table).where(or_(*conditions)).order_by(*table.primary_key.columns).limit(MOST))
        if told := [_row(row._mapping) for row in rows]:
            yield name, told


def _of_number(column: Column[Any], alone: Sequence[str]) -> ColumnElement[bool]:
    """A row that names somebody else is hers."""
    table = _table(column)
    on_number = column.in_(alone)
    return and_(on_number, table.c.person_id.is_(None)) if "person_id" in table.c else on_number


def _others(number: str, person_id: int) -> Any:
    return select(Number.person_id).where(Number.number == number, Number.person_id != person_id).limit(1)


def _table(column: Column[Any]) -> Table:
    return column.table


def _row(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if name not in LEFT_OUT and value not in (None, {}, [])}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str | int | float | bool | dict | list):
        return value
    return float(value) if isinstance(value, Decimal) else str(value)
