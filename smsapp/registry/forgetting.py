"""Forgetting a person (law 2013-015): all that says who she is goes, and what was counted stays without her."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, and_, case, cast, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from smsapp import people, ties
from smsapp.db import Base
from smsapp.messages import MO, Message, RejectedCallback, StoredReport
from smsapp.people import Number, Person
from smsapp.registry import card, others
from smsapp.registry.others import OWN_DIGITS
from smsapp.registry.tables import PersonChange
from smsapp.runtime import Runtime
from smsapp.staff import Staff, audit

NEVER_SENT = "its person was forgotten"
_QUIETLY = {"synchronize_session": False}
_BY_HAND = frozenset({"messages", "reports"})  # too large to be searched by a number


@dataclass(frozen=True)
class Forgotten:
    """How much went."""

    numbers: int
    messages: int
    cancelled: int


def forget(db: Session, rt: Runtime, staff: Staff, person_id: int) -> Forgotten:
    """Erase her; NotHere where the scope does not let one see her. Of a number that others share only her side goes.

    What stays: STOP of her numbers, sealed, lest somebody writes to them again; and rows that sums need, without her.
    """
    person = card.held(db, staff.scope, person_id, lock=True)
    facility_id = person.facility_id
    numbers = _numbers(db, person_id)
    alone = [number for number in numbers if _only_hers(db, number, person_id)]
    messages, cancelled = _messages(db, rt.now(), person_id, alone)
    messages += others.erase(db, rt.now(), person_id, alone, NEVER_SENT)
    _elsewhere(db, alone)
    people.seal(db, alone, rt.settings.secret_key)
    _own(db, person_id)
    _remarks(db, person_id)
    _ended(db, person_id, rt.local_now().date())
    for column, tie in ties.columns(Base.metadata, "number"):
        table: Table = column.table
        if table.name not in _BY_HAND and tie.forget != ties.KEEP and alone:
            _let_go(db, table, column.in_(alone), tie.forget, {column.name: ""})
    kept = [_person_rows(db, column, tie, person_id) for column, tie in ties.columns(Base.metadata, "person")]
    db.flush()
    db.expire(person)
    if any(kept):
        nothing = {"name": None, "language": None, "forgotten_at": rt.now()}
        db.execute(update(Person).where(Person.id == person_id).values(nothing), execution_options=_QUIETLY)
    else:
        db.execute(delete(Person).where(Person.id == person_id), execution_options=_QUIETLY)
    audit.note(
        db,
        rt.now(),
        staff,
        "people.forgotten",
        f"person:{person_id}",
        facility_id=facility_id,
        numbers=len(numbers),
        messages=messages,
    )
    return Forgotten(len(numbers), messages, cancelled)


def _holders() -> Iterator[tuple[Column[Any], Column[Any]]]:
    """Every column of numbers beside the column that says whose they are."""
    held: Table = Base.metadata.tables[Number.__tablename__]
    yield held.c.number, held.c.person_id
    for column, tie in ties.columns(Base.metadata, "number"):
        if tie.whose:
            yield column, column.table.c[tie.whose]


def _numbers(db: Session, person_id: int) -> list[str]:
    """Those of the register, those by which some domain knows her, and those that another one of hers replaced."""
    found = {n for number, whose in _holders() for n in db.scalars(select(number).where(whose == person_id)) if n}
    was, now = PersonChange.before["number"].as_string(), PersonChange.after["number"].as_string()
    # Where a number was only taken away it may never have been hers.
    replaced = select(was).where(PersonChange.person_id == person_id, was.is_not(None), now.is_not(None))
    return sorted(found | set(db.scalars(replaced)))


def _only_hers(db: Session, number: str, person_id: int) -> bool:
    others = (select(whose).where(column == number, whose != person_id).limit(1) for column, whose in _holders())
    return all(db.scalar(other) is None for other in others)


def _own(db: Session, person_id: int) -> None:
    """In rows that stay her numbers go, whoever shares them, with her secrets and what points to those rows."""
    for to in ("number", "own"):
        for column, tie in ties.columns(Base.metadata, to):
            if tie.whose:
                which = _is_hers(column.table, tie, person_id)
                _let_go(db, column.table, which, tie.forget, {column.name: None})
    for column, tie in ties.columns(Base.metadata, "row"):
        _let_go(db, column.table, _points_to_hers(column, person_id), tie.forget, {column.name: None})


def _ended(db: Session, person_id: int, today: date) -> None:
    """Nothing is begun any more that only she could end."""
    for column, tie in ties.columns(Base.metadata, "end"):
        table: Table = column.table
        which = and_(column.is_(None), _points_to_hers(table.c[tie.whose], person_id))
        db.execute(update(table).where(which).values({column.name: today}))


def _remarks(db: Session, person_id: int) -> None:
    """What the staff wrote about her, or about a row of hers, in words of their own."""
    for column, tie in ties.columns(Base.metadata, "remark"):
        table: Table = column.table
        which = or_(*(_is_about(table.c[name], person_id) for name in (tie.whose, tie.otherwise)))
        blank = column.op("-")(tie.inside) if tie.inside else None
        db.execute(update(table).where(which, column.is_not(None)).values({column.name: blank}))


def _is_about(column: Column[Any], person_id: int) -> ColumnElement[bool]:
    tie = ties.of(column)
    return column == person_id if tie and tie.to == "person" else _points_to_hers(column, person_id)


def _points_to_hers(column: Column[Any], person_id: int) -> ColumnElement[bool]:
    table: Table = next(iter(column.foreign_keys)).column.table
    return column.in_(select(*table.primary_key.columns).where(or_(*(c == person_id for c in _whose(table)))))


def _whose(table: Table) -> Sequence[Column[Any]]:
    """The columns by which a row is somebody's: of a file not those of the workers who wrote it."""
    tied = [(column, tie) for column in table.columns if (tie := ties.of(column))]
    files = [name for _, tie in tied if tie.to == "told" for name in (tie.whose, tie.otherwise) if name]
    return [table.c[name] for name in files] or [column for column, tie in tied if tie.to == "person"]


def _is_hers(table: Table, tie: ties.Tie, person_id: int) -> ColumnElement[bool]:
    whose = table.c[tie.whose]
    if not tie.otherwise:
        return whose == person_id
    return or_(whose == person_id, and_(whose.is_(None), table.c[tie.otherwise] == person_id))


def _person_rows(db: Session, column: Any, tie: ties.Tie, person_id: int) -> bool:
    """Let go of the rows that point to her; whether some must go on doing so."""
    table: Table = column.table
    if tie.forget == ties.KEEP:
        return db.scalar(select(column).where(column == person_id).limit(1)) is not None
    _let_go(db, table, column == person_id, tie.forget, {column.name: None})
    return False


def _let_go(db: Session, table: Table, which: ColumnElement[bool], fate: ties.Fate, blank: dict[str, Any]) -> None:
    db.execute(delete(table).where(which) if fate == ties.DELETE else update(table).where(which).values(blank))


def _messages(db: Session, now: datetime, person_id: int, alone: Sequence[str]) -> tuple[int, int]:
    """Erase the texts of all that went to and fro; what still waits is not sent. How many of each."""
    of_hers = or_(
        Message.person_id == person_id,
        and_(Message.number.in_(alone), Message.person_id.is_(None)) if alone else Message.person_id == person_id,
    )
    cancelled = others.unsend(db, now, of_hers, NEVER_SENT)
    _reports(db, of_hers, alone)
    at = func.jsonb_build_object("facility_id", Message.meta["facility_id"])
    erased = {
        "text": None,
        "sent_text": None,
        "number": case((Message.number.in_(alone), ""), else_=Message.number),
        "key": None,  # made of the number
        "meta": case((Message.meta.has_key("facility_id"), at), else_=text("'{}'::jsonb")),
        "use_by": case((Message.status == "unknown", now), else_=Message.use_by),
        # What no flow has heard yet can not be heard any more.
        "status": case((and_(Message.direction == MO, Message.status == "received"), "heard"), else_=Message.status),
    }
    change = update(Message).where(of_hers).values(erased).returning(Message.id)
    return len(db.scalars(change, execution_options=_QUIETLY).all()), cancelled


def _reports(db: Session, of_hers: ColumnElement[bool], alone: Sequence[str]) -> None:
    """The gateway's words name the number, too."""
    blank = {"number": ""}
    about = StoredReport.message_id.in_(select(Message.id).where(of_hers, Message.number.in_(alone)))
    waiting = and_(StoredReport.message_id.is_(None), StoredReport.number.in_(alone))
    for which in (about, waiting):
        db.execute(update(StoredReport).where(which).values(blank), execution_options=_QUIETLY)


def _elsewhere(db: Session, alone: Sequence[str]) -> None:
    """Her numbers where nothing says whose they are."""
    _callbacks(db, alone)
    _typed(db, alone)
    _changes_of_others(db, alone)


def _callbacks(db: Session, alone: Sequence[str]) -> None:
    """What could not be used is kept byte for byte, for a few weeks: it may hold her number in any form."""
    for number in alone:
        inside = text("position(:digits in body) > 0").bindparams(digits=number.lstrip("+").encode())
        db.execute(delete(RejectedCallback).where(inside), execution_options=_QUIETLY)


def _typed(db: Session, alone: Sequence[str]) -> None:
    """Her number among words that somebody typed, with or without the country's digits and anything between."""
    for column, tie in ties.columns(Base.metadata, "words"):
        digits = func.regexp_replace(column, "[^0-9]", "", "g")
        for number in alone:
            _let_go(db, column.table, digits.contains(number[-OWN_DIGITS:]), tie.forget, {column.name: ""})


def _changes_of_others(db: Session, alone: Sequence[str]) -> None:
    """Her number may once have been taken for somebody else's, and put right."""
    told = (PersonChange.before, PersonChange.after)
    for number in alone:
        without = {c.key: cast(func.replace(cast(c, Text), number, "…"), JSONB) for c in told}
        inside = or_(*(cast(c, Text).contains(number, autoescape=True) for c in told))
        db.execute(update(PersonChange).where(inside).values(without), execution_options=_QUIETLY)


def sharing(db: Session, person_id: int) -> int:
    """How many of her numbers somebody else has, too."""
    other = aliased(Number)
    has = select(other.person_id).where(other.number == Number.number, other.person_id != person_id).exists()
    return db.scalar(select(func.count()).select_from(Number).where(Number.person_id == person_id, has)) or 0
