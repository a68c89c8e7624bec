"""The next day on which one child or mother is expected at her centre."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.vaccines import clinic, giving, visits, visits_attended
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.visits_attended import ANTENATAL, POSTNATAL


def clinic_day(db: Session, rt: Runtime, file: File) -> date | None:
    """The clinic day of the next visit, today at the earliest; None where there is none."""
    today = rt.local_now().date()
    due = _child(db, rt, file) if isinstance(file, Child) else of_mother(db, rt, file)
    if due is None:
        return None
    service = "vaccines" if isinstance(file, Child) else "antenatal"
    return clinic.of_facility(db, file.facility_id).next_day(max(due, today), service, file.village_id)


def _child(db: Session, rt: Runtime, child: Child) -> date | None:
    ahead = visits.visits(giving.calendar(rt), giving.plan_of(db, rt, child), child.registered_on)
    return ahead[0].day if ahead else None


def of_mother(db: Session, rt: Runtime, mother: Pregnancy) -> date | None:
    """From when the first visit is due that has not been and whose days are not over; None of a closed file."""
    if mother.state not in {"active", "born"}:
        return None
    today = rt.local_now().date()
    kind = ANTENATAL if mother.state == "active" else POSTNATAL
    days = visits_attended.attended(db, mother, kind)
    ahead = visits_attended.planned(rt, mother, kind)
    return next((visit.due for visit in ahead if visit.closes >= today and not visit.taken(days)), None)
