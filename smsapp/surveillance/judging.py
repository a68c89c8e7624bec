"""Which reports count once alerts are answered: those who stand nearer to the patient judge a report.

A report is dismissed where an alert on it was found not real, unless another one on it still stands whose area is no
wider: a centre that finds its case false takes it out of the district's outbreak, but a district that finds no outbreak
does not take back the cases that the centres verified.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select, update
from sqlalchemy.orm import Session

from smsapp.arrays import among
from smsapp.reads import Read
from smsapp.surveillance.tables import Alert, AlertReport, CaseReport

RANK = {"village": 0, "facility": 1, "km": 1, "district": 2}  # of the areas of alerts, the narrowest first
NOT_REAL = frozenset({"discarded", "duplicate"})  # outcomes


_OWN = Read(
    select(CaseReport.id, CaseReport.number, CaseReport.standing)
    .join(AlertReport, AlertReport.report_id == CaseReport.id)
    .where(AlertReport.alert_id == bindparam("alert"), among(CaseReport.standing, ("counted", "dismissed")))
    .order_by(CaseReport.id)
)
_ON = Read(
    select(AlertReport.report_id, Alert.within, Alert.state, Alert.outcome)
    .join(Alert, Alert.id == AlertReport.alert_id)
    .where(AlertReport.report_id == any_(bindparam("reports", type_=ARRAY(BigInteger))))
)


def real(state: str, outcome: str | None) -> bool:
    """Whether an alert stands, as far as anybody knows."""
    return state != "false" and not (state == "closed" and outcome in NOT_REAL)


def judge(db: Session, alert: Alert) -> tuple[list[int], list[int]]:
    """Let the reports of an alert count or not, as the alerts on them stand now; the numbers dismissed and restored.

    Alerts of the same reports are answered one at a time: whoever finds one holds its disease in its district.
    """
    db.flush()
    reports = _OWN.rows(db, {"alert": alert.id})
    false = _false(db, [report_id for report_id, _, _ in reports])
    changed: dict[str, list[int]] = {"dismissed": [], "counted": []}
    for report_id, number, was in reports:
        standing = "dismissed" if report_id in false else "counted"
        if standing != was:
            changed[standing].append(number)
    for standing, numbers in changed.items():
        if numbers:
            db.execute(update(CaseReport).where(CaseReport.number.in_(numbers)).values(standing=standing))
    return changed["dismissed"], changed["counted"]


def _false(db: Session, report_ids: list[int]) -> set[int]:
    """Those of the reports that the alerts on them leave dismissed."""
    ranks: dict[bool, dict[int, int]] = {True: defaultdict(lambda: len(RANK)), False: {}}
    for report_id, within, state, outcome in _ON.rows(db, {"reports": report_ids}):
        of = ranks[real(state, outcome)]
        of[report_id] = min(of.get(report_id, len(RANK)), RANK[within])
    return {report_id for report_id, rank in ranks[False].items() if rank < ranks[True][report_id]}
