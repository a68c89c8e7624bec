"""Texts that ask a mother something, sent as the reminders are: for tests of what she answers."""

from __future__ import annotations

from datetime import date

from smsapp import outbox
from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.vaccines.families import File, reads
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child
from tests.nursery import AWA

TEXTS = {
    "born": "CSCom Sotuba : avez-vous du nouveau ? Répondez 1 oui, 2 pas encore, 3 autre.",
    "check_in": "CSCom Sotuba : votre enfant va-t-il bien ? Répondez 1 oui, 2 non.",
}
VISIT = "CSCom Sotuba : rappel, rendez-vous {day}. Répondez 1 je viens, 2 déjà fait, 3 je ne peux pas."


def asked(
    rt: Runtime,
    *files: File,
    day: date,
    subject: str = "vaccines",
    due_on: date | None = None,
    doses: tuple[str, ...] = (),
    step: int = 0,
    number: str = AWA,
) -> int:
    """One text about all of these, gone out by now; its id."""
    today, words = rt.local_now().date(), TEXTS.get(subject, VISIT).format(day=f"{day:%d/%m}")
    with transaction(rt.sessions) as db:
        sent = outbox.post(db, rt, number, words, kind="reminder", key=f"{subject}:{number}:{today}:{step}")
        for file in files:
            whose = {"child_id" if isinstance(file, Child) else "pregnancy_id": file.id}
            told = {"subject": subject, "due_on": due_on or day, "step": step, "day": day, "doses": list(doses)}
            db.add(
                Reminder(
                    **whose,
                    **told,
                    person_id=reads(file),
                    facility_id=file.facility_id,
                    number=number,
                    planned_for=today,
                    message_id=sent.id,
                )
            )
    outbox.deliver(rt, "bulk")
    return sent.id
