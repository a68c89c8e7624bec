"""Texts say in their rows which files they tell of: when one ends, those that have not gone out are taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp.messages import FILES, Message
from smsapp.outbox import cancelling
from smsapp.runtime import Runtime
from smsapp.vaccines.families import File
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import Child

ESCALATES = "escalates"
WAITS = timedelta(days=8)  # longer than any of them waits


def of(numbers: Iterable[int], *, escalates: bool = False) -> dict[str, Any]:
    """The `meta` of a text about these files; of one that tells a head of children without news it says that too."""
    told: dict[str, Any] = {FILES: sorted(set(numbers))}
    return {**told, ESCALATES: True} if escalates else told


def take_back(db: Session, rt: Runtime, file: File, reason: str, *, facility_id: int) -> set[str]:
    """Nothing that waits and tells of this file goes out from its centre; the keys that are free again.

    Whatever makes such a text makes it anew at its next run, of the other files alone.
    """
    db.flush()
    open_ones = (
        Message.facility_id == facility_id,
        Message.created_at > rt.now() - WAITS,
        Message.status.in_(cancelling.OPEN),  # of the last two no other try is made
        Message.meta[FILES].contains([file.number]),
    )
    waiting = db.execute(select(Message.id, Message.key, Message.meta).where(*open_ones)).all()
    if not waiting:
        return set()
    about = select(Message.id).where(Message.id.in_([i for i, _, _ in waiting]))
    stopped = set(cancelling.cancel(db, rt.now(), about, reason))
    quietly = {"synchronize_session": False}
    db.execute(update(Message).where(Message.id.in_(stopped)).values(key=None), execution_options=quietly)
    told = [(key, meta) for i, key, meta in waiting if i in stopped]
    late = {number for _, meta in told if meta.get(ESCALATES) for number in meta[FILES]}
    if late:
        others = select(Child.id).where(Child.number.in_(late))
        again = update(Search).where(Search.child_id.in_(others), Search.closed_on.is_(None))
        db.execute(again.values(escalated_on=None))
    return {key for key, _ in told if key}
