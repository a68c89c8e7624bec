"""The first text to the phone of a family in care, and the consent that its reader gave to her centre."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from smsapp import outbox, people
from smsapp.people import Consent
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.vaccines import families, files, mentioning
from smsapp.vaccines.families import File
from smsapp.vaccines.tables import Child, Pregnancy

TOPIC = "reminders"
KEY = "care:welcome:"

_LAST_WORD = (
    select(Consent.given)
    .where(Consent.person_id == bindparam("person"), Consent.topic == TOPIC)
    .order_by(Consent.id.desc())
    .limit(1)
)


def welcome(db: Session, rt: Runtime, file: File, *, by: int | None, channel: str, arrived: bool = False) -> None:
    """Once for each phone: who writes, that it is free, how to stop. Says nothing of what it is about.

    Once more where the file `arrived` at another centre: the family hears who has it now.
    """
    person_id = families.reads(file)
    reader = families.readers(db, [person_id]).get(person_id)
    language = (reader.language if reader else None) or rt.settings.language
    if _consents(db, rt, person_id, language, channel):
        files.note(db, rt, file, "consented", by=by, channel=channel, person=person_id)
    if reader is None:
        return
    centre = db.get_one(Place, file.facility_id).name
    outbox.post(
        db,
        rt,
        reader.number,
        rt.texts.say(language, "care.welcome", centre=centre),
        kind="reminder",
        language=language,
        person_id=person_id,
        facility_id=file.facility_id,
        key=f"{KEY}{reader.number}" + (f":{file.facility_id}" if arrived else ""),
        meta=mentioning.of([file.number]),
    )


def again(db: Session, rt: Runtime, file: File, freed: Collection[str], *, channel: str) -> None:
    """A first text taken back with this file goes out for another one that the same phone reads for, if there is one.

    `freed` are the keys of what was taken back.
    """
    if not any(key.startswith(KEY) for key in freed):
        return
    person_id = families.reads(file)
    child = select(Child).where(func.coalesce(Child.carer_id, Child.mother_id) == person_id, *_in_care(Child))
    mother = select(Pregnancy).where(Pregnancy.mother_id == person_id, *_in_care(Pregnancy))
    other = db.scalar(child.limit(1)) or db.scalar(mother.limit(1))
    if other is not None:
        welcome(db, rt, other, by=None, channel=channel)


def _in_care(table: type[Child] | type[Pregnancy]) -> list[ColumnElement[bool]]:
    return [table.state == "active", table.confirmed_on.is_not(None)]


def _consents(db: Session, rt: Runtime, person_id: int, language: str, channel: str) -> bool:
    """Write down that she agreed, as her worker says; whether that is new."""
    if db.scalar(_LAST_WORD, {"person": person_id}):
        return False
    told = {"given": True, "version": people.CONSENT_VERSION, "language": language, "channel": channel}
    db.add(Consent(person_id=person_id, topic=TOPIC, at=rt.now(), **told))
    return True
