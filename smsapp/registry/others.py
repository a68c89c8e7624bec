"""Texts to others that name somebody who is forgotten, or her children: of health workers, and of a shared phone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Table, case, func, or_, select, union, update
from sqlalchemy.orm import Session

from smsapp import checked, ties
from smsapp.db import Base
from smsapp.messages import FILES, MO, Message
from smsapp.people import STAFF_ROLES, Number, Role

OWN_DIGITS = 8  # of a number, behind its country's
_QUIETLY = {"synchronize_session": False}
KINDS = ("alert", "reply", "question")  # of texts to workers; what families are told of a file names nobody


def unsend(db: Session, now: datetime, which: ColumnElement[bool], reason: str) -> int:
    """What of these waits is not sent; how many. One that may have gone out once is not said to be unsent."""
    unsent = Message.possible_repeat.is_(False)
    told = {
        "reason": reason,
        "final_at": case((unsent, now)),
        "status": case((unsent, "cancelled"), else_="unknown"),
        "key": case((unsent, None), else_=Message.key),  # what names others too is made anew for them
    }
    waiting = update(Message).where(which, Message.status == "queued").values(told).returning(Message.id)
    return len(db.scalars(waiting, execution_options=_QUIETLY).all())


def erase(db: Session, now: datetime, person_id: int, alone: Sequence[str], reason: str) -> int:
    """Their texts go, and what waits is not sent; how many."""
    which = Message.id.in_(_found(db, person_id, alone))
    unsend(db, now, which, reason)
    over = case((Message.status.in_(["sending", "unknown"]), now), else_=Message.use_by)
    blank: dict[str, Any] = {"text": None, "sent_text": None, "use_by": over}
    told = update(Message).where(which, Message.text.is_not(None)).values(blank).returning(Message.id)
    return len(db.scalars(told, execution_options=_QUIETLY).all())


def _found(db: Session, person_id: int, alone: Sequence[str]) -> Collection[int]:
    files = _files(db, person_id)
    kind = or_(Message.direction == MO, Message.kind.in_(KINDS))
    here = kind, Message.facility_id.in_(_places(db, person_id))
    workers = select(Number.number).join(Role, Role.person_id == Number.person_id).where(Role.role.in_(STAFF_ROLES))
    found = {i for i in db.scalars(_shared(person_id)) if i is not None}
    if tells := [Message.meta[FILES].contains([number]) for number in files]:
        found |= set(db.scalars(select(Message.id).where(*here, or_(*tells))))
    if names := _names(files, alone):
        typed = select(Message.id, Message.reply_to).where(*here, Message.number.in_(workers), or_(*names))
        found |= {i for row in db.execute(typed) for i in row if i is not None}  # and what these answer
    return found


def _names(files: Collection[int], alone: Sequence[str]) -> list[ColumnElement[bool]]:
    """A file by its code, her number in whatever form."""
    codes = "|".join(f"{number}{checked.letter(str(number))}" for number in files)
    digits = func.regexp_replace(Message.text, "[^0-9]", "", "g")
    hers = [digits.contains(number[-OWN_DIGITS:]) for number in alone]
    return [*([Message.text.op("~*")(rf"\m({codes})\M")] if codes else []), *hers]


def _files(db: Session, person_id: int) -> Collection[int]:
    """The numbers of rows that are told of as hers."""
    chosen = []
    for column, tie in ties.columns(Base.metadata, "told"):
        table: Table = column.table
        chosen.append(select(column).where(or_(*(table.c[c] == person_id for c in (tie.whose, tie.otherwise) if c))))
    return db.scalars(union(*chosen)).all() if chosen else ()


def _places(db: Session, person_id: int) -> Collection[int]:
    """Every facility that stands beside her in some row."""
    chosen = [
        select(column.table.c.facility_id).where(column == person_id)
        for column, _ in ties.columns(Base.metadata, "person")
        if "facility_id" in column.table.c
    ]
    return {place for place in db.scalars(union(*chosen)) if place is not None} if chosen else ()


def _shared(person_id: int) -> CompoundSelect[int | None]:
    """What several who share a phone were told together."""
    pointers = ties.columns(Base.metadata, "text")
    return union(*(select(column).where(column.table.c[tie.whose] == person_id) for column, tie in pointers))
