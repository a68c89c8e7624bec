"""Delivery reports: each is kept, and moves the status of its message up."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from smsapp.gateways.base import Report
from smsapp.messages import DOUBTFUL, FINAL, MT, Message, StoredReport, after_report
from smsapp.runtime import Runtime

# How long after a send its report may settle it: a gateway tries a phone for up to three days.
WINDOW = timedelta(hours=72)

log = structlog.get_logger(__name__)


def record_report(db: Session, rt: Runtime, gateway: str, report: Report) -> StoredReport:
    """Keep a delivery report and let it speak for its message, known yet or not."""
    kept = StoredReport(
        gateway=gateway,
        external_id=report.external_id,
        status=report.status,
        word=report.reason,
        number=report.number if _written_to(db, report.number) else "",
        network=report.network,
        at=rt.now(),
    )
    db.add(kept)
    db.flush()
    if not match(db, kept, rt.now()):
        settle(db, kept, rt.now())
    return kept


def _written_to(db: Session, number: str) -> bool:
    """Whether a message still names this number; none does once its person was forgotten, and reports come later."""
    return bool(number) and db.scalar(select(Message.id).where(Message.number == number).limit(1)) is not None


def match(db: Session, report: StoredReport, now: datetime) -> bool:
    """Apply a report to the message with its id, if that is known."""
    found = select(Message).where(Message.external_id == report.external_id, Message.gateway == report.gateway)
    found = found.where(Message.direction == MT).order_by(Message.id.desc()).limit(1).with_for_update()
    message = db.scalar(found.execution_options(populate_existing=True))
    if message is None:
        return False
    _apply(message, report, now)
    return True


def settle(db: Session, report: StoredReport, now: datetime) -> bool:
    """Let a report with an id that we never saw settle the one message that it can be about.

    A message to the same number that is just being sent may be the one it is about: then nothing is settled yet. What
    a person said of one is not the gateway's word: a report still tells the truth.
    """
    if not report.number or not report.status:
        return False
    open_ = select(Message.id, Message.status).where(
        Message.number == report.number,
        Message.gateway == report.gateway,
        or_(Message.status == "sending", sql(DOUBTFUL)),
        Message.claimed_at <= report.at,
        Message.claimed_at > report.at - WINDOW,
    )
    seen = db.execute(open_).all()
    if len(seen) != 1 or seen[0].status == "sending":
        return False
    which = select(Message).where(Message.id == seen[0].id, sql(DOUBTFUL)).with_for_update()
    message = db.scalar(which.execution_options(populate_existing=True))
    if message is None:
        return False
    message.external_id, message.settled_by = report.external_id, "report"
    _apply(message, report, now)
    told = {"status": message.status, "reason": report.word, "id": report.external_id, "gateway": report.gateway}
    message.history = [*message.history, {"at": now.isoformat(), **told, "by": "report"}]
    log.info("unknown settled by a report", message=message.id, status=message.status)
    return True


def _apply(message: Message, report: StoredReport, now: datetime) -> None:
    report.message_id = message.id
    status = after_report(message.status, report.status)
    if status == message.status:
        return
    message.status = status
    if report.word:
        message.reason = report.word
    if message.sent_at is None:
        message.sent_at = now
    if status in FINAL:
        message.final_at = now
