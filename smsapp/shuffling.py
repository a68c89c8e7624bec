"""Shuffling: the database itself shall not lead from a survey's answers to who was on the line when they came.

PostgreSQL marks each row with the transaction that wrote it, and keeps rows in the order they came. An answer is
written in the transaction of the hop that gave it, so for a while both marks lead to the number's own rows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, false, func, insert, select, union
from sqlalchemy.orm import InstrumentedAttribute

from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.surveys import Response, Turn


def shuffle(rt: Runtime) -> int:
    """Write the rows of each facility and month that has new ones anew, all at once and in random order; how many.

    All of them and not the new ones alone: those that came in one hour would still be known by it.
    """
    groups = union(*(select(*_group(table)).where(table.fresh) for table in (Response, Turn)))
    with transaction(rt.sessions) as db:
        new = db.execute(groups).all()
    return sum(_shuffle_one(rt, group) for group in new)


def _shuffle_one(rt: Runtime, group: Any) -> int:
    moved = 0
    with transaction(rt.sessions) as db:
        for table in (Response, Turn):
            here = [column == value for column, value in zip(_group(table), group, strict=True)]
            columns = [column for column in table.__table__.columns if column.name != "fresh"]
            gone = delete(table).where(*here).returning(*columns).cte("gone")
            rows = select(*gone.c, false()).order_by(func.random())
            anew = insert(table).from_select([*(c.name for c in columns), "fresh"], rows)
            moved += len(db.execute(anew.returning(table.survey)).all())
    return moved


def _group(table: type[Response | Turn]) -> tuple[InstrumentedAttribute[Any], ...]:
    return table.survey, table.facility_id, table.month
