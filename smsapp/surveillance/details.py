"""More about an alert, for those who answer for it: its reports by age and village, and who was told. Nobody's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.surveillance.escalations import CHAIN
from smsapp.surveillance.tables import Alert, AlertAction, AlertReport, AlertTold, CaseReport


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
    levels = set(db.scalars(select(AlertTold.level).where(AlertTold.alert_id == alert.id)))
    done = db.execute(select(AlertAction.action, AlertAction.done_on).where(AlertAction.alert_id == alert.id))
    return Details(
        alert,
        _reports(db, alert),
        tuple(level for level in CHAIN if level in levels),
        {row.action: row.done_on for row in done},
    )


def _reports(db: Session, alert: Alert) -> Sequence[tuple[CaseReport, str]]:
    standing = "dismissed" if alert.state == "false" else "counted"
    rows = db.execute(
        select(CaseReport, Place.name)
        .join(AlertReport, AlertReport.report_id == CaseReport.id)
        .join(Place, Place.id == CaseReport.village_id, isouter=True)
        .where(AlertReport.alert_id == alert.id, CaseReport.standing == standing)
        .order_by(CaseReport.id.desc())
    )
    return [(row, village or "") for row, village in rows]
