"""Sotuba's families for tests: workers, villages, mothers' children and pregnancies, with codes that stay the same."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.people import Number, Person
from smsapp.runtime import Runtime
from smsapp.vaccines import registering
from smsapp.vaccines.registering import Born, Expected
from smsapp.vaccines.tables import Child, Pregnancy
from tests.village import CENTRAL, MOTHERS, SOTUBA, enrol

ASC, ASC_2, FAR_ASC = "+22370000301", "+22370000303", "+22370000302"  # of Sotuba; of Kadiolo Central
HEAD, MIDWIFE = "+22370000401", "+22370000421"
AWA, BINTA = MOTHERS[0], MOTHERS[1]  # French and Bambara
EAST, WEST = 201, 202  # villages of Sotuba
COLUMNS = ("number", "name", "role", "facility_id", "posts")
STAFFED = (
    (ASC, "Moussa Keita", "asc", SOTUBA, [EAST]),
    (ASC_2, "Sira Koné", "asc", SOTUBA, [WEST]),
    (FAR_ASC, "Issa Traoré", "asc", CENTRAL, []),
    (HEAD, "Docteur Sangaré", "dtc", SOTUBA, []),
    (MIDWIFE, "Mariam Diarra", "midwife", SOTUBA, []),
)


SETTLE = text("""
    WITH villages AS (
        INSERT INTO places (id, kind, name, parent_id)
        VALUES (:east, 'village', 'Sotuba Est', :sotuba), (:west, 'village', 'Sotuba Ouest', :sotuba)
    )
    SELECT setval('care_numbers', 1000)
""")


def staffed(rt: Runtime) -> None:
    """After `village.settle`: two villages, and those who work for the centres. The next code is number 1001."""
    with transaction(rt.sessions) as db:
        db.execute(SETTLE, {"east": EAST, "west": WEST, "sotuba": SOTUBA})
        enrol(db, rt.now(), [{"language": "fr", **dict(zip(COLUMNS, row, strict=True))} for row in STAFFED])


def mother_of(db: Session, number: str) -> Person:
    """The person whom this number mainly serves."""
    return db.scalars(select(Person).join(Number).where(Number.number == number).order_by(Number.main.desc())).first()


def child(rt: Runtime, born_on: date, number: str = AWA, **told: Any) -> Child:
    """A child of the mother with this number, registered today by her centre."""
    with transaction(rt.sessions) as db:
        mother = mother_of(db, number)
        values = {"sex": "F", "name": "Fanta", "village_id": EAST, **told}
        born = Born(born_on, values.pop("facility_id", SOTUBA), mother_id=mother.id, **values)
        return registering.child(db, rt, born, by=None, channel="console", key=f"test:{number}:{born_on}:{told}")


def pregnancy(rt: Runtime, last_period: date, number: str = AWA, **told: Any) -> Pregnancy:
    with transaction(rt.sessions) as db:
        mother = mother_of(db, number)
        expected = Expected(mother.id, SOTUBA, last_period=last_period, village_id=EAST, **told)
        return registering.pregnancy(db, rt, expected, by=None, channel="console", key=f"test:{number}:{last_period}")
