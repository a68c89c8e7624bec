"""What an audience can be chosen from: the places and the groups that somebody may see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from smsapp.people import Group, Membership, Person
from smsapp.places import Place
from smsapp.scopes import Scope

MOST = 1000  # groups that a page offers


@dataclass(frozen=True)
class Choice:
    """A place of the pyramid, and how deep it lies there."""

    id: int
    name: str
    depth: int


def places(db: Session, scope: Scope) -> list[Choice]:
    """Every place with what lies below it; of a bounded scope its facilities alone."""
    if scope.facilities is not None:
        mine = select(Place.id, Place.name).where(Place.id.in_(sorted(scope.facilities))).order_by(Place.name)
        return [Choice(id, name, 0) for id, name in db.execute(mine)]
    rows = db.execute(select(Place.id, Place.name, Place.parent_id).where(Place.kind != "village").order_by(Place.name))
    below: dict[int | None, list[Row[int, str, int | None]]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)

    def walk(parent: int | None, depth: int) -> Iterator[Choice]:
        for row in below.get(parent, ()):
            yield Choice(row.id, row.name, depth)
            yield from walk(row.id, depth + 1)

    return list(walk(None, 0))


def groups(db: Session, scope: Scope) -> Sequence[Row[int, str]]:
    """Groups by name; of a bounded scope those that have one of its people."""
    chosen = select(Group.id, Group.name)
    if scope.facilities is not None:
        member = select(Membership.group_id).join(Person, Person.id == Membership.person_id)
        chosen = chosen.where(Group.id.in_(member.where(scope.within(Person.facility_id))))
    return db.execute(chosen.order_by(Group.name).limit(MOST)).all()


def names(db: Session, scope: Scope, place_ids: Collection[int], group_ids: Collection[int]) -> list[str]:
    """What the chosen places and groups are called, those alone that somebody may see."""
    seen = select(Place.name).where(Place.id.in_(place_ids))
    if scope.facilities is not None:
        seen = seen.where(scope.within(Place.id))
    known = {row.id: row.name for row in groups(db, scope)} if group_ids else {}
    return [*db.scalars(seen.order_by(Place.name)), *(known[i] for i in group_ids if i in known)]
