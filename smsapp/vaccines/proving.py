"""Who takes a file over from another centre shows that she has its card: a code alone can be worked out."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.flows.answers import plain
from smsapp.flows.dates import read_date
from smsapp.phones import BadNumber, normalise
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, files, mothers
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import CareEvent, Child
from smsapp.vaccines.workers import Worker

REFUSED = "arrival_refused"  # of a file's events
MOST, WITHIN = 3, timedelta(days=1)


def check(db: Session, rt: Runtime, worker: Worker, file: File, typed: str, *, channel: str) -> None:
    """Refused unless this is what the card shows; wrong for the third time within a day, the conversation ends.

    Each wrong one is noted in the file, whoever it was.
    """
    wrong = _wrong(db, rt, file)
    if wrong >= MOST:
        raise Refused("care.too_often", final=True)
    if shows(db, rt, file, typed):
        return
    number, by = file.number, worker.id

    def remember(own: Session) -> None:
        if (row := files.by_number(own, number)) is not None:
            files.note(own, rt, row, REFUSED, by=by, channel=channel)

    if wrong + 1 >= MOST:
        raise Refused("care.too_often", final=True, remember=remember)
    raise Refused("care.not_on_card", code=codes.of(number), remember=remember)


def shows(db: Session, rt: Runtime, file: File, typed: str) -> bool:
    """Whether a child's birth is told, or of a pregnancy a day of its card or the number of the mother."""
    told = plain(typed)
    if isinstance(file, Child):
        return _day(rt, told) == file.born_on
    if (number := _number(rt, told)) is not None:
        return mothers.holds(db, number, [file.mother_id])
    births = db.scalars(select(Child.born_on).where(Child.pregnancy_id == file.id)).all()
    own = {file.due_on, file.last_period, file.ended_on if file.state == "born" else None}
    return _day(rt, told) in {*births, *own} - {None}


def _day(rt: Runtime, told: str) -> date:
    day = read_date(told, rt.local_now().date())
    if day is None:
        raise Refused("care.proof_format")
    return day


def _number(rt: Runtime, told: str) -> str | None:
    try:
        return normalise(told, rt.settings.country)
    except BadNumber:
        return None


def _wrong(db: Session, rt: Runtime, file: File) -> int:
    whose = CareEvent.child_id == file.id if isinstance(file, Child) else CareEvent.pregnancy_id == file.id
    lately = CareEvent.what == REFUSED, CareEvent.at > rt.now() - WITHIN
    return db.scalar(select(func.count()).where(whose, *lately)) or 0
