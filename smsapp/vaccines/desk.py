"""What the staff write in a file at the console: each noted in the file itself and in the audit trail."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.segments import clean
from smsapp.staff import Staff, audit
from smsapp.vaccines import (
    births,
    ending,
    expecting,
    files,
    giving,
    missing,
    mothers_doses,
    moving,
    reading,
    registering,
    spacing,
    visits_attended,
    welcoming,
)
from smsapp.vaccines.births import Arrived
from smsapp.vaccines.families import File
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Search
from smsapp.vaccines.reading import NotHere
from smsapp.vaccines.registering import Born, Expected
from smsapp.vaccines.tables import SEXES, Child, Dose, Pregnancy

CHANNEL = "console"
LONGEST_NAME, LONGEST_WHY = 60, 200
ENDS = ("moved", "lost", "dead")
FOUND = (missing.SEEN, missing.REFUSED)  # what else became of her is told by her doses, or by the end of her file


@dataclass(frozen=True)
class Facts:
    """What a form puts right of a child; `village_id` is one of her centre's."""

    born_on: date
    sex: str = ""
    name: str = ""
    village_id: int | None = None


def give(
    db: Session,
    rt: Runtime,
    staff: Staff,
    child_id: int,
    codes: Collection[str],
    on: date | None,
    *,
    key: str,
    elsewhere: bool = False,
) -> list[Dose]:
    """Doses of a card, or without a day only told of; those that were new."""
    child = reading.child(db, staff.scope, child_id, lock=True)
    known = [code for code in codes if code in giving.calendar(rt).by_code]
    if not known:
        raise Unfit("doses", "none")
    used = set(db.scalars(select(Dose.key).where(Dose.key.in_([f"{key}:{code}" for code in known]))))
    fresh = [code for code in known if f"{key}:{code}" not in used]  # the same form again changes nothing
    new = giving.give(db, rt, child, fresh, on, Giver(CHANNEL, staff_id=staff.id), key=key, elsewhere=elsewhere)
    if new:
        note(db, rt, staff, child, "doses", doses=[dose.code for dose in new])
    return new


def strike(db: Session, rt: Runtime, staff: Staff, child_id: int, dose_id: int, why: str) -> Dose | None:
    """A dose taken back, with the reason; None where that was done already."""
    child = reading.child(db, staff.scope, child_id, lock=True)
    said = reason(why)
    dose = db.scalar(select(Dose).where(Dose.id == dose_id, Dose.child_id == child.id))
    if dose is None:
        raise NotHere(dose_id)
    if dose.struck_at is not None:
        return None
    giving.strike(db, rt, child, dose, said)
    files.note(db, rt, child, "struck", by=None, channel=CHANNEL, staff_id=staff.id, dose=dose.code)
    note(db, rt, staff, child, "struck", doses=[dose.code])
    return dose


def reason(why: str) -> str:
    """Why something is struck out, as it is kept; Unfit where nothing is told."""
    said = _line(why)
    if not said:
        raise Unfit("why", "empty")
    if len(said) > LONGEST_WHY:
        raise Unfit("why", "too long", LONGEST_WHY)
    return said


def confirm(db: Session, rt: Runtime, staff: Staff, file: File) -> bool:
    """A file that a mother began herself becomes one of her centre; False where it is already.

    Her own of the same birth needs no word of its own.
    """
    if file.confirmed_on is not None or file.state not in {"active", "born"}:
        return False
    file.confirmed_on = rt.local_now().date()
    if isinstance(file, Child):
        births.confirm_mother(db, file, file.confirmed_on)
    registering.plan_again(db, rt, file)
    files.note(db, rt, file, "confirmed", by=None, channel=CHANNEL, staff_id=staff.id)
    welcoming.welcome(db, rt, file, by=None, channel=CHANNEL)
    note(db, rt, staff, file, "confirmed")
    return True


def correct(db: Session, rt: Runtime, staff: Staff, child_id: int, facts: Facts) -> list[str]:
    """Which facts are other ones now; her plan follows."""
    child = reading.child(db, staff.scope, child_id, lock=True)
    if child.state != "active":
        raise Unfit("child", "ended")
    told = _fit(db, rt, child, facts)
    changed = [name for name, value in told.items() if getattr(child, name) != value]
    mother = db.get(Pregnancy, child.pregnancy_id) if child.pregnancy_id else None
    if mother is not None and mother.ended_on == child.born_on != facts.born_on:
        mother.ended_on = facts.born_on
        moving.again(db, rt, mother)
    for name in changed:
        setattr(child, name, told[name])
    if changed:
        _follow(db, child)
        moving.again(db, rt, child)
        files.note(db, rt, child, "corrected", by=None, channel=CHANNEL, staff_id=staff.id, fields=changed)
        note(db, rt, staff, child, "corrected", fields=", ".join(changed))
    return changed


def transfer(db: Session, rt: Runtime, staff: Staff, file: File, facility_id: int) -> bool:
    """Into the care of another centre, anywhere in the country; what waits to be sent is thought of anew."""
    place = db.get(Place, facility_id)
    if place is None or place.kind != "facility":
        raise Unfit("facility_id", "unknown")
    if file.state != "active":
        raise Unfit("child", "ended")
    if file.facility_id == place.id:
        return False
    before = file.facility_id
    moving.take_over(db, rt, file, place.id, place.name, None, by=None, channel=CHANNEL)
    told = {"before": before, "after": place.id}
    files.note(db, rt, file, "transferred", by=None, channel=CHANNEL, staff_id=staff.id, **told)
    subject = _subject(file)
    audit.note(db, rt.now(), staff, "care.transferred", subject, facility_id=before, to=place.name)
    return True


def end(db: Session, rt: Runtime, staff: Staff, file: File, state: str) -> bool:
    """No more is said about this file from now on; False where it was ended already."""
    if state not in ENDS:
        raise Unfit("state", "unknown", state)
    if file.state not in {"active", "born"}:
        return False
    ending.end(db, rt, file, state, by=None, channel=CHANNEL, staff_id=staff.id)
    note(db, rt, staff, file, "ended")
    return True


def child(db: Session, rt: Runtime, staff: Staff, told: Born, key: str) -> Arrived:
    """A child registered at the console, or the one who is there where she was told of before."""
    if near := spacing.near_child(db, told):
        raise Refused("care.born_close", child=spacing.named(near), day=f"{near.born_on:%d/%m/%Y}")
    arrived = births.register(db, rt, told, by=None, channel=CHANNEL, key=key, staff_id=staff.id)
    if arrived.new:
        welcoming.welcome(db, rt, arrived.child, by=None, channel=CHANNEL)
        note(db, rt, staff, arrived.child, "registered")
    return arrived


def pregnancy(db: Session, rt: Runtime, staff: Staff, told: Expected, key: str) -> tuple[Pregnancy, bool]:
    today = rt.local_now().date()
    if last := spacing.last_birth(db, told.mother_id, registering.due(told, today), today, exact=told.exact):
        raise Refused("care.after_birth", born=f"{last:%d/%m/%Y}")
    row, new = expecting.register(db, rt, told, by=None, channel=CHANNEL, key=key, staff_id=staff.id)
    if new:
        welcoming.welcome(db, rt, row, by=None, channel=CHANNEL)
        note(db, rt, staff, row, "registered")
    return row, new


def attend(db: Session, rt: Runtime, staff: Staff, pregnancy_id: int, on: date, td: str) -> list[str]:
    """A visit of a mother on this day, with a dose of Td where one was given; which of the two were new."""
    file = reading.pregnancy(db, staff.scope, pregnancy_id, lock=True)
    by = Giver(CHANNEL, staff_id=staff.id)
    noted = visits_attended.attend(db, rt, file, visits_attended.kind_of(file), on, by)
    new = ["visit"] if noted.new else []
    if td:
        if td not in mothers_doses.rules(rt.settings.country).codes:
            raise Unfit("td", "unknown", td)
        given = mothers_doses.give(db, rt, file, [td], on, by, key=f"console:{file.id}:{on}")
        new += [one.code for one in given if one.new]
    if new:
        note(db, rt, staff, file, "attended", doses=[word for word in new if word != "visit"])
    return new


def found(db: Session, rt: Runtime, staff: Staff, search_id: int, outcome: str) -> Child | None:
    """What became of a child who was looked for; None where somebody told before."""
    row = db.scalar(select(Search).where(Search.id == search_id, staff.scope.within(Search.facility_id)))
    if row is None:
        raise NotHere(search_id)
    if outcome not in FOUND:
        raise Unfit("outcome", "unknown", outcome)
    child = reading.child(db, staff.scope, row.child_id, lock=True)
    db.refresh(row)
    if row.closed_on is not None:
        return None
    if outcome != missing.SEEN or row.outcome != missing.SEEN:
        row.outcome_on = rt.local_now().date()
    row.outcome = outcome
    if outcome == missing.REFUSED:  # who was seen is still to be vaccinated
        row.closed_on = row.outcome_on
    note(db, rt, staff, child, "found")
    db.flush()
    return child


def note(db: Session, rt: Runtime, staff: Staff, file: File, what: str, address: str = "", **details: Any) -> None:
    """In the audit trail."""
    told: dict[str, Any] = {"facility_id": file.facility_id, "address": address, **details}
    audit.note(db, rt.now(), staff, f"care.{what}", _subject(file), **told)


def _subject(file: File) -> str:
    return f"{'child' if isinstance(file, Child) else 'pregnancy'}:{file.id}"


def _fit(db: Session, rt: Runtime, child: Child, facts: Facts) -> dict[str, Any]:
    name = _line(facts.name)
    if len(name) > LONGEST_NAME:
        raise Unfit("name", "too long", LONGEST_NAME)
    if facts.sex and facts.sex not in SEXES:
        raise Unfit("sex", "unknown", facts.sex)
    if facts.born_on != child.born_on:
        registering.check_birth(facts.born_on, rt.local_now().date(), CHANNEL)
    village = village_of(db, child.facility_id, facts.village_id)
    return {"born_on": facts.born_on, "sex": facts.sex or None, "name": name or None, "village_id": village}


def village_of(db: Session, facility_id: int, village_id: int | None) -> int | None:
    """A village of this centre; Unfit where it is another's."""
    if village_id is None:
        return None
    place = db.get(Place, village_id)
    if place is None or place.kind != "village" or place.parent_id != facility_id:
        raise Unfit("village", "unknown")
    return village_id


def _follow(db: Session, child: Child) -> None:
    """Whoever looks for her does so where she is."""
    open_search = update(Search).where(Search.child_id == child.id, Search.closed_on.is_(None))
    db.execute(open_search.values(facility_id=child.facility_id, village_id=child.village_id))


def _line(said: str) -> str:
    return " ".join(clean(said).split())
