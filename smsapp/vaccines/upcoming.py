"""The next visit of each file for which a phone reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from smsapp.outbox.naming import named
from smsapp.people import Number
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.vaccines import clinic, families, files, giving, visits, visits_attended
from smsapp.vaccines.antenatal import after_birth, before_birth, of_country
from smsapp.vaccines.families import File, Reader
from smsapp.vaccines.tables import Child, Pregnancy

VACCINES, ANTENATAL = "vaccines", "antenatal"


@dataclass(frozen=True)
class Next:
    """A way to the centre; `child` is the first name that a frank text may show."""

    day: date
    place: str
    reader: Reader | None
    child: str


def visits_of(db: Session, rt: Runtime, number: str) -> Sequence[Next]:
    """The next visit of each child and mother for whom this phone reads, the earliest first."""
    found = list(_all(db, rt, number))
    readers = families.readers(db, [families.reads(file) for file, _, _ in found])
    centres = clinic.of_facilities(db, {file.facility_id for file, _, _ in found})
    places = named(db, Place, {place for file, _, _ in found for place in (file.facility_id, file.village_id)})
    told = []
    for file, day, service in found:
        calendar = centres[file.facility_id]
        on = calendar.next_day(max(day, rt.local_now().date()), service, file.village_id)
        comes = calendar.comes_to(on, service, file.village_id)
        place = places.get(file.village_id if comes else file.facility_id) or ""
        name = families.first_name(file.name) if isinstance(file, Child) else ""
        told.append(Next(on, place, readers.get(families.reads(file)), name))
    return sorted(told, key=lambda one: one.day)


def _all(db: Session, rt: Runtime, number: str) -> Iterator[tuple[File, date, str]]:
    children = files.children_of(db, number)
    plans = giving.plans_of(db, rt, children) if children else {}
    for child in children:
        if ahead := visits.visits(giving.calendar(rt), plans[child.id], child.registered_on):
            yield child, ahead[0].day, VACCINES
    for mother in _mothers(db, number):
        if day := _next(db, rt, mother):
            yield mother, day, ANTENATAL


def _mothers(db: Session, number: str) -> Sequence[Pregnancy]:
    holders = select(Number.person_id).where(Number.number == number)
    open_ones = or_(Pregnancy.state == "active", and_(Pregnancy.state == "born", Pregnancy.look_on.is_not(None)))
    return db.scalars(select(Pregnancy).where(Pregnancy.mother_id.in_(holders), open_ones)).all()


def _next(db: Session, rt: Runtime, mother: Pregnancy) -> date | None:
    care, today = of_country(rt.settings.country), rt.local_now().date()
    if mother.state == "born":
        ahead = after_birth(care, mother.ended_on) if mother.ended_on else ()
        days = visits_attended.attended(db, mother, visits_attended.POSTNATAL)
    else:
        ahead = before_birth(care, rt.settings.antenatal_visits, mother.due_on) if mother.due_on else ()
        days = visits_attended.attended(db, mother, visits_attended.ANTENATAL)
    return next((visit.due for visit in ahead if visit.closes >= today and not visit.taken(days)), None)
