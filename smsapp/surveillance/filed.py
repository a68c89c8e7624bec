"""What belongs to one alert: its reports, who was told, what happened, and what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.messages import Message
from smsapp.people import Person, Role
from smsapp.staff import Account
from smsapp.surveillance.reading import places
from smsapp.surveillance.tables import Alert, AlertAction, AlertReport, AlertStep, AlertTold, CaseReport

MOST = 500  # of its rows on one page; an outbreak has its line list


@dataclass(frozen=True)
class Reported:
    """A report with its places and who sent it: `roles` as people have them, both empty for a stranger."""

    report: CaseReport
    village: str
    facility: str
    district: str
    first_name: str = ""
    roles: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        return self.report.id


@dataclass(frozen=True)
class Told:
    """Somebody who was told, and what became of the message; no status where there was none to send."""

    row: AlertTold
    name: str
    status: str | None


@dataclass(frozen=True)
class Later:
    """A text about it to somebody who had been told before: another case, one taken back, an answer."""

    at: datetime
    name: str
    text: str
    status: str


@dataclass(frozen=True)
class Step:
    """What happened, and who did it: a person by phone, or an account."""

    row: AlertStep
    by: str


@dataclass(frozen=True)
class File:
    reports: Sequence[Reported]
    told: Sequence[Told]
    later: Sequence[Later]
    steps: Sequence[Step]
    actions: Mapping[str, AlertAction]


def of(db: Session, alert: Alert) -> File:
    """All that is kept of an alert."""
    reports = db.scalars(
        select(CaseReport)
        .join(AlertReport, AlertReport.report_id == CaseReport.id)
        .where(AlertReport.alert_id == alert.id)
        .order_by(CaseReport.id.desc())
        .limit(MOST)
    ).all()
    return File(
        reported(db, reports), _told(db, alert.id), _later(db, alert), _steps(db, alert.id), _actions(db, alert.id)
    )


def reported(db: Session, reports: Sequence[CaseReport]) -> list[Reported]:
    """Reports with the names of their places, and of whoever sent them."""
    names = places(db, {at for r in reports for at in (r.village_id, r.facility_id, r.district_id) if at})
    senders = {report.reporter_id for report in reports if report.reporter_id}
    roles = func.array_remove(func.array_agg(Role.role), None)
    known = {
        person: (name or "", tuple(sorted(held)))
        for person, name, held in db.execute(
            select(Person.id, Person.name, roles)
            .join(Role, Role.person_id == Person.id, isouter=True)
            .where(Person.id.in_(sorted(senders)))
            .group_by(Person.id)
        )
    }
    found = []
    for report in reports:
        name, held = known.get(report.reporter_id or 0, ("", ()))
        village, facility, district = (
            names.get(at or 0, "") for at in (report.village_id, report.facility_id, report.district_id)
        )
        found.append(Reported(report, village, facility, district, next(iter(name.split()), ""), held))
    return found


def _told(db: Session, alert_id: int) -> list[Told]:
    rows = db.execute(
        select(AlertTold, Person.name, Message.status)
        .join(Person, Person.id == AlertTold.person_id)
        .join(Message, Message.id == AlertTold.message_id, isouter=True)
        .where(AlertTold.alert_id == alert_id)
        .order_by(AlertTold.at, AlertTold.step, AlertTold.person_id)
        .limit(MOST)
    )
    return [Told(row, name or "", status) for row, name, status in rows]


def _later(db: Session, alert: Alert) -> list[Later]:
    """Looked for among the texts of those who were told: no index knows which alert a text is of."""
    told = select(AlertTold.person_id).where(AlertTold.alert_id == alert.id)
    first = select(AlertTold.message_id).where(AlertTold.alert_id == alert.id, AlertTold.message_id.is_not(None))
    rows = db.execute(
        select(Message.created_at, Person.name, Message.text, Message.status)
        .join(Person, Person.id == Message.person_id)
        .where(Message.person_id.in_(told), Message.created_at >= alert.opened_at)
        .where(Message.meta["alert"].as_integer() == alert.number, Message.id.not_in(first))
        .order_by(Message.id)
        .limit(MOST)
    )
    return [Later(at, name or "", text or "", status) for at, name, text, status in rows]


def _steps(db: Session, alert_id: int) -> list[Step]:
    rows = db.execute(
        select(AlertStep, Person.name, Account.name)
        .join(Person, Person.id == AlertStep.person_id, isouter=True)
        .join(Account, Account.id == AlertStep.account_id, isouter=True)
        .where(AlertStep.alert_id == alert_id)
        .order_by(AlertStep.at, AlertStep.id)
        .limit(MOST)
    )
    return [Step(row, account or person or "") for row, person, account in rows]


def _actions(db: Session, alert_id: int) -> dict[str, AlertAction]:
    found = db.scalars(select(AlertAction).where(AlertAction.alert_id == alert_id))
    return {row.action: row for row in found}
