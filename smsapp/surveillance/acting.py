"""Who does something about an alert, and the record that is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from smsapp.surveillance.duty import OnDuty
from smsapp.surveillance.escalations import CHAIN
from smsapp.surveillance.tables import Alert, AlertStep


@dataclass(frozen=True)
class By:
    """Somebody with a phone or with an account, and the level at which she answers for the alert."""

    level: str
    channel: str
    person_id: int | None = None
    account_id: int | None = None

    @classmethod
    def of(cls, post: OnDuty, channel: str) -> By:
        return cls(post.level, channel, person_id=post.id)

    @property
    def rank(self) -> int:
        return CHAIN.index(self.level)

    def same(self, person_id: int | None, account_id: int | None) -> bool:
        """Whether it is she who is meant."""
        mine, theirs = (self.person_id, self.account_id), (person_id, account_id)
        return any(a is not None and a == b for a, b in zip(mine, theirs, strict=True))


def row_of(alert: Alert, what: str, by: By, at: datetime, **told: Any) -> dict[str, Any]:
    """A step as it is written down; `told` is plain data, and what is None is left out."""
    return {
        "alert_id": alert.id,
        "at": at,
        "what": what,
        "person_id": by.person_id,
        "account_id": by.account_id,
        "channel": by.channel,
        "told": {"level": by.level, **{name: value for name, value in told.items() if value is not None}},
    }


def record(db: Session, alert: Alert, what: str, by: By, at: datetime, **told: Any) -> AlertStep:
    """Write a step down."""
    step = AlertStep(**row_of(alert, what, by, at, **told))
    db.add(step)
    db.flush()
    return step
