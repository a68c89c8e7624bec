"""All that stands in a mother's file: her visits against their windows, doses of Td, reminders, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.vaccines import antenatal, filed, mothers_doses, next_visit, reading, striking
from smsapp.vaccines.antenatal import Visit
from smsapp.vaccines.filed import Told, Written
from smsapp.vaccines.reading import Family
from smsapp.vaccines.striking import Seen
from smsapp.vaccines.tables import Child, Dose, Pregnancy

TAKEN, OPEN, MISSED, AHEAD = "taken", "open", "missed", "ahead"


@dataclass(frozen=True)
class Window:
    """A visit of the country's calendar, and the day on which it took place."""

    visit: Visit
    taken: date | None
    state: str


@dataclass(frozen=True)
class MothersFile:
    file: Pregnancy
    mother: Family
    facility: str
    village: str
    weeks: int | None  # completed, of an open pregnancy
    before: Sequence[Window]
    after: Sequence[Window]
    attended: Sequence[Seen]
    td: Sequence[Dose]
    following: str  # the dose of Td that comes next
    next_day: date | None
    children: Sequence[Child]
    reminders: Sequence[Told]
    events: Sequence[Written]


def of(db: Session, rt: Runtime, file: Pregnancy) -> MothersFile:
    care, today = antenatal.of_country(rt.settings.country), rt.local_now().date()
    count, due_on, live = rt.settings.antenatal_visits, file.due_on, file.state in {"active", "born"}
    seen = striking.visits(db, file)
    been = [it.row for it in seen if it.row.struck_at is None]
    before = antenatal.before_birth(care, count, due_on) if due_on else ()
    after = antenatal.after_birth(care, file.ended_on) if file.state == "born" and file.ended_on else ()
    names = reading.named(db, [file])
    over = today if file.state == "active" else file.ended_on or today
    return MothersFile(
        file=file,
        mother=names.of(file),
        facility=names.place(file.facility_id),
        village=names.place(file.village_id),
        weeks=antenatal.weeks(due_on - antenatal.TERM, today) if due_on and file.state == "active" else None,
        before=_windows(before, [row.on for row in been if row.kind == "antenatal"], over),
        after=_windows(after, [row.on for row in been if row.kind == "postnatal"], today),
        attended=seen,
        td=mothers_doses.had(db, file.mother_id),
        following=mothers_doses.following(db, rt, file.mother_id) if live else "",
        next_day=next_visit.clinic_day(db, rt, file) if live else None,
        children=db.scalars(select(Child).where(Child.pregnancy_id == file.id).order_by(Child.id)).all(),
        reminders=filed.reminders(db, file),
        events=filed.events(db, file),
    )


def _windows(visits: Sequence[Visit], days: Sequence[date], today: date) -> Sequence[Window]:
    return [Window(visit, taken := visit.taken(days), _state(visit, taken, today)) for visit in visits]


def _state(visit: Visit, taken: date | None, today: date) -> str:
    if taken is not None:
        return TAKEN
    if visit.closes < today:
        return MISSED
    return OPEN if visit.due <= today else AHEAD
