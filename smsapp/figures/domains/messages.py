"""Messages: from and to phones, what became of them, what they cost, and what holds them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from smsapp.figures import service, spending, traffic
from smsapp.figures.service import HeldUp
from smsapp.figures.shapes import SHOWN_DAYS, Card, Chore, Domain, Week
from smsapp.figures.traffic import Traffic
from smsapp.messages import STATUSES
from smsapp.outbox import reading
from smsapp.runtime import Runtime
from smsapp.scopes import Scope


def _cards(db: Session, rt: Runtime, scope: Scope) -> Sequence[Card]:
    today = rt.local_now().date()
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    days = traffic.by_day(db, rt, scope, min(today - timedelta(days=SHOWN_DAYS), month))
    this_week = sum((t for day, t in days.items() if day >= monday), Traffic())
    this_month = sum((t for day, t in days.items() if day >= month), Traffic())
    received = Week.of({day: t.received for day, t in days.items()}, today)
    written = Week.of({day: t.written for day, t in days.items()}, today)
    by_status = [
        (status, days.get(today, Traffic()).out.get(status, 0), this_week.out[status])
        for status in reversed(STATUSES)
        if this_week.out.get(status)
    ]
    spent = spending.spent(rt, scope, this_month.cost)
    return (
        Card("Messages from phones", {"week": received}, endpoint="console.messages", query={"direction": "mo"}),
        Card("Messages to phones", {"week": written}, endpoint="console.messages", query={"direction": "mt"}),
        Card("What became of them", {"rows": by_status}, "statuses"),
        Card("Cost this month", {"spent": spent}, "cost", "console.charts"),
        Card("Queue", {"oldest": service.oldest_due(db, rt.now()), "now": rt.now()}, "queue"),
    )


_PAUSED = "The gateway %(gateway)s is paused: it refuses us, and nothing goes out by it. It says: %(reason)s"
_AWAY = "The gateway %(gateway)s is out of reach. What it should send waits and is tried again. We hear: %(reason)s"
_UNKNOWN = "Nobody knows whether %(num)s message went out", "Nobody knows whether %(num)s messages went out"


def _chores(db: Session, rt: Runtime, scope: Scope) -> Sequence[Chore]:
    """A gateway that stands still holds up everybody's messages, and is told to everybody."""
    del rt
    unknown = Chore(reading.unknowns(db, scope), *_UNKNOWN, "console.messages", {"status": "unknown"})
    return [*(_held_up(held) for held in service.held_up(db)), unknown]


def _held_up(held: HeldUp) -> Chore:
    values = {"gateway": held.gateway, "reason": held.reason}
    return Chore(1, _PAUSED if held.paused else _AWAY, values=values, urgent=True)


DOMAIN = Domain("messages", traffic.count, traffic.UNDER, _cards, _chores)
