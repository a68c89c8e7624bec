"""Telling people of a group something by SMS, each in her language, on her phone or her witness's."""

from __future__ import annotations

from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.runtime import Runtime
from smsapp.savings import groups
from smsapp.savings.groups import Who

KIND = "alert"  # part of her office: no STOP holds it


def member(db: Session, rt: Runtime, who: Who, text: str, *, key: str, kind: str = KIND, **values: object) -> None:
    """`text` is the key of what is said; nothing where neither she nor a witness has a phone. Once per `key`."""
    number = groups.reader(db, who)
    if number is None:
        return
    words = rt.texts.say(who.language, text, **{"group": who.group, **values})
    outbox.post(
        db,
        rt,
        number,
        words,
        kind=kind,
        language=who.language,
        key=f"savings:{key}:{who.id}",
        facility_id=who.facility_id,
    )


def officers(
    db: Session, rt: Runtime, group_id: int, text: str, *, key: str, but: int | None = None, **values: object
) -> None:
    """Every officer but one: her whom it is about, or who asked."""
    for who in groups.officers(db, group_id):
        if who.id != but:
            member(db, rt, who, text, key=key, kind=KIND, **values)
