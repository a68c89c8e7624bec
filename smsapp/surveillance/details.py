"""More about an alert, for those who answer for it: its reports by age and village, who was told. No patient's name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, case, select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.reads import Read
from smsapp.surveillance.escalations import CHAIN
from smsapp.surveillance.tables import Alert, AlertAction, AlertReport, AlertTold, CaseReport

_IDS = any_(bindparam("ids", type_=ARRAY(BigInteger)))
_TOLD = Read(select(AlertTold.alert_id, AlertTold.level).where(AlertTold.alert_id == _IDS))
_ACTIONS = Read(
    select(AlertAction.alert_id, AlertAction.action, AlertAction.done_on).where(AlertAction.alert_id == _IDS)
)
_REPORTS = (
    select(AlertReport.alert_id, CaseReport, Place.name)
    .join(CaseReport, CaseReport.id == AlertReport.report_id)
    .join(Alert, Alert.id == AlertReport.alert_id)
    .join(Place, Place.id == CaseReport.village_id, isouter=True)
    .where(AlertReport.alert_id == _IDS)
    .where(CaseReport.standing == case((Alert.state == "false", "dismissed"), else_="counted"))
    .order_by(CaseReport.id.desc())
)


@dataclass(frozen=True)
class Details:
    """`reports` with their villages are those that count, the latest first; those it had where it is not real."""

    alert: Alert
    reports: Sequence[tuple[CaseReport, str]]
    told: Sequence[str]  # levels, the nearest to the centres first
    actions: Mapping[str, date | None]

    @property
    def cases(self) -> int:
        return sum(report.count for report, _ in self.reports)

    @property
    def died(self) -> int:
        return sum(report.died for report, _ in self.reports)

    @property
    def since(self) -> date | None:
        """The earliest first sign that anybody told."""
        told = [self.alert.emerged_on, *(report.since for report, _ in self.reports)]
        return min((on for on in told if on is not None), default=None)


def more(db: Session, alert: Alert) -> Details:
    """What is known of an alert."""
    return several(db, [alert])[alert.id]


def several(db: Session, alerts: Sequence[Alert]) -> Mapping[int, Details]:
    """The same of each of them, by id."""
    ids = [alert.id for alert in alerts]
    levels: dict[int, set[str]] = defaultdict(set)
    for alert_id, level in _TOLD.rows(db, {"ids": ids}):
        levels[alert_id].add(level)
    done: dict[int, dict[str, date | None]] = defaultdict(dict)
    for alert_id, action, done_on in _ACTIONS.rows(db, {"ids": ids}):
        done[alert_id][action] = done_on
    reports = _reports(db, ids)
    return {
        alert.id: Details(
            alert,
            reports[alert.id],
            tuple(level for level in CHAIN if level in levels[alert.id]),
            done[alert.id],
        )
        for alert in alerts
    }


def _reports(db: Session, ids: Sequence[int]) -> Mapping[int, Sequence[tuple[CaseReport, str]]]:
    rows = db.execute(_REPORTS, {"ids": ids})
    found: dict[int, list[tuple[CaseReport, str]]] = defaultdict(list)
    for alert_id, report, village in rows:
        found[alert_id].append((report, village or ""))
    return found
