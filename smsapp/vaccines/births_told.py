"""What a mother says when she is asked whether she has given birth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from smsapp.runtime import Runtime
from smsapp.vaccines import asked, births, ending, heeding, registering
from smsapp.vaccines.asked import CANNOT, COMING, DONE, Asked
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import Child, Pregnancy


def pregnancy_of(one: Asked) -> Pregnancy:
    file = one.first.file
    assert isinstance(file, Pregnancy)
    return file


def born(
    db: Session, rt: Runtime, one: Asked, born_on: date, sexes: Sequence[str], *, channel: str, key: str
) -> list[Child]:
    """Her children come into care, not confirmed yet; the pregnancy goes on as the file of her visits after birth."""
    mother = pregnancy_of(one)
    registering.check_birth(born_on, rt.local_now().date())
    by, centre, village = mother.mother_id, mother.facility_id, mother.village_id
    several = len(set(sexes)) < len(sexes)  # of one sex: told apart by numbers, until they have their names
    told = [
        Born(born_on, centre, by, sex=sex, name=str(n) if several else None, village_id=village, pregnancy_id=mother.id)
        for n, sex in enumerate(sexes, start=1)
    ]
    births.born(db, rt, mother, told[0], by=by, channel=channel, confirmed=False)
    children = [
        registering.child(db, rt, each, by=by, channel=channel, key=f"{key}:{n}", confirmed=False)
        for n, each in enumerate(told)
    ]
    asked.answered(db, rt, one, DONE)
    _tell(db, rt, mother, "care.alert.born", day=f"{born_on:%d/%m}", count=len(children))
    return children


def call(db: Session, rt: Runtime, one: Asked) -> None:
    """She has given birth and leaves the rest to the midwife, who calls her."""
    asked.answered(db, rt, one, DONE)
    _tell(db, rt, pregnancy_of(one), "care.alert.call")


def not_yet(db: Session, rt: Runtime, one: Asked) -> None:
    """The run of the reminders asks her again a week later; twice at most."""
    if one.first.reminder.answer is not None:
        return  # said by text and by keypad
    asked.answered(db, rt, one, COMING)
    pregnancy_of(one).look_on = rt.local_now().date()


def lost(db: Session, rt: Runtime, one: Asked, *, channel: str) -> None:
    """Something else happened: not one more text about it, and the midwife goes to see her."""
    mother = pregnancy_of(one)
    asked.answered(db, rt, one, CANNOT)
    ending.end(db, rt, mother, "lost", by=mother.mother_id, channel=channel)
    _tell(db, rt, mother, "care.alert.visit")


def _tell(db: Session, rt: Runtime, mother: Pregnancy, text: str, **values: object) -> None:
    heeding.tell(db, rt, heeding.of_births(db, mother), text, f"{text}:{mother.id}", mother, **values)
