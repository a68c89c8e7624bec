"""A file that was closed by mistake is opened again at the console; what lies between is not told of any more."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.segments import clean
from smsapp.staff import Staff
from smsapp.vaccines import desk, files, registering
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import Child, Pregnancy

CLOSED = ("moved", "lost", "dead")


def reopen(db: Session, rt: Runtime, staff: Staff, file: File, why: str) -> bool:
    """Her centre's again from today on, as if it had come into care today; False where the file is open.

    The row of the file is locked.
    """
    said = " ".join(clean(why).split())[: desk.LONGEST_WHY]
    if not said:
        raise Unfit("why", "empty")
    if file.state not in CLOSED:
        return False
    before, file.confirmed_on = file.state, rt.local_now().date()
    if isinstance(file, Child):
        file.state, file.ended_on = "active", None
    else:
        _as_it_was(db, file)
    registering.plan_again(db, rt, file)
    mother = db.get(Pregnancy, file.pregnancy_id) if isinstance(file, Child) and file.pregnancy_id else None
    if mother is not None:
        registering.plan_again(db, rt, mother)
    told = {"before": before, "why": said}
    files.note(db, rt, file, "reopened", by=None, channel=desk.CHANNEL, staff_id=staff.id, **told)
    desk.note(db, rt, staff, file, "reopened")
    return True


def _as_it_was(db: Session, mother: Pregnancy) -> None:
    """After a birth the file of the visits that follow it, else of a pregnancy."""
    born_on = db.scalar(select(func.max(Child.born_on)).where(Child.pregnancy_id == mother.id))
    if born_on is None and mother.due_on is None:
        born_on = mother.registered_on  # it began with a birth
    mother.state, mother.ended_on = ("born", born_on) if born_on else ("active", None)
