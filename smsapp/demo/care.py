"""Children and mothers of the demonstration: two years of births at its centres, and how each of them was cared for."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from smsapp.demo.families import Families
from smsapp.demo.files import Centre, Files
from smsapp.demo.lives import Lives
from smsapp.demo.newcomers import Newcomers
from smsapp.demo.reminded import Reminded
from smsapp.people import Post
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.vaccines import clinic, files, giving, workers
from smsapp.vaccines.tables import ClinicDay

TOUR = "CSCom Sotuba"
FIRST_NUMBER = 1001  # of the codes: the same wherever this is loaded
NEXT_NUMBERS = text("SELECT setval('care_numbers', :last)")


def write(
    db: Session, rt: Runtime, told: Mapping[str, Any], facilities: Mapping[str, Place], newcomers: Newcomers
) -> int:
    """The villages, who answers for them, and every file; how many children."""
    care = told["care"]
    # A chance of its own: more of these must not change the answers to the surveys.
    chance = random.Random(care["seed"])
    _villages(db, care["villages"], facilities)
    _workers(db, told, facilities, newcomers, chance)
    _clinic_days(db, care["clinic_days"], facilities)
    centres = {name: _centre(db, place) for name, place in facilities.items() if name in care["villages"]}
    lives = Lives(care, giving.calendar(rt), chance, rt.local_now().date())
    families = Families(db, told, newcomers, chance)
    reminded = Reminded(db, rt, told, lives, families)
    written = Files(db, rt, lives, reminded, FIRST_NUMBER)
    for row in care["tour"]:
        written.tour(centres[TOUR], families.of_number(row["number"]), row)
    for name, a_month in care["births"]["a_month"].items():
        for born in lives.birthdays(a_month, care["births"]["months"]):
            written.birth(centres[name], families, born)
    newcomers.write()
    written.write()
    reminded.write()
    db.execute(NEXT_NUMBERS, {"last": written.last_number})
    return written.children


def _villages(db: Session, told: Mapping[str, Sequence[str]], facilities: Mapping[str, Place]) -> None:
    rows = [
        {"kind": "village", "name": name, "parent_id": facilities[centre].id}
        for centre, names in told.items()
        for name in names
    ]
    db.execute(insert(Place), rows)


def _workers(
    db: Session,
    told: Mapping[str, Any],
    facilities: Mapping[str, Place],
    newcomers: Newcomers,
    chance: random.Random,
) -> None:
    """Heads and midwives of the other centres, and the villages of each community health worker."""
    for row in told["care"]["workers"]:
        name = f"{chance.choice(told['first_names'])} {chance.choice(told['family_names'])}"
        newcomers.add(name, "fr", facilities[row["facility"]].id, row["role"], row["number"])
    newcomers.write()
    villages = {name: i for i, name in db.execute(select(Place.id, Place.name).where(Place.kind == "village"))}
    posts = []
    for row in told["care"]["posts"]:
        first = int(row["from"].removeprefix("+"))
        for place in range(row["count"]):
            village = row["villages"][place % len(row["villages"])] if row["count"] > 1 else None
            for one in [village] if village else row["villages"]:
                posts.append({"person_id": newcomers.served[f"+{first + place}"], "place_id": villages[one]})
    db.execute(insert(Post), posts)


def _clinic_days(db: Session, told: Mapping[str, Any], facilities: Mapping[str, Place]) -> None:
    villages = {name: i for i, name in db.execute(select(Place.id, Place.name).where(Place.kind == "village"))}
    rows = [
        {
            "facility_id": facilities[centre].id,
            "service": rule["service"],
            "weekday": rule["weekday"],
            "nth": rule.get("nth"),
            "village_id": villages[rule["village"]] if "village" in rule else None,
        }
        for centre, rules in told.items()
        for rule in rules
    ]
    db.execute(insert(ClinicDay), rows)


def _centre(db: Session, place: Place) -> Centre:
    villages = db.scalars(select(Place.id).where(Place.parent_id == place.id).order_by(Place.id)).all()
    staff = [one.id for role in workers.ROLES[::-1] for one in workers.at(db, place.id, role)]
    return Centre(
        place.id, files.district_of(db, place.id), tuple(villages), tuple(staff), clinic.of_facility(db, place.id)
    )
