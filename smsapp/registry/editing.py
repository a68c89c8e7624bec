"""Putting right what is known of a person, by the staff: every change is kept before and after, and audited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.people import ROLES, Number, Person, Role
from smsapp.phones import BadNumber, normalise
from smsapp.places import Place
from smsapp.registry import card
from smsapp.registry.tables import PersonChange
from smsapp.runtime import Runtime
from smsapp.segments import clean
from smsapp.staff import Staff, audit

LONGEST_NAME = 120
MOST_NUMBERS = 10


class Unfit(ValueError):
    """What was typed can not be; `field` is where, `why` a word, `value` what was typed."""

    def __init__(self, field: str, why: str, value: object = "") -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why, self.value = field, why, value


@dataclass(frozen=True)
class Facts:
    """What a form says of a person."""

    name: str | None = None
    language: str | None = None
    facility_id: int | None = None
    roles: frozenset[str] = frozenset()


def add(db: Session, rt: Runtime, staff: Staff, facts: Facts, number: str = "") -> Person:
    """Somebody new, with a number or without."""
    facts = _fit(db, rt, staff, facts, known=())
    told = _number(rt, number) if number.strip() else None
    if facts.name is None and told is None:
        raise Unfit("name", "nothing")
    person = people.add(
        db,
        rt.now(),
        number=told,
        name=facts.name,
        language=facts.language,
        facility_id=facts.facility_id,
        roles=sorted(facts.roles),
    )
    _note(db, rt, staff, person, "added", {}, _told(person, facts.roles) | ({"number": told} if told else {}))
    return person


def change(db: Session, rt: Runtime, staff: Staff, person_id: int, facts: Facts, version: str = "") -> list[str]:
    """Which facts are other ones now. `version` is what the form began with: Unfit if somebody was faster."""
    person = card.held(db, staff.scope, person_id, lock=True)
    roles = frozenset(db.scalars(select(Role.role).where(Role.person_id == person_id)))
    if version and version != card.version(person, roles):
        raise Unfit("name", "changed meanwhile")
    facts = _fit(db, rt, staff, facts, known=roles, stays=person.facility_id)
    before = _told(person, roles)
    person.name, person.language, person.facility_id = facts.name, facts.language, facts.facility_id
    gone = Role.person_id == person_id, Role.role.in_(roles - facts.roles)
    db.execute(delete(Role).where(*gone))
    db.add_all(Role(person_id=person_id, role=role) for role in sorted(facts.roles - roles))
    after = _told(person, facts.roles)
    changed = [field for field in after if before[field] != after[field]]
    if changed:
        was, is_now = ({field: told[field] for field in changed} for told in (before, after))
        _note(db, rt, staff, person, "changed", was, is_now)
    return changed


def add_number(db: Session, rt: Runtime, staff: Staff, person_id: int, raw: str) -> str:
    """One more number of hers, or one that she shares; as it is kept."""
    person = card.held(db, staff.scope, person_id, lock=True)
    number = _number(rt, raw)
    own = db.scalars(select(Number.number).where(Number.person_id == person_id)).all()
    if number in own:
        raise Unfit("number", "hers already", number)
    if len(own) >= MOST_NUMBERS:
        raise Unfit("number", "too many", MOST_NUMBERS)
    served = db.scalar(select(func.count()).where(Number.number == number))
    db.add(Number(number=number, person_id=person_id, main=not own and not served, since=rt.now()))
    db.flush()
    _note(db, rt, staff, person, "changed", {}, {"number": number})
    return number


def remove_number(db: Session, rt: Runtime, staff: Staff, person_id: int, number: str) -> bool:
    """Hers no longer; others who have it keep it, and the eldest of them is then the one whom it mainly serves."""
    person = card.held(db, staff.scope, person_id, lock=True)
    if not people.let_go(db, person_id, number):
        return False
    _note(db, rt, staff, person, "changed", {"number": number}, {})
    return True


def make_main(db: Session, rt: Runtime, staff: Staff, person_id: int, number: str) -> bool:
    """From now on she is written to at this number, and of those who share it, it mainly serves her."""
    person = card.held(db, staff.scope, person_id, lock=True)
    if db.get(Number, (number, person_id)) is None:
        return False
    holders = db.execute(
        select(Person.facility_id).join(Number, Number.person_id == Person.id).where(Number.number == number)
    )
    if not all(staff.scope.covers(facility_id) for (facility_id,) in holders):
        raise Unfit("number", "serves another", number)
    before = db.scalars(select(Number.number).where(Number.person_id == person_id, Number.main)).all()
    others = (Number.person_id == person_id) | (Number.number == number)
    db.execute(update(Number).where(others).values(main=False))
    db.execute(update(Number).where(Number.person_id == person_id, Number.number == number).values(main=True))
    _note(db, rt, staff, person, "changed", {"main": ", ".join(before)}, {"main": number})
    return True


def _fit(
    db: Session, rt: Runtime, staff: Staff, facts: Facts, known: Collection[str], stays: int | None = None
) -> Facts:
    name = clean(facts.name or "").replace("\n", " ")
    if len(name) > LONGEST_NAME:
        raise Unfit("name", "too long", LONGEST_NAME)
    if facts.language and facts.language not in rt.settings.languages:
        raise Unfit("language", "unknown", facts.language)
    if unknown := facts.roles - set(ROLES) - set(known):
        raise Unfit("roles", "unknown", sorted(unknown)[0])
    if facts.facility_id is None and not staff.scope.covers(None):
        raise Unfit("facility_id", "needed")
    if facts.facility_id is not None and facts.facility_id != stays:
        place = db.get(Place, facts.facility_id)
        if place is None or place.kind != "facility" or not staff.scope.covers(place.id):
            raise Unfit("facility_id", "unknown")
    return Facts(name or None, facts.language or None, facts.facility_id, facts.roles)


def _number(rt: Runtime, raw: str) -> str:
    try:
        return normalise(raw, rt.settings.country)
    except BadNumber as why:
        raise Unfit("number", why.reason, raw[:40]) from why


def _told(person: Person, roles: Collection[str]) -> dict[str, Any]:
    return {
        "name": person.name,
        "language": person.language,
        "facility_id": person.facility_id,
        "roles": sorted(roles),
    }


def _note(
    db: Session,
    rt: Runtime,
    staff: Staff,
    person: Person,
    what: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    note(db, rt, staff, person.id, what, before, after)
    fields = ", ".join(sorted({*before, *after}))
    subject = f"person:{person.id}"
    audit.note(db, rt.now(), staff, f"people.{what}", subject, facility_id=person.facility_id, fields=fields)


def note(
    db: Session,
    rt: Runtime,
    staff: Staff | None,
    person_id: int,
    what: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    who: str = audit.COMMAND_LINE,
) -> None:
    """Keep a change with its facts, which are erased when the person is forgotten. `who` where it was not the staff."""
    row = {"account_id": staff.id if staff else None, "who": staff.name if staff else who}
    told = {"before": dict(before), "after": dict(after), "at": rt.now(), "what": what, "person_id": person_id}
    db.execute(insert(PersonChange).values(**row, **told))
