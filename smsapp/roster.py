"""People from rows of a file: added where new, changed where known, refused with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import people, places
from smsapp.people import Number, Person
from smsapp.phones import BadNumber, normalise
from smsapp.places import Place, UnknownPlace
from smsapp.runtime import Runtime
from smsapp.segments import clean, search_key
from smsapp.sheets import Row
from smsapp.tally import Tally
from smsapp.words import vocabulary

LONGEST_NAME = 120


@dataclass(frozen=True)
class _Row:
    """One row that can be used."""

    number: str
    name: str | None
    language: str | None
    facility_id: int | None
    groups: tuple[str, ...]


def take(db: Session, rt: Runtime, rows: Sequence[Row]) -> Tally:
    """Rows with the keys phone, name, language, facility, groups (by `;`).

    All of them in a few statements: a programme's list has thousands.
    """
    tally = Tally()
    good = list(_read(db, rt, rows, tally))
    held = _held(db, {row.number for row in good})
    groups: dict[str, list[Person]] = {}
    new: list[tuple[Person, str, bool]] = []
    for row in good:
        here = held.setdefault(row.number, [])
        person = _same(here, row.name)
        if person is None:
            person = Person(name=row.name, language=row.language, facility_id=row.facility_id, created_at=rt.now())
            new.append((person, row.number, not here))
            here.append(person)
            tally.added += 1
        elif _change(person, row):
            tally.changed += 1
        for group in row.groups:
            groups.setdefault(group, []).append(person)
    _write(db, rt, new)
    for group, members in groups.items():
        people.join_group(db, group, {person.id for person in members})
    return tally


def _read(db: Session, rt: Runtime, rows: Sequence[Row], tally: Tally) -> Iterator[_Row]:
    facilities = _Facilities(db)
    for line, row in rows:
        try:
            yield _Row(
                number=normalise(row.get("phone") or "", rt.settings.country),
                name=clean(row.get("name") or "")[:LONGEST_NAME] or None,
                language=_language(rt, row.get("language") or ""),
                facility_id=facilities.find(row.get("facility") or ""),
                groups=tuple(filter(None, map(clean, (row.get("groups") or "").split(";")))),
            )
        except BadNumber as why:
            tally.refused.append((line, f"phone: {why}"))
        except (UnknownPlace, ValueError) as why:
            tally.refused.append((line, str(why)))


class _Facilities:
    """Facilities by what a file calls them, looked up once each."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.found: dict[str, Place | None] = {"": None}

    def find(self, words: str) -> int | None:
        words = words.strip()
        if words not in self.found:
            self.found[words] = places.facility(self.db, words)
        place = self.found[words]
        return place.id if place else None


def _language(rt: Runtime, words: str) -> str | None:
    from_word = vocabulary().languages.get(search_key(words))
    if words.strip() and from_word not in rt.settings.languages:
        raise ValueError(f"language: {words.strip()[:20]!r} is none of {', '.join(rt.settings.languages)}")
    return from_word


def _held(db: Session, numbers: Collection[str]) -> dict[str, list[Person]]:
    """The people of each number."""
    rows = db.execute(
        select(Number.number, Person)
        .join(Person, Person.id == Number.person_id)
        .where(Number.number.in_(numbers))
        .order_by(Person.id)
    )
    held: dict[str, list[Person]] = {}
    for number, person in rows:
        held.setdefault(number, []).append(person)
    return held


def _same(here: Sequence[Person], name: str | None) -> Person | None:
    """The person of a number with this name; on a number of one nameless person, that one."""
    named = [p for p in here if p.name == name]
    nameless = [p for p in here if p.name is None] if len(here) == 1 else []
    only = list(here) if name is None and len(here) == 1 else []
    return next(iter([*named, *nameless, *only]), None)


def _change(person: Person, row: _Row) -> bool:
    """Take over what the row says; what it leaves empty stays."""
    wanted = (row.name or person.name, row.language or person.language, row.facility_id or person.facility_id)
    if wanted == (person.name, person.language, person.facility_id):
        return False
    person.name, person.language, person.facility_id = wanted
    return True


def _write(db: Session, rt: Runtime, new: Sequence[tuple[Person, str, bool]]) -> None:
    db.add_all(person for person, _, _ in new)
    db.flush()
    db.add_all(Number(number=number, person_id=p.id, main=main, since=rt.now()) for p, number, main in new)
    db.flush()
