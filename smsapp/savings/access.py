"""Which member a phone speaks for since it gave her PIN, and whether it only practises."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.savings import groups
from smsapp.savings.groups import Who
from smsapp.savings.tables import Line


def speaking(db: Session, number: str) -> Who:
    """The member who gave her PIN on this phone; refused where there is none, or the phone is hers no more."""
    who = found(db, number)
    if who is None:
        raise Refused("savings.not_open", final=True)
    return who


def found(db: Session, number: str) -> Who | None:
    """As `speaking`, None where it refuses."""
    member_id = db.scalar(select(Line.member_id).where(Line.number == number))
    who = None if member_id is None else groups.by_id(db, member_id)
    return who if who is not None and who.number == number else None


def open_line(db: Session, now: datetime, number: str, member_id: int, *, practice: bool = False) -> None:
    """From now on this phone speaks for her, until it gives the PIN of somebody else."""
    values = {"member_id": member_id, "practice": practice, "since": now}
    write = insert(Line).values(number=number, **values)
    db.execute(write.on_conflict_do_update(index_elements=["number"], set_=values))


def close_line(db: Session, number: str) -> None:
    """The phone speaks for nobody any more."""
    db.execute(delete(Line).where(Line.number == number))
