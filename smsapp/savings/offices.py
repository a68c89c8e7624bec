"""Who holds which office since when: given by the staff, with the officers' consent once there is a book."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.people import Person
from smsapp.refusals import Refused
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import founding, groups, requests, telling
from smsapp.savings.groups import Who
from smsapp.savings.tables import OFFICES, Member, Office, Request
from smsapp.staff import Staff

WHAT = "offices"
NEEDED = 2  # officers who agree to others, once there is a book

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


@dataclass(frozen=True)
class Appointed:
    """Which offices are in other hands now, or will be once the group's officers have agreed."""

    changed: Sequence[str]
    asked: bool = False


def appoint(
    db: Session, rt: Runtime, staff: Staff, group_id: int, wanted: Mapping[str, int | None], since: date | None
) -> Appointed:
    """Give each office to the member of this card, or to nobody.

    Once a group has a book, nobody is put above it from outside: two of its officers must agree on their phones.
    """
    group = founding.held(db, staff, group_id)
    if since is None or not group.formed_on <= since <= rt.local_now().date():
        raise Unfit("since", "bounds")
    changed = _changed(db, group_id, wanted, since)
    if not changed:
        return Appointed([])
    cards = ", ".join(str(wanted.get(office) or "–") for office in changed)
    asked = group.last_seq > 0 and _can_agree(db, group_id)
    if asked:
        details = {"wanted": dict(wanted), "since": since.isoformat(), "cards": cards}
        requests.ask_for_staff(db, rt, group_id, WHAT, details, NEEDED)
    else:
        _apply(db, rt, group_id, wanted, since)
    said = [f"{office} {wanted.get(office) or '–'}" for office in changed]
    founding.note(db, rt, staff, group, "offices_asked" if asked else "offices", cards=said)
    return Appointed(changed, asked)


@requests.agreed(WHAT)
def agreed(db: Session, rt: Runtime, request: Request) -> None:
    """The officers agreed; refused where somebody has left since, or an office was given to somebody else."""
    wanted, since = request.details["wanted"], date.fromisoformat(request.details["since"])
    try:
        _changed(db, request.group_id, wanted, since)
    except Unfit as why:
        raise Refused("savings.request_over") from why
    _apply(db, rt, request.group_id, wanted, since)


def _can_agree(db: Session, group_id: int) -> bool:
    """A group that has lost its officers, or their phones, is helped by the staff."""
    return len([who for who in groups.officers(db, group_id) if who.number]) >= NEEDED


def _changed(db: Session, group_id: int, wanted: Mapping[str, int | None], since: date) -> list[str]:
    """The offices that would be in other hands; Unfit where that can not be."""
    members = {who.card: who.id for who in groups.whole(db, group_id)}
    _check(wanted, members)
    now = _held_now(db, group_id)
    changed = []
    for office in OFFICES:
        card, row = wanted.get(office), now.get(office)
        if (members[card] if card else None) == (row.member_id if row else None):
            continue
        if row is not None and since < row.since:
            raise Unfit("since", "before", f"{row.since:%d/%m/%Y}")
        changed.append(office)
    return changed


def _apply(db: Session, rt: Runtime, group_id: int, wanted: Mapping[str, int | None], since: date) -> None:
    members = {who.card: who.id for who in groups.whole(db, group_id)}
    before, now = groups.officers(db, group_id), _held_now(db, group_id)
    touched: set[int | None] = set()
    for office in _changed(db, group_id, wanted, since):
        card, row = wanted.get(office), now.get(office)
        if row is not None:
            row.until = since
            db.flush()  # before the next holder: there is one at a time
        if card:
            db.add(Office(group_id=group_id, member_id=members[card], office=office, since=since))
        touched |= {members[card] if card else None, row.member_id if row else None}
    db.flush()
    _tell(db, rt, group_id, before, touched)


def _held_now(db: Session, group_id: int) -> dict[str, Office]:
    rows = db.scalars(select(Office).where(Office.group_id == group_id, Office.until.is_(None)))
    return {row.office: row for row in rows}


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
