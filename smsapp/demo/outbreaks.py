"""Community surveillance in the demonstration: a year of reports, and the alerts that the rules made of them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from smsapp.demo.bulk import put
from smsapp.demo.cases import Reports
from smsapp.demo.newcomers import Newcomers
from smsapp.demo.raised import Raised
from smsapp.demo.villages import Village
from smsapp.people import Number, Post, Role
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.surveillance.tables import CaseReport, Population

FIRST_NUMBER = 1001  # of reports and alerts: the same wherever this is loaded
NEXT_NUMBERS = text("SELECT setval('case_numbers', :last)")


def write(
    db: Session, rt: Runtime, told: Mapping[str, Any], facilities: Mapping[str, Place], newcomers: Newcomers
) -> tuple[int, int]:
    """Points on the map, populations, officers, reports and alerts; how many reports and alerts."""
    ours = told["surveillance"]
    chance = random.Random(ours["seed"])
    places = {place.name: place for place in db.scalars(select(Place).where(Place.kind != "village"))}
    places |= {place.name: place for place in db.scalars(select(Place).where(Place.kind == "village"))}
    for name, (lat, lon) in ours["points"].items():
        kind = "facility" if name in facilities else "village"
        db.execute(update(Place).where(Place.name == name, Place.kind == kind).values(lat=lat, lon=lon))
    _populations(db, ours["populations"])
    _officers(db, told, facilities, newcomers, chance)
    villages = _villages(db, facilities)
    reports = Reports(rt, ours, chance, villages, FIRST_NUMBER)
    rows = reports.all()
    put(db, CaseReport, rows)
    last, alerts = Raised(db, rt, ours, chance, reports).write(rows[-1]["number"])
    db.execute(NEXT_NUMBERS, {"last": last})
    return len(rows), alerts


def _populations(db: Session, told: Mapping[str, Mapping[int, int]]) -> None:
    districts = {name: i for i, name in db.execute(select(Place.id, Place.name).where(Place.kind == "district"))}
    rows = [
        {"place_id": districts[name], "on": date(year, 1, 1), "people": count, "source": "demonstration"}
        for name, years in told.items()
        for year, count in years.items()
    ]
    db.execute(insert(Population), rows)


def _officers(
    db: Session,
    told: Mapping[str, Any],
    facilities: Mapping[str, Place],
    newcomers: Newcomers,
    chance: random.Random,
) -> None:
    above = {name: i for i, name in db.execute(select(Place.id, Place.name).where(Place.kind.in_(("region",))))}
    posts = []
    for row in told["surveillance"]["officers"]:
        name = f"{chance.choice(told['first_names'])} {chance.choice(told['family_names'])}"
        at = facilities[row["facility"]].id if "facility" in row else None
        person_id = newcomers.add(name, "fr", at, row["role"], row["number"])
        if "place" in row:
            posts.append({"person_id": person_id, "place_id": above[row["place"]]})
    newcomers.write()
    put(db, Post, posts)


def _villages(db: Session, facilities: Mapping[str, Place]) -> Sequence[Village]:
    """The villages with those who report from them."""
    reporters = (
        select(Post.place_id, Post.person_id, Number.number)
        .join(Role, Role.person_id == Post.person_id)
        .join(Number, Number.person_id == Post.person_id)
        .where(Role.role == "asc", Number.main.is_(True))
        .order_by(Number.number)
    )
    workers: dict[int, list[tuple[int, str]]] = {}
    for place_id, person_id, number in db.execute(reporters):
        workers.setdefault(place_id, []).append((person_id, number))
    centres = {place.id: place for place in facilities.values()}
    chosen = select(Place).where(Place.kind == "village", Place.parent_id.in_(centres)).order_by(Place.id)
    return [
        Village(one.id, one.name, centres[one.parent_id].id, centres[one.parent_id].parent_id, tuple(workers[one.id]))
        for one in db.scalars(chosen)
        if one.id in workers and one.parent_id is not None
    ]
