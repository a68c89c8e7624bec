"""Recording: what the gateway said to a request becomes what we know of its messages."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnClause,
    DateTime,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeEngine

from smsapp import phones
from smsapp.db import after_commit
from smsapp.gateways.base import SendError, Taken
from smsapp.kinds import KINDS
from smsapp.logs import foreign
from smsapp.messages import Message, StoredReport
from smsapp.outbox import pauses, reports, tries
from smsapp.outbox.claims import Claimed, Request
from smsapp.reads import Read

Outcome = Taken | SendError
# A first retry within ten seconds, the ring of the schedule every five included; then ever later.
PAUSES = tuple(timedelta(seconds=s) for s in (3, 15, 60, 300, 900, 1800))
JITTER = 0.2
LONGEST_WAIT = 86_400.0  # seconds that a gateway may ask for

log = structlog.get_logger(__name__)


class HeldBack(SendError):
    """It never went out: while it waited for its turn the gateway asked to be left alone."""

    retry = True


@dataclass(frozen=True)
class Answered:
    """A request and what came of it, by number; a number without an outcome was not in the answer."""

    request: Request
    outcomes: dict[str, Outcome]
    seconds: float = 0.0


@dataclass(frozen=True)
class Result:
    """What one message's row is to say. The fields are the columns of the one UPDATE for all."""

    id: int
    attempt_id: UUID
    attempts: int
    status: str = ""
    due_at: datetime | None = None
    not_before: datetime | None = None
    external_id: str | None = None
    cost: Decimal | None = None
    currency: str | None = None
    reason: str | None = None
    sent_at: datetime | None = None
    final_at: datetime | None = None
    tried: bool = True  # or held back before it went out


TYPES: dict[str, TypeEngine[Any]] = {
    "id": BigInteger(),
    "attempt_id": Uuid(),
    "attempts": SmallInteger(),
    "due_at": DateTime(timezone=True),
    "not_before": DateTime(timezone=True),
    "sent_at": DateTime(timezone=True),
    "final_at": DateTime(timezone=True),
    "cost": Numeric(12, 4),
    "tried": Boolean(),
}
COLUMNS: list[ColumnClause[Any]] = [column(f.name, TYPES.get(f.name, Text())) for f in fields(Result)]


def _write_all() -> ReturningUpdate[int]:
    arrays = [bindparam(f"told_{c.name}", type_=ARRAY(c.type)) for c in COLUMNS]
    new = func.unnest(*arrays).table_valued(*COLUMNS, name="told").render_derived().c
    taken = {"id": new.external_id, "cost": new.cost, "currency": new.currency}
    noted = tries.noted(bindparam("at", type_=Text()), new.status, new.reason, attempt=new.attempts, **taken)
    table = cast(Table, Message.__table__)  # past the ORM, which has none of these rows
    old = table.c
    return (
        update(table)
        .where(old.id == new.id, old.attempt_id == new.attempt_id)
        .where(old.status.in_(("sending", "unknown")))
        .values(
            attempts=new.attempts,
            status=new.status,
            reason=new.reason,
            external_id=new.external_id,
            cost=new.cost,
            currency=new.currency,
            sent_at=new.sent_at,
            final_at=new.final_at,
            due_at=func.coalesce(new.due_at, old.due_at),
            not_before=new.not_before,
            history=case((new.tried, noted), else_=old.history),
        )
        .returning(old.id)
    )


WRITE = _write_all()  # made once: making it takes SQLAlchemy longer than the database needs for it
EARLY = Read(
    select(StoredReport.id)
    .where(StoredReport.message_id.is_(None), StoredReport.external_id == any_(bindparam("ids", type_=ARRAY(Text))))
    .order_by(StoredReport.id)
)


def record(db: Session, answered: Iterable[Answered], now: datetime) -> None:
    """Write down what came of these requests, in the caller's transaction."""
    answered = list(answered)
    told = [
        (each, row, _result(each.request, row, each.outcomes.get(number) or _missing(), now))
        for each in answered
        for number, row in each.request.rows.items()
    ]
    written = _write(db, [result for _, _, result in told], now)
    _pause_or_trouble(db, answered, now)
    _take_up_reports(db, answered, written, now)
    after_commit(db, lambda: _log(told))


def pause_before(attempts: int, asked: float | None) -> timedelta:
    """How long a message waits after its nth try: ever longer, never shorter than the gateway asked."""
    pause = PAUSES[min(attempts, len(PAUSES)) - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    return max(pause, timedelta(seconds=min(asked or 0.0, LONGEST_WAIT)))


def _missing() -> SendError:
    error = SendError("not in the gateway's answer")
    error.unclear = True
    return error


def _result(request: Request, row: Claimed, outcome: Outcome, now: datetime) -> Result:
    blank = Result(row.id, request.attempt_id, row.attempts)
    if isinstance(outcome, Taken):
        told = {"external_id": outcome.external_id, "cost": outcome.cost, "currency": outcome.currency or None}
        return _with(blank, status="sent", sent_at=now, **told)
    reason = str(outcome)[:200]
    if outcome.unclear:
        kind = KINDS.get(row.kind)
        again = now + kind.resend_after if kind and kind.resend_after else None
        return _with(blank, status="unknown", reason=reason, due_at=again)
    if isinstance(outcome, HeldBack):
        return _with(blank, status="queued", attempts=row.attempts - 1, tried=False)
    if outcome.pause:
        return _with(blank, status="queued", reason=reason, due_at=now)
    if outcome.retry:
        due = now + pause_before(row.attempts, outcome.retry_after)
        asked = due if outcome.retry_after else None
        return _with(blank, status="queued", reason=reason, due_at=due, not_before=asked)
    return _with(blank, status="failed", reason=reason, final_at=now)


def _with(result: Result, **changes: Any) -> Result:
    return replace(result, **changes)


def _write(db: Session, results: Sequence[Result], now: datetime) -> set[int]:
    """One UPDATE for all; a row that was claimed anew since, or settled by a report, keeps what it says."""
    if not results:
        return set()
    values = {f"told_{c.name}": [getattr(result, c.name) for result in results] for c in COLUMNS}
    return set(db.scalars(WRITE, {**values, "at": now.isoformat()}))


def _pause_or_trouble(db: Session, answered: Sequence[Answered], now: datetime) -> None:
    taken: set[str] = set()
    free: set[UUID] = set()
    failed: set[UUID] = set()
    for each in answered:
        gateway, claimed_at = each.request.gateway, each.request.claimed_at
        errors = [o for o in each.outcomes.values() if isinstance(o, SendError)]
        if stop := next((e for e in errors if e.pause), None):
            pauses.pause(db, gateway, str(stop)[:200], claimed_at, now)
        elif away := next((e for e in errors if e.retry and not isinstance(e, HeldBack)), None):
            pauses.trouble(db, gateway, str(away)[:200], now)
        if asked := max((e.retry_after or 0.0 for e in errors if e.retry), default=0.0):
            pauses.hold(db, gateway, min(asked, LONGEST_WAIT), now)
        elif len(errors) < len(each.outcomes) or not any(e.retry or e.unclear for e in errors):
            free.add(each.request.attempt_id)
        elif not any(e.unclear for e in errors):
            failed.add(each.request.attempt_id)
        if len(errors) < len(each.outcomes):
            taken.add(gateway)
            if each.request.probe:
                pauses.resume(db, gateway, each.request.attempt_id, now)
    troubled, tried = pauses.amiss(db)
    if free & tried:
        pauses.let_go(db, free & tried)
    if failed & tried:
        pauses.next_may_try(db, failed & tried, now)
    if taken & troubled:
        pauses.reached(db, taken & troubled, now)


def _take_up_reports(db: Session, answered: Sequence[Answered], written: set[int], now: datetime) -> None:
    """Reports that came before the answer to their send count from here on."""
    ids = [o.external_id for each in answered for o in each.outcomes.values() if isinstance(o, Taken)]
    if not ids or not written:
        return
    for report_id in EARLY.column(db, {"ids": ids}):
        reports.match(db, db.get_one(StoredReport, report_id), now)


def _log(told: Iterable[tuple[Answered, Claimed, Result]]) -> None:
    for each, row, result in told:
        log.info(
            "delivery",
            message=row.id,
            number=phones.masked(row.number),
            gateway=each.request.gateway,
            kind=row.kind,
            status=result.status,
            attempts=row.attempts,
            reason=foreign(result.reason, 120),
            seconds=round(each.seconds, 3),
        )
