"""Files found: by their code, by the phone that reads for them; and what happened to them noted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from smsapp.arrays import among_told
from smsapp.people import Number
from smsapp.places import Place
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, families
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import CareEvent, Child, Pregnancy
from smsapp.vaccines.workers import Worker

_ABOVE = aliased(Place)
_DISTRICTS = Read(
    select(Place.id, _ABOVE.name).join(_ABOVE, _ABOVE.id == Place.parent_id).where(among_told(Place.id, "facilities"))
)  # made once, as those below: to make one takes longer than to read a few rows
_CHILD = select(Child).where(Child.number == bindparam("number"))
_PREGNANCY = select(Pregnancy).where(Pregnancy.number == bindparam("number"))
_LOCKED_CHILD, _LOCKED_PREGNANCY = _CHILD.with_for_update(), _PREGNANCY.with_for_update()
_FAMILY = Read(
    union_all(
        _CHILD.with_only_columns(Child.mother_id, Child.carer_id),
        _PREGNANCY.with_only_columns(Pregnancy.mother_id, null()),
    )
)
_NOTE = insert(cast(Table, CareEvent.__table__))  # as the ORM writes a row it takes twice as long


def child(db: Session, worker: Worker, typed: str, *, lock: bool = False) -> Child:
    """The child with this code, in the care of her centre; else Refused."""
    found = anyone(db, worker, typed, lock=lock)
    if not isinstance(found, Child):
        raise Refused("care.not_a_child", code=codes.of(found.number))
    return found


def pregnancy(db: Session, worker: Worker, typed: str, *, lock: bool = False) -> Pregnancy:
    """The pregnancy with this code, in the care of her centre; else Refused."""
    found = anyone(db, worker, typed, lock=lock)
    if not isinstance(found, Pregnancy):
        raise Refused("care.not_a_pregnancy", code=codes.of(found.number))
    return found


def anyone(db: Session, worker: Worker, typed: str, *, lock: bool = False) -> File:
    """The file with this code, in the care of her centre; else Refused: an unknown code, or another centre's."""
    file = by_number(db, codes.read(typed), lock=lock)
    if file is None:
        raise Refused("care.code_unknown", typed=typed.strip()[:12])
    if file.facility_id != worker.facility_id:
        raise Refused("care.other_centre", code=codes.of(file.number))
    return file


def by_number(db: Session, number: int, *, lock: bool = False) -> File | None:
    if lock:
        family = _FAMILY.rows(db, {"number": number})
        families.one_at_a_time(db, {person for row in family for person in row})
    fresh = {"populate_existing": lock}
    for one in (_LOCKED_CHILD, _LOCKED_PREGNANCY) if lock else (_CHILD, _PREGNANCY):
        if found := db.scalar(one, {"number": number}, execution_options=fresh):
            return found
    return None


def children_of(db: Session, number: str) -> Sequence[Child]:
    """The children in care for whom this phone reads, the eldest first."""
    holders = select(Number.person_id).where(Number.number == number)
    hers = or_(Child.carer_id.in_(holders), Child.carer_id.is_(None) & Child.mother_id.in_(holders))
    chosen = select(Child).where(hers, Child.state == "active")
    return db.scalars(chosen.order_by(Child.born_on, Child.id)).all()


def district_of(db: Session, facility_id: int) -> str:
    """The name of a centre's district: some vaccines are given only in some."""
    return districts_of(db, [facility_id]).get(facility_id, "")


def districts_of(db: Session, facility_ids: Collection[int]) -> Mapping[int, str]:
    return dict(_DISTRICTS.rows(db, {"facilities": list(facility_ids)}))


def note(
    db: Session,
    rt: Runtime,
    file: File,
    what: str,
    *,
    by: int | None,
    channel: str,
    staff_id: int | None = None,
    **details: Any,
) -> None:
    """Write down what happened to a file, and who did it: a person, or one of the staff."""
    whose = {"child_id": file.id} if isinstance(file, Child) else {"pregnancy_id": file.id}
    values = {"what": what, "at": rt.now(), "by": by, "staff_id": staff_id, "channel": channel, "details": details}
    db.execute(_NOTE, whose | values)
