"""A few places and people of the demonstration, written in one statement: tests that only need somebody to call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.runtime import Runtime

BAMAKO, SIKASSO, COMMUNE_1, COMMUNE_3, KADIOLO, SOTUBA, BOULKA, BAKON, CENTRAL = range(1, 10)
PLACES = [
    (BAMAKO, "region", "Bamako", None, None),
    (SIKASSO, "region", "Sikasso", None, None),
    (COMMUNE_1, "district", "Commune I", None, BAMAKO),
    (COMMUNE_3, "district", "Commune III", None, BAMAKO),
    (KADIOLO, "district", "Kadiolo", None, SIKASSO),
    (SOTUBA, "facility", "CSCom Sotuba", "1201", COMMUNE_1),
    (BOULKA, "facility", "CSCom Boulkassoumbougou", "1202", COMMUNE_1),
    (BAKON, "facility", "CSCom BAKON", "1301", COMMUNE_3),
    (CENTRAL, "facility", "CSCom Kadiolo Central", "3401", KADIOLO),
]
MOTHERS = [f"+223700001{n:02}" for n in range(1, 21)]  # of Sotuba; French and Bambara in turn


SETTLE = text("""
    WITH settled AS (
        INSERT INTO places (id, kind, name, code, parent_id)
        SELECT id, kind, name, code, parent_id FROM json_populate_recordset(NULL::places, CAST(:places AS json))
    ), mothers AS (
        INSERT INTO persons (id, name, language, facility_id, created_at)
        SELECT id, name, language, facility_id, :now
        FROM json_populate_recordset(NULL::persons, CAST(:mothers AS json))
    ), numbers AS (
        INSERT INTO person_numbers (number, person_id, main, since)
        SELECT number, person_id, true, :now
        FROM json_populate_recordset(NULL::person_numbers, CAST(:numbers AS json))
    )
    -- The rows above chose their own ids: the next ones must not meet them.
    SELECT setval('places_id_seq', 100), setval('persons_id_seq', 100)
""")
SETTLED = {
    "places": json.dumps([dict(zip(("id", "kind", "name", "code", "parent_id"), p, strict=True)) for p in PLACES]),
    "mothers": json.dumps(
        [
            {"id": n, "name": f"Mère {n}", "language": ("fr", "bm")[(n - 1) % 2], "facility_id": SOTUBA}
            for n in range(1, len(MOTHERS) + 1)
        ]
    ),
    "numbers": json.dumps([{"number": number, "person_id": n} for n, number in enumerate(MOTHERS, 1)]),
}


def settle(rt: Runtime) -> None:
    with transaction(rt.sessions) as db:
        db.execute(SETTLE, {"now": rt.now(), **SETTLED})


ENROL = text("""
    WITH told AS MATERIALIZED (
        SELECT nextval('persons_id_seq') AS id, row.*
        FROM json_to_recordset(CAST(:people AS json)) AS row (
            number text, name text, language text, facility_id integer, role text, posts integer[])
    ), persons AS (
        INSERT INTO persons (id, name, language, facility_id, created_at)
        SELECT id, name, language, facility_id, :now FROM told
    ), numbers AS (
        INSERT INTO person_numbers (number, person_id, main, since)
        SELECT number, id, true, :now FROM told WHERE number IS NOT NULL
    ), roles AS (
        INSERT INTO person_roles (person_id, role) SELECT id, role FROM told WHERE role IS NOT NULL
    ), posts AS (
        INSERT INTO person_places (person_id, place_id) SELECT id, unnest(posts) FROM told
    )
    SELECT id FROM told ORDER BY id
""")


def enrol(db: Session, now: datetime, people: Iterable[Mapping[str, Any]]) -> list[int]:
    """As `people.add` writes somebody whose number is nobody else's, with one role at most: all in one statement."""
    return list(db.scalars(ENROL, {"people": json.dumps(list(people)), "now": now}))
