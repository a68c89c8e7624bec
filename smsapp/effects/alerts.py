"""Alerts by text: V 1004, F 1004 and the reason, ?1004, from the phones of those whose duty they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from smsapp.effects import alerts_said
from smsapp.effects.base import Caller, Open, claim, effect, fact, last_word
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.segments import search_key
from smsapp.surveillance import alerts, details, duty, pieces, reporters, reports, verdicts, wording
from smsapp.surveillance.acting import By
from smsapp.surveillance.alerts import Posts
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.said import Decision, Heard, Missing, Unread, Wrong
from smsapp.surveillance.tables import Alert

FLOW = "alert_answer"
VERDICTS = ("real", "false", "more")
LEAST = 1001  # of the numbers of alerts and reports: what is less may be an age
TWO = "one_at_a_time"
ABOUT_ONE = ("reference_format", TWO)  # what is wrong with an answer that has a number
FIRST_WORDS = 3  # of a text that begins like an answer: a longer one is a sentence


def posts(caller: Caller) -> Posts:
    """What this phone answers for, read once a hop."""
    if "alert_posts" not in caller.memo:
        caller.memo["alert_posts"] = duty.of_number(caller.db, caller.number)
    found: Posts = caller.memo["alert_posts"]
    return found


def held(caller: Caller, number: int) -> tuple[Alert, By]:
    """The alert of a number, which nobody else changes meanwhile, and who speaks of it."""
    alert, post = alerts.find(caller.db, posts(caller), number)
    return alert, By.of(post, caller.channel)


@contextmanager
def in_words(caller: Caller) -> Iterator[None]:
    """Who answered before is told by her role, and nothing is asked again: it is done."""
    try:
        yield
    except Refused as no:
        if level := no.values.get("level"):
            no.final = True
            no.values = {**no.values, "level": caller.rt.texts.say(caller.language, f"alert.level.{level}")}
        raise


@fact("alert_post")
def alert_post(caller: Caller) -> str:
    """Does this phone answer for alerts?"""
    return "yes" if duty.answers(caller.work, caller.number) else ""


@claim("alerts")
def ours(caller: Caller, text: str, opened: Open | None) -> bool:
    """An answer to an alert, from anybody; what only begins like one, from those who may be asked for one."""
    heard = _heard(caller, text)
    if isinstance(heard, Decision):
        return heard.verdict in VERDICTS and (heard.reference >= LEAST or _may_be(caller, opened))
    if isinstance(heard, Missing):
        return heard.what == "reference" and _begins(text) and _may_be(caller, opened)
    return isinstance(heard, Wrong) and (heard.key in ABOUT_ONE or _begins(text)) and _may_be(caller, opened)


@effect("alerts.text")
def text(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """All of it in one answer: what is written down, and what comes next."""
    with last_word(caller), in_words(caller):
        words = str(wanted.answers["words"])
        if not posts(caller):
            return {"said": _own(caller, words)}
        return _said(caller, _decision(caller, words), _asked(caller, words))


@fact("alert_asks")
def alert_asks(caller: Caller) -> Callable[[Mapping[str, Any]], str]:
    """What an answer lacks: since, reason; empty where it is whole."""
    return lambda answers: _asked(caller, str(answers.get("words", "")))


@effect("alerts.since")
def since(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """The day of the first sign, alone, to the question for it."""
    typed, today = str(wanted.answers["since"]), caller.rt.local_now().date()
    country = of_country(caller.rt.settings.country)
    try:
        day = pieces.check_day(pieces.day_of(search_key(typed), today), typed, country, today)
    except Unread:
        raise Refused("alert.day_alone", typed=wording.shown(typed)) from None
    with in_words(caller):
        alert, by = _answered(caller, wanted)
        return {"said": alerts_said.answer(caller, verdicts.verify(caller.db, caller.rt, alert, by, since=day))}


@effect("alerts.reason")
def reason(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Why it is not real, in her words, to the question for it."""
    with in_words(caller):
        alert, by = _answered(caller, wanted)
        told = verdicts.dismiss(caller.db, caller.rt, alert, by, reason=str(wanted.answers["reason"]))
        return {"said": alerts_said.answer(caller, told)}


def _answered(caller: Caller, wanted: Effect) -> tuple[Alert, By]:
    return held(caller, _decision(caller, str(wanted.answers["words"])).reference)


def _asked(caller: Caller, words: str) -> str:
    """As `_lacking`, worked out once until something is written down: the flow asks a dozen times."""
    key = f"alert_asks {words}"
    if key not in caller.memo:
        caller.memo[key] = _lacking(caller, words)
    lacking: str = caller.memo[key]
    return lacking


def _lacking(caller: Caller, words: str) -> str:
    """What is asked once an answer is written down; nothing of what is refused."""
    heard = _heard(caller, words)
    if not isinstance(heard, Decision) or heard.verdict == "more" or heard.since or heard.reason:
        return ""
    try:
        alert, _ = alerts.find(caller.db, posts(caller), heard.reference, lock=False)
    except Refused:
        return ""
    if heard.verdict == "real":
        return "" if details.more(caller.db, alert).since else "since"
    return "" if alert.state == verdicts.FALSE and alert.reason else "reason"


def _own(caller: Caller, words: str) -> str:
    """Who answers for nothing may ask what became of a report of her own."""
    heard, who = _heard(caller, words), reporters.of_number(caller.db, caller.number)
    if who is None or not isinstance(heard, Decision) or heard.verdict != "more":
        raise Refused("alert.stranger", final=True)
    if (found := alerts.of_reporter(caller.db, who.id, heard.reference)) is None:
        raise Refused("alert.not_reported", final=True, number=heard.reference)
    return alerts_said.own(caller, *found)


def _said(caller: Caller, decided: Decision, lacking: str) -> Mapping[str, Any]:
    if decided.verdict == "more":
        alert, _ = alerts.find(caller.db, posts(caller), decided.reference, lock=False)
        return {"said": alerts_said.details(caller, alert)}
    alert, by = held(caller, decided.reference)
    if decided.verdict == "real":
        _no_date(caller, decided)
        told = verdicts.verify(caller.db, caller.rt, alert, by, since=decided.since)
    else:
        told = verdicts.dismiss(caller.db, caller.rt, alert, by, reason=decided.reason)
    question = alerts_said.asked(caller, alert, lacking) if lacking else ""
    said = alerts_said.answer(caller, told, question)
    noted = said.removesuffix(question).rstrip() + " "
    return {"said": said, "noted": noted, "question": question}


def _decision(caller: Caller, words: str) -> Decision:
    """What was decided; Refused with the form of an answer, or what is wrong with the date."""
    heard = _heard(caller, words)
    if isinstance(heard, Decision):
        return heard
    if isinstance(heard, Wrong) and heard.key.startswith("date_"):
        raise _bad_date(caller, heard.values["typed"], _example(caller))
    if isinstance(heard, Wrong) and heard.key == TWO:
        raise Refused(f"case.{TWO}", typed=heard.values["typed"], example=f"V {_example(caller)}")
    raise Refused("alert.format", number=_example(caller))


def _no_date(caller: Caller, decided: Decision) -> None:
    """Words behind a number that are no day are not lost without a word where they look like one."""
    if decided.since is None and any(c.isdecimal() for c in decided.reason):
        raise _bad_date(caller, wording.shown(decided.reason), decided.reference)


def _bad_date(caller: Caller, typed: str, number: int) -> Refused:
    return Refused("alert.date", typed=typed, number=number, day=f"{caller.rt.local_now():%d/%m}")


def _example(caller: Caller) -> int:
    """The number that her answer would have: of what waits longest for one."""
    waiting = alerts.listed(caller.db, posts(caller), most=1)
    return waiting[0].number if waiting else LEAST


def _heard(caller: Caller, text: str) -> Heard:
    today = caller.rt.local_now().date()
    return reports.parse(text, of_country(caller.rt.settings.country), caller.language, today)


def _begins(text: str) -> bool:
    """Whether it begins as an answer does, and is short: `V`, `F abc`."""
    words = wording.line(text).split()
    first = search_key(words[0].strip(" .,:;!")) if words else ""
    return len(words) <= FIRST_WORDS and wording.words().commands.get(first) in VERDICTS


def _may_be(caller: Caller, opened: Open | None) -> bool:
    """Whether somebody who answers for alerts says it, and no question is open that it may answer but ours."""
    return (opened is None or opened.flow == FLOW) and bool(posts(caller))
