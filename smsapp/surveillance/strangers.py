"""What strangers told, for those who judge it: it counts as a report of a centre, or it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.messages import Message
from smsapp.paging import Page
from smsapp.surveillance import filed
from smsapp.surveillance.reading import NotHere
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import CaseReport

SIGNAL = "signal"


def signals(db: Session, sight: Sight, after: str | None = None) -> Page:
    """Those that nobody has judged, the latest first; the rows are `filed.Reported`."""
    here = sight.within(CaseReport.facility_id, CaseReport.district_id)
    chosen = select(CaseReport).where(CaseReport.standing == SIGNAL, here)
    found = paging.page(db, chosen, (CaseReport.id,), after)
    return Page(filed.reported(db, found.rows), found.after, found.first)


def one(db: Session, sight: Sight, report_id: int) -> CaseReport:
    """A stranger's report, judged or not; NotHere where it is none of hers."""
    report = db.get(CaseReport, report_id)
    if report is None or report.reporter_id is not None or not sight.covers(report.facility_id, report.district_id):
        raise NotHere(report_id)
    return report


def texts(db: Session, reports: Sequence[CaseReport]) -> Mapping[int, str]:
    """What they wrote, by the report."""
    chosen = (
        select(CaseReport.id, Message.text)
        .join(Message, Message.id == CaseReport.message_id)
        .where(CaseReport.id.in_([report.id for report in reports]), Message.text.is_not(None))
    )
    return {report: text or "" for report, text in db.execute(chosen)}
