"""A few places and people of the demonstration, written in three statements: tests that only need somebody to call."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.people import Number, Person
from smsapp.places import Place
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


def settle(rt: Runtime) -> None:
    with transaction(rt.sessions) as db:
        db.execute(
            insert(Place), [dict(zip(("id", "kind", "name", "code", "parent_id"), p, strict=True)) for p in PLACES]
        )
        _mothers(db, rt)


def _mothers(db: Session, rt: Runtime) -> None:
    people: list[dict[str, Any]] = [
        {
            "id": n,
            "name": f"Mère {n}",
            "language": ("fr", "bm")[(n - 1) % 2],
            "facility_id": SOTUBA,
            "created_at": rt.now(),
        }
        for n in range(1, len(MOTHERS) + 1)
    ]
    db.execute(insert(Person), people)
    numbers = [
        {"number": number, "person_id": n, "main": True, "since": rt.now()} for n, number in enumerate(MOTHERS, start=1)
    ]
    db.execute(insert(Number), numbers)
    # The rows above chose their own ids: the next ones must not meet them.
    for table in ("places", "persons"):
        db.connection().exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100)")
