"""How a phone's holder wants to hear from her centre."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.vaccines.promises import Wish

HOURS = {"morning": 8, "noon": 12, "evening": 17, "any": None}


def of(db: Session, person_ids: Collection[int]) -> Wish | None:
    """What is wished on a phone: all whom it serves have the same."""
    return db.scalar(select(Wish).where(Wish.person_id.in_(sorted(person_ids))).limit(1))


def hour(db: Session, person_ids: Collection[int], name: str) -> None:
    """From which hour on texts may come; any hour where she does not mind."""
    _keep(db, person_ids, {"hour": HOURS[name]})


def frank(db: Session, person_ids: Collection[int], *, wanted: bool) -> None:
    """Whether texts may say what they are about."""
    _keep(db, person_ids, {"frank": wanted})


def _keep(db: Session, person_ids: Collection[int], wish: dict[str, object]) -> None:
    for person_id in sorted(person_ids):
        write = insert(Wish).values(person_id=person_id, **wish)
        db.execute(write.on_conflict_do_update(index_elements=[Wish.person_id], set_=wish))
