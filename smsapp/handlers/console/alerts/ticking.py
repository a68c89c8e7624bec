"""The clocks of an alert in words: how long it waits, whether that is too long, and what happens by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from smsapp.handlers.console import words
from smsapp.handlers.console.alerts import terms
from smsapp.runtime import Runtime
from smsapp.surveillance import clocks
from smsapp.surveillance.clocks import ASSESS, Clock, Next
from smsapp.surveillance.tables import Alert

LATE, SOON = "bad", "warn"


@dataclass(frozen=True)
class Ticking:
    """What a list says of one alert's clock; `next` is what happens if nobody answers."""

    text: str
    tone: str
    next: Next | None = None

    @property
    def then(self) -> str:
        return words.call(terms.NEXT, self.next.what) if self.next else ""


def of(rt: Runtime, alert: Alert, now: datetime) -> Ticking:
    """The clock that runs, or how long the answer took."""
    facts = terms.known(rt)
    ran = clocks.clocks(alert, facts.facts.verification)
    known = facts.by_key.get(alert.disease)
    verify = ran[0]
    told = terms.lasting(_minutes(verify, now))
    if alert.state == "open":
        step = clocks.upcoming(alert, known.escalation if known else None)
        return Ticking(gettext("unanswered for %(time)s", time=told), LATE if verify.late(now) else SOON, step)
    if alert.state == "verified":
        return _responding(ran, now)
    if alert.answered_at is None:
        return Ticking(gettext("never answered"), LATE)
    return Ticking(gettext("answered after %(time)s", time=told), LATE if verify.late(now) else "good")


def late(clock: Clock, now: datetime) -> str:
    """How a clock of the page looks: running or done, in time or not."""
    if clock.begun is None:
        return "quiet"
    if clock.late(now):
        return LATE
    return "good" if clock.done else "open"


def said(clock: Clock, now: datetime) -> str:
    """What became of it."""
    if clock.begun is None:
        return str(gettext("does not run yet"))
    time = terms.lasting(_minutes(clock, now))
    if clock.done is not None:
        return str(gettext("after %(time)s", time=time))
    if clock.late(now):
        return str(gettext("late: running for %(time)s", time=time))
    return str(gettext("running for %(time)s", time=time))


def _responding(ran: tuple[Clock, ...], now: datetime) -> Ticking:
    """Of a verified alert: the risk first, then the response."""
    _, assess, respond = ran
    clock = assess if assess.done is None else respond
    time = terms.lasting(_minutes(clock, now))
    if clock.name == ASSESS:
        text = gettext("risk not assessed for %(time)s", time=time)
    else:
        text = gettext("response under way for %(time)s", time=time)
    return Ticking(text, LATE if clock.late(now) else "open")


def _minutes(clock: Clock, now: datetime) -> float:
    took = clock.took(now)
    return took.total_seconds() / 60 if took else 0
