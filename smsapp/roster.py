"""People from rows of a file: added where new, changed where known, refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import people, places
from smsapp.people import Number, Person
from smsapp.phones import BadNumber, normalise
from smsapp.places import Place, UnknownPlace
from smsapp.runtime import Runtime
from smsapp.segments import clean, search_key
from smsapp.words import vocabulary

LONGEST_NAME = 120


@dataclass
class Counts:
    added: int = 0
    changed: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        self.added += other.added
        self.changed += other.changed
        self.refused += other.refused


def take(db: Session, rt: Runtime, rows: Sequence[Mapping[str, str | None]], first_line: int) -> Counts:
    """Rows with the keys phone, name, language, facility, groups (by `;`); lines are counted from `first_line`."""
    counts, known = Counts(), _Facilities(db)
    for line, row in enumerate(rows, start=first_line):
        try:
            number = normalise(row.get("phone") or "", rt.settings.country)
            facility = known.find(row.get("facility") or "")
            language = _language(rt, row.get("language") or "")
        except BadNumber as why:
            counts.refused.append((line, f"phone: {why}"))
        except (UnknownPlace, ValueError) as why:
            counts.refused.append((line, str(why)))
        else:
            name = clean(row.get("name") or "")[:LONGEST_NAME] or None
            _take_one(db, rt, counts, number, name, language, facility)
            _join(db, number, name, row.get("groups") or "")
    return counts


class _Facilities:
    """Facilities by what a file calls them, looked up once each."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.found: dict[str, Place | None] = {"": None}

    def find(self, words: str) -> Place | None:
        words = words.strip()
        if words not in self.found:
            self.found[words] = places.facility(self.db, words)
        return self.found[words]


def _language(rt: Runtime, words: str) -> str | None:
    from_word = vocabulary().languages.get(search_key(words))
    if words.strip() and from_word not in rt.settings.languages:
        raise ValueError(f"language: {words.strip()[:20]!r} is none of {', '.join(rt.settings.languages)}")
    return from_word


def _person(db: Session, number: str, name: str | None) -> Person | None:
    """The person of this number with this name; on a number of one nameless person, that one."""
    held = select(Person).join(Number, Number.person_id == Person.id).where(Number.number == number)
    here = db.scalars(held.order_by(Person.id)).all()
    named = [p for p in here if p.name == name]
    nameless = [p for p in here if p.name is None] if len(here) == 1 else []
    only = list(here) if name is None and len(here) == 1 else []
    return next(iter([*named, *nameless, *only]), None)


def _take_one(
    db: Session,
    rt: Runtime,
    counts: Counts,
    number: str,
    name: str | None,
    language: str | None,
    facility: Place | None,
) -> None:
    person = _person(db, number, name)
    facility_id = facility.id if facility else None
    if person is None:
        people.add(db, rt.now(), number=number, name=name, language=language, facility_id=facility_id)
        counts.added += 1
        return
    wanted = (name or person.name, language or person.language, facility_id or person.facility_id)
    if wanted != (person.name, person.language, person.facility_id):
        person.name, person.language, person.facility_id = wanted
        db.flush()
        counts.changed += 1


def _join(db: Session, number: str, name: str | None, groups: str) -> None:
    wanted = [clean(group) for group in groups.split(";") if clean(group)]
    person = _person(db, number, name) if wanted else None
    for group in wanted:
        if person is not None:
            people.join_group(db, group, person.id)
