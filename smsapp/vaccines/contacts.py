"""The twice-monthly contact of the programme: families to see, and a mother's own word on how her child is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, and_, case, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.months import after_months
from smsapp.people import Person
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import asked, files, heeding
from smsapp.vaccines.asked import DONE, Asked
from smsapp.vaccines.families import reads
from smsapp.vaccines.promises import Contact
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.workers import Worker

EVERY = timedelta(days=15)
UP_TO_MONTHS = 60
AFTER_BIRTH = timedelta(days=49)
NEAR_TERM, BABY_MONTHS = timedelta(days=28), 6  # whom to see first
WELL, SICK, NOBODY = OUTCOMES = ("well", "sick", "nobody")
LISTED = 30  # families on a keypad's list; its head counts them all


@dataclass(frozen=True)
class Family:
    """A family to see: `last` is when a worker met it, None where nobody has."""

    person_id: int
    name: str
    village: str
    last: date | None


def due(db: Session, worker: Worker, today: date, limit: int = LISTED) -> tuple[int, Sequence[Family]]:
    """How many of her families no worker met for fifteen days, and those that wait the longest.

    Of those that nobody ever met, births that are near and babies first.
    """
    found = _due(worker, today).subquery()
    count = db.scalar(select(func.count()).select_from(found)) or 0
    rows = db.execute(
        select(found.c.person_id, Person.name, Place.name, found.c.last)
        .join(Person, Person.id == found.c.person_id)
        .join(Place, Place.id == found.c.village_id, isouter=True)
        .order_by(found.c.last.asc().nulls_first(), found.c.rank, found.c.person_id)
        .limit(limit)
    )
    return count, [Family(i, name or "", village or "", last) for i, name, village, last in rows]


def of_code(db: Session, worker: Worker, typed: str, today: date) -> int:
    """Who reads for the file with this code, met lately or not; Refused where it is no family of hers."""
    person_id = reads(files.anyone(db, worker, typed))
    families = _families(worker, today).subquery()
    if db.scalar(select(families.c.person_id).where(families.c.person_id == person_id)) is None:
        raise Refused("care.no_family")
    return person_id


def met(db: Session, rt: Runtime, worker: Worker, person_id: int, outcome: str, key: str) -> None:
    """A worker was at a family's; where nobody was there it goes on waiting for her."""
    today = rt.local_now().date()
    families = _families(worker, today).subquery()
    hers = db.execute(select(families.c.village_id).where(families.c.person_id == person_id)).first()
    if hers is None:
        raise Refused("care.no_family")
    told = {"well": None if outcome == NOBODY else outcome == WELL, "visited": outcome != NOBODY}
    place = {"facility_id": worker.facility_id, "village_id": hers[0]}
    _write(db, mother_id=person_id, on=today, worker_id=worker.id, key=key, **place, **told)


def how_she_is(db: Session, rt: Runtime, one: Asked, *, well: bool) -> None:
    """A mother's word on her child; where it is not well, her worker hears it at once."""
    file = one.first.file
    place = {"facility_id": file.facility_id, "village_id": file.village_id}
    _write(db, mother_id=reads(file), on=rt.local_now().date(), well=well, key=_key(one), **place)
    asked.answered(db, rt, one, DONE)
    if not well:
        heeding.tell(db, rt, heeding.of_village(db, file), "care.alert.sick", f"care:sick:{one.message_id}", file)


def was_visited(db: Session, one: Asked, *, visited: bool) -> None:
    """And whether somebody of the centre came to see them since she was asked last."""
    row = db.scalar(select(Contact).where(Contact.key == _key(one)))
    if row is not None:
        row.visited = visited
        db.flush()


def _key(one: Asked) -> str:
    return f"check_in:{one.message_id}"


def _write(db: Session, **values: object) -> None:
    db.execute(insert(Contact).values(**values).on_conflict_do_nothing(index_elements=["key"]))


def _families(worker: Worker, today: date) -> Select[int, int | None, int]:
    """Who reads for a pregnancy, a birth not long ago or a child under five in her villages, and in which of them.

    The least `rank` is to be seen first.
    """
    baby = case((Child.born_on > after_months(today, -BABY_MONTHS), 0), else_=1).label("rank")
    reader = func.coalesce(Child.carer_id, Child.mother_id).label("person_id")
    children = select(reader, Child.village_id, baby).where(
        Child.facility_id == worker.facility_id,
        Child.state == "active",
        Child.born_on > after_months(today, -UP_TO_MONTHS),
        worker.within(Child.village_id),
    )
    born = and_(Pregnancy.state == "born", Pregnancy.ended_on >= today - AFTER_BIRTH)
    near = case((or_(born, Pregnancy.due_on <= today + NEAR_TERM), 0), else_=1).label("rank")
    mothers = select(Pregnancy.mother_id, Pregnancy.village_id, near).where(
        Pregnancy.facility_id == worker.facility_id,
        or_(Pregnancy.state == "active", born),
        worker.within(Pregnancy.village_id),
    )
    both = union_all(children, mothers).subquery()
    least = func.min(both.c.village_id).label("village_id"), func.min(both.c.rank).label("rank")
    return select(both.c.person_id, *least).group_by(both.c.person_id)


def _due(worker: Worker, today: date) -> Select[int, int | None, int, date | None]:
    families = _families(worker, today).subquery()
    met_on = (
        select(func.max(Contact.on))
        .where(Contact.mother_id == families.c.person_id, Contact.worker_id.is_not(None), Contact.visited.is_not(False))
        .scalar_subquery()
    )
    found = select(families, met_on.label("last")).subquery()
    return select(found).where(or_(found.c.last.is_(None), found.c.last <= today - EVERY))
