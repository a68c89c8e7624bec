"""What an answer to one alert does to the others on the same reports: some stand on nothing now, some rise again."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.surveillance import alerting, telling
from smsapp.surveillance.tables import Alert, AlertReport, CaseReport
from smsapp.surveillance.telling import Line

DISCARDED = "discarded"


def echo(db: Session, rt: Runtime, dismissed: Collection[int], restored: Collection[int]) -> None:
    """Reports, by number, that do not count any more, or count again, as `judging` found; their disease is held."""
    for number in dismissed:
        report = db.scalars(select(CaseReport).where(CaseReport.number == number)).one()
        telling.tell(db, rt, (), report, [_ended(db, rt, alert) for alert in _emptied(db, report)])
    for report in db.scalars(select(CaseReport).where(CaseReport.number.in_(restored)).order_by(CaseReport.id)):
        alerting.look(db, rt, report)


def _emptied(db: Session, report: CaseReport) -> list[Alert]:
    """Alerts on it that nobody has answered, and that no case is left of: nobody should be woken for them."""
    its = select(Alert).join(AlertReport, AlertReport.alert_id == Alert.id)
    chosen = its.where(AlertReport.report_id == report.id, Alert.state == "open").order_by(Alert.id)
    found = db.scalars(chosen.with_for_update(of=Alert), execution_options={"populate_existing": True}).all()
    return [alert for alert in found if not alerting.cases_of(db, alert)]


def _ended(db: Session, rt: Runtime, alert: Alert) -> Line:
    alert.state, alert.outcome, alert.closed_at, alert.next_step_at = "closed", DISCARDED, rt.now(), None
    alerting.note(db, rt, alert, "closed", outcome=DISCARDED)
    db.flush()
    return Line(alert, "emptied", 0)
