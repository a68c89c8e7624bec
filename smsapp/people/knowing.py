"""Who is behind a number, and which numbers reach whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.orm import Session, aliased

from smsapp.people.tables import Group, Membership, Number, Person, Phone, Role
from smsapp.places import Place
from smsapp.reads import Read

STAFF_ROLES = ("asc", "dtc", "midwife", "officer", "national")  # they do not rate their own work
ROLES = ("mother", *STAFF_ROLES, "treasurer", "member")


@dataclass(frozen=True)
class Known:
    """A person as a conversation needs her."""

    id: int
    name: str | None
    language: str | None
    facility_id: int | None
    facility: str | None
    roles: tuple[str, ...]


_BEHIND = Read(
    select(
        *(Person.id, Person.name, Person.language, Person.facility_id, Place.name),
        select(func.array_agg(Role.role)).where(Role.person_id == Person.id).scalar_subquery(),
    )
    .join(Number, Number.person_id == Person.id)
    .join(Place, Place.id == Person.facility_id, isouter=True)
    .where(Number.number == bindparam("whose"))
    .order_by(Number.main.desc(), Number.since, Person.id)
)


def behind(db: Session, number: str) -> list[Known]:
    """The people whom this number serves, the one it mainly serves first."""
    rows = _BEHIND.rows(db, {"whose": number})
    return [Known(i, name, tongue, at, place, tuple(roles or ())) for i, name, tongue, at, place, roles in rows]


_HELD, _PERSON = aliased(Number), aliased(Person)
_SERVED = (
    select(_PERSON.facility_id)
    .join(_HELD, _HELD.person_id == _PERSON.id)
    .order_by(_HELD.main.desc(), _HELD.since, _PERSON.id)
    .limit(1)
)


# The same in a statement that is made once: of the number that is handed to it as `served`.
FACILITY_OF_SERVED = _SERVED.where(_HELD.number == bindparam("served")).scalar_subquery()


def facility_of(number: str | SQLColumnExpression[str]) -> ScalarSelect[int | None]:
    """In a statement, which may itself be one of numbers: the facility of the person whom this number mainly serves."""
    return _SERVED.where(_HELD.number == number).scalar_subquery()


# The language chosen on a phone, else its person's; an SQL expression for statements that read more at once.
LANGUAGE_OF = """coalesce(
    (SELECT language FROM phones WHERE phones.number = {number}),
    (SELECT p.language FROM person_numbers pn JOIN persons p ON p.id = pn.person_id
     WHERE pn.number = {number} AND p.language IS NOT NULL ORDER BY pn.main DESC, pn.since, p.id LIMIT 1))"""
_LANGUAGE_OF = text("SELECT " + LANGUAGE_OF.format(number=":number"))
_TOLD = func.unnest(bindparam("numbers", type_=ARRAY(Text))).table_valued(column("number")).render_derived(name="told")
_LANGUAGES_OF = Read(select(_TOLD.c.number, literal_column(LANGUAGE_OF.format(number="told.number"))))


def language_of(db: Session, number: str) -> str | None:
    """The language chosen on this phone, else its person's."""
    found: str | None = db.scalar(_LANGUAGE_OF, {"number": number})
    return found


_CHOSEN = insert(Phone)
_CHOOSE = _CHOSEN.on_conflict_do_update(index_elements=[Phone.number], set_={"language": _CHOSEN.excluded["language"]})
_HOLDERS = select(Number.person_id).where(Number.number == bindparam("whose")).limit(2)


def choose_language(db: Session, number: str, language: str) -> None:
    """Keep the language for this phone, and for its person where it serves one alone."""
    db.execute(_CHOOSE, {"number": number, "language": language})
    served = db.scalars(_HOLDERS, {"whose": number}).all()
    if len(served) == 1 and (person := db.get(Person, served[0])):
        person.language = language


def add(
    db: Session,
    now: datetime,
    *,
    number: str | None = None,
    name: str | None = None,
    language: str | None = None,
    facility_id: int | None = None,
    roles: Iterable[str] = (),
) -> Person:
    person = Person(name=name, language=language, facility_id=facility_id, created_at=now)
    db.add(person)
    db.flush()
    if number:
        served = db.scalar(select(func.count()).where(Number.number == number))
        db.add(Number(number=number, person_id=person.id, main=not served, since=now))
    db.add_all(Role(person_id=person.id, role=role) for role in roles)
    db.flush()
    return person


def join_group(db: Session, name: str, person_ids: Iterable[int]) -> None:
    """Add them to the group of this name, made where it is new."""
    db.execute(insert(Group).values(name=name).on_conflict_do_nothing())
    group_id = db.scalar(select(Group.id).where(Group.name == name))
    ids = literal(list(person_ids), ARRAY(BigInteger))
    rows = select(literal(group_id), func.unnest(ids))
    db.execute(insert(Membership).from_select(["group_id", "person_id"], rows).on_conflict_do_nothing())


def members(db: Session, group: str) -> list[tuple[str, int, str | None]] | None:
    """Number, person and language of a group's members, one row a number; None if no group has this name."""
    group_id = db.scalar(select(Group.id).where(Group.name == group))
    if group_id is None:
        return None
    reached = _reached_at().join(Membership, Membership.person_id == Number.person_id)
    hers = reached.where(Membership.group_id == group_id).subquery()
    rows = db.execute(
        select(hers.c.number, Person.id, Person.language)
        .ext(distinct_on(hers.c.number))
        .join(Person, Person.id == hers.c.person_id)
        .order_by(hers.c.number, Person.id)
    )
    return [(number, person_id, language) for number, person_id, language in rows]


def languages_of(db: Session, numbers: Sequence[str]) -> dict[str, str]:
    """The language of each of these numbers that has one."""
    rows = _LANGUAGES_OF.rows(db, {"numbers": list(numbers)}) if numbers else ()
    return {number: language for number, language in rows if language}


def numbers_at(db: Session, facility_id: int) -> list[str]:
    """One number for each person whom a facility serves, in a fixed order; not of those who work there."""
    works = select(Role.role).where(Role.person_id == Person.id, Role.role.in_(STAFF_ROLES)).exists()
    rows = db.execute(
        _reached_at().join(Person, Person.id == Number.person_id).where(Person.facility_id == facility_id, ~works)
    )
    return list(dict.fromkeys(number for _, number in rows))


def _reached_at() -> Select[int, str]:
    """Each person and one number: one that mainly serves her, else one that she shares with somebody."""
    chosen = select(Number.person_id, Number.number).ext(distinct_on(Number.person_id))
    return chosen.order_by(Number.person_id, Number.main.desc(), Number.since, Number.number)
