"""Which member a phone speaks for since it gave her PIN, and whether it only practises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, join, outerjoin

from smsapp.people import Person
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.savings import groups
from smsapp.savings.groups import Who
from smsapp.savings.tables import Group, Line, Member


@dataclass(frozen=True)
class Open:
    """A phone's line: the member that it speaks for, None where nobody does, and whether it only practises."""

    who: Who | None
    practice: bool

    def speaker(self) -> Who:
        """The member who gave her PIN; refused where there is none, or the phone is hers no more."""
        if self.who is None:
            raise Refused("savings.not_open", final=True)
        return self.who


_MEMBER = join(Member, Group, Group.id == Member.group_id).join(Person, Person.id == Member.person_id)
_HERS = and_(Member.id == Line.member_id, Member.number == Line.number, *groups.STAYS)
_LINE = Read(
    select(Line.practice, *groups.COLUMNS)
    .select_from(outerjoin(Line, _MEMBER, _HERS))
    .where(Line.number == bindparam("phone"))
)


def line(db: Session, number: str) -> Open:
    """Who speaks on this phone, and how: both at once, for most hops of a group's menu ask both."""
    rows = _LINE.rows(db, {"phone": number})
    if not rows:
        return Open(None, False)
    practice, *columns = rows[0]
    return Open(None if columns[0] is None else groups.told(columns), practice)


def open_line(db: Session, now: datetime, number: str, member_id: int, *, practice: bool = False) -> None:
    """From now on this phone speaks for her, until it gives the PIN of somebody else."""
    values = {"member_id": member_id, "practice": practice, "since": now}
    write = insert(Line).values(number=number, **values)
    db.execute(write.on_conflict_do_update(index_elements=["number"], set_=values))


def close_line(db: Session, number: str) -> None:
    """The phone speaks for nobody any more."""
    db.execute(delete(Line).where(Line.number == number))
