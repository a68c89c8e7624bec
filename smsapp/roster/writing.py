"""People from rows of a file: added where new, changed where known; what a row leaves empty stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.people import Number, Person, Role
from smsapp.roster.cells import Entry
from smsapp.runtime import Runtime
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.segments import search_key

# Two lists read at once may hold the same new person.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('roster', 0))"


@dataclass
class Written:
    """What became of entries; the others said nothing new."""

    added: int = 0
    changed: int = 0


@dataclass(eq=False)
class _Known:
    """A person whom an entry may be about, and what she has."""

    person: Person
    numbers: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    new: bool = False


def write(db: Session, rt: Runtime, entries: Sequence[Entry], scope: Scope = EVERYWHERE) -> Written:
    """In a few statements for hundreds of rows. A person beyond the scope is neither changed nor mistaken for one."""
    db.execute(text(_LOCK))
    matched, written = _matched(db, rt, entries, scope)
    db.add_all(known.person for known in matched.values() if known.new)
    db.flush()
    _write_numbers(db, rt, entries, matched)
    _write_roles(db, entries, matched)
    groups: dict[str, list[int]] = {}
    for entry in entries:
        for group in entry.groups:
            groups.setdefault(group, []).append(matched[entry.line].person.id)
    for group, members in groups.items():
        people.join_group(db, group, dict.fromkeys(members))
    db.flush()
    return written


def foresee(db: Session, rt: Runtime, entries: Sequence[Entry], scope: Scope = EVERYWHERE) -> Written:
    """What `write` would say of these entries now; changes nothing."""
    with db.no_autoflush:
        matched, written = _matched(db, rt, entries, scope)
        for person in {known.person for known in matched.values() if not known.new}:
            db.expunge(person)
    return written


def _matched(db: Session, rt: Runtime, entries: Sequence[Entry], scope: Scope) -> tuple[dict[int, _Known], Written]:
    """Of each entry, by its line, the person whom it is about, changed as it says."""
    held = _held(db, {number for entry in entries for number in entry.numbers}, scope)
    matched: dict[int, _Known] = {}
    written = Written()
    for entry in entries:
        here = list(dict.fromkeys(known for number in entry.numbers for known in held.get(number, ())))
        known = _same(here, entry.name)
        if known is None:
            known = _Known(_somebody(rt, entry), new=True)
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


def _held(db: Session, numbers: Collection[str], scope: Scope) -> dict[str, list[_Known]]:
    """The people of each number whom the scope lets see, the eldest first."""
    rows = db.execute(
        select(Number.number, Person)
        .join(Person, Person.id == Number.person_id)
        .where(Number.number.in_(numbers), scope.within(Person.facility_id))
        .order_by(Person.id)
    ).all()
    known = {person.id: _Known(person) for _, person in rows}
    for person_id, role in db.execute(select(Role.person_id, Role.role).where(Role.person_id.in_(known))):
        known[person_id].roles.add(role)
    every = select(Number.person_id, Number.number).where(Number.person_id.in_(known))
    for person_id, number in db.execute(every):
        known[person_id].numbers.add(number)
    held: dict[str, list[_Known]] = {}
    for number, person in rows:
        held.setdefault(number, []).append(known[person.id])
    return held


def _same(here: Sequence[_Known], name: str | None) -> _Known | None:
    """The person of a number with this name, however it is spelt; on a number of one nameless person, that one."""
    named = [known for known in here if alike(known.person.name, name)]
    nameless = [known for known in here if known.person.name is None] if len(here) == 1 else []
    only = list(here) if name is None and len(here) == 1 else []
    return next(iter([*named, *nameless, *only]), None)


def alike(one: str | None, other: str | None) -> bool:
    """Whether two names have the same words, in any order, case and accents."""
    return one == other or bool(one and other and sorted(words(one)) == sorted(words(other)))


def words(name: str) -> list[str]:
    return search_key(name).split()


def _somebody(rt: Runtime, entry: Entry) -> Person:
    return Person(name=entry.name, language=entry.language, facility_id=entry.facility_id, created_at=rt.now())


def _change(known: _Known, entry: Entry) -> bool:
    """Take over what the row says; what it leaves empty stays, and so does the spelling of a name."""
    person = known.person
    name = person.name or entry.name
    wanted = (name, entry.language or person.language, entry.facility_id or person.facility_id)
    more = not known.numbers.issuperset(entry.numbers) or not known.roles.issuperset(entry.roles)
    if wanted == (person.name, person.language, person.facility_id):
        return more
    person.name, person.language, person.facility_id = wanted
    return True


def _write_numbers(db: Session, rt: Runtime, entries: Sequence[Entry], matched: Mapping[int, _Known]) -> None:
    """A number mainly serves whoever had it first; she is written to at the first of her numbers that does."""
    wanted = list(dict.fromkeys(_pairs(entries, matched)))
    numbers = {number for number, _ in wanted}
    served = set(db.scalars(select(Number.number).where(Number.number.in_(numbers)).distinct()))
    owners = {known.person.id for known in matched.values() if not known.new}
    rows = []
    for number, person_id in wanted:
        main = number not in served and person_id not in owners
        served.add(number)
        owners.add(person_id)
        rows.append({"number": number, "person_id": person_id, "main": main, "since": rt.now()})
    if rows:
        db.execute(insert(Number).values(rows).on_conflict_do_nothing())


def _pairs(entries: Iterable[Entry], matched: Mapping[int, _Known]) -> Iterator[tuple[str, int]]:
    return ((number, matched[entry.line].person.id) for entry in entries for number in entry.numbers)


def _write_roles(db: Session, entries: Sequence[Entry], matched: Mapping[int, _Known]) -> None:
    pairs = dict.fromkeys((matched[entry.line].person.id, role) for entry in entries for role in entry.roles)
    if pairs:
        rows = [{"person_id": person_id, "role": role} for person_id, role in pairs]
        db.execute(insert(Role).values(rows).on_conflict_do_nothing())
