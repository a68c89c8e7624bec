"""Alerts on the keypad: the list of those who answer for them, an answer with its facts, and what is done then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from smsapp.effects import alerts_said
from smsapp.effects.alerts import held, in_words, posts
from smsapp.effects.base import Caller, effect, fact
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.surveillance import alerts, details, naming, phrasing, response, verdicts
from smsapp.surveillance.acting import By
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.tables import Alert, CaseReport

EVERY = "all"
TODAY, NEEDLESS, UNSURE = "today", "needless", "unsure"


def _hers(caller: Caller) -> Sequence[Alert]:
    if "alerts" not in caller.memo:
        caller.memo["alerts"] = alerts.listed(caller.db, posts(caller))
    several: Sequence[Alert] = caller.memo["alerts"]
    return several


def _known(caller: Caller) -> Mapping[int, details.Details]:
    """What is known of those that are real, by id."""
    if "alert_details" not in caller.memo:
        real = [alert for alert in _hers(caller) if alert.state == verdicts.VERIFIED]
        caller.memo["alert_details"] = details.several(caller.db, real)
    known: Mapping[int, details.Details] = caller.memo["alert_details"]
    return known


def _reports(caller: Caller, alert: Alert) -> Sequence[tuple[CaseReport, str]]:
    """Those of a real alert that count, with their villages."""
    return _known(caller)[alert.id].reports if alert.id in _known(caller) else ()


def _name(alert: Alert) -> str:
    """`open-1004`: what is asked about it hangs on how far it is."""
    return f"{alert.state}-{alert.number}"


@fact("alert_count")
def alert_count(caller: Caller) -> int:
    return len(_hers(caller))


@fact("alert_list")
def alert_list(caller: Caller) -> list[dict[str, str]]:
    """Number, disease, place, and for how long it has been there."""
    lines = alerts_said.labels(caller, _hers(caller))
    return [{"name": _name(alert), "label": line} for alert, line in zip(_hers(caller), lines, strict=True)]


@fact("alert_actions")
def alert_actions(caller: Caller) -> list[dict[str, str]]:
    """What may be ticked off, what nobody has told of first; the others with their day."""
    found = []
    for alert in (alert for alert in _hers(caller) if alert.id in _known(caller)):
        done = _known(caller)[alert.id].actions
        for action in sorted(response.actions(caller.rt, alert), key=lambda one: one in done):
            words = naming.action(caller.rt, action, caller.language)
            told = f"{done[action]:%d/%m}" if done.get(action) else alerts_said.say(caller, "needless")
            label = f"{words} ({told})" if action in done else words
            found.append({"name": f"{alert.number}:{action}", "label": label, "parent": _name(alert)})
    return found


@fact("alert_several")
def alert_several(caller: Caller) -> str:
    """Of which of them a result may be that of one report, or of all."""
    return " ".join(_name(alert) for alert in _hers(caller) if len(_reports(caller, alert)) > 1)


@fact("alert_cases")
def alert_cases(caller: Caller) -> list[dict[str, str]]:
    """The reports of an alert that has several, and all of them together."""
    found = []
    for alert in (alert for alert in _hers(caller) if alert.id in _known(caller)):
        parent, every = _name(alert), alerts_said.say(caller, "every")
        found.append({"name": f"{alert.number}:{EVERY}", "label": every, "parent": parent})
        for report, village in _reports(caller, alert):
            whom = phrasing.person(caller.rt, caller.language, report)
            label = " ".join(filter(None, (str(report.number), whom, village)))
            found.append({"name": f"{alert.number}:{report.number}", "label": label, "parent": parent})
    return found


@fact("alert_outcomes")
def alert_outcomes(caller: Caller) -> list[dict[str, str]]:
    """How an alert may end, in the words in which everybody is told of it."""
    outcomes = of_country(caller.rt.settings.country).facts.outcomes
    words = {outcome: alerts_said.say(caller, f"outcome.{outcome}") for outcome in outcomes}
    return [{"name": outcome, "label": told[:1].upper() + told[1:]} for outcome, told in words.items()]


@effect("alerts.show", reads=True)
def show(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    alert, _ = alerts.find(caller.db, posts(caller), _number(wanted), lock=False)
    return {"head": alerts_said.label(caller, alert), "details": alerts_said.on_keypad(caller, alert)}


@effect("alerts.check_facts", reads=True)
def check_facts(caller: Caller, wanted: Effect) -> None:
    """Fewer facts than are needed make nothing real."""
    needed = of_country(caller.rt.settings.country).facts.verification.needed
    if len(wanted.answers["confirmed"]) < needed:
        raise Refused("alert.facts", needed=needed)


@effect("alerts.check_since", reads=True)
def check_since(caller: Caller, wanted: Effect) -> None:
    """A day that can not be is refused where it is typed."""
    alert, _ = alerts.find(caller.db, posts(caller), _number(wanted), lock=False)
    if (since := _day(caller, wanted, "since")) is not None:
        verdicts.check_since(caller.db, caller.rt, alert, since)


@effect("alerts.check_day", reads=True)
def check_day(caller: Caller, wanted: Effect) -> None:
    if (on := _day(caller, wanted, "day")) is not None:
        response.check_day(caller.rt, on)


@effect("alerts.check_result_day", reads=True)
def check_result_day(caller: Caller, wanted: Effect) -> None:
    if (on := _day(caller, wanted, "result_day")) is not None:
        response.check_day(caller.rt, on)


@effect("alerts.verify")
def verify(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    with in_words(caller):
        alert, by = _held(caller, wanted)
        told = {"since": _day(caller, wanted, "since"), "confirmed": wanted.answers["confirmed"]}
        return {"said": alerts_said.answer(caller, verdicts.verify(caller.db, caller.rt, alert, by, **told))}


@effect("alerts.dismiss")
def dismiss(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    with in_words(caller):
        alert, by = _held(caller, wanted)
        told = verdicts.dismiss(caller.db, caller.rt, alert, by, reason=str(wanted.answers["why"]))
        return {"said": alerts_said.answer(caller, told)}


@effect("alerts.assess")
def assess(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    alert, by = _held(caller, wanted)
    response.assess(caller.db, caller.rt, alert, by, str(wanted.answers["risk"]))
    return _next(caller, alert)


@effect("alerts.act")
def act(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    alert, by = _held(caller, wanted)
    action = str(wanted.answers["action"]).partition(":")[2]
    response.act(caller.db, caller.rt, alert, by, action, _day(caller, wanted, "day"))
    return _next(caller, alert)


@effect("alerts.lab")
def lab(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    alert, by = _held(caller, wanted)
    case = str(wanted.answers.get("case") or "").partition(":")[2]
    reports = [int(case)] if case.isdecimal() else []
    on = _day(caller, wanted, "result_day") or caller.rt.local_now().date()
    response.lab(caller.db, caller.rt, alert, by, str(wanted.answers["result"]), on, reports=reports)
    return _next(caller, alert)


@effect("alerts.close")
def close(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    alert, by = _held(caller, wanted)
    response.close(caller.db, caller.rt, alert, by, str(wanted.answers["outcome"]))
    return _next(caller, alert)


def _next(caller: Caller, alert: Alert) -> Mapping[str, Any]:
    """That it is written down; the list stands below."""
    return {"said": alerts_said.say(caller, "said.done", number=alert.number)}


def _held(caller: Caller, wanted: Effect) -> tuple[Alert, By]:
    return held(caller, _number(wanted))


def _number(wanted: Effect) -> int:
    return int(str(wanted.answers["alert"]).split("-")[1])


def _day(caller: Caller, wanted: Effect, name: str) -> date | None:
    """A day that was typed; None where it was said not to be known or needed."""
    told = wanted.answers[name]
    if told == TODAY:
        return caller.rt.local_now().date()
    return None if told in {UNSURE, NEEDLESS} else date.fromisoformat(str(told))
