"""A death or a loss, told by a worker of the centre or from the family's own phone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.people import Number
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, ending, files, mothers
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.workers import Worker

OVER = ("dead", "lost")


def file_of(db: Session, worker: Worker | None, number: str, typed: str) -> File:
    """The file with this code, its row locked, for a worker of its centre or a phone of its family; else Refused.

    Nobody else hears whether there is such a code.
    """
    file = files.by_number(db, codes.read(typed), lock=True)
    if file is not None and mothers.holds(db, number, _family(file)):
        return file
    if worker is not None and file is not None and file.facility_id != worker.facility_id:
        raise Refused("care.loss_elsewhere", code=codes.of(file.number))
    if worker is not None:
        return files.anyone(db, worker, typed, lock=True)
    raise Refused("care.code_unknown", typed=typed.strip()[:12])


def _family(file: File) -> set[int]:
    carer = file.carer_id if isinstance(file, Child) else None
    return {person for person in (file.mother_id, carer) if person is not None}


def tell(db: Session, rt: Runtime, file: File, *, by: int | None, channel: str) -> None:
    """Told once or again, nothing is said about this file any more."""
    if file.state not in OVER:
        lost = not isinstance(file, Child) and file.state == "active"
        ending.end(db, rt, file, "lost" if lost else "dead", by=by, channel=channel)


def open_files(db: Session, number: str) -> Sequence[File]:
    """What a family can tell a loss of from this phone: its children, the eldest first, and who is expected."""
    holders = select(Number.person_id).where(Number.number == number)
    hers = Pregnancy.mother_id.in_(holders), Pregnancy.state == "active"
    return [
        *files.children_of(db, number),
        *db.scalars(select(Pregnancy).where(*hers).order_by(Pregnancy.id)),
    ]
