"""What mothers told of themselves, until their centre says whether it knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import time

from sqlalchemy import ColumnElement, or_, select, union
from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.db import transaction
from smsapp.outbox import quiet
from smsapp.people import Person
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import ending, families, files, heeding, mentioning, welcoming
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.workers import Worker

NAMED = 3  # in the text that tells of them
MORNING = time(7)  # the centre hears every day of those who still wait


def of_centre(db: Session, facility_id: int) -> Sequence[tuple[int, str | None]]:
    """The mothers whose files wait for the word of this centre, and their names; who waits longest comes first."""
    some = union(
        select(Child.mother_id).where(*_waits(Child, facility_id)),
        select(Pregnancy.mother_id).where(*_waits(Pregnancy, facility_id)),
    ).subquery()
    rows = db.execute(select(Person.id, Person.name).where(Person.id.in_(select(some.c[0]))).order_by(Person.id))
    return [(i, name) for i, name in rows]


def anybody(db: Session, facility_id: int) -> bool:
    """Whether a file waits for the word of this centre."""
    some = (select(table.id).where(*_waits(table, facility_id)).exists() for table in (Child, Pregnancy))
    return bool(db.scalar(select(or_(*some))))


def _waits(table: type[Child] | type[Pregnancy], facility_id: int) -> list[ColumnElement[bool]]:
    return [table.facility_id == facility_id, *_open(table)]


def _open(table: type[Child] | type[Pregnancy]) -> list[ColumnElement[bool]]:
    return [table.confirmed_on.is_(None), table.state.in_(["active", "born"])]


def files_of(db: Session, facility_id: int, mother_id: int) -> Sequence[File]:
    """Hers that wait, their rows locked; Refused where somebody has answered meanwhile."""
    children = select(Child).where(*_waits(Child, facility_id), Child.mother_id == mother_id)
    expected = select(Pregnancy).where(*_waits(Pregnancy, facility_id), Pregnancy.mother_id == mother_id)
    families.one_at_a_time(db, [mother_id])
    found: list[File] = [
        *db.scalars(children.order_by(Child.id).with_for_update()),
        *db.scalars(expected.order_by(Pregnancy.id).with_for_update()),
    ]
    if not found:
        raise Refused("care.none_waiting", final=True)
    return found


def confirm(
    db: Session, rt: Runtime, worker: Worker, mother_id: int, village_id: int | None, *, channel: str
) -> Sequence[File]:
    """Her centre knows her: from now on she is reminded."""
    today = rt.local_now().date()
    confirmed = files_of(db, worker.facility_id, mother_id)
    for file in confirmed:
        file.confirmed_on = file.look_on = today
        file.village_id = village_id or file.village_id
        files.note(db, rt, file, "confirmed", by=worker.id, channel=channel)
        welcoming.welcome(db, rt, file, by=worker.id, channel=channel)
    return confirmed


def not_known(db: Session, rt: Runtime, worker: Worker, mother_id: int, *, channel: str) -> None:
    """Her centre does not know her: her files are closed, and nothing is sent."""
    for file in files_of(db, worker.facility_id, mother_id):
        files.note(db, rt, file, "not_known", by=worker.id, channel=channel)
        ending.end(db, rt, file, "moved", by=worker.id, channel=channel)


def tell(db: Session, rt: Runtime, facility_id: int) -> None:
    """How many wait at this centre, and the first names, to its midwives: at most once a day."""
    waiting = of_centre(db, facility_id)
    if not waiting:
        return
    names = ", ".join(families.first_name(name) or "-" for _, name in waiting[-NAMED:])
    about = mentioning.of(_numbers(db, facility_id))
    for worker in heeding.midwives(db, facility_id):
        key = f"care.alert.waiting{'_one' if len(waiting) == 1 else ''}"
        words = rt.texts.say(worker.language, key, count=len(waiting), names=names)
        outbox.post(
            db,
            rt,
            worker.number,
            words,
            kind="alert",
            language=worker.language,
            person_id=worker.id,
            facility_id=facility_id,
            due=quiet.until(rt.now(), rt.settings),
            key=f"care:waiting:{facility_id}:{rt.local_now().date()}:{worker.id}",
            meta=about,
        )


def _numbers(db: Session, facility_id: int) -> Sequence[int]:
    some = [select(table.number).where(*_waits(table, facility_id)) for table in (Child, Pregnancy)]
    return db.scalars(union(*some)).all()


def tell_all(rt: Runtime, stop: Callable[[], bool] = lambda: False) -> int:
    """The same to every centre where somebody waits, once the morning has come; how many these are."""
    if rt.local_now().time() < MORNING:
        return 0
    with transaction(rt.sessions) as db:
        centres = _centres(db)
    for told, facility_id in enumerate(centres):
        if stop():
            return told
        with transaction(rt.sessions) as db:
            tell(db, rt, facility_id)
    return len(centres)


def _centres(db: Session) -> Sequence[int]:
    some = [select(table.facility_id).where(*_open(table)) for table in (Child, Pregnancy)]
    return sorted(db.scalars(union(*some)))
