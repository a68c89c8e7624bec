"""Alerts that nobody answers: sent again, then to the next level and the next, by the table of their disease."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.surveillance import alerting, duty, naming, phrasing, telling
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.duty import OnDuty
from smsapp.surveillance.escalations import CHAIN, Escalation
from smsapp.surveillance.phrasing import About
from smsapp.surveillance.tables import Alert, AlertReport, AlertTold, CaseReport
from smsapp.surveillance.telling import Levels

AT_ONCE = 500  # alerts of one run; those that wait longest come first


@dataclass(frozen=True)
class Escalated:
    """How many steps were taken: alerts sent again, alerts that reached another level; and the texts of both."""

    again: int = 0
    climbed: int = 0
    texts: int = 0

    def __add__(self, other: Escalated) -> Escalated:
        return Escalated(self.again + other.again, self.climbed + other.climbed, self.texts + other.texts)


def escalate(rt: Runtime, now: datetime, stop: Callable[[], bool] = lambda: False) -> Escalated:
    """Take every step that is due at `now`, each once. Safe at any time, twice, and beside another run."""
    with transaction(rt.sessions) as db:
        due = select(Alert.id).where(*_unanswered(rt, now)).order_by(Alert.next_step_at, Alert.id)
        ids = db.scalars(due.limit(AT_ONCE)).all()
    done = Escalated()
    for alert_id in ids:
        if stop():
            break
        with transaction(rt.sessions) as db:
            # Whoever answers it at this moment, or another run, holds it: then nothing is left to do here.
            chosen = select(Alert).where(Alert.id == alert_id, *_unanswered(rt, now))
            if alert := db.scalar(chosen.with_for_update(skip_locked=True)):
                done += _steps(db, rt, alert, now)
    return done


def next_level(alert: Alert) -> str | None:
    """The level that hears of it next, were somebody on duty there; None where the last one has heard."""
    above = CHAIN[CHAIN.index(alert.told_up_to) + 1 :]
    return above[0] if above else None


def _unanswered(rt: Runtime, now: datetime) -> Collection[ColumnElement[bool]]:
    known = sorted(of_country(rt.settings.country).by_key)
    return Alert.state == "open", Alert.answered_at.is_(None), Alert.next_step_at <= now, Alert.disease.in_(known)


def _steps(db: Session, rt: Runtime, alert: Alert, now: datetime) -> Escalated:
    """All that is due for one alert, which is held; several after a time in which nothing ran."""
    way = telling.way_of(rt, alert)
    if way is None:
        return Escalated()
    on_duty = Levels(db, duty.above(db, alert.facility_id, alert.district_id))
    done = Escalated()
    while alert.next_step_at is not None and alert.next_step_at <= now:
        done += _step(db, rt, alert, way, on_duty, now)
    return done


def _step(db: Session, rt: Runtime, alert: Alert, way: Escalation, on_duty: Levels, now: datetime) -> Escalated:
    alert.steps += 1
    again = alert.steps == 1
    above = next_level(alert)
    if again:
        people, highest = on_duty.reached(telling.first_levels(rt, alert))
    else:
        people, highest = on_duty.reached([above] if above else [])
    alert.told_up_to = max(alert.told_up_to, highest, key=CHAIN.index)
    higher = next_level(alert) is not None
    alert.next_step_at = alert.opened_at + timedelta(minutes=way.next * alert.steps) if higher else None
    what = "sent_again" if again else "climbed"
    level = None if again else highest
    alerting.note(db, rt, alert, what, step=alert.steps, level=level, people=len(people))
    texts = _tell(db, rt, alert, people.values(), now)
    return Escalated(again=int(again), climbed=int(not again), texts=texts)


def _tell(db: Session, rt: Runtime, alert: Alert, people: Iterable[OnDuty], now: datetime) -> int:
    minutes = int((now - alert.opened_at).total_seconds()) // 60
    about = About(alert, naming.place(db, alert), _first(db, alert), alerting.cases_of(db, alert))
    told = 0
    for one in people:
        about = replace(about, centre=naming.centre(db, alert, one.level))
        words = phrasing.raised(rt, one.language, about, why=phrasing.waited(rt, one.language, minutes))
        message = telling.post(db, rt, one, words, alert, alert.steps)
        row = {"person_id": one.id, "step": alert.steps, "level": one.level, "message_id": message.id}
        db.add(AlertTold(alert_id=alert.id, **row, at=rt.now()))
        told += 1
    db.flush()
    return told


def _first(db: Session, alert: Alert) -> CaseReport | None:
    """The report that it was raised by, or the first of those that are left."""
    its = select(CaseReport).join(AlertReport, AlertReport.report_id == CaseReport.id)
    counts = its.where(AlertReport.alert_id == alert.id, CaseReport.standing == "counted")
    return db.scalar(counts.order_by(CaseReport.id).limit(1))
