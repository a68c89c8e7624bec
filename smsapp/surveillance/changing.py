"""What a report that is put right, or taken back, does to the alerts that it is in, and who hears of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.surveillance import alerting, telling
from smsapp.surveillance.alerting import GOING, Found
from smsapp.surveillance.tables import Alert, AlertReport, CaseReport
from smsapp.surveillance.telling import Line

VILLAGE = "village"
DISCARDED = "discarded"  # the outcome of an alert without any case left


def changed(db: Session, rt: Runtime, report: CaseReport, key: str, line: str | None = None) -> Found:
    """Look again at the alerts of a report that changed, then at the rules; `key` is what the record says.

    `line` is the text for those who were told, `key` where it is not given; where it is empty they hear nothing.

    An alert that it does not belong to any more goes on without it, and is over where nothing else was in it. One of
    a village that stood on this report alone moves with it.
    """
    db.flush()
    lines = []
    for alert in _alerts(db, report):
        if not _belongs(report, alert) and not _moved(db, alert, report):
            _leave(db, alert, report)
        lines.append(_noted(db, rt, alert, report, key, key if line is None else line))
    telling.tell(db, rt, (), report, [one for one in lines if one.key])
    return alerting.look(db, rt, report)


def _alerts(db: Session, report: CaseReport) -> Sequence[Alert]:
    """Those that go on and that it is in; they are held with its disease and district."""
    its = select(Alert).join(AlertReport, AlertReport.alert_id == Alert.id)
    chosen = its.where(AlertReport.report_id == report.id, Alert.state.in_(GOING)).order_by(Alert.id)
    return db.scalars(chosen, execution_options={"populate_existing": True}).all()


def _belongs(report: CaseReport, alert: Alert) -> bool:
    """Whether it may still be of this alert; one that was taken back stays in it and counts no more."""
    return alert.disease == report.disease and (alert.within != VILLAGE or alert.place_id == _place(report))


def _place(report: CaseReport) -> int | None:
    """Where rules within a village count it."""
    return report.facility_id if report.village_id is None else report.village_id


def _moved(db: Session, alert: Alert, report: CaseReport) -> bool:
    """Take an alert along to the village where its only case really is, unless that has one of the rule already."""
    place = _place(report)
    if alert.disease != report.disease or place is None or alert.within != VILLAGE:
        return False
    others = select(AlertReport.report_id).where(AlertReport.alert_id == alert.id, AlertReport.report_id != report.id)
    same = select(Alert.id).where(
        Alert.rule == alert.rule, Alert.within == VILLAGE, Alert.place_id == place, Alert.state.in_(GOING)
    )
    if db.scalar(select(others.exists() | same.exists())):
        return False
    alert.place_id = place
    return True


def _leave(db: Session, alert: Alert, report: CaseReport) -> None:
    its = AlertReport.alert_id == alert.id, AlertReport.report_id == report.id
    db.execute(delete(AlertReport).where(*its))


def _noted(db: Session, rt: Runtime, alert: Alert, report: CaseReport, key: str, line: str) -> Line:
    """On the record, and what is said; an alert that nobody has answered ends with its last case."""
    total = alerting.cases_of(db, alert)
    alerting.note(db, rt, alert, key, report=report.number, total=total)
    if total or alert.state != "open":
        return Line(alert, line, total)
    alert.state, alert.outcome, alert.closed_at, alert.next_step_at = "closed", DISCARDED, rt.now(), None
    alerting.note(db, rt, alert, "closed", outcome=DISCARDED)
    return Line(alert, "emptied", total)
