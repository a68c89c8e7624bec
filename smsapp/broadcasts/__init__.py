"""Broadcasts: one text to many."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import outbox, people
from smsapp.outbox import Draft
from smsapp.people import Group
from smsapp.runtime import Runtime


def send(db: Session, rt: Runtime, group: str, words: str) -> int:
    """Queue one message for each number of the group's people; how many. LookupError for a group nobody knows."""
    members = people.members(db, group)
    if members is None:
        known = ", ".join(db.scalars(select(Group.name).order_by(Group.name).limit(5))) or "none yet"
        raise LookupError(f"unknown group {group!r} (known: {known})")
    key = uuid.uuid4().hex
    drafts = [
        Draft(number, words, "broadcast", language, person_id, key=f"broadcast:{key}:{number}")
        for number, person_id, language in members
    ]
    return outbox.post_many(db, rt, drafts)
