"""The families of the demonstration: mothers who are known already, and many who are new."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.demo.newcomers import Newcomers
from smsapp.people import Number, Person, Role


class Families:
    """One mother for each birth."""

    def __init__(self, db: Session, told: Mapping[str, Any], newcomers: Newcomers, chance: random.Random) -> None:
        self._db, self._newcomers, self._chance, self._names = db, newcomers, chance, told
        self._told = told["care"]["families"]
        self._next = int(self._told["from"].removeprefix("+"))
        self._reached: dict[int, tuple[str | None, str | None]] = {}  # number and language
        self._waiting = self._known(self._told["known_from"])
        self._last: dict[int, str] = {}  # of each centre the number of the mother before

    def of_number(self, number: str) -> int:
        """Somebody whom the demonstration knows already."""
        hers = select(Person.id, Person.language).join(Number, Number.person_id == Person.id)
        person_id, language = self._db.execute(hers.where(Number.number == number)).one()
        self._reached[person_id] = number, language
        return int(person_id)

    def reached(self, person_id: int) -> tuple[str | None, str | None]:
        """Her number and her language."""
        return self._reached[person_id]

    def mother(self, facility_id: int) -> int:
        """Somebody who waits at this centre, else somebody new."""
        waiting = self._waiting[facility_id]
        if waiting and self._chance.random() < self._told["known"]:
            return waiting.pop()
        name = f"{self._chance.choice(self._names['first_names'])} {self._chance.choice(self._names['family_names'])}"
        language = self._chance.choice(("bm", "bm", "fr"))
        number = self._number(facility_id)
        person_id = self._newcomers.add(name, language, facility_id, "mother", number)
        self._reached[person_id] = number, language
        if number is not None:
            self._last[facility_id] = number
        return person_id

    def _number(self, facility_id: int) -> str | None:
        """One of her own, for most; some have none, some have that of the mother before."""
        drawn = self._chance.random()
        if drawn < self._told["without_phone"]:
            return None
        if drawn < self._told["without_phone"] + self._told["shared"] and facility_id in self._last:
            return self._last[facility_id]
        self._next += 1
        return f"+{self._next - 1}"

    def _known(self, since: str) -> dict[int, list[int]]:
        """Mothers whom the demonstration has for its messages, by centre."""
        chosen = (
            select(Person.facility_id, Person.id, Number.number, Person.language)
            .join(Number, Number.person_id == Person.id)
            .join(Role, Role.person_id == Person.id)
            .where(Role.role == "mother", Number.number >= since)
            .order_by(Number.number)
        )
        found: dict[int, list[int]] = defaultdict(list)
        for facility_id, person_id, number, language in self._db.execute(chosen):
            found[facility_id or 0].append(person_id)
            self._reached[person_id] = number, language
        return found
