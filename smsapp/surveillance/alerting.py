"""Alerts: raised once from the reports that count, joined by those that follow, and told to whoever is on duty."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.surveillance.tables import Alert, CaseReport


@dataclass(frozen=True)
class Found:
    """What a report did: the alerts that it raised, and those that it joined."""

    raised: tuple[Alert, ...] = ()
    joined: tuple[Alert, ...] = ()


def look(db: Session, rt: Runtime, report: CaseReport) -> Found:
    """Raise or join what the rules say of this report, and tell those on duty; nothing where it does not count."""
    return Found()
