"""People of the demonstration: gathered one by one, and written at once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from smsapp.demo.books import Ids
from smsapp.demo.bulk import put
from smsapp.people import Number, Person, Role


class Newcomers:
    """Everybody whom the demonstration knows; `write` before a row refers to one of them."""

    def __init__(self, db: Session, now: datetime) -> None:
        self._db, self._now, self._ids = db, now, Ids(db, Person.__tablename__)
        self._rows: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)
        self.served: dict[str, int] = {}  # by number, whom it mainly serves

    def add(self, name: str, language: str, facility_id: int | None, role: str, number: str | None) -> int:
        """Her id; a number mainly serves whoever had it first."""
        person_id = self._ids()
        told = {"id": person_id, "name": name, "language": language, "facility_id": facility_id}
        self._rows[Person].append({**told, "created_at": self._now})
        self._rows[Role].append({"person_id": person_id, "role": role})
        if number is not None:
            main = self.served.setdefault(number, person_id) == person_id
            self._rows[Number].append({"number": number, "person_id": person_id, "main": main, "since": self._now})
        return person_id

    def write(self) -> None:
        """Those who were added since the last time."""
        for table in (Person, Number, Role):
            put(self._db, table, self._rows.pop(table, ()))
