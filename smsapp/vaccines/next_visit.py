"""The next day on which one child or mother is expected at her centre."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.vaccines import antenatal, clinic, giving, visits
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import Child, Pregnancy


def clinic_day(db: Session, rt: Runtime, file: File) -> date | None:
    """The clinic day of the next visit, today at the earliest; None where there is none."""
    today = rt.local_now().date()
    due = _child(db, rt, file) if isinstance(file, Child) else _mother(rt, file, today)
    if due is None:
        return None
    service = "vaccines" if isinstance(file, Child) else "antenatal"
    return clinic.of_facility(db, file.facility_id).next_day(max(due, today), service, file.village_id)


def _child(db: Session, rt: Runtime, child: Child) -> date | None:
    ahead = visits.visits(giving.calendar(rt), giving.plan_of(db, rt, child), child.registered_on)
    return ahead[0].day if ahead else None


def _mother(rt: Runtime, mother: Pregnancy, today: date) -> date | None:
    """The first visit whose days are not over."""
    care = antenatal.of_country(rt.settings.country)
    if mother.state == "born" and mother.ended_on:
        ahead = antenatal.after_birth(care, mother.ended_on)
    elif mother.state == "active" and mother.due_on:
        ahead = antenatal.before_birth(care, rt.settings.antenatal_visits, mother.due_on)
    else:
        return None
    return next((visit.due for visit in ahead if visit.latest >= today), None)
