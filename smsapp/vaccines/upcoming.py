"""The next visit of each file for which a phone reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from smsapp.outbox.naming import named
from smsapp.people import Number
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.vaccines import chosen, clinic, families, files, giving, next_visit
from smsapp.vaccines.families import File, Reader
from smsapp.vaccines.next_visit import Way
from smsapp.vaccines.tables import Child, Pregnancy


@dataclass(frozen=True)
class Next:
    """A way to the centre; `child` is the first name that a frank text may show."""

    day: date
    place: str
    reader: Reader | None
    child: str
    nth: int = 0  # of her children, the eldest first; 0 for an only one, and for herself


def visits_of(db: Session, rt: Runtime, number: str) -> Sequence[Next]:
    """The next visit of each child and mother for whom this phone reads, the earliest first."""
    found, today = list(_all(db, rt, number)), rt.local_now().date()
    some = [file for file, _ in found]
    readers = families.readers(db, [families.reads(file) for file in some])
    centres = clinic.of_facilities(db, {file.facility_id for file in some})
    places = named(db, Place, {place for file in some for place in (file.facility_id, file.village_id)})
    days = chosen.of_files(db, some)
    numbered = _numbered(files.children_of(db, number))
    told = []
    for file, way in found:
        calendar = centres[file.facility_id]
        on = way.expected(calendar, file.village_id, days.get(chosen.ref(file), {}), today)
        comes = calendar.comes_to(on, way.service, file.village_id)
        place = places.get(file.village_id if comes else file.facility_id) or ""
        name = families.first_name(file.name) if isinstance(file, Child) else ""
        nth = numbered.get(file.id, 0) if isinstance(file, Child) else 0
        told.append(Next(on, place, readers.get(families.reads(file)), name, nth))
    return sorted(told, key=lambda one: one.day)


def _numbered(children: Sequence[Child]) -> Mapping[int, int]:
    """Each child's place among those of one reader who has several."""
    of_reader: dict[int, list[int]] = {}
    for child in children:
        of_reader.setdefault(families.reads(child), []).append(child.id)
    return {one: nth for ids in of_reader.values() if len(ids) > 1 for nth, one in enumerate(ids, start=1)}


def _all(db: Session, rt: Runtime, number: str) -> Iterator[tuple[File, Way]]:
    children = files.children_of(db, number)
    plans = giving.plans_of(db, rt, children) if children else {}
    for child in children:
        if way := next_visit.of_child(child, plans[child.id]):
            yield child, way
    for mother in _mothers(db, number):
        if way := next_visit.of_mother(db, rt, mother):
            yield mother, way


def _mothers(db: Session, number: str) -> Sequence[Pregnancy]:
    """Her files that are open. As no reminder does, nothing here tells of a birth of which no child is left in care."""
    holders = select(Number.person_id).where(Number.number == number)
    children = select(Child.id).where(Child.pregnancy_id == Pregnancy.id)
    lives = or_(~children.exists(), children.where(Child.state == "active").exists())
    born = and_(Pregnancy.state == "born", Pregnancy.look_on.is_not(None), lives)
    open_ones = or_(Pregnancy.state == "active", born)
    return db.scalars(select(Pregnancy).where(Pregnancy.mother_id.in_(holders), open_ones)).all()
