"""Settling: a person says what became of a message of which the gateway never told."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.messages import BY_STAFF, MT, Message
from smsapp.outbox.posting import Draft, post_many
from smsapp.outbox.tries import INSTEAD_OF
from smsapp.runtime import Runtime
from smsapp.staff import Account, Staff, audit

# What a person can say, and what the message is from then on. A report that comes later still moves it up.
ARRIVED, AGAIN, LET_BE = "arrived", "again", "let be"
VERDICTS = {
    ARRIVED: ("delivered", "somebody says that it arrived"),
    AGAIN: ("failed", "somebody says that it did not arrive; sent again"),
    LET_BE: ("cancelled", "somebody let it be"),
}


class Settled(Exception):
    """Somebody, or a report, was first; `by` is her name, `status` what the message is."""

    def __init__(self, status: str, by: str = "") -> None:
        super().__init__(status)
        self.status, self.by = status, by


def settle(db: Session, rt: Runtime, staff: Staff, message_id: int, verdict: str) -> int | None:
    """Say what became of an unknown message; the id of the one that goes out instead, if one does.

    Settled where it is unknown no more, LookupError where she may not see it, ValueError for no verdict of ours.
    """
    row = held(db, staff, message_id)
    if verdict == AGAIN and row.text is None:  # its person was forgotten
        raise LookupError(f"message {message_id}")
    if verdict not in VERDICTS:
        raise ValueError(verdict)
    if row.status != "unknown":
        raise Settled(row.status, settler(db, row) or "")
    now, (status, reason) = rt.now(), VERDICTS[verdict]
    row.status, row.reason, row.final_at, row.settled_by = status, reason, now, f"{BY_STAFF}{staff.id}"
    if verdict == ARRIVED:
        row.sent_at = row.sent_at or row.claimed_at
    told = {"status": status, "reason": reason, "gateway": row.gateway, "by": row.settled_by}
    row.history = [*row.history, {"at": now.isoformat(), **told}]
    again = _again(db, rt, row) if verdict == AGAIN else None
    subject = f"message:{message_id}"
    audit.note(db, now, staff, "messages.settled", subject, facility_id=row.facility_id, verdict=verdict, again=again)
    return again


def held(db: Session, staff: Staff, message_id: int) -> Message:
    """A message to a phone that she may see, locked; else LookupError."""
    chosen = select(Message).where(Message.id == message_id, Message.direction == MT)
    row = db.scalar(chosen.where(staff.scope.within(Message.facility_id)).with_for_update())
    if row is None:
        raise LookupError(f"message {message_id}")
    return row


def settler(db: Session, row: Message) -> str | None:
    """The name of the member of the staff who settled a message."""
    account_id = (row.settled_by or "").removeprefix(BY_STAFF)
    return db.scalar(select(Account.name).where(Account.id == int(account_id))) if account_id.isdecimal() else None


def repeat_key(message_id: int) -> str:
    """The key of the one message that may go out instead of this one."""
    return f"again:{message_id}"


def _again(db: Session, rt: Runtime, row: Message) -> int:
    """The same promise once more, on its own row and for no longer: the first keeps what is known of it."""
    draft = Draft(
        row.number,
        row.text or "",
        row.kind,
        row.language,
        row.person_id,
        row.reply_to,
        row.broadcast_id,
        key=repeat_key(row.id),
        use_by=row.use_by,
        topic=row.topic,
        gateway=row.gateway if row.gateway in rt.gateways else None,
        meta={**row.meta, INSTEAD_OF: row.id},
        facility_id=row.facility_id,
    )
    post_many(db, rt, [draft])
    new = db.scalars(select(Message).where(Message.key == repeat_key(row.id))).one()
    new.possible_repeat = True
    return new.id
