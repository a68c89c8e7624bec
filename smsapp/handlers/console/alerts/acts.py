"""What the staff do about an alert: find it real or not, assess, tick off, write down results, and close."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.handlers.console import words
from smsapp.handlers.console.alerts import here, terms
from smsapp.handlers.console.alerts.here import ALERT, acting
from smsapp.handlers.console.guard import DECIDERS, allowed, me
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.staff import AccountPlace, Staff
from smsapp.staff.tables import SURVEILLANCE
from smsapp.surveillance import alerts, details, response, verdicts
from smsapp.surveillance.acting import By
from smsapp.surveillance.tables import LAB, RISKS, Alert

CONSOLE = "console"
EVERY = "all"  # reports of an alert have this result

REFUSED: Mapping[str, LazyString] = {
    "alert.since": lazy_gettext(
        "%(day)s can not be the day of the first sign: it is not after the first report, %(first)s."
    ),
    "alert.answered.verified": lazy_gettext("It was found real on %(at)s already (%(level)s)."),
    "alert.answered.dismissed": lazy_gettext("It was found not real on %(at)s already (%(level)s)."),
    "alert.closed": lazy_gettext("It was closed on %(at)s."),
    "alert.not_verified": lazy_gettext("Somebody has to find it real first."),
    "alert.not_real": lazy_gettext("It was found not real: nothing is done about it."),
    "alert.action": lazy_gettext("Choose an action of the list."),
    "alert.day": lazy_gettext("%(day)s can not be: write a day up to today, for example %(today)s."),
    "alert.which_report": lazy_gettext("Choose from the list."),
    "alert.no_reports": lazy_gettext("No report of it counts any more."),
}
NO_DAY = lazy_gettext("This is no date. Write it as 12/03/2026.")

Deed = Callable[[Session, Alert, By], bool]


class NoDay(ValueError):
    """Somebody wrote what is no date."""


def register(bp: Blueprint, rt: Runtime) -> None:
    _verdicts(bp, rt)
    _response(bp, rt)

    @bp.post(f"{ALERT}/close")
    @allowed(DECIDERS)
    def surveillance_close(alert_id: int) -> ResponseReturnValue:
        def close(db: Session, alert: Alert, by: By) -> bool:
            return response.close(db, rt, alert, by, _of("outcome", terms.known(rt).facts.outcomes))

        return _done(rt, alert_id, "closed", close)


def _verdicts(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"{ALERT}/verify")
    @allowed(DECIDERS)
    def surveillance_verify(alert_id: int) -> ResponseReturnValue:
        chosen = set(request.form.getlist("confirmed"))
        confirmed = [fact for fact in terms.known(rt).facts.verification.facts if fact in chosen]

        def verify(db: Session, alert: Alert, by: By) -> bool:
            answer = verdicts.verify(db, rt, alert, by, since=_day("since"), confirmed=confirmed)
            return answer.new or answer.added

        return _done(rt, alert_id, "verified", verify)

    @bp.post(f"{ALERT}/dismiss")
    @allowed(DECIDERS)
    def surveillance_dismiss(alert_id: int) -> ResponseReturnValue:
        told = request.form.get("reason", "")
        reason = told if told in verdicts.REASONS else request.form.get("other", "").replace("\0", "")

        def dismiss(db: Session, alert: Alert, by: By) -> bool:
            answer = verdicts.dismiss(db, rt, alert, by, reason=reason)
            return answer.new or answer.added

        return _done(rt, alert_id, "dismissed", dismiss)


def _response(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"{ALERT}/risk")
    @allowed(DECIDERS)
    def surveillance_risk(alert_id: int) -> ResponseReturnValue:
        def assess(db: Session, alert: Alert, by: By) -> bool:
            return response.assess(db, rt, alert, by, _of("risk", RISKS))

        return _done(rt, alert_id, "assessed", assess)

    @bp.post(f"{ALERT}/act")
    @allowed(DECIDERS)
    def surveillance_act(alert_id: int) -> ResponseReturnValue:
        action, needless = request.form.get("action", ""), bool(request.form.get("needless"))

        def act(db: Session, alert: Alert, by: By) -> bool:
            on = None if needless else _day("done_on") or rt.local_now().date()
            return response.act(db, rt, alert, by, action, on)

        return _done(rt, alert_id, "acted", act)

    @bp.post(f"{ALERT}/lab")
    @allowed(DECIDERS)
    def surveillance_lab(alert_id: int) -> ResponseReturnValue:
        told = request.form.get("report", "")
        reports = [int(told)] if told.isdecimal() and told.isascii() and len(told) < 10 else []

        def lab(db: Session, alert: Alert, by: By) -> bool:
            if not reports and told != EVERY and len(details.more(db, alert).reports) > 1:
                raise Refused("alert.which_report")
            return response.lab(
                db, rt, alert, by, _of("result", LAB), _day("on") or rt.local_now().date(), reports=reports
            )

        return _done(rt, alert_id, "lab", lab)


def by(db: Session, who: Staff, alert: Alert) -> By:
    """Somebody of the staff, at the level at which her account answers for this alert."""
    return By(_level(db, who, alert), CONSOLE, account_id=who.id)


def _level(db: Session, who: Staff, alert: Alert) -> str:
    if who.scope.facilities is None:
        return "national"
    if who.role != SURVEILLANCE:
        return "facility"
    area = alerts.area(db, alert)
    given = set(db.scalars(select(AccountPlace.place_id).where(AccountPlace.account_id == who.id)))
    return "region" if area.region in given else "district" if area.district in given else "facility"


def _done(rt: Runtime, alert_id: int, what: str, deed: Deed) -> ResponseReturnValue:
    """Do it, say so, and go back to the page."""
    try:
        with acting(rt) as db:
            facility_id = here.alert(db, alert_id).alert.facility_id
            held = alerts.hold(db, alert_id)
            new = deed(db, held, by(db, me(), held))
            if new:
                here.note(db, rt, f"surveillance.{what}", f"alert:{alert_id}", facility_id)
        flash(gettext("Written down.") if new else gettext("This was written down already."), "good")
    except Refused as why:
        flash(said(why), "bad")
    except NoDay:
        flash(str(NO_DAY), "bad")
    return redirect(url_for("console.surveillance_one", alert_id=alert_id), 303)


def said(why: Refused) -> str:
    """The sentence of a refusal; a word that has none yet stands for itself."""
    values: dict[str, Any] = dict(why.values)
    if "level" in values:
        values["level"] = words.call(terms.CHAIN, str(values["level"]))
    told = REFUSED.get(why.key)
    return str(told) % values if told is not None else why.key


def _of(name: str, known: Any) -> str:
    """A word of a list; another one is none of ours: 400."""
    told = request.form.get(name, "")
    if told not in known:
        abort(400)
    return told


def _day(name: str) -> date | None:
    """As a phone's own calendar sends it, and as people write it; None where there is nothing."""
    told = request.form.get(name, "").strip()
    if not told:
        return None
    parts = [part.zfill(2) for part in told.split("/")]
    try:
        return date.fromisoformat("-".join(reversed(parts)))
    except ValueError as why:
        raise NoDay from why
