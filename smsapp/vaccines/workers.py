"""Who works for a centre: community health workers with their villages, midwives, and the head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, bindparam, func, select, true
from sqlalchemy.orm import Session

from smsapp.arrays import among
from smsapp.people import Number, Person, Post, Role
from smsapp.places import Place
from smsapp.reads import Read

ASC, MIDWIFE, HEAD = "asc", "midwife", "dtc"
ROLES = (ASC, MIDWIFE, HEAD)


@dataclass(frozen=True)
class Worker:
    """A worker as a conversation needs her; without villages she answers for all of her centre's."""

    id: int
    name: str
    language: str | None
    number: str
    facility_id: int
    facility: str
    roles: tuple[str, ...]
    villages: tuple[int, ...]

    @property
    def confirms(self) -> bool:
        """Whether what mothers registered themselves waits for her."""
        return MIDWIFE in self.roles or HEAD in self.roles

    @property
    def sees_all(self) -> bool:
        """Whether her lists hold the whole centre."""
        return self.confirms or not self.villages

    def within(self, village: SQLColumnExpression[int | None]) -> ColumnElement[bool]:
        """The condition on a column of villages that a list of hers has."""
        return true() if self.sees_all else village.in_(self.villages)


def of_number(db: Session, number: str) -> Worker | None:
    """Who speaks from this number; the first of those who work for a centre."""
    return next(iter(_told(_OF_NUMBER.rows(db, {"whose": number}))), None)


def at(db: Session, facility_id: int, role: str) -> list[Worker]:
    """Those of a centre with this role, each with the number that mainly serves her."""
    return _told(db.execute(_WORKERS.where(Person.facility_id == facility_id, Number.main.is_(True), has(role))))


def answering(db: Session, facility_id: int, village_id: int | None) -> list[Worker]:
    """The community health workers who answer for a village: those who have it, else those who have none."""
    all_of_them = at(db, facility_id, ASC)
    hers = [worker for worker in all_of_them if village_id in worker.villages]
    return hers or [worker for worker in all_of_them if not worker.villages]


def has(role: str) -> ColumnElement[bool]:
    return select(Role.role).where(Role.person_id == Person.id, Role.role == role).exists()


_WORKERS = (
    select(
        *(Person.id, Person.name, Person.language, Number.number, Place.id, Place.name),
        select(func.array_agg(Role.role)).where(Role.person_id == Person.id).scalar_subquery(),
        select(func.array_agg(Post.place_id)).where(Post.person_id == Person.id).scalar_subquery(),
    )
    .join(Number, Number.person_id == Person.id)
    .join(Place, Place.id == Person.facility_id)
    .where(select(Role.role).where(Role.person_id == Person.id, among(Role.role, ROLES)).exists())
    .order_by(Number.main.desc(), Number.since, Person.id)
)
_OF_NUMBER = Read(_WORKERS.where(Number.number == bindparam("whose")))


def _told(rows: Iterable[Sequence[Any]]) -> list[Worker]:
    workers = [
        Worker(i, name or "", tongue, number, at_id, place, tuple(roles), tuple(sorted(places or ())))
        for i, name, tongue, number, at_id, place, roles, places in rows
    ]
    return list({worker.id: worker for worker in reversed(workers)}.values())[::-1]
