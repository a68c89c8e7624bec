"""The places that somebody answers for besides her facility: the villages of a community health worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from smsapp.people.tables import Person, Post, Role
from smsapp.places import Place


def answered_for(db: Session, facility_id: int, role: str) -> Sequence[tuple[Person, Collection[int]]]:
    """Those of a facility with this role, by name, each with the places that she answers for."""
    has = select(Role.role).where(Role.person_id == Person.id, Role.role == role).exists()
    people = db.scalars(select(Person).where(Person.facility_id == facility_id, has).order_by(Person.name, Person.id))
    workers = people.all()
    held: Mapping[int, list[int]] = {worker.id: [] for worker in workers}
    for person_id, place_id in db.execute(select(Post.person_id, Post.place_id).where(Post.person_id.in_(held))):
        held[person_id].append(place_id)
    return [(worker, held[worker.id]) for worker in workers]


def answer_for(db: Session, person_id: int, facility_id: int, place_ids: Collection[int]) -> set[int]:
    """She answers for these villages of her facility from now on, and for no other; those that are its villages."""
    below = select(Place.id).where(Place.kind == "village", Place.parent_id == facility_id)
    wanted = set(db.scalars(below.where(Place.id.in_(list(place_ids)))))
    db.execute(delete(Post).where(Post.person_id == person_id))
    if wanted:
        db.execute(insert(Post), [{"person_id": person_id, "place_id": place} for place in sorted(wanted)])
    return wanted
