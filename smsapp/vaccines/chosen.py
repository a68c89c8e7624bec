"""The clinic day that a mother chose for a visit to which she could not come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from smsapp.arrays import among_told
from smsapp.reads import Read
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import CareEvent, Child

OTHER_DAY = "other_day"  # of a file's events
Ref = tuple[bool, int]  # whether it is a child's file, and its id
Days = Mapping[tuple[str, date], date]  # by subject and `due_on` of the visit

_CHOSEN = Read(
    select(CareEvent.child_id, CareEvent.pregnancy_id, CareEvent.details)
    .where(or_(among_told(CareEvent.child_id, "children"), among_told(CareEvent.pregnancy_id, "pregnancies")))
    .where(CareEvent.what == OTHER_DAY)
    .order_by(CareEvent.id)
)


def ref(file: File) -> Ref:
    return isinstance(file, Child), file.id


def days(db: Session, children: Collection[int], pregnancies: Collection[int]) -> Mapping[Ref, Days]:
    """The last day that was chosen for each visit of these files."""
    found: dict[Ref, dict[tuple[str, date], date]] = defaultdict(dict)
    files = {"children": list(children), "pregnancies": list(pregnancies)}
    for child_id, pregnancy_id, told in _CHOSEN.rows(db, files):
        visit = told["subject"], date.fromisoformat(told["due_on"])
        found[child_id is not None, child_id or pregnancy_id or 0][visit] = date.fromisoformat(told["day"])
    return found


def of_files(db: Session, files: Collection[File]) -> Mapping[Ref, Days]:
    children = [file.id for file in files if isinstance(file, Child)]
    return days(db, children, [file.id for file in files if not isinstance(file, Child)])
