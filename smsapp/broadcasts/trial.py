"""A broadcast's texts to the phone of whoever writes it, before anybody else gets them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp import outbox, people, phones, segments
from smsapp.broadcasts import wording
from smsapp.broadcasts.audience import reachable
from smsapp.broadcasts.content import Problem
from smsapp.phones import BadNumber, normalise
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import AuditEntry, Staff, audit

MOST_AN_HOUR = 20  # of one member of the staff: it is no way around the approval
TESTED = "broadcasts.tested"


def send(db: Session, rt: Runtime, staff: Staff, texts: Mapping[str, str], typed: str) -> str:
    """Queue each text to one's own number, whatever the hour; the number."""
    number = _own_number(db, rt, staff, typed)
    written = [text for text in texts.values() if segments.clean(text)]
    if not written:
        raise Problem("Write what should be sent.", about="text")
    if any(segments.count(segments.fold(segments.clean(text))) > wording.MOST_PARTS for text in written):
        raise Problem("This text is too long to be sent.", about="text")
    since = rt.now() - timedelta(hours=1)
    tests = AuditEntry.account_id == staff.id, AuditEntry.action == TESTED, AuditEntry.at > since
    if (db.scalar(select(func.count()).where(*tests)) or 0) >= MOST_AN_HOUR:
        raise Problem("Enough tests for now: try again in an hour.", about="test")
    values = {"name": staff.name, "facility": _some_place(db, staff), "number": number}
    for text in written:
        outbox.post(db, rt, number, wording.fill(text, values), kind="test")
    audit.note(db, rt.now(), staff, TESTED, to=phones.masked(number), texts=len(written))
    return number


def _own_number(db: Session, rt: Runtime, staff: Staff, typed: str) -> str:
    try:
        number = normalise(typed, rt.settings.country)
    except BadNumber as why:
        raise Problem("This is no mobile number to which a test can go.", about="test") from why
    if people.behind(db, number) and not db.scalar(select(reachable(staff.scope, number))):
        raise Problem("This number belongs to somebody at another place: a test goes to your own.", about="test")
    return number


def _some_place(db: Session, staff: Staff) -> str:
    """A facility's name to fill in: one of hers, as long as they come."""
    name = select(Place.name).where(Place.kind == "facility", staff.scope.within(Place.id))
    return db.scalar(name.order_by(func.length(Place.name).desc(), Place.name).limit(1)) or ""
