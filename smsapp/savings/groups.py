"""Who is who in a group: members by their number or card, officers, and whose phone a text for somebody goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from smsapp.people import Person
from smsapp.reads import Read
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


_HELD = select(func.array_agg(Office.office)).where(Office.member_id == Member.id, Office.until.is_(None))
COLUMNS = (
    *(Member.id, Member.group_id, Group.name, Group.kind, Group.facility_id, Member.card),
    func.coalesce(Person.name, ""),
    *(Member.number, Person.language, Member.witness_id),
    _HELD.scalar_subquery(),
)
STAYS = Member.left_on.is_(None), Group.closed_on.is_(None)
_WHO = (
    select(*COLUMNS)
    .join(Group, Group.id == Member.group_id)
    .join(Person, Person.id == Member.person_id)
    .where(*STAYS)
    .order_by(Member.group_id, Member.card)
)
# Made once: every hop of a group's menu asks some of them.
_IN_GROUP = _WHO.where(Member.group_id == bindparam("group"))
_OF_NUMBER = Read(_WHO.where(Member.number == bindparam("number")))
_OF_PHONE = Read(_WHO.where(or_(Member.number == bindparam("number"), Member.next_number == bindparam("number"))))
_WHOLE = Read(_IN_GROUP)
_BY_ID = Read(_WHO.where(Member.id == bindparam("member")))
_BY_CARD = Read(_IN_GROUP.where(Member.card == bindparam("card")))


def of_number(db: Session, number: str) -> list[Who]:
    """The memberships that this number stands for, by group and card; a shared phone has several."""
    return _who(db, _OF_NUMBER, number=number)


def of_phone(db: Session, number: str) -> list[Who]:
    """The same, and those that wait for this number to be theirs."""
    return _who(db, _OF_PHONE, number=number)


def whole(db: Session, group_id: int) -> list[Who]:
    """Everybody in the group now, by card."""
    return _who(db, _WHOLE, group=group_id)


def by_id(db: Session, member_id: int) -> Who | None:
    return next(iter(_who(db, _BY_ID, member=member_id)), None)


def by_card(db: Session, group_id: int, card: int) -> Who | None:
    return next(iter(_who(db, _BY_CARD, group=group_id, card=card)), None)


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


def _who(db: Session, read: Read, **values: object) -> list[Who]:
    return [told(row) for row in read.rows(db, values)]


def told(columns: Sequence[Any]) -> Who:
    """What `COLUMNS` say of a member."""
    *known, offices = columns
    return Who(*(*known, tuple(offices or ())))
