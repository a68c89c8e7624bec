"""What is done about an alert that is real: its risk, the response, the laboratory's word, and its end.

Each is one row of the record, done once: the same again changes nothing and returns False.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.surveillance import alerting, echoing, feedback, judging, naming
from smsapp.surveillance.acting import By, record
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.sevenoneseven import ACTIONS as EARLY
from smsapp.surveillance.tables import LAB, RISKS, Alert, AlertAction, AlertReport, CaseReport

ANALYSIS, LABORATORY = "analysis", "laboratory"  # of the early actions: what a risk and a result complete


def actions(rt: Runtime, alert: Alert) -> Sequence[str]:
    """What may be ticked off: the disease's own actions, then the early ones of 7-1-7; its place counts from 1.

    What one of its own completes is not there twice in other words: `investigate` is the investigation.
    """
    own = _own(rt, alert)
    known = {_completes(rt, action) for action in own}
    return (*own, *(early for early in EARLY if early not in known))


def _own(rt: Runtime, alert: Alert) -> Sequence[str]:
    known = of_country(rt.settings.country).by_key.get(alert.disease)
    return known.actions if known else ()


def numbered(rt: Runtime, alert: Alert, told: str) -> str:
    """The action of this number or key; Refused where the alert has none such."""
    known = actions(rt, alert)
    if told in known or told in EARLY:
        return told
    if told.isdecimal() and 1 <= int(told) <= len(known):
        return known[int(told) - 1]
    raise Refused("alert.action", most=len(known))


def assess(db: Session, rt: Runtime, alert: Alert, by: By, risk: str) -> bool:
    """Low, moderate, high or very high; a later assessment replaces the one before it."""
    check(rt, alert)
    if risk not in RISKS:
        raise ValueError(risk)
    if alert.risk == risk:
        return False
    before, alert.risk, alert.risk_at = alert.risk, risk, rt.now()
    early = _stamp(db, rt, alert, by, ANALYSIS, rt.local_now().date())
    feedback.workers(db, rt, alert, record(db, alert, "risk", by, rt.now(), risk=risk, before=before, early=early))
    return True


def act(db: Session, rt: Runtime, alert: Alert, by: By, action: str, done_on: date | None) -> bool:
    """An action was done on a day, or is not needed here; said again with another day, that counts."""
    check(rt, alert)
    action = numbered(rt, alert, action)
    if done_on is not None:
        check_day(rt, done_on)
    known = db.get(AlertAction, (alert.id, action))
    if known is not None and known.done_on == done_on:
        return False
    first, before = known is None or known.done_on is None, known.done_on if known else None
    if known is None:
        known = AlertAction(alert_id=alert.id, action=action)
        db.add(known)
    known.done_on, known.at, known.by = done_on, rt.now(), by.person_id
    completes = _completes(rt, action)
    early = _stamp(db, rt, alert, by, completes, done_on) if done_on or _needless(db, rt, alert, completes) else None
    told = {"on": done_on and done_on.isoformat(), "before": before and before.isoformat(), "early": early}
    step = record(db, alert, "action", by, rt.now(), action=action, **told)
    if done_on is not None and first and action not in EARLY:
        feedback.workers(db, rt, alert, step)
    return True


def lab(db: Session, rt: Runtime, alert: Alert, by: By, result: str, on: date, *, reports: Sequence[int] = ()) -> bool:
    """The laboratory's word of a day on the cases of these reports, by number; of all that count where none is given.

    The rules look at them again: some rise only where cases are confirmed. It may come after the alert is over.
    """
    check(rt, alert, over=True)
    check_day(rt, on)
    if result not in LAB:
        raise ValueError(result)
    changed = [row for row in _cases(db, alert, reports) if (row.lab, row.lab_on) != (result, on)]
    if not changed:
        return False
    for row in changed:
        row.lab, row.lab_on = result, on
    _sum_up(db, alert)
    early = _stamp(db, rt, alert, by, LABORATORY, on)
    told = {"result": result, "on": on.isoformat(), "reports": [row.number for row in changed], "early": early}
    feedback.workers(db, rt, alert, record(db, alert, "lab", by, rt.now(), **told), of=[row.id for row in changed])
    for row in changed:
        alerting.look(db, rt, row)
    return True


def close(db: Session, rt: Runtime, alert: Alert, by: By, outcome: str) -> bool:
    """It is over; what was no case after all does not count any more."""
    if alert.state == "closed" and alert.outcome == outcome:
        return False
    check(rt, alert)
    if outcome not in of_country(rt.settings.country).facts.outcomes:
        raise ValueError(outcome)
    alert.state, alert.outcome, alert.closed_at, alert.next_step_at = "closed", outcome, rt.now(), None
    dismissed, restored = judging.judge(db, alert)
    told = {"outcome": outcome, "dismissed": dismissed or None, "restored": restored or None}
    feedback.workers(db, rt, alert, record(db, alert, "closed", by, rt.now(), **told))
    echoing.echo(db, rt, dismissed, restored)
    return True


def check(rt: Runtime, alert: Alert, *, over: bool = False) -> None:
    """Refused where nothing can be done about it: it waits for its answer, is not real, or is over."""
    if alert.state == "open":
        raise Refused("alert.not_verified", number=alert.number)
    if alert.state == "false" or (over and not judging.real(alert.state, alert.outcome)):
        raise Refused("alert.not_real", number=alert.number)
    if alert.state == "closed" and not over:
        raise Refused("alert.closed", number=alert.number, at=naming.moment(rt, alert.closed_at or rt.now()))


def check_day(rt: Runtime, on: date) -> None:
    """Refused where nothing that is told now can have been done on it."""
    today = rt.local_now().date()
    if not today - timedelta(days=of_country(rt.settings.country).limits.days_back) <= on <= today:
        raise Refused("alert.day", day=naming.day(on), today=naming.day(today))


def _cases(db: Session, alert: Alert, numbers: Sequence[int]) -> Sequence[CaseReport]:
    """The reports of an alert that count, or those of them that are meant."""
    chosen = (
        select(CaseReport)
        .join(AlertReport, AlertReport.report_id == CaseReport.id)
        .where(AlertReport.alert_id == alert.id, CaseReport.standing == "counted")
    )
    if numbers:
        chosen = chosen.where(CaseReport.number.in_(numbers))
    found = db.scalars(chosen.order_by(CaseReport.id)).all()
    if not found:
        raise Refused("alert.no_reports", number=alert.number)
    return found


def _sum_up(db: Session, alert: Alert) -> None:
    """An alert is positive from the first positive case on; negative where there are only such."""
    told = [(row.lab, row.lab_on) for row in _cases(db, alert, ()) if row.lab is not None]
    result = max(word for word, _ in told)  # of positive and negative, the former
    alert.lab, alert.lab_on = result, min(on for word, on in told if word == result and on is not None)


def _completes(rt: Runtime, action: str) -> str:
    """The early action of 7-1-7 that this one is the first sign of; empty where it is of none."""
    return of_country(rt.settings.country).facts.actions.get(action, {}).get("early", "")


def _needless(db: Session, rt: Runtime, alert: Alert, early: str) -> bool:
    """Whether nothing that an early action consists of is needed here."""
    its = {action for action in _own(rt, alert) if early and _completes(rt, action) == early}
    db.flush()
    none = AlertAction.alert_id == alert.id, AlertAction.action.in_(its), AlertAction.done_on.is_(None)
    return bool(its) and set(db.scalars(select(AlertAction.action).where(*none))) == its


def _stamp(db: Session, rt: Runtime, alert: Alert, by: By, early: str, on: date | None) -> str | None:
    """An early action is done with what it consists of, or not needed, unless something was told of it before."""
    if not early or db.get(AlertAction, (alert.id, early)) is not None:
        return None
    db.add(AlertAction(alert_id=alert.id, action=early, done_on=on, at=rt.now(), by=by.person_id))
    return early
