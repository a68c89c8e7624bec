"""One person as her page shows her: numbers and who shares them, roles, groups, consent, and what she left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.people import Consent, Group, Membership, Number, Person, Phone, Role, TopicLeft
from smsapp.places import Place
from smsapp.registry import search
from smsapp.registry.search import Found
from smsapp.scopes import Scope


class NotHere(LookupError):
    """Nobody has this id, or nobody whom one may see."""


@dataclass(frozen=True)
class Left:
    """A topic that a phone left with STOP."""

    topic: str
    channel: str
    at: datetime


@dataclass(frozen=True)
class Held:
    """A number of hers, and who else has it: those in one's scope by name, the others only counted."""

    number: str
    main: bool
    since: datetime
    language: str | None  # chosen on this phone
    others: Sequence[Found]
    others_elsewhere: int
    left: Sequence[Left]

    @property
    def shared(self) -> bool:
        return bool(self.others) or self.others_elsewhere > 0


@dataclass(frozen=True)
class Card:
    """All that stands at the top of her page."""

    id: int
    name: str | None
    language: str | None
    facility_id: int | None
    facility: str | None
    created_at: datetime
    forgotten_at: datetime | None
    numbers: Sequence[Held]
    roles: Sequence[str]
    groups: Sequence[str]
    consents: Sequence[Consent]  # the newest first
    version: str  # of what can be edited: another one means that somebody changed it meanwhile


def one(db: Session, scope: Scope, person_id: int) -> Card:
    """This person; NotHere where the scope does not let one see her."""
    person = held(db, scope, person_id)
    consents = select(Consent).where(Consent.person_id == person_id).order_by(Consent.id.desc())
    groups = select(Group.name).join(Membership, Membership.group_id == Group.id)
    roles = db.scalars(select(Role.role).where(Role.person_id == person_id).order_by(Role.role)).all()
    numbers = _numbers(db, scope, person_id)
    return Card(
        id=person.id,
        name=person.name,
        language=person.language,
        facility_id=person.facility_id,
        facility=db.scalar(select(Place.name).where(Place.id == person.facility_id)),
        created_at=person.created_at,
        forgotten_at=person.forgotten_at,
        numbers=numbers,
        roles=roles,
        groups=db.scalars(groups.where(Membership.person_id == person_id).order_by(Group.name)).all(),
        consents=db.scalars(consents).all(),
        version=version(person, roles),
    )


def held(db: Session, scope: Scope, person_id: int, *, lock: bool = False) -> Person:
    """Her row; NotHere where the scope does not let one see her. Locked for whoever changes it."""
    chosen = select(Person).where(Person.id == person_id, scope.within(Person.facility_id))
    if lock:
        chosen = chosen.with_for_update().execution_options(populate_existing=True)
    person = db.scalar(chosen)
    if person is None:
        raise NotHere(f"person {person_id}")
    return person


def version(person: Person, roles: Collection[str]) -> str:
    """What an edit was made on."""
    return "|".join([person.name or "", person.language or "", str(person.facility_id or ""), *sorted(roles)])


def alike(db: Session, scope: Scope, card: Card, most: int = 10) -> list[Found]:
    """Who may be the same person: who shares a number with her, then who has her name at her place."""
    sharing = {other.id: other for number in card.numbers for other in number.others}
    same: Iterable[Found] = ()
    if card.name and card.facility_id:
        wanted = search.Wanted(words=card.name, places=(card.facility_id,))
        same = search.people(db, scope, wanted, size=most).rows
    found = sharing | {other.id: other for other in same}
    found.pop(card.id, None)
    return list(found.values())[:most]


def _numbers(db: Session, scope: Scope, person_id: int) -> list[Held]:
    hers = select(Number).where(Number.person_id == person_id)
    rows = db.scalars(hers.order_by(Number.main.desc(), Number.since, Number.number)).all()
    told = [row.number for row in rows]
    chosen = dict(_pairs(db.execute(select(Phone.number, Phone.language).where(Phone.number.in_(told)))))
    left: dict[str, list[Left]] = {}
    for each in db.scalars(select(TopicLeft).where(TopicLeft.number.in_(told)).order_by(TopicLeft.at)):
        left.setdefault(each.number, []).append(Left(each.topic, each.channel, each.at))
    others = _others(db, scope, person_id, told)
    return [
        Held(row.number, row.main, row.since, chosen.get(row.number), *others[row.number], left.get(row.number, []))
        for row in rows
    ]


def _others(
    db: Session, scope: Scope, person_id: int, numbers: Sequence[str]
) -> Mapping[str, tuple[Sequence[Found], int]]:
    """Who else has each number: those in scope, and how many more."""
    rows = db.execute(
        select(Number.number, Person.id, Person.facility_id)
        .join(Person, Person.id == Number.person_id)
        .where(Number.number.in_(numbers), Number.person_id != person_id)
        .order_by(Number.main.desc(), Number.since, Person.id)
    ).all()
    near = {found.id: found for found in search.shown(db, [i for _, i, at in rows if scope.covers(at)])}
    return {
        number: (
            [near[i] for n, i, _ in rows if n == number and i in near],
            sum(n == number and i not in near for n, i, _ in rows),
        )
        for number in numbers
    }


def _pairs(rows: Iterable[Any]) -> list[tuple[str, Any]]:
    return [(row[0], row[1]) for row in rows]
