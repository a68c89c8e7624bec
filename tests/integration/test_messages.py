"""What is kept of callbacks, and for how long."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import messages
from smsapp.messages import RejectedCallback, StoredReport
from smsapp.runtime import Runtime


def test_unusable_callbacks_and_reports_of_nothing_are_forgotten_in_time(rt: Runtime, db: Session):
    now = rt.now()
    for days in (1, 29, 31):
        at = now - timedelta(days=days)
        db.add(RejectedCallback(gateway="africastalking", kind="sms", body=b"x", reason=f"{days}", at=at))
    for days in (31, 89, 91):
        at = now - timedelta(days=days)
        nobodys = {"gateway": "africastalking", "status": "delivered", "word": "Success", "number": "", "network": ""}
        db.add(StoredReport(external_id=f"{days}", at=at, **nobodys))
    db.flush()
    messages.forget_old(db, now)
    assert sorted(db.scalars(select(RejectedCallback.reason))) == ["1", "29"]
    assert sorted(db.scalars(select(StoredReport.external_id))) == ["31", "89"]
