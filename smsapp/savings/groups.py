"""Who is who in a group: members by their number or card, officers, and whose phone a text for somebody goes to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from smsapp.people import Person
from smsapp.savings.tables import Cycle, Group, Member, Office

BOOKKEEPERS = ("treasurer", "secretary")  # who may write in the book


@dataclass(frozen=True)
class Who:
    """A member as a conversation needs her; `name` is empty once she is forgotten."""

    id: int
    group_id: int
    group: str
    kind: str
    facility_id: int
    card: int
    name: str
    number: str | None
    language: str | None
    witness_id: int | None
    offices: tuple[str, ...]

    @property
    def keeps_book(self) -> bool:
        return any(office in BOOKKEEPERS for office in self.offices)

    @property
    def title(self) -> str:
        """`3. Bintou`, as the group says it."""
        return f"{self.card}. {self.name}" if self.name else str(self.card)


def of_number(db: Session, number: str) -> list[Who]:
    """The memberships that this number stands for, by group and card; a shared phone has several."""
    return _who(db, Member.number == number)


def whole(db: Session, group_id: int) -> list[Who]:
    """Everybody in the group now, by card."""
    return _who(db, Member.group_id == group_id)


def by_id(db: Session, member_id: int) -> Who | None:
    return next(iter(_who(db, Member.id == member_id)), None)


def by_card(db: Session, group_id: int, card: int) -> Who | None:
    return next(iter(_who(db, Member.group_id == group_id, Member.card == card)), None)


def officers(db: Session, group_id: int) -> list[Who]:
    return [who for who in whole(db, group_id) if who.offices]


def reader(db: Session, who: Who) -> str | None:
    """The number that reads what is for her: her own, else her witness's; None where nobody can be texted."""
    if who.number or who.witness_id is None:
        return who.number
    return db.scalar(select(Member.number).where(Member.id == who.witness_id, Member.left_on.is_(None)))


def last_cycle(db: Session, group_id: int) -> Cycle | None:
    """The open cycle, else the one that ended last."""
    chosen = select(Cycle).where(Cycle.group_id == group_id)
    return db.scalar(chosen.order_by(Cycle.closed_on.desc().nulls_first(), Cycle.id.desc()).limit(1))


def _who(db: Session, *which: ColumnElement[bool]) -> list[Who]:
    held = select(func.array_agg(Office.office)).where(Office.member_id == Member.id, Office.until.is_(None))
    rows = db.execute(
        select(Member, Group, Person.name, Person.language, held.scalar_subquery())
        .join(Group, Group.id == Member.group_id)
        .join(Person, Person.id == Member.person_id)
        .where(Member.left_on.is_(None), Group.closed_on.is_(None), *which)
        .order_by(Member.group_id, Member.card)
    )
    return [_told(member, group, name or "", language, tuple(has or ())) for member, group, name, language, has in rows]


def _told(member: Member, group: Group, name: str, language: str | None, offices: tuple[str, ...]) -> Who:
    return Who(
        id=member.id,
        group_id=group.id,
        group=group.name,
        kind=group.kind,
        facility_id=group.facility_id,
        card=member.card,
        name=name,
        number=member.number,
        language=language,
        witness_id=member.witness_id,
        offices=offices,
    )
