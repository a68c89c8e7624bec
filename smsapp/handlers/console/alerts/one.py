"""An alert: the rule that rose and on what, its reports, who was told, what was decided, and its clocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from smsapp.handlers.console.alerts import here, sentences, spots, terms, ticking
from smsapp.handlers.console.alerts.here import ALERT, acting
from smsapp.handlers.console.guard import ANYBODY, allowed
from smsapp.runtime import Runtime
from smsapp.surveillance import clocks, filed, response, rulebook, timeline
from smsapp.surveillance.filed import File
from smsapp.surveillance.reading import Row
from smsapp.surveillance.rules import Rule
from smsapp.surveillance.sevenoneseven import ACTIONS as EARLY


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(ALERT)
    @allowed(ANYBODY)
    def surveillance_one(alert_id: int) -> str:
        with acting(rt) as db:
            row = here.alert(db, alert_id)
            told = _told(db, rt, row)
            here.note(db, rt, "surveillance.viewed", f"alert:{alert_id}", row.alert.facility_id)
        return render_template("console/alerts/one.html", **told)


def _told(db: Session, rt: Runtime, row: Row) -> dict[str, Any]:
    alert, now, facts = row.alert, rt.now(), terms.known(rt)
    file, names = filed.of(db, alert), terms.actions(rt)
    rule = _rule(db, row)
    exact, reports = spots.exact(alert), spots.read(file.reports)
    return {
        "row": row,
        "alert": alert,
        "file": file,
        "reports": reports,
        "exact": exact,
        "others": len(file.reports) - len(reports),
        "cases": spots.shown(row.cases, alert),
        "many": spots.shown(row.reports, alert),
        "why": sentences.why(alert, rule, exact),
        "only": sentences.only(rule),
        "ticking": ticking.of(rt, alert, now),
        "clocks": _clocks(rt, row, file, now),
        "steps": [
            (step, sentences.step(step.row, names))
            for step in file.steps
            if exact or step.row.what not in sentences.OF_REPORTS
        ],
        "actions": {key: names.get(key, key) for key in response.actions(rt, alert)},
        "early": EARLY,
        "timeline": timeline.of_alert(db, rt, alert.id),
        "facts": facts.facts,
        "disease": terms.diseases(rt).get(alert.disease, alert.disease),
        "advice": facts.by_key.get(alert.disease),
        "today": rt.local_now().date(),
        "terms": terms,
    }


def _rule(db: Session, row: Row) -> Rule | None:
    """The rule as it was when the alert rose."""
    version = rulebook.of_version(db, row.alert.rules_id)
    return next((rule for rule in version if rule.key == row.alert.rule), None)


def _clocks(rt: Runtime, row: Row, file: File, now: Any) -> list[Mapping[str, Any]]:
    """The clocks against 24 hours, 48 hours and 7 days."""
    alert, facts = row.alert, terms.known(rt).facts
    done = [file.actions[action].at for action in EARLY if action in file.actions]
    complete = max(done) if len(done) == len(EARLY) else None
    return [
        {
            "label": terms.CLOCKS[clock.name],
            "said": ticking.said(clock, now),
            "tone": ticking.late(clock, now),
            "due": None if clock.done else clock.due,
        }
        for clock in clocks.clocks(alert, facts.verification, complete)
    ]
