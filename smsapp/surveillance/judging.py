"""Which reports count once alerts are answered: those who stand nearer to the patient judge a report.

A report is dismissed where an alert on it was found not real, unless another one on it still stands whose area is no
wider: a centre that finds its case false takes it out of the district's outbreak, but a district that finds no outbreak
does not take back the cases that the centres verified.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp.surveillance.tables import Alert, AlertReport, CaseReport

RANK = {"village": 0, "facility": 1, "km": 1, "district": 2}  # of the areas of alerts, the narrowest first
NOT_REAL = frozenset({"discarded", "duplicate"})  # outcomes


def real(state: str, outcome: str | None) -> bool:
    """Whether an alert stands, as far as anybody knows."""
    return state != "false" and not (state == "closed" and outcome in NOT_REAL)


def judge(db: Session, alert: Alert) -> tuple[list[int], list[int]]:
    """Let the reports of an alert count or not, as the alerts on them stand now; the numbers dismissed and restored.

    Alerts of the same reports are answered one at a time: whoever finds one holds its disease in its district.
    """
    db.flush()
    own = select(AlertReport.report_id).where(AlertReport.alert_id == alert.id)
    chosen = select(CaseReport.id, CaseReport.number, CaseReport.standing).where(
        CaseReport.id.in_(own), CaseReport.standing.in_(("counted", "dismissed"))
    )
    reports = db.execute(chosen.order_by(CaseReport.id)).all()
    false = _false(db, [report.id for report in reports])
    changed: dict[str, list[int]] = {"dismissed": [], "counted": []}
    for report in reports:
        standing = "dismissed" if report.id in false else "counted"
        if standing != report.standing:
            changed[standing].append(report.number)
    for standing, numbers in changed.items():
        if numbers:
            db.execute(update(CaseReport).where(CaseReport.number.in_(numbers)).values(standing=standing))
    return changed["dismissed"], changed["counted"]


def _false(db: Session, report_ids: list[int]) -> set[int]:
    """Those of the reports that the alerts on them leave dismissed."""
    on = select(AlertReport.report_id, Alert.within, Alert.state, Alert.outcome).join(
        Alert, Alert.id == AlertReport.alert_id
    )
    ranks: dict[bool, dict[int, int]] = {True: defaultdict(lambda: len(RANK)), False: {}}
    for report_id, within, state, outcome in db.execute(on.where(AlertReport.report_id.in_(report_ids))):
        of = ranks[real(state, outcome)]
        of[report_id] = min(of.get(report_id, len(RANK)), RANK[within])
    return {report_id for report_id, rank in ranks[False].items() if rank < ranks[True][report_id]}
