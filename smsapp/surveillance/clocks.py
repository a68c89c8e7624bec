"""The clocks of an alert: until when to verify it, assess its risk and respond, and what happens by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from smsapp.surveillance.escalating import next_level
from smsapp.surveillance.escalations import CHAIN, Escalation
from smsapp.surveillance.facts import Verification
from smsapp.surveillance.tables import Alert

VERIFY, ASSESS, RESPOND = CLOCKS = ("verify", "assess", "respond")


@dataclass(frozen=True)
class Clock:
    """One of them; `begun` None: it does not run yet, `done` None: it runs."""

    name: str
    allowed: timedelta
    begun: datetime | None
    done: datetime | None

    @property
    def due(self) -> datetime | None:
        return None if self.begun is None else self.begun + self.allowed

    def took(self, now: datetime) -> timedelta | None:
        """How long it ran, or runs by now."""
        return None if self.begun is None else max((self.done or now) - self.begun, timedelta())

    def late(self, now: datetime) -> bool:
        took = self.took(now)
        return took is not None and took > self.allowed


@dataclass(frozen=True)
class Next:
    """What happens by itself if nobody answers: told `again`, or the next level."""

    what: str
    at: datetime


def clocks(alert: Alert, told: Verification, responded: datetime | None = None) -> tuple[Clock, ...]:
    """Verified after it was raised, assessed after that, and answered; of what was not real only the first."""
    verify = Clock(VERIFY, timedelta(hours=told.hours), alert.opened_at, alert.answered_at)
    if alert.state == "false" or (alert.state == "closed" and alert.answered_at is None):
        return (verify,)
    real = alert.answered_at if alert.state in {"verified", "closed"} else None
    return (
        verify,
        Clock(ASSESS, timedelta(hours=told.risk_hours), real, alert.risk_at),
        Clock(RESPOND, timedelta(days=told.response_days), alert.opened_at, responded or alert.closed_at),
    )


def upcoming(alert: Alert, way: Escalation | None) -> Next | None:
    """The next step of an alert that nobody has answered; None where none is left."""
    if alert.next_step_at is None or way is None:
        return None
    return Next("again" if alert.steps == 0 else next_level(alert) or CHAIN[-1], alert.next_step_at)
