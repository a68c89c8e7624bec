"""Telling people of a group something by SMS, each in her language, on her phone or her witness's."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.runtime import Runtime
from smsapp.savings import groups
from smsapp.savings.groups import Who

KIND = "alert"  # part of the life of her group: no STOP holds it


def member(db: Session, rt: Runtime, who: Who, text: str, *, key: str, kind: str = KIND, **values: Any) -> None:
    """`text` is the key of what is said; nothing where neither she nor a witness has a phone. Once per `key`."""
    reads = groups.reader(db, who)
    if reads is not None:
        number(db, rt, reads, who, text, key=key, kind=kind, **values)


def number(
    db: Session, rt: Runtime, to: str, who: Who, text: str, *, key: str, kind: str = KIND, **values: Any
) -> None:
    """On this phone, about her, in her language."""
    words = rt.texts.say(who.language, text, **{"group": who.group, **values})
    told: dict[str, Any] = {"kind": kind, "language": who.language, "facility_id": who.facility_id}
    outbox.post(db, rt, to, words, key=f"savings:{key}:{who.id}", **told)


def officers(
    db: Session, rt: Runtime, group_id: int, text: str, *, key: str, but: int | None = None, **values: Any
) -> None:
    """Every officer but one: her whom it is about, or who asked."""
    for who in groups.officers(db, group_id):
        if who.id != but:
            member(db, rt, who, text, key=key, kind=KIND, **values)
