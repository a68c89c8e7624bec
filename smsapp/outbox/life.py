"""A message's whole life: who wrote it, every try, every report, and what it is tied to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.messages import BY_STAFF, MO, Message, StoredReport
from smsapp.outbox.naming import named
from smsapp.outbox.settling import repeat_key
from smsapp.outbox.tries import INSTEAD_OF
from smsapp.people import Known
from smsapp.places import Place
from smsapp.scopes import Scope
from smsapp.staff import Account

ANSWERS_SHOWN = 20


@dataclass(frozen=True)
class Step:
    """Something that became of a message: a try or a decision, or a gateway's report."""

    at: datetime
    what: str  # "try", "report", "rule" or "staff"
    status: str
    reason: str | None = None
    attempt: int | None = None
    external_id: str | None = None
    cost: float | None = None
    currency: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Life:
    """What a message's page shows."""

    message: Message
    text: str | None  # None: not kept, or not heard yet
    facility: str | None
    known: Sequence[Known]
    steps: Sequence[Step]
    question: Message | None  # that it answers
    answers: Sequence[Message]
    instead_of: int | None
    again: int | None  # the one that went out instead of this one
    writer: str | None  # who of the staff wrote it


def life(db: Session, scope: Scope, message_id: int) -> Life:
    """All that is known of a message; LookupError for one that is not in this scope."""
    seen = scope.within(Message.facility_id)
    row = db.scalar(select(Message).where(Message.id == message_id, seen))
    if row is None:
        raise LookupError(f"message {message_id}")
    answers = select(Message).where(Message.reply_to == row.id, seen).order_by(Message.id).limit(ANSWERS_SHOWN)
    names = named(db, Account, {_account(entry.get("by")) for entry in row.history} | {_account(row.meta.get("staff"))})
    return Life(
        message=row,
        text=None if row.status == "received" else row.text,
        facility=named(db, Place, {row.facility_id}).get(row.facility_id),
        known=[person for person in people.behind(db, row.number) if scope.covers(person.facility_id)],
        steps=_steps(db, row, names),
        question=db.scalar(select(Message).where(Message.id == row.reply_to, seen)) if row.reply_to else None,
        answers=db.scalars(answers).all(),
        instead_of=row.meta.get(INSTEAD_OF),
        again=db.scalar(select(Message.id).where(Message.key == repeat_key(row.id))),
        writer=names.get(_account(row.meta.get("staff"))),
    )


def _steps(db: Session, row: Message, names: Any) -> list[Step]:
    """In the order of time; tries from before they were noted are only counted in the row."""
    if row.direction == MO:
        return []
    reports = db.scalars(select(StoredReport).where(StoredReport.message_id == row.id).order_by(StoredReport.id))
    steps = [_noted(entry, names) for entry in row.history if entry.get("by") != "report"]  # they stand for themselves
    steps += [Step(r.at, "report", r.status, r.word, external_id=r.external_id) for r in reports]
    return sorted(steps, key=lambda step: step.at)


def _noted(entry: dict[str, Any], names: Any) -> Step:
    by = entry.get("by")
    return Step(
        at=datetime.fromisoformat(entry["at"]),
        what="try" if "attempt" in entry else "staff" if _account(by) else "rule",
        status=entry["status"],
        reason=entry.get("reason"),
        attempt=entry.get("attempt"),
        external_id=entry.get("id"),
        cost=entry.get("cost"),
        currency=entry.get("currency"),
        by=names.get(_account(by)),
    )


def _account(told: Any) -> int | None:
    """The account that an entry or a message names."""
    if isinstance(told, int):
        return told
    number = str(told).removeprefix(BY_STAFF) if str(told).startswith(BY_STAFF) else ""
    return int(number) if number.isdecimal() else None
