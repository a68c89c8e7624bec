"""Verification: an alert is found real or not, by the first who answers; a higher level may overrule her.

An answer of ten minutes ago may not have been read yet: a higher level that says the contrary is told of it first.

Whoever answered by phone may change her mind once, within ten minutes; from then on a higher level may, or her own from
the console. Anybody else of her level, or below it, is told what was answered, when and by whom. A date of the first
sign and confirmed facts can be added by everybody who answers for the alert.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.surveillance import diseases, echoing, feedback, judging, naming
from smsapp.surveillance.acting import By, record
from smsapp.surveillance.escalations import CHAIN
from smsapp.surveillance.tables import Alert, AlertReport, AlertStep, CaseReport

VERIFIED, FALSE = "verified", "false"
STEPS = {VERIFIED: "verified", FALSE: "dismissed"}  # of the record
# Why an alert is not real, where somebody chose from a list; else the reason is what she wrote.
REASONS = ("other_disease", "duplicate", "nobody", "test")
LONGEST_REASON = 200
JUST_NOW = timedelta(minutes=10)
PHONES = ("sms", "ussd")
WARNED = "warned"  # of an answer's step: the levels that were told of it before they said the contrary


@dataclass(frozen=True)
class Given:
    """An answer that was given: by whom, at which level and when."""

    state: str
    at: datetime
    level: str
    person_id: int | None
    account_id: int | None


@dataclass(frozen=True)
class Answer:
    """What came of an answer. `new` is False where the alert was answered so before: `given` says when and by whom.

    `added` is whether that answer was made more complete; `overruled` is the level whose answer does not hold any more.
    """

    alert: Alert
    given: Given
    new: bool = True
    added: bool = False
    overruled: str = ""


def verify(
    db: Session, rt: Runtime, alert: Alert, by: By, *, since: date | None = None, confirmed: Collection[str] = ()
) -> Answer:
    """The alert, which is held, is real; `since` is the day of the first sign, `confirmed` which facts were."""
    if since is not None:
        check_since(db, rt, alert, since)
    if alert.state == VERIFIED:
        return _more(db, rt, alert, by, since, confirmed)
    before = _check(db, rt, alert, by, "V")
    alert.reason = None
    _complete(alert, since, confirmed)
    told = {"since": since and since.isoformat(), "confirmed": sorted(confirmed) or None}
    return _answer(db, rt, alert, by, VERIFIED, before, told)


def dismiss(db: Session, rt: Runtime, alert: Alert, by: By, *, reason: str = "") -> Answer:
    """The alert, which is held, is not real; the reports that no other alert needs do not count any more."""
    reason = reason.strip()[:LONGEST_REASON]
    if alert.state == FALSE:
        added = bool(reason) and not alert.reason
        if added:
            alert.reason = reason
            record(db, alert, "detailed", by, rt.now(), reason=reason)
        return Answer(alert, _given(db, alert), new=False, added=added)
    before = _check(db, rt, alert, by, "F")
    alert.reason = reason or None
    return _answer(db, rt, alert, by, FALSE, before, {"reason": alert.reason})


def check_since(db: Session, rt: Runtime, alert: Alert, since: date) -> None:
    """Refused where it can not be the day of a first sign: after the first report, or too long ago."""
    today = rt.local_now().date()
    on = AlertReport.report_id == CaseReport.id, AlertReport.alert_id == alert.id
    first = db.scalar(select(func.min(CaseReport.counted_on)).where(*on)) or alert.began_on
    back = diseases.of_country(rt.settings.country).limits.days_back
    if not today - timedelta(days=back) <= since <= min(first, today):
        raise Refused("alert.since", day=naming.day(since), first=naming.day(first))


def _check(db: Session, rt: Runtime, alert: Alert, by: By, letter: str) -> Given | None:
    """The other answer that this one overrules, None where there is none.

    Refused where it may not: the sentence has the level of whoever answered in `level`, to be said in words.
    """
    if alert.state == "open":
        return None
    if alert.state == "closed":
        raise Refused("alert.closed", number=alert.number, at=naming.moment(rt, alert.closed_at or rt.now()))
    before = _given(db, alert)
    at = naming.moment(rt, before.at)
    if by.same(before.person_id, before.account_id):
        if by.channel in PHONES and (rt.now() - before.at > JUST_NOW or _answers_of(db, alert, by) > 1):
            raise Refused(f"alert.twice.{STEPS[before.state]}", number=alert.number, at=at, level=before.level)
        return before
    # Who sits at the console sees what was answered, and by whom.
    if by.rank > CHAIN.index(before.level) - (by.channel not in PHONES and before.person_id is not None):
        _aware(db, rt, alert, by, before, letter)
        return before
    raise Refused(f"alert.answered.{STEPS[before.state]}", number=alert.number, at=at, level=before.level)


def _aware(db: Session, rt: Runtime, alert: Alert, by: By, before: Given, letter: str) -> None:
    """Refused once a level where a lower one answered just now: sent again, it overrules. The console shows answers."""
    step = _step(db, alert)
    if by.channel not in PHONES or step is None or rt.now() - before.at > JUST_NOW:
        return
    step_id, level = step.id, by.level
    if level in step.told.get(WARNED, ()):
        return

    def remember(db: Session) -> None:
        kept = db.get_one(AlertStep, step_id)
        kept.told = {**kept.told, WARNED: [*kept.told.get(WARNED, ()), level]}

    key, at = f"alert.just_now.{STEPS[before.state]}", naming.moment(rt, before.at)
    raise Refused(key, number=alert.number, at=at, level=before.level, letter=letter, remember=remember)


def _answer(
    db: Session, rt: Runtime, alert: Alert, by: By, state: str, before: Given | None, told: Mapping[str, Any]
) -> Answer:
    now, whom = rt.now(), before.person_id if before else None
    alert.state, alert.next_step_at = state, None
    alert.answered_at, alert.answered_by = now, by.person_id
    dismissed, restored = judging.judge(db, alert)
    overruled = before.level if before else None
    changed = {"dismissed": dismissed or None, "restored": restored or None, "overruled": overruled}
    step = record(db, alert, STEPS[state], by, now, **told, **changed)
    feedback.answered(db, rt, alert, step, besides=[whom] if whom else [])
    echoing.echo(db, rt, dismissed, restored)
    return Answer(alert, Given(state, now, by.level, by.person_id, by.account_id), overruled=overruled or "")


def _more(db: Session, rt: Runtime, alert: Alert, by: By, since: date | None, confirmed: Collection[str]) -> Answer:
    """What an answer that holds did not say yet."""
    before = alert.emerged_on, set(alert.confirmed)
    _complete(alert, since, confirmed)
    added = (alert.emerged_on, set(alert.confirmed)) != before
    if added:
        told = {"since": since and since.isoformat(), "confirmed": sorted(confirmed) or None}
        record(db, alert, "detailed", by, rt.now(), **told)
    return Answer(alert, _given(db, alert), new=False, added=added)


def _complete(alert: Alert, since: date | None, confirmed: Collection[str]) -> None:
    alert.emerged_on = since or alert.emerged_on
    if confirmed:
        alert.confirmed = sorted({*alert.confirmed, *confirmed})


def _given(db: Session, alert: Alert) -> Given:
    """The answer that holds."""
    step = _step(db, alert)
    if step is None:  # nobody's: rows that came from elsewhere
        return Given(alert.state, alert.answered_at or alert.opened_at, CHAIN[0], alert.answered_by, None)
    return Given(alert.state, step.at, str(step.told.get("level", CHAIN[0])), step.person_id, step.account_id)


def _answers_of(db: Session, alert: Alert, by: By) -> int:
    """How often she has answered it, one way or the other."""
    hers = AlertStep.alert_id == alert.id, AlertStep.person_id == by.person_id, AlertStep.what.in_(STEPS.values())
    return db.scalar(select(func.count()).where(*hers)) or 0


def _step(db: Session, alert: Alert) -> AlertStep | None:
    chosen = select(AlertStep).where(AlertStep.alert_id == alert.id, AlertStep.what.in_(STEPS.values()))
    return db.scalars(chosen.order_by(AlertStep.id.desc()).limit(1)).first()
