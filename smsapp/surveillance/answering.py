"""What a phone has texted lately: an answer that comes twice is nothing new, a question passed over is still open."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.messages import MO, Message
from smsapp.surveillance.tables import CaseReport

LATELY = timedelta(minutes=10)


def lately(db: Session, number: str, message_id: int | None, now: datetime) -> str:
    """Its last text of the ten minutes before this message; empty where there was none."""
    chosen = select(Message.text).where(
        Message.direction == MO, Message.number == number, Message.created_at > now - LATELY
    )
    if message_id is not None:
        chosen = chosen.where(Message.id < message_id)
    return db.scalar(chosen.order_by(Message.id.desc()).limit(1)) or ""


def unplaced(db: Session, report: CaseReport) -> int | None:
    """The report that this phone texted shortly before this one and that has no village: she was asked for both."""
    mine = CaseReport.phone == report.phone, CaseReport.reporter_id == report.reporter_id, CaseReport.channel == "sms"
    lately = CaseReport.number < report.number, CaseReport.received_at > report.received_at - LATELY
    lacking = CaseReport.village_id.is_(None), CaseReport.kind != "zero", CaseReport.standing == report.standing
    chosen = select(CaseReport.number).where(*mine, *lately, *lacking)
    return db.scalar(chosen.order_by(CaseReport.number.desc()).limit(1))
