"""The demonstration: places, people and a year of plausible answers, the same from the same seed."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import people, surveys, yamls
from smsapp.demo import care, outbreaks, savings, traffic
from smsapp.demo.bulk import put
from smsapp.demo.newcomers import Newcomers
from smsapp.flows.nodes import Flow
from smsapp.people import Person
from smsapp.phones import normalise
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import Account, AccountPlace, passwords
from smsapp.staff.tables import LANGUAGES
from smsapp.surveys import Response

DATA = tuple(Path(__file__).parent.parent / "data" / name for name in ("demo.yaml", "demo_outbreaks.yaml"))
SKIPPED = 0.06  # share of "don't know"


class NotEmpty(Exception):
    """The demonstration never mixes with people who are there already."""


def load(db: Session, rt: Runtime) -> dict[str, int]:
    """Write the whole demonstration; how many of each."""
    if db.scalar(select(func.count()).select_from(select(Person.id).limit(1).subquery())):
        raise NotEmpty("there are people in this database already; the demonstration is for an empty one")
    told = _told()
    chance = random.Random(told["seed"])
    facilities = _places(db, told["places"])
    newcomers = Newcomers(db, rt.now())
    _people(rt, told, facilities, newcomers, chance)
    newcomers.write()
    for name, numbers in told["groups"].items():
        people.join_group(db, name, [newcomers.served[number] for number in numbers])
    groups = savings.write(db, rt, told, facilities, newcomers)
    _staff(db, rt, told["staff"], facilities)
    answers = _answers(db, rt, told["survey"], facilities, chance)
    messages = traffic.write(db, rt, told["traffic"], facilities)
    children = care.write(db, rt, told, facilities, newcomers)
    cases, alerts = outbreaks.write(db, rt, told, facilities, newcomers)
    places, count = (db.scalar(select(func.count(table.id))) or 0 for table in (Place, Person))
    made = {"places": places, "people": count, "answers": answers, "messages": messages}
    return {**made, "savings groups": groups, "children": children, "case reports": cases, "alerts": alerts}


def staff_known(db: Session) -> Sequence[Account]:
    """Those of the demonstration's staff who can sign in with its password, as long as nobody changed it."""
    emails = [row["email"] for row in _told()["staff"]["accounts"]]
    return db.scalars(select(Account).where(Account.email.in_(emails), Account.active).order_by(Account.id)).all()


@cache
def _told() -> dict[str, Any]:
    told: dict[str, Any] = {}
    for path in DATA:
        told |= yamls.typed(path)
    return told


def _places(db: Session, regions: list[dict[str, Any]]) -> dict[str, Place]:
    facilities: dict[str, Place] = {}
    for told in regions:
        region = _place(db, "region", told["region"], None)
        for under in told["districts"]:
            district = _place(db, "district", under["name"], region)
            for one in under["facilities"]:
                facilities[one["name"]] = _place(db, "facility", one["name"], district, one["code"])
    return facilities


def _place(db: Session, kind: str, name: str, parent: Place | None, code: str | None = None) -> Place:
    place = Place(kind=kind, name=name, code=code, parent_id=parent.id if parent else None)
    db.add(place)
    db.flush()
    return place


def _people(
    rt: Runtime, told: dict[str, Any], facilities: dict[str, Place], newcomers: Newcomers, chance: random.Random
) -> None:
    for row in told["people"]:
        first = int(row["from"].removeprefix("+"))
        for place in range(row["count"]):
            name = f"{chance.choice(told['first_names'])} {chance.choice(told['family_names'])}"
            language = row["languages"][place % len(row["languages"])]
            number = normalise(f"+{first + place}", rt.settings.country)
            newcomers.add(name, language, facilities[row["facility"]].id, row["role"], number)


def _staff(db: Session, rt: Runtime, told: dict[str, Any], facilities: dict[str, Place]) -> None:
    """Whoever has one of these addresses already keeps her account."""
    districts = db.execute(select(Place.name, Place.id).where(Place.kind == "district")).all()
    held = dict(districts) | {name: place.id for name, place in facilities.items()}
    for row in told["accounts"]:
        values = {"email": row["email"], "name": row["name"], "role": row["role"], "language": LANGUAGES[0]}
        kept = passwords.make(told["password"])
        write = insert(Account).values(**values, password=kept, created_at=rt.now()).on_conflict_do_nothing()
        if account := db.scalar(write.returning(Account)):
            db.add_all(AccountPlace(account_id=account.id, place_id=held[p]) for p in row.get("places", ()))


def _answers(
    db: Session, rt: Runtime, told: dict[str, Any], facilities: dict[str, Place], chance: random.Random
) -> int:
    flow = rt.flows.live["satisfaction"]
    months = _months(rt.local_now().date(), told["months"])
    rows = []
    for name, how in told["facilities"].items():
        first, last = how["good"]
        for place, month in enumerate(months):
            good = first + (last - first) * place / (len(months) - 1)
            rows += [
                _response(flow, facilities[name], month, good, chance) for _ in range(chance.randint(*how["answers"]))
            ]
    put(db, Response, rows)
    return len(rows)


def _months(today: date, count: int) -> list[date]:
    """The `count` whole months before this one, oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(last - count, last)]


def _response(flow: Flow, facility: Place, month: date, good: float, chance: random.Random) -> dict[str, Any]:
    answers: dict[str, int | None] = {}
    for ask in surveys.items(flow):
        value = chance.choice((1, 1, 2)) if chance.random() < good else chance.choice((3, 4))
        reverse = "reverse" in ask.meta
        answers[ask.name] = None if chance.random() < SKIPPED else 5 - value if reverse else value
    return {
        "id": uuid.UUID(int=chance.getrandbits(128), version=4),
        "survey": flow.name,
        "revision": flow.revision,
        "facility_id": facility.id,
        "month": month,
        "channel": chance.choice(("ussd", "ussd", "sms")),
        "language": chance.choice(("fr", "bm")),
        "answers": answers,
        "score": surveys.composite(flow, answers),
    }
