"""Members of groups who are on the list of the ASACO's assembly."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.people import Person
from smsapp.places import Place
from smsapp.savings.tables import Group, Member
from smsapp.scopes import Scope

Row = tuple[str, str, int, str, str, str]  # health centre, group, card, name, sex, number


def listed(db: Session, scope: Scope) -> Iterator[Row]:
    """Those who are members now, by place and group."""
    rows = db.execute(
        select(Place.name, Group.name, Member.card, Person.name, Member.sex, Member.number)
        .join(Group, Group.id == Member.group_id)
        .join(Place, Place.id == Group.facility_id)
        .join(Person, Person.id == Member.person_id)
        .where(Member.assembly, Member.left_on.is_(None), Group.closed_on.is_(None), scope.within(Group.facility_id))
        .order_by(Place.name, Group.name, Group.id, Member.card)
    )
    for place, group, card, name, sex, number in rows:
        yield place, group, card, name or "", sex or "", number or ""
