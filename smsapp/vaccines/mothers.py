"""A mother or a carer found by her number, among those whom it serves, or new."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from smsapp import people
from smsapp.people import STAFF_ROLES, Number, Person, Role
from smsapp.phones import may_send_to
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.segments import search_key
from smsapp.vaccines.tables import Child, Pregnancy

LONGEST_NAME = 40


def check_number(rt: Runtime, number: str) -> None:
    """Refused for a number to which nothing can be sent: of another country, or no mobile."""
    if not may_send_to(number, {rt.settings.country}):
        raise Refused("care.number_abroad")


def name_of(typed: object) -> str | None:
    """A name as it is kept; none for `1`, which stands for "not yet", and for what has no letter."""
    name = " ".join(str(typed or "").split())[:LONGEST_NAME]
    return name if any(c.isalpha() for c in name) else None


def listed(db: Session, facility_id: int, number: str, *, only_shared: bool) -> Sequence[tuple[int, str | None]]:
    """(person, name) of those who may be meant by this number: patients, not workers.

    Of this centre, or, where it serves several, of none yet: nobody reads the names of another's. Nobody where it
    serves one person and `only_shared`.
    """
    other = aliased(Number)
    shared = select(other.number).where(other.number == number, other.person_id != Number.person_id).exists()
    here, nowhere = Person.facility_id == facility_id, Person.facility_id.is_(None)
    which = and_(shared, or_(here, nowhere)) if only_shared else or_(here, and_(shared, nowhere))
    rows = db.execute(
        select(Person.id, Person.name)
        .join(Number, Number.person_id == Person.id)
        .where(Number.number == number, which, is_patient())
        .order_by(Number.main.desc(), Number.since, Person.id)
    )
    return [(i, name) for i, name in rows]


def is_patient() -> ColumnElement[bool]:
    works = select(Role.role).where(Role.person_id == Person.id, Role.role.in_(STAFF_ROLES))
    return and_(~works.exists(), Person.forgotten_at.is_(None))


def of_number(
    db: Session,
    rt: Runtime,
    number: str,
    facility_id: int,
    *,
    chosen: int | None = None,
    another: bool = False,
    name: str | None = None,
) -> Person:
    """Who is meant: the one `chosen` among those whom the number serves, else the one whom it mainly serves.

    A new person of this centre where it serves no patient yet, or `another` is meant who is not among them.
    """
    check_number(rt, number)
    # Two workers who tell of one family at the same moment must not make two mothers of one.
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"mother {number}", 0))))
    holders = db.scalars(_HOLDERS, {"whose": number}).all()
    if another:
        holders = [one for one in holders if name and one.name and search_key(one.name) == search_key(name)]
    if chosen is not None:
        holders = [one for one in holders if one.id == chosen]
    if not holders:
        language = people.language_of(db, number)
        return people.add(
            db, rt.now(), number=number, name=name, language=language, facility_id=facility_id, roles=["mother"]
        )
    found = holders[0]
    found.name = found.name or name
    found.facility_id = found.facility_id or facility_id
    db.execute(insert(Role).values(person_id=found.id, role="mother").on_conflict_do_nothing())
    return found


def village_of(db: Session, person_id: int, facility_id: int) -> int | None:
    """Where this centre knows her family to live."""
    [[village]] = _VILLAGE.rows(db, {"person": person_id, "facility": facility_id})
    return cast(int | None, village)


def holds(db: Session, number: str, person_ids: Collection[int]) -> bool:
    """Whether this number serves one of these people."""
    chosen = exists().where(Number.number == number, Number.person_id.in_(sorted(person_ids)))
    return bool(db.scalar(select(chosen)))


def called(db: Session, person_id: int) -> tuple[str | None, str | None]:
    """Her name, and the number at which she is reached."""
    name, number = next(iter(_CALLED.rows(db, {"person": person_id})), (None, None))
    return name, number


def _last_village(table: type[Child] | type[Pregnancy]) -> ScalarSelect[int | None]:
    hers = table.mother_id == bindparam("person"), table.facility_id == bindparam("facility")
    known = select(table.village_id).where(*hers, table.village_id.is_not(None))
    return known.order_by(table.id.desc()).limit(1).scalar_subquery()


# Made once: to make one takes longer than to read a row or two.
_IN_ORDER = Number.main.desc(), Number.since
_HOLDERS = (
    select(Person)
    .join(Number, Number.person_id == Person.id)
    .where(Number.number == bindparam("whose"), is_patient())
    .order_by(*_IN_ORDER, Person.id)
)
_VILLAGE = Read(select(func.coalesce(_last_village(Child), _last_village(Pregnancy))))
_CALLED = Read(
    select(Person.name, Number.number)
    .join(Number, Number.person_id == Person.id, isouter=True)
    .where(Person.id == bindparam("person"))
    .order_by(*_IN_ORDER, Number.number)
    .limit(1)
)
