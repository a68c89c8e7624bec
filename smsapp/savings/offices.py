"""Who holds which office since when: given by the staff, and kept with those who held it before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.people import Person
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import founding, groups, telling
from smsapp.savings.groups import Who
from smsapp.savings.tables import OFFICES, Member, Office
from smsapp.staff import Staff

# Two people must be two people: who counts does not keep the book, and no key holder has two keys.
APART = (
    ("president", "secretary", "treasurer"),
    ("counter1", "counter2", "treasurer"),
    ("key1", "key2", "key3"),
)


@dataclass(frozen=True)
class Held:
    """An office that somebody holds or held."""

    office: str
    member_id: int
    card: int
    name: str
    since: date
    until: date | None


def appoint(
    db: Session, rt: Runtime, staff: Staff, group_id: int, wanted: Mapping[str, int | None], since: date | None
) -> list[str]:
    """Give each office to the member of this card, or to nobody; which are in other hands now."""
    group = founding.held(db, staff, group_id)
    today = rt.local_now().date()
    if since is None or not group.formed_on <= since <= today:
        raise Unfit("since", "bounds")
    members = {who.card: who.id for who in groups.whole(db, group_id)}
    _check(wanted, members)
    rows = db.scalars(select(Office).where(Office.group_id == group_id, Office.until.is_(None))).all()
    now = {row.office: row for row in rows}
    before = groups.officers(db, group_id)
    changed: list[str] = []
    touched: set[int | None] = set()
    for office in OFFICES:
        card = wanted.get(office)
        new, row = members[card] if card else None, now.get(office)
        if new == (row.member_id if row else None):
            continue
        if row is not None:
            if since < row.since:
                raise Unfit("since", "before", f"{row.since:%d/%m/%Y}")
            row.until = since
            db.flush()  # before the next holder: there is one at a time
        if new is not None:
            db.add(Office(group_id=group_id, member_id=new, office=office, since=since))
        changed.append(office)
        touched |= {new, row.member_id if row else None}
    db.flush()
    if changed:
        cards = [f"{office} {wanted.get(office) or '–'}" for office in changed]
        founding.note(db, rt, staff, group, "offices", cards=cards)
        _tell(db, rt, group_id, before, touched)
    return changed


def _tell(db: Session, rt: Runtime, group_id: int, before: Sequence[Who], touched: Collection[int | None]) -> None:
    """Once a group has a book, its old and new officers hear of it: nobody shall be put above it in silence."""
    if groups.last_cycle(db, group_id) is None:
        return
    told = {who.id: who for who in (*before, *groups.officers(db, group_id))}
    cards = ", ".join(str(who.card) for who in told.values() if who.id in touched)
    key = f"offices:{group_id}:{rt.now().timestamp():.0f}"
    for who in told.values():
        telling.member(db, rt, who, "savings.told.offices", key=key, cards=cards)


def _check(wanted: Mapping[str, int | None], members: Mapping[int, int]) -> None:
    for office, card in wanted.items():
        if card is not None and card not in members:
            raise Unfit(office, "unknown", card)
    for apart in APART:
        seen: dict[int, str] = {}
        for office in apart:
            card = wanted.get(office)
            if card is not None and card in seen:
                raise Unfit(office, "both", card)
            if card is not None:
                seen[card] = office


def history(db: Session, group_id: int) -> Sequence[Held]:
    """Who holds each office now, and who held it before, the latest first."""
    rows = (
        select(Office.office, Member.id, Member.card, Person.name, Office.since, Office.until)
        .join(Member, Member.id == Office.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Office.group_id == group_id)
        .order_by(Office.since.desc(), Office.id.desc())
    )
    found = [
        Held(office, i, card, name or "", since, until) for office, i, card, name, since, until in db.execute(rows)
    ]
    return sorted(found, key=lambda held: OFFICES.index(held.office))
