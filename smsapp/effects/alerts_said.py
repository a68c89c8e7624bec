"""How an alert is told to those who answer for it: what is written down, who reported it, and what is next.

No patient has a name. Who reported has one, with her number: whoever verifies it has to call her.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from smsapp import phones
from smsapp.effects.base import Caller
from smsapp.segments import GSM_ALONE, GSM_JOINED, encoding, fits_ussd, fold, septets, shorten
from smsapp.surveillance import details as known
from smsapp.surveillance import feedback, judging, naming, phrasing
from smsapp.surveillance.details import Details
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.tables import Alert, CaseReport
from smsapp.surveillance.verdicts import FALSE, VERIFIED, Answer

LONGEST = 2 * GSM_JOINED  # septets of details: two parts
LONG_WAIT = timedelta(hours=48)  # from which on days are said


def say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, f"alert.{key}", **values)


def disease(caller: Caller, alert: Alert) -> str:
    return phrasing.name(caller.rt, caller.language, alert.disease)


def level(caller: Caller, name: str) -> str:
    return naming.level(caller.rt, caller.language, name)


def age(caller: Caller, alert: Alert) -> str:
    """For how long it has been there: `45 min`, `3 h`, `5 j`."""
    gone = caller.rt.now() - alert.opened_at
    minutes = max(0, int(gone.total_seconds() // 60))
    if minutes < 60:
        return say(caller, "gone.minutes", n=minutes)
    if gone < LONG_WAIT:
        return say(caller, "gone.hours", n=minutes // 60)
    return say(caller, "gone.days", n=gone.days)


def label(caller: Caller, alert: Alert) -> str:
    """A line of the list."""
    return labels(caller, [alert])[0]


def labels(caller: Caller, alerts: Sequence[Alert]) -> list[str]:
    """The lines of a list."""
    places = naming.places(caller.db, alerts)
    return [
        say(
            caller,
            f"line.{alert.state}",
            number=alert.number,
            disease=disease(caller, alert),
            place=places[alert.id],
            gone=age(caller, alert),
        )
        for alert in alerts
    ]


def own(caller: Caller, report: CaseReport, alert: Alert | None) -> str:
    """What became of a worker's own report, in one sentence."""
    named = phrasing.name(caller.rt, caller.language, report.disease)
    outcome = say(caller, f"outcome.{alert.outcome}") if alert and alert.outcome else ""
    end = {"withdrawn": "withdrawn", "training": "training", "dismissed": "false"}.get(report.standing)
    key = end or (alert.state if alert else "none")
    return say(caller, f"own.{key}", report=report.number, disease=named, outcome=outcome)


def answer(caller: Caller, told: Answer, question: str = "") -> str:
    """What was written down, and what comes next or is asked, in one part."""
    alert = told.alert
    head = {"number": alert.number, "disease": disease(caller, alert)}
    if told.new:
        sentences = [say(caller, f"said.{told.given.state}", **head, place=naming.place(caller.db, alert))]
        short = [say(caller, f"said.{told.given.state}_short", **head)]
    else:
        at = naming.moment(caller.rt, told.given.at)
        key = "said.added" if told.added else f"said.again.{told.given.state}"
        sentences = short = [say(caller, key, **head, at=at, level=level(caller, told.given.level))]
    after = [say(caller, "said.overruled", level=level(caller, told.overruled))] if told.overruled else []
    if caller.channel == "ussd":  # what comes next stands in the list below
        return in_one([*short, *after])
    then = question or following(caller, alert)
    return in_one(*([*first, *after, then] for first in (sentences, short)), [*short, *after], short)


def asked(caller: Caller, alert: Alert, what: str) -> str:
    """The question that is open below an answer: the day of the first sign, the reason."""
    return fold(say(caller, f"ask.{what}", day=f"{alert.began_on:%d/%m}"))


def following(caller: Caller, alert: Alert) -> str:
    """What is to be done about it next; empty where nothing is."""
    if alert.state == FALSE:
        return "" if alert.reason else say(caller, "next.reason", number=alert.number)
    if alert.state != VERIFIED:
        return ""
    found, facts = known.more(caller.db, alert), of_country(caller.rt.settings.country).facts
    told = {"number": alert.number, "dial": caller.rt.settings.service_code}
    if found.since is None:
        return say(caller, "next.since", day=f"{alert.began_on:%d/%m}", **told)
    if alert.risk is None:
        by = (alert.answered_at or caller.rt.now()) + timedelta(hours=facts.verification.risk_hours)
        return say(caller, "next.risk", at=naming.moment(caller.rt, by), **told)
    disease = of_country(caller.rt.settings.country).by_key.get(alert.disease)
    left = [action for action in (disease.actions if disease else ()) if action not in found.actions]
    if left:
        return say(caller, "next.action", action=naming.action(caller.rt, left[0], caller.language), **told)
    return say(caller, "next.close", **told)


def details(caller: Caller, alert: Alert) -> str:
    """All that is known, with as many of the latest reports as two parts hold."""
    found = known.more(caller.db, alert)
    lines, done = _reports(caller, found), _done(caller, found)
    tries = [(many, said) for said in done for many in range(len(lines), 0, -1)] + [(0, done[-1])]
    for many, said in tries:
        if septets(text := fold(_details(caller, found, lines[:many], said))) <= LONGEST and encoding(text) == "GSM-7":
            return text
    return shorten(text)


def on_keypad(caller: Caller, alert: Alert) -> str:
    """The same on one page, where it can be: what the list above it and the menu below it say is left out."""
    found = known.more(caller.db, alert)
    lines, done = _reports(caller, found), _done(caller, found)
    way_out = [caller.rt.texts.say(caller.language, key) for key in ("nav.back", "nav.home")]
    below = "\n0. {}\n00. {}".format(*way_out)
    # Whom to call is told rather than who was told.
    ways = [(told, said) for told in (found.told, ()) for said in done]
    tries = [(many, *way) for some in (range(len(lines), 0, -1), [0]) for way in ways for many in some]
    for many, told, said in tries:
        sentences = _facts(caller, replace(found, told=told), lines[:many])
        stands = _stands(caller, found, said, keypad=True)
        text = fold(" ".join(filter(None, [say(caller, "more.short", **_head(found)), *sentences, *stands])))
        if fits_ussd(text + fold(below)):
            return text
    return details(caller, alert)


def _head(found: Details) -> dict[str, object]:
    return {"n": found.cases, "on": f"{found.alert.began_on:%d/%m}"}


def _details(caller: Caller, found: Details, lines: Sequence[str], done: str) -> str:
    alert = found.alert
    head = {"number": alert.number, "disease": disease(caller, alert), "place": naming.place(caller.db, alert)}
    sentences = [say(caller, "more.head", **_head(found), **head), *_facts(caller, found, lines)]
    return " ".join(filter(None, [*sentences, *_stands(caller, found, done)]))


def _facts(caller: Caller, found: Details, lines: Sequence[str]) -> list[str]:
    """Deaths, its latest reports, the first sign, who was told."""
    sentences = []
    if found.died:
        sentences.append(say(caller, "more.died", n=found.died))
    left = len(found.reports) - len(lines)
    if lines:
        others = [say(caller, "more.others", n=left)] if left else []
        sentences.append("; ".join([*lines, *others]) + ".")
    if found.since:
        sentences.append(say(caller, "more.since", day=f"{found.since:%d/%m}"))
    if found.told:
        sentences.append(say(caller, "more.told", who=", ".join(level(caller, each) for each in found.told)))
    return sentences


def _reports(caller: Caller, found: Details) -> Sequence[str]:
    """`F 3 ans Kourouba 10/03 (Moussa 70 00 03 01)`; who sent several is named at the latest."""
    senders = feedback.people(caller.db, {report.reporter_id for report, _ in found.reports})
    known, lines = {one.id: one for one in senders}, []
    for report, village in found.reports:
        many = say(caller, "says.cases", n=report.count) if report.count != 1 else ""
        whom = phrasing.person(caller.rt, caller.language, report)
        one = known.pop(report.reporter_id, None) if report.reporter_id else None
        sender = f"({one.first_name} {phones.pretty(one.number)})" if one else ""
        lines.append(" ".join(filter(None, (many, whom, village, f"{report.counted_on:%d/%m}", sender))))
    return lines


def _done(caller: Caller, found: Details) -> Sequence[str]:
    """What has been done, by name; and how much it is, where there is no room for that."""
    actions = [action for action, on in found.actions.items() if on is not None]
    if not actions:
        return ("",)
    named = ", ".join(naming.action(caller.rt, action, caller.language) for action in actions)
    return say(caller, "more.done", actions=named), say(caller, "more.actions", n=len(actions))


def _stands(caller: Caller, found: Details, done: str, *, keypad: bool = False) -> list[str]:
    """How far it is: unanswered with how to answer it; risk, laboratory and actions of what is real."""
    alert = found.alert
    if alert.state == "open":
        return [say(caller, "more.waits" if keypad else "more.open", gone=age(caller, alert), number=alert.number)]
    if alert.state == FALSE:
        return [say(caller, "more.false")]
    sentences = [say(caller, "more.verified")] if judging.real(alert.state, alert.outcome) else []
    if alert.risk:
        sentences.append(say(caller, "more.risk", risk=say(caller, f"risk.{alert.risk}")))
    if alert.lab:
        sentences.append(say(caller, "more.lab", result=say(caller, f"lab.{alert.lab}")))
    sentences.append(done)
    if alert.state == "closed":
        sentences.append(say(caller, "more.closed", outcome=say(caller, f"outcome.{alert.outcome or alert.state}")))
    return [*sentences, following(caller, alert)] if alert.state == VERIFIED and not keypad else sentences


def in_one(*tries: Sequence[str]) -> str:
    """The first of several texts that is one part."""
    texts = [fold(" ".join(filter(None, sentences))) for sentences in tries]
    return next(
        (text for text in texts if encoding(text) == "GSM-7" and septets(text) <= GSM_ALONE), shorten(texts[-1])
    )
