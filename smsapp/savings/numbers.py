"""Changing the number that a member is known by: two officers agree, and her PIN is given on the old phone or the new.

From her own phone the PIN was given before she asked. Where that phone is lost an officer asks for her; then the new
number waits, and takes the place of the old one when her PIN is given on it: officers alone can move nobody's money.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import people, registry
from smsapp.db import Work
from smsapp.people import Person
from smsapp.phones import pretty
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import access, groups, requests, telling
from smsapp.savings.groups import Who
from smsapp.savings.tables import Group, Member, Request

NEEDED = 2

_SERVES = """
SELECT EXISTS (
    SELECT FROM savings_members m JOIN savings_groups g ON g.id = m.group_id
    WHERE (m.number = %(number)s OR m.next_number = %(number)s) AND m.left_on IS NULL AND g.closed_on IS NULL
)
"""


def serves(work: Work, number: str) -> bool:
    """Whether it is some member's number, or waits to be; asked at every dial."""
    found = work.execute(_SERVES, {"number": number}).fetchone()
    return bool(found and found[0])


def of_phone(db: Session, number: str) -> list[Who]:
    """The members whose PIN may be given on this phone, by group and card."""
    return groups.of_phone(db, number)


def ask(db: Session, rt: Runtime, who: Who, number: str, *, member: Who | None = None) -> Request:
    """`who` asks for a new number: her own, or that of a `member` whose phone is lost."""
    about = member or who
    if number == about.number:
        raise Refused("savings.same_number")
    if member is not None and (not who.offices or member.group_id != who.group_id):
        raise Refused("savings.not_her_say")
    lost = member is not None and member.id != who.id
    requests.withdraw(db, rt, about.group_id, "number", about.id)
    details = {"card": about.card, "number": number, "pretty": pretty(number), "lost": lost}
    return requests.ask(db, rt, who, "number", about.id, details, NEEDED, not_by=[about.id])


@requests.agreed("number")
def change(db: Session, rt: Runtime, request: Request) -> None:
    """The officers agreed: hers at once, or once her PIN is given on it."""
    member = db.get_one(Member, request.about)
    if db.get_one(Person, member.person_id).forgotten_at is not None:
        raise Refused("savings.request_over")
    number = str(request.details["number"])
    if not request.details["lost"]:
        _move(db, rt, member, number)
        return
    member.next_number = number
    db.flush()
    if who := groups.by_id(db, member.id):
        key, code = f"number-waits:{request.id}", rt.settings.service_code
        telling.number(db, rt, number, who, "savings.told.number_waits", key=key, card=who.card, service_code=code)


def prove(db: Session, rt: Runtime, number: str, member_id: int) -> None:
    """Her PIN was given on this phone: where its number waited for that, it is hers now."""
    member = db.get_one(Member, member_id)
    if member.next_number == number:
        _move(db, rt, member, number)
    elif member.number != number:
        raise Refused("savings.not_open", final=True)


def _elsewhere(db: Session, member: Member, number: str) -> bool:
    """Whether another membership of hers has this number, too."""
    hers = select(Member.id).where(Member.person_id == member.person_id, Member.id != member.id)
    return db.scalar(hers.where(Member.number == number, Member.left_on.is_(None)).limit(1)) is not None


def _move(db: Session, rt: Runtime, member: Member, number: str) -> None:
    """From one number to another; both are told."""
    old = member.number
    member.number, member.next_number = number, None
    db.flush()
    leaves = old if old is not None and not _elsewhere(db, member, old) else None
    people.take(db, rt.now(), member.person_id, number, leaves)
    group = db.get_one(Group, member.group_id).name
    before = {"number": leaves} if leaves else {}
    registry.note(db, rt, None, member.person_id, "changed", before, {"number": number}, group)
    if old is not None:
        access.close_line(db, old)
    who = groups.by_id(db, member.id)
    if who is None:
        return
    key = f"number:{member.id}:{rt.now().timestamp():.0f}"
    if old is not None:
        telling.number(db, rt, old, who, "savings.told.number_left", key=f"{key}:old", card=who.card)
    telling.number(db, rt, number, who, "savings.told.number_hers", key=f"{key}:new", card=who.card)
