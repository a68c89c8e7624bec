"""Whose phone a text about a file goes to, and how its holder wants to be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.people import Number, Person
from smsapp.reads import Read
from smsapp.vaccines.promises import Wish
from smsapp.vaccines.tables import Child, Pregnancy

File = Child | Pregnancy


@dataclass(frozen=True)
class Reader:
    """Who reads; `shared` is whether others have the number too.

    `frank` is whether a text may say what it is about: as she wished, while nobody else reads it.
    """

    person_id: int
    name: str
    number: str
    language: str | None
    hour: int | None
    frank: bool
    shared: bool


def reads(file: File) -> int:
    """The person to whom a text about this file goes."""
    if isinstance(file, Child):
        return file.carer_id or file.mother_id or 0  # one of the two is there: the table sees to it
    return file.mother_id


# One statement however many they are; the locks are taken in the order of the rows, always the same.
_HOLD = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('family ' || id, 0)) FROM (
        SELECT unnest(CAST(:people AS bigint[])) AS id
        UNION
        SELECT mate.person_id FROM person_numbers hers JOIN person_numbers mate USING (number)
        WHERE hers.person_id = ANY(CAST(:people AS bigint[]))
        ORDER BY id
    ) families
""")


def one_at_a_time(db: Session, person_ids: Iterable[int | None]) -> None:
    """Who changes something of a family waits here for whoever does so already, before the first row is locked.

    What is told of a child changes files of her brothers, sisters and mother, and of the families who share the phone
    that one text told of all of them: these rows have no order of their own.
    """
    ids = sorted({person_id for person_id in person_ids if person_id is not None})
    if ids:
        db.execute(_HOLD, {"people": ids})


def hold(db: Session, table: type[File], *which: ColumnElement[bool]) -> None:
    """The same for the families of these files."""
    people = (Child.mother_id, Child.carer_id) if table is Child else (Pregnancy.mother_id,)
    one_at_a_time(db, {person for row in db.execute(select(*people).where(*which)) for person in row})


def since(file: File) -> date:
    """When a file came into care: the day of its centre's word, where a mother began it herself."""
    return max(file.registered_on, file.confirmed_on or file.registered_on)


def readers(db: Session, person_ids: Collection[int]) -> Mapping[int, Reader]:
    """Each of these people who has a phone, by her id and in their order.

    Her number is the one that mainly serves her, else one that she shares.
    """
    if not person_ids:
        return {}
    rows = _READERS.rows(db, {"people": sorted(set(person_ids))})
    spoken = people.languages_of(db, [number for _, _, number, *_ in rows])
    found = {
        i: Reader(i, name or "", number, spoken.get(number, language), hour, bool(frank) and not shared, shared)
        for i, name, number, language, hour, frank, shared in rows
    }
    return {i: found[i] for i in person_ids if i in found}


def _readers() -> Select[*tuple[Any, ...]]:
    chosen = (
        select(Number.person_id, Number.number)
        .ext(distinct_on(Number.person_id))
        .where(Number.person_id == any_(bindparam("people", type_=ARRAY(BigInteger))))
        .order_by(Number.person_id, Number.main.desc(), Number.since, Number.number)
        .subquery()
    )
    other = select(Number.person_id).where(Number.number == chosen.c.number, Number.person_id != chosen.c.person_id)
    return (
        select(Person.id, Person.name, chosen.c.number, Person.language, Wish.hour, Wish.frank, other.exists())
        .join(chosen, chosen.c.person_id == Person.id)
        .join(Wish, Wish.person_id == Person.id, isouter=True)
        .where(Person.forgotten_at.is_(None))
    )


_READERS = Read(_readers())  # made once: to make it takes longer than to read a few people


def first_name(name: str | None) -> str:
    """As a text to a worker, or on a shared phone, calls somebody."""
    return (name or "").split(" ")[0]
