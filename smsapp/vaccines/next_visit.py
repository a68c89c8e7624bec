"""The next day on which one child or mother is expected at her centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.vaccines import chosen, clinic, families, giving, visits, visits_attended
from smsapp.vaccines.chosen import Days
from smsapp.vaccines.clinic import Calendar
from smsapp.vaccines.families import File
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.visits_attended import ANTENATAL, POSTNATAL

VACCINES = "vaccines"


@dataclass(frozen=True)
class Way:
    """A visit ahead, which can be from `day` on; `subject` and `due_on` name it as its reminders do."""

    subject: str
    due_on: date
    day: date

    @property
    def service(self) -> str:
        return VACCINES if self.subject == VACCINES else ANTENATAL

    def expected(self, calendar: Calendar, village_id: int | None, days: Days, today: date) -> date:
        """The clinic day, today at the earliest; the one that she chose where she can not come on that."""
        first = days.get((self.subject, self.due_on), self.day)
        return calendar.next_day(max(first, today), self.service, village_id)


def clinic_day(db: Session, rt: Runtime, file: File) -> date | None:
    """The clinic day of the next visit, today at the earliest; None where there is none."""
    way = of_child(file, giving.plan_of(db, rt, file)) if isinstance(file, Child) else of_mother(db, rt, file)
    if way is None:
        return None
    calendar, days = clinic.of_facility(db, file.facility_id), chosen.of_files(db, [file])
    return way.expected(calendar, file.village_id, days.get(chosen.ref(file), {}), rt.local_now().date())


def of_child(child: Child, plan: Plan) -> Way | None:
    """The first visit of her plan."""
    ahead = visits.visits(plan, families.since(child))
    return Way(VACCINES, ahead[0].due_on, ahead[0].day) if ahead else None


def of_mother(db: Session, rt: Runtime, mother: Pregnancy) -> Way | None:
    """The first visit that has not been and whose days are not over; None of a closed file."""
    if mother.state not in {"active", "born"}:
        return None
    today, since = rt.local_now().date(), families.since(mother)
    kind = ANTENATAL if mother.state == "active" else POSTNATAL
    days = visits_attended.attended(db, mother, kind)
    ahead = visits_attended.planned(rt, mother, kind)
    due = next((visit.due for visit in ahead if visit.closes >= today and not visit.taken(days)), None)
    return Way(kind, max(due, since), due) if due else None
