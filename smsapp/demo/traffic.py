"""A year of invented messages, so that lists and charts show something, and a few that wait for an answer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import inbox, segments
from smsapp.demo.bulk import put
from smsapp.messages import FINAL, MO, MT, Message
from smsapp.people import Number, Person
from smsapp.places import Place
from smsapp.runtime import Runtime

CURRENCY = "XOF"


def write(db: Session, rt: Runtime, told: Mapping[str, Any], facilities: Mapping[str, Place]) -> int:
    """The messages of the days before today, and what waits in the inbox; how many."""
    # A chance of its own: more of these must not change the answers to the surveys.
    chance = random.Random(told["seed"])
    rows = sorted(_history(db, rt, told, facilities, chance), key=lambda row: row["created_at"])
    put(db, Message, rows)
    return len(rows) + _waiting(db, rt, told)


def _history(
    db: Session, rt: Runtime, told: Mapping[str, Any], facilities: Mapping[str, Place], chance: random.Random
) -> Iterator[dict[str, Any]]:
    today = rt.local_now().date()
    for name, a_day in told["a_day"].items():
        people = _people(db, facilities[name].id, told["numbers_from"])
        for back in range(told["days"], 0, -1):
            morning = datetime.combine(today - timedelta(days=back), time(8), rt.settings.timezone)
            for _ in range(chance.randint(*a_day)):
                at = morning + timedelta(seconds=chance.randrange(36_000))
                number, person, language = chance.choice(people)
                kind = chance.choices(list(told["kinds"]), [k["weight"] for k in told["kinds"].values()])[0]
                yield sent(rt, told, kind, at, chance) | {
                    "number": number,
                    "person_id": person,
                    "facility_id": facilities[name].id,
                    "language": language,
                }


def _people(db: Session, facility_id: int, numbers_from: str) -> list[tuple[str, int, str | None]]:
    """Not those whose phones the contract names: their threads begin with what one does with them."""
    chosen = select(Number.number, Person.id, Person.language).join(Person, Person.id == Number.person_id)
    hers = chosen.where(Person.facility_id == facility_id, Number.number >= numbers_from)
    return [(number, person, language) for number, person, language in db.execute(hers.order_by(Number.number))]


def sent(rt: Runtime, told: Mapping[str, Any], kind: str, at: datetime, chance: random.Random) -> dict[str, Any]:
    """One message to a phone, and how it ended."""
    fates = told["fates"]
    status = chance.choices(list(fates), list(fates.values()))[0]
    text = told["kinds"][kind]["text"]
    folded = segments.fold(text)
    parts = segments.count(folded)
    went = status in {"sent", "delivered"}
    return {
        "direction": MT,
        "gateway": next(iter(rt.gateways)),
        "kind": kind,
        "topic": told["kinds"][kind]["topic"],
        "text": text,
        "sent_text": folded,
        "parts": parts,
        "status": status,
        "queue": "bulk",
        "created_at": at,
        "due_at": at,
        "use_by": at + timedelta(hours=48),
        "attempts": 0 if status == "expired" else 1,
        "cost": Decimal(rt.settings.price_per_part * parts) if went else None,
        "currency": CURRENCY if went else None,
        "reason": chance.choice(told["reasons"]) if status == "failed" else None,
        "sent_at": at + timedelta(seconds=4) if went else None,
        "final_at": at + timedelta(minutes=1) if status in FINAL else None,
    }


def _waiting(db: Session, rt: Runtime, told: Mapping[str, Any]) -> int:
    """Texts of the last days that no flow took, each in its thread."""
    for row in told["inbox"]:
        at = rt.now() - timedelta(hours=row["hours"])
        text = Message(
            direction=MO,
            number=row["from"],
            gateway=next(iter(rt.gateways)),
            text=row["text"],
            status="unheard",
            created_at=at,
            due_at=at,
            facility_id=db.scalar(
                select(Person.facility_id)
                .join(Number, Number.person_id == Person.id)
                .where(Number.number == row["from"])
            ),
        )
        db.add(text)
        db.flush()
        inbox.heard(db, text, at)
    return len(told["inbox"])
