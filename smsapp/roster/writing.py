"""People from rows of a file: added where new, changed where known; what a row leaves empty stays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, column, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.arrays import among
from smsapp.db import Base
from smsapp.people import Number, Person, Role
from smsapp.roster.cells import Entry
from smsapp.runtime import Runtime
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.segments import search_key

# Two lists read at once may hold the same new person.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('roster', 0))")
_NEXT = text("SELECT nextval(pg_get_serial_sequence('persons', 'id')) FROM generate_series(1, :many)")

_QUIETLY = {"synchronize_session": False}


@dataclass
class Written:
    """What became of entries; the others said nothing new."""

    added: int = 0
    changed: int = 0


@dataclass(eq=False)
class _Somebody:
    """A person whom entries are about, as they want her; without an id she is new."""

    id: int | None
    name: str | None
    language: str | None
    facility_id: int | None
    numbers: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    new: bool = False
    changed: bool = False  # her own row, not only her numbers and roles


Matched = Mapping[int, _Somebody]  # by the entry's line


def write(db: Session, rt: Runtime, entries: Sequence[Entry], scope: Scope = EVERYWHERE) -> Written:
    """In a few statements for hundreds of rows. A person beyond the scope is neither changed nor mistaken for one."""
    if not entries:
        return Written()
    db.execute(_LOCK)
    matched, written = _match(db, entries, scope)
    _write_persons(db, rt, dict.fromkeys(matched.values()))
    _write_numbers(db, rt, entries, matched)
    _write_roles(db, entries, matched)
    groups: dict[str, list[int]] = {}
    for entry in entries:
        for group in entry.groups:
            groups.setdefault(group, []).append(_id(matched[entry.line]))
    for group, members in groups.items():
        people.join_group(db, group, dict.fromkeys(members))
    return written


def foresee(db: Session, entries: Sequence[Entry], scope: Scope = EVERYWHERE) -> Written:
    """What `write` would say of these entries now."""
    return _match(db, entries, scope)[1]


def _match(db: Session, entries: Sequence[Entry], scope: Scope) -> tuple[Matched, Written]:
    """Of each entry the person whom it is about, changed as it says."""
    held = _held(db, {number for entry in entries for number in entry.numbers}, scope)
    matched: dict[int, _Somebody] = {}
    written = Written()
    for entry in entries:
        here = list(dict.fromkeys(known for number in entry.numbers for known in held.get(number, ())))
        known = _same(here, entry.name)
        if known is None:
            known = _Somebody(None, entry.name, entry.language, entry.facility_id, new=True)
            written.added += 1
        elif _change(known, entry) and not known.new:
            written.changed += 1
        known.numbers.update(entry.numbers)
        known.roles.update(entry.roles)
        for number in entry.numbers:
            if known not in held.setdefault(number, []):
                held[number].append(known)
        matched[entry.line] = known
    return matched, written


def _held(db: Session, numbers: Collection[str], scope: Scope) -> dict[str, list[_Somebody]]:
    """The people of each number whom the scope lets see, the eldest first."""
    rows = db.execute(
        select(Number.number, Person.id, Person.name, Person.language, Person.facility_id)
        .join(Person, Person.id == Number.person_id)
        .where(among(Number.number, numbers), scope.within(Person.facility_id))
        .order_by(Person.id)
    ).all()
    if not rows:
        return {}
    known = {row.id: _Somebody(row.id, row.name, row.language, row.facility_id) for row in rows}
    for person_id, role in db.execute(select(Role.person_id, Role.role).where(among(Role.person_id, known))):
        known[person_id].roles.add(role)
    every = select(Number.person_id, Number.number).where(among(Number.person_id, known))
    for person_id, number in db.execute(every):
        known[person_id].numbers.add(number)
    held: dict[str, list[_Somebody]] = {}
    for row in rows:
        held.setdefault(row.number, []).append(known[row.id])
    return held


def _same(here: Sequence[_Somebody], name: str | None) -> _Somebody | None:
    """The person of a number with this name, however it is spelt; on a number of one nameless person, that one."""
    named = [known for known in here if alike(known.name, name)]
    nameless = [known for known in here if known.name is None] if len(here) == 1 else []
    only = list(here) if name is None and len(here) == 1 else []
    return next(iter([*named, *nameless, *only]), None)


def alike(one: str | None, other: str | None) -> bool:
    """Whether two names have the same words, in any order, case and accents."""
    return one == other or bool(one and other and sorted(_words(one)) == sorted(_words(other)))


def _words(name: str) -> list[str]:
    return search_key(name).split()


def _change(known: _Somebody, entry: Entry) -> bool:
    """Take over what the row says; what it leaves empty stays, and so does the spelling of a name."""
    told = known.name or entry.name, entry.language or known.language, entry.facility_id or known.facility_id
    if told != (known.name, known.language, known.facility_id):
        known.name, known.language, known.facility_id = told
        known.changed = True
        return True
    return not (known.numbers.issuperset(entry.numbers) and known.roles.issuperset(entry.roles))


def _write_persons(db: Session, rt: Runtime, every: Collection[_Somebody]) -> None:
    new = [known for known in every if known.new]
    for known, person_id in zip(new, db.scalars(_NEXT, {"many": len(new)}), strict=True):
        known.id = person_id
    if new:
        _insert(db, Person, **_columns(new), created_at=[rt.now()] * len(new))
    if changed := [known for known in every if known.changed and not known.new]:
        told = _told(Person, **_columns(changed))
        values = {Person.name: told.name, Person.language: told.language, Person.facility_id: told.facility_id}
        db.execute(update(Person).where(Person.id == told.id).values(values), execution_options=_QUIETLY)


def _columns(every: Sequence[_Somebody]) -> dict[str, list[Any]]:
    names = ("id", "name", "language", "facility_id")
    return {name: [getattr(known, name) for known in every] for name in names}


def _write_numbers(db: Session, rt: Runtime, entries: Sequence[Entry], matched: Matched) -> None:
    """A number mainly serves whoever had it first; she is written to at the first of her numbers that does."""
    wanted = list(dict.fromkeys(_pairs(entries, matched)))
    served = set(db.scalars(select(Number.number).where(among(Number.number, {number for number, _ in wanted}))))
    owners = {known.id for known in matched.values() if not known.new}
    main = []
    for number, person_id in wanted:
        main.append(number not in served and person_id not in owners)
        served.add(number)
        owners.add(person_id)
    numbers, ids = zip(*wanted, strict=True)
    _insert(db, Number, number=numbers, person_id=ids, main=main, since=[rt.now()] * len(wanted))


def _pairs(entries: Sequence[Entry], matched: Matched) -> Iterator[tuple[str, int]]:
    return ((number, _id(matched[entry.line])) for entry in entries for number in entry.numbers)


def _write_roles(db: Session, entries: Sequence[Entry], matched: Matched) -> None:
    pairs = dict.fromkeys((_id(matched[entry.line]), role) for entry in entries for role in entry.roles)
    if pairs:
        ids, roles = zip(*pairs, strict=True)
        _insert(db, Role, person_id=ids, role=roles)


def _id(known: _Somebody) -> int:
    assert known.id is not None, "she is written before what belongs to her"
    return known.id


def _insert(db: Session, table: type[Base], **columns: Sequence[Any]) -> None:
    """A statement that is compiled once, however many rows there are."""
    rows = select(*_told(table, **columns))
    db.execute(insert(table).from_select(list(columns), rows).on_conflict_do_nothing())


def _told(table: type[Base], **columns: Sequence[Any]) -> Any:
    """Rows by their columns, each column one array."""
    types = {name: table.__table__.c[name].type for name in columns}
    arrays = [literal(list(values), ARRAY(types[name])) for name, values in columns.items()]
    named = (column(name, type_) for name, type_ in types.items())
    return func.unnest(*arrays).table_valued(*named, name="told").render_derived().c
