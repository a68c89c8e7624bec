"""A new PIN: she who knows the old one chooses it herself; for her who has none, or forgot it, two officers agree."""

from __future__ import annotations

from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, pins, requests, telling
from smsapp.savings.groups import Who
from smsapp.savings.tables import Member, Request

NEEDED = 2


def choose(db: Session, rt: Runtime, who: Who, pin: str) -> str:
    """What is kept of her own new PIN, which is not the old one.

    Only she may be told so, who has just given the old one: of somebody else's it would be a try that nobody counts.
    """
    old, key = db.get_one(Member, who.id).pin, rt.settings.secret_key
    if old is not None and pins.same(key, pin, old):
        raise Refused("savings.pin_same")
    return pins.make(key, pin)


def repeat(rt: Runtime, pin: str, kept: str) -> None:
    """She typed it twice: without seeing it, once is a slip too easily made."""
    if not pins.same(rt.settings.secret_key, pin, kept):
        raise Refused("savings.pin_not_again")


def ask(db: Session, rt: Runtime, officer: Who, member: Who, kept: str) -> Request:
    """An officer on whose phone the member typed her new PIN asks the others."""
    if not officer.offices or member.group_id != officer.group_id or member.id == officer.id:
        raise Refused("savings.not_her_say")
    requests.withdraw(db, rt, member.group_id, "pin", member.id)
    details = {"card": member.card, requests.NEW_PIN: kept}
    return requests.ask(db, rt, officer, "pin", member.id, details, NEEDED, not_by=[member.id])


@requests.agreed("pin")
def give(db: Session, rt: Runtime, request: Request) -> None:
    """The officers agreed."""
    pins.keep(db, db.get_one(Member, request.about).id, str(request.details[requests.NEW_PIN]))
    if who := groups.by_id(db, request.about or 0):
        telling.member(db, rt, who, "savings.told.pin_changed", key=f"pin:{request.id}", card=who.card)
