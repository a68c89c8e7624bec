"""Alerts of the demonstration: those that the rules make of its reports, and what was done about each."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from smsapp.demo.books import Ids
from smsapp.demo.bulk import put
from smsapp.demo.cases import Reports
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.surveillance import acting, counted, duty, rulebook, signals
from smsapp.surveillance.acting import By
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.duty import OnDuty
from smsapp.surveillance.sevenoneseven import ACTIONS
from smsapp.surveillance.signals import Signal
from smsapp.surveillance.tables import Alert, AlertAction, AlertReport, AlertStep, AlertTold, CaseReport

SERVICE = "service"
LASTS = timedelta(days=12)  # of an alert of what there always is, until it is closed
RISKS = ("low", "moderate", "moderate", "high")
REPORTS = select(CaseReport.id, CaseReport.number, CaseReport.received_at, CaseReport.counted_on, CaseReport.since)


class Raised:
    """Each alert with its reports, those who were told, and its record; all are written at the end."""

    def __init__(
        self, db: Session, rt: Runtime, told: Mapping[str, Any], chance: random.Random, reports: Reports
    ) -> None:
        self.db, self.rt, self.chance = db, rt, chance
        self.diseases = of_country(rt.settings.country)
        self.now = rt.local_now()
        self.events = {id(event): event for event in told["events"]}
        self.event_of = {number: event for event, numbers in reports.of_event.items() for number in numbers}
        self.first = self.now.date() - timedelta(weeks=told["weeks"])
        self.ids = Ids(db, Alert.__tablename__)
        self.alerts: list[Alert] = []
        self.rows: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)

    def write(self, number: int) -> tuple[int, int]:
        """The last number given, and how many alerts; `number` is that of the last report."""
        for signal in self._signals():
            number += 1
            self._alert(signal, number)
        self.db.add_all(self.alerts)
        self.db.flush()
        for table in (AlertReport, AlertTold, AlertStep, AlertAction):
            put(self.db, table, self.rows[table])
        return number, len(self.alerts)

    def _signals(self) -> Sequence[Signal]:
        self._laboratory()
        people = counted.populations(self.db)
        found: list[Signal] = []
        self.rules = {rule.key: rule for rule in rulebook.current(self.db)}
        for rule in self.rules.values():
            cases = counted.cases(self.db, rule.disease, self.first)
            found += signals.replay(rule, cases, people, self.first, self.now.date(), self.first)
        return sorted(found, key=lambda signal: (signal.day, signal.key))

    def _laboratory(self) -> None:
        for key, event in self.events.items():
            if "lab" not in event:
                continue
            numbers = sorted(number for number, whose in self.event_of.items() if whose == key)
            positive = numbers[: event["confirmed"]]
            for result, which in (("positive", positive), ("negative", numbers[len(positive) : len(positive) + 1])):
                told = {"lab": result, "lab_on": self._ago(event["lab"])}
                self.db.execute(update(CaseReport).where(CaseReport.number.in_(which)).values(**told))

    def _ago(self, days: int) -> date:
        return self.now.date() - timedelta(days=days)

    def _alert(self, signal: Signal, number: int) -> None:
        chosen = REPORTS.where(CaseReport.id.in_(signal.cases)).order_by(CaseReport.received_at)
        reports = self.db.execute(chosen).all()
        event = self.events.get(self.event_of.get(reports[0].number, 0), {})
        opened = max(report.received_at for report in reports if report.counted_on <= signal.day)
        opened = opened + timedelta(seconds=self.chance.randint(2, 20))
        told = {"id": self.ids(), "number": number, "opened_at": opened, "emerged_on": reports[0].since}
        alert = Alert(**told, **self._where(signal))
        self.alerts.append(alert)
        self.rows[AlertReport] += [
            {"alert_id": alert.id, "report_id": report.id, "joined_at": max(opened, report.received_at)}
            for report in reports
        ]
        self._answer(alert, event, self._tell(alert), reports)

    def _where(self, signal: Signal) -> dict[str, Any]:
        rule = self.rules[signal.rule]
        place = self.db.get_one(Place, signal.place)
        facility_id = place.parent_id if place.kind == "village" else place.id if place.kind == "facility" else None
        area = duty.above(self.db, facility_id, place.id if place.kind == "district" else None)
        return {
            "episode": signal.key,
            "rule": signal.rule,
            "disease": signal.disease,
            "level": signal.level,
            "within": signal.area,
            "place_id": place.id,
            "facility_id": facility_id,
            "district_id": area.district,
            "began_on": signal.day,
            "last_on": signal.last,
            "numbers": {**signal.numbers, "kind": rule.kind, **({"only": list(rule.only)} if rule.only else {})},
        }

    def _tell(self, alert: Alert) -> Sequence[OnDuty]:
        """Those whose duty it is hear of it at once."""
        way = self.diseases.by_key[alert.disease].escalation
        levels = way.told[alert.level] if way else ()
        area = duty.above(self.db, alert.facility_id, alert.district_id)
        told = [one for level in levels for one in duty.at(self.db, level, area)] or list(
            duty.at(self.db, "district", area)
        )
        unique = {one.id: one for one in reversed(told)}
        self.rows[AlertTold] += [
            {"alert_id": alert.id, "person_id": one.id, "step": 0, "level": one.level, "at": alert.opened_at}
            for one in unique.values()
        ]
        alert.told_up_to = told[-1].level
        self._record(alert, "raised", By("facility", SERVICE), alert.opened_at)
        return told

    def _answer(
        self, alert: Alert, event: Mapping[str, Any], told: Sequence[OnDuty], reports: Sequence[Row[*tuple[Any, ...]]]
    ) -> None:
        way = self.diseases.by_key[alert.disease].escalation
        hours = event.get("answered_hours") if event else self.chance.choice((2, 5, 9, 20, 30))
        answered = alert.opened_at + timedelta(hours=hours or 0, minutes=self.chance.randrange(50))
        if hours is None or answered >= self.now:
            alert.next_step_at = alert.opened_at + timedelta(minutes=way.resend if way else 30)
            return
        by = By.of(told[0], "sms")
        alert.answered_at, alert.answered_by = answered, by.person_id
        if event.get("unfounded"):
            alert.state, alert.reason = "false", "other_disease"
            self._record(alert, "dismissed", by, answered, reason=alert.reason)
            dismissed = {"standing": "dismissed"}
            ids = [report.id for report in reports]
            self.db.execute(update(CaseReport).where(CaseReport.id.in_(ids)).values(**dismissed))
            return
        alert.state, alert.confirmed = "verified", ["age", "place", "sign"]
        self._record(alert, "verified", by, answered, confirmed=alert.confirmed)
        self._respond(alert, event, by, answered)

    def _respond(self, alert: Alert, event: Mapping[str, Any], by: By, answered: datetime) -> None:
        """The risk, the actions and, where enough time has gone by, the end."""
        days = event.get("response_days", self.chance.randint(2, 9))
        assessed = answered + timedelta(hours=self.chance.randint(3, 40))
        if assessed < self.now:
            alert.risk, alert.risk_at = self.chance.choice(RISKS), assessed
            self._record(alert, "risk", by, assessed, risk=alert.risk)
        known = self.diseases.by_key[alert.disease]
        for place, action in enumerate((*known.actions, *ACTIONS)):
            at = answered + timedelta(days=min(days, place * days / 8), hours=1)
            if at < self.now:
                self._act(alert, by, action, at, needed=action != "laboratory" or "lab" in event)
        closed = max(answered + timedelta(days=days + 2), alert.opened_at + LASTS)
        if closed < self.now and not event.get("open"):
            alert.state, alert.outcome, alert.closed_at = "closed", "confirmed_signal", closed
            self._record(alert, "closed", by, closed, outcome=alert.outcome)

    def _act(self, alert: Alert, by: By, action: str, at: datetime, needed: bool) -> None:
        on = at.astimezone(self.rt.settings.timezone).date() if needed else None
        told = {"alert_id": alert.id, "action": action, "done_on": on, "at": at, "by": by.person_id}
        self.rows[AlertAction].append(told)
        self._record(alert, "action", by, at, action=action, on=on and on.isoformat())

    def _record(self, alert: Alert, what: str, by: By, at: datetime, **told: Any) -> None:
        self.rows[AlertStep].append(acting.row_of(alert, what, by, at, **told))
