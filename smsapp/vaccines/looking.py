"""Whom a centre looks for, as texts tell of them: a number, and as many first names as one part holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from smsapp.people import Person
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.segments import count, fold
from smsapp.vaccines.families import first_name
from smsapp.vaccines.missing import REFUSED
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import Child

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Looked:
    """One search as the lists need it."""

    id: int
    number: int  # of her file
    name: str
    village_id: int | None
    village: str
    opened_on: date
    closed_on: date | None
    outcome: str | None
    outcome_on: date | None
    told_on: date | None
    escalated_on: date | None

    @property
    def waits(self) -> bool:
        """Whether it stands on a community health worker's list."""
        return self.closed_on is None and self.outcome != REFUSED


def of_centre(db: Session, facility_id: int, today: date) -> Sequence[Looked]:
    """The open searches of a centre and those that ended within the week, the oldest first."""
    chosen = (
        select(
            Search.id,
            Child.number,
            Child.name,
            Person.name,
            Child.village_id,
            Place.name,
            Search.opened_on,
            Search.closed_on,
            Search.outcome,
            Search.outcome_on,
            Search.told_on,
            Search.escalated_on,
        )
        .join(Child, Child.id == Search.child_id)
        .join(Person, Person.id == func.coalesce(Child.carer_id, Child.mother_id))
        .join(Place, Place.id == Child.village_id, isouter=True)
        .where(Search.facility_id == facility_id, Child.facility_id == facility_id, Search.opened_on <= today)
        .where(or_(Search.closed_on.is_(None), Search.closed_on > today - WEEK))
        .order_by(Search.opened_on, Search.id)
    )
    return [
        Looked(i, number, first_name(name) or first_name(family), village_id, village or "", *days)
        for i, number, name, family, village_id, village, *days in db.execute(chosen)
    ]


def named(
    rt: Runtime, language: str | None, key: str, found: Sequence[Looked], second: str = "", **values: object
) -> str:
    """The number, and as many first names as one part holds."""
    dial, names = rt.settings.service_code, [one.name for one in found if one.name]
    for most in range(len(names), -1, -1):
        shown = ", ".join(names[:most]) + (f" +{len(found) - most}" if most < len(found) else "")
        text = rt.texts.say(language, key, n=len(found), names=shown.strip(), dial=dial, **values)
        text = "\n".join(filter(None, [text, second]))
        if count(fold(text)) == 1:
            break
    return text
