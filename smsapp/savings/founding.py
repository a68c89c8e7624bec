"""Founding a group and putting right what is known of it, by the staff: its book stays its officers' alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import cycles, groups, ledger, reading
from smsapp.savings.cycles import Rules
from smsapp.savings.tables import KINDS, Cycle, Group
from smsapp.segments import clean
from smsapp.staff import Staff, audit

LONGEST_NAME = 40  # it stands in every receipt
EVERY = (1, 62)  # days from one meeting to the next
FIRST = date(1960, 1, 1)


@dataclass(frozen=True)
class Facts:
    """What a form says of a group."""

    name: str
    kind: str
    facility_id: int | None
    village: str
    formed_on: date | None
    every_days: int | None


def found(db: Session, rt: Runtime, staff: Staff, facts: Facts) -> Group:
    """A new group, with nobody in it yet."""
    told = _fit(db, rt, staff, facts, None)
    group = Group(**told, created_at=rt.now(), last_seq=0, last_hash="")
    db.add(group)
    db.flush()
    note(db, rt, staff, group, "founded", kind=group.kind)
    return group


def change(db: Session, rt: Runtime, staff: Staff, group_id: int, facts: Facts) -> list[str]:
    """Which facts are other ones now; the kind never is."""
    group = held(db, staff, group_id)
    told = _fit(db, rt, staff, facts, group)
    changed = [name for name, value in told.items() if getattr(group, name) != value]
    for name in changed:
        setattr(group, name, told[name])
    db.flush()
    if changed:
        note(db, rt, staff, group, "changed", fields=", ".join(sorted(changed)))
    return changed


def held(db: Session, staff: Staff, group_id: int) -> Group:
    """The group, ours until the transaction ends; NotHere where the staff may not see it; none is closed."""
    group = ledger.lock(db, reading.one(db, staff.scope, group_id).id)
    if group.closed_on is not None:
        raise Unfit("group", "closed")
    return group


def note(db: Session, rt: Runtime, staff: Staff, group: Group, what: str, **details: Any) -> None:
    subject = f"savings_group:{group.id}"
    audit.note(db, rt.now(), staff, f"savings.{what}", subject, facility_id=group.facility_id, **details)


def _fit(db: Session, rt: Runtime, staff: Staff, facts: Facts, group: Group | None) -> dict[str, Any]:
    name = _line(facts.name)
    if not name:
        raise Unfit("name", "empty")
    if len(name) > LONGEST_NAME:
        raise Unfit("name", "too long", LONGEST_NAME)
    kind = group.kind if group else facts.kind
    if kind not in KINDS:
        raise Unfit("kind", "unknown", kind)
    facility_id = _facility(db, staff, facts.facility_id)
    if _called(db, name, facility_id) not in {None, group.id if group else None}:
        raise Unfit("name", "taken", name)
    village = _line(facts.village)
    if len(village) > LONGEST_NAME:
        raise Unfit("village", "too long", LONGEST_NAME)
    if facts.formed_on is None or not FIRST <= facts.formed_on <= rt.local_now().date():
        raise Unfit("formed_on", "bounds")
    least, most = EVERY
    if facts.every_days is None or not least <= facts.every_days <= most:
        raise Unfit("every_days", "bounds", most)
    told = {"name": name, "kind": kind, "facility_id": facility_id, "village": village or None}
    return {**told, "formed_on": facts.formed_on, "every_days": facts.every_days}


def _line(said: str) -> str:
    return " ".join(clean(said).split())


def _facility(db: Session, staff: Staff, facility_id: int | None) -> int:
    place = db.get(Place, facility_id) if facility_id is not None else None
    if place is None or place.kind != "facility" or not staff.scope.covers(place.id):
        raise Unfit("facility_id", "needed" if facility_id is None else "unknown")
    return place.id


def _called(db: Session, name: str, facility_id: int) -> int | None:
    """The open group of this name there: a form that is sent twice founds one group."""
    same = func.lower(Group.name) == name.lower()
    return db.scalar(select(Group.id).where(Group.facility_id == facility_id, same, Group.closed_on.is_(None)))


# ---- the rules of a cycle


def begin(db: Session, rt: Runtime, staff: Staff, group_id: int, rules: Rules) -> Cycle:
    """The first cycle, or the next one; its rules are what they are until its end."""
    group = held(db, staff, group_id)
    members = groups.whole(db, group_id)
    if not any(who.keeps_book for who in members):
        raise Unfit("group", "no bookkeeper")
    if group.kind == "tontine":
        _check_order(rules.order, {who.card for who in members})
    try:
        cycle = cycles.begin(db, rt, group_id, rules)
    except Refused as why:
        raise Unfit(*_as_unfit(why)) from why
    note(db, rt, staff, group, "cycle_begun", cycle=cycle.id, share_value=rules.share_value)
    return cycle


def _check_order(order: Any, cards: set[int]) -> None:
    """Everybody has one turn."""
    for card in order:
        if card not in cards:
            raise Unfit("order", "unknown", card)
        if list(order).count(card) > 1:
            raise Unfit("order", "twice", card)
    if missing := cards - set(order):
        raise Unfit("order", "missing", min(missing))


def _as_unfit(why: Refused) -> tuple[str, str]:
    told: Mapping[str, tuple[str, str]] = {
        "savings.cycle_open": ("group", "cycle open"),
        "savings.closed": ("group", "closed"),
    }
    return told.get(why.key) or (str(why.values.get("rule", "group")), "bounds")
