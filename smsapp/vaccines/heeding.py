"""Those of a centre who hear at once that a family needs them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.people import Person
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, mentioning, workers
from smsapp.vaccines.families import File, first_name, reads
from smsapp.vaccines.workers import ASC, HEAD, MIDWIFE, Worker


def of_village(db: Session, file: File) -> Sequence[Worker]:
    """Who answers for the family's village; else the centre's midwives, and at last whoever works there."""
    answering = workers.answering(db, file.facility_id, file.village_id)
    return answering or midwives(db, file.facility_id) or workers.at(db, file.facility_id, ASC)


def of_births(db: Session, file: File) -> Sequence[Worker]:
    """The centre's midwives; who answers for the village where it has neither one nor a head."""
    return midwives(db, file.facility_id) or of_village(db, file)


def midwives(db: Session, facility_id: int) -> Sequence[Worker]:
    """The centre's; its head where it has none."""
    return workers.at(db, facility_id, MIDWIFE) or workers.at(db, facility_id, HEAD)


def tell(db: Session, rt: Runtime, whom: Sequence[Worker], text: str, key: str, file: File, **values: object) -> None:
    """One short text to each of them, once: whom it is about by first name, code and village, never what ails them."""
    person, village = db.get(Person, reads(file)), db.get(Place, file.village_id or file.facility_id)
    name = first_name(person.name if person else "")
    told = {"village": village.name if village else "", "code": codes.of(file.number)}
    for worker in whom:
        known_as = name or rt.texts.say(worker.language, "care.alert.family")
        words = rt.texts.say(worker.language, text, name=known_as, **told, **values)
        outbox.post(
            db,
            rt,
            worker.number,
            words,
            kind="alert",
            language=worker.language,
            person_id=worker.id,
            facility_id=file.facility_id,
            key=f"{key}:{worker.id}",
            meta=mentioning.of([file.number]),
        )
