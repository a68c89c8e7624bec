"""Sweeping: what got stuck is put right. Safe at any time, twice, and beside the workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, case, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.kinds import KINDS
from smsapp.messages import DOUBTFUL, GatewayState, Message, StoredReport
from smsapp.outbox import pauses, reports, tries
from smsapp.outbox.posting import DELIVER
from smsapp.runtime import Runtime

LEASE = timedelta(seconds=120)  # six times the longest that a gateway may take
MANY = 5000  # rows of one step in one transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Swept:
    """How many messages each step changed."""

    unknown: int = 0
    settled: int = 0
    again: int = 0
    dropped: int = 0
    expired: int = 0
    brought_forward: int = 0


def sweep(rt: Runtime, now_too: bool = False) -> Swept:
    """Put right what got stuck and ring for what is due; `now_too` has every waiting retry count as due."""
    now = rt.now()
    with transaction(rt.sessions) as db:
        swept = Swept(
            unknown=_abandoned(db, now),
            settled=_take_up_reports(db, now),
            again=_send_again(db, now),
            dropped=_drop(db, now),
            expired=_expire(db, now),
            brought_forward=_everything_now(db, now) if now_too else 0,
        )
        pauses.reach_out(db, now)
    if swept != Swept():
        log.info("swept", **vars(swept))
    for job in (*DELIVER.values(), "hear"):
        rt.bell.ring(job)
    return swept


def _abandoned(db: Session, now: datetime) -> int:
    """Its worker died between talk and record: most such messages had gone out."""
    stuck = _locked(Message.status == "sending", Message.claimed_at < now - LEASE)
    waits = {kind.name: now + kind.resend_after for kind in KINDS.values() if kind.resend_after}
    again = case(waits, value=Message.kind, else_=Message.due_at)
    reason = "the worker ended before the gateway's answer was recorded"
    noted = tries.noted(now, "unknown", reason, attempt=Message.attempts)
    return _change(db, stuck, status="unknown", reason=reason, due_at=again, history=noted)


def _take_up_reports(db: Session, now: datetime) -> int:
    """Reports that found no message when they came, tried again: their send may be recorded by now, or unknown."""
    waiting = select(StoredReport).where(StoredReport.message_id.is_(None), StoredReport.at > now - reports.WINDOW)
    # The known first: a report may settle an unknown message only if it is about no other.
    known = select(Message.id).where(
        Message.external_id == StoredReport.external_id, Message.gateway == StoredReport.gateway
    )
    doubtful = select(Message.id).where(Message.number == StoredReport.number, sql(DOUBTFUL))
    matched = sum(reports.match(db, each, now) for each in _some(db, waiting.where(known.exists())))
    return matched + sum(reports.settle(db, each, now) for each in _some(db, waiting.where(doubtful.exists())))


def _some(db: Session, which: Select[StoredReport]) -> list[StoredReport]:
    return list(db.scalars(which.order_by(StoredReport.id).limit(MANY).with_for_update(skip_locked=True)))


def _send_again(db: Session, now: datetime) -> int:
    """Once, where the kind says so, and only while the message is of use."""
    kinds = [kind.name for kind in KINDS.values() if kind.unknown == "resend_once_after"]
    again = _locked(
        Message.status == "unknown",
        Message.kind.in_(kinds),
        Message.possible_repeat.is_(False),
        Message.due_at <= now,
        Message.use_by > now,
    )
    noted = tries.noted(now, "queued", "sent again by the policy of its kind")
    return _change(db, again, status="queued", possible_repeat=True, history=noted)


def _drop(db: Session, now: datetime) -> int:
    kinds = [kind.name for kind in KINDS.values() if kind.unknown == "drop"]
    dropped = _locked(Message.status == "unknown", Message.kind.in_(kinds))
    noted = tries.noted(now, "cancelled", "let be by the policy of its kind")
    return _change(db, dropped, status="cancelled", final_at=now, history=noted)


def _expire(db: Session, now: datetime) -> int:
    """One that may have gone out once is not said to be unsent."""
    late = _locked(Message.status == "queued", Message.use_by <= now)
    unsent = tries.nothing_out()
    known, reason = case((unsent, "expired"), else_="unknown"), "its use-by time had passed"
    noted = tries.noted(now, known, reason)
    return _change(db, late, status=known, reason=reason, final_at=case((unsent, now)), history=noted)


def _everything_now(db: Session, now: datetime) -> int:
    db.execute(update(GatewayState).values(next_probe_at=now))
    db.execute(update(GatewayState).where(GatewayState.not_before > now).values(not_before=now))
    waiting = _locked(Message.status == "queued", Message.attempts > 0, Message.due_at > now)
    return _change(db, waiting, due_at=now, not_before=None)


def _locked(*which: Any) -> Select[int]:
    return select(Message.id).where(*which).order_by(Message.id).limit(MANY).with_for_update(skip_locked=True)


def _change(db: Session, which: Select[int], **values: Any) -> int:
    change = update(Message).where(Message.id.in_(which)).values(**values)
    changed = db.scalars(change.returning(Message.id), execution_options={"synchronize_session": False})
    return len(changed.all())
