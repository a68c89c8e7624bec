"""The villages of a centre, as a worker may name them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.vaccines.workers import Worker


def of_centre(db: Session, facility_id: int) -> Sequence[tuple[int, str]]:
    chosen = select(Place.id, Place.name).where(Place.kind == "village", Place.parent_id == facility_id)
    return [(i, name) for i, name in db.execute(chosen.order_by(Place.name, Place.id))]


def of_worker(db: Session, worker: Worker) -> Sequence[tuple[int, str]]:
    """Hers, where she has some; else all of her centre's."""
    return [(i, name) for i, name in of_centre(db, worker.facility_id) if not worker.villages or i in worker.villages]
