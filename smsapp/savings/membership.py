"""Who is in a group: members added one by one or by a list, put right, given their first PIN, and let go."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import people, registry
from smsapp.people import Role
from smsapp.phones import BadNumber, normalise
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import founding, ledger, pins
from smsapp.savings.batches import MOST_CARDS
from smsapp.savings.reading import NotHere
from smsapp.savings.tables import Cycle, Group, Member, Office
from smsapp.segments import clean, search_key
from smsapp.staff import Staff

MOST_AT_ONCE = 60
ROLE = "member"
SEPARATORS = (";", "|", ",")  # the first one that a line has: a name may hold one that comes later


@dataclass(frozen=True)
class Newcomer:
    """What a form or a line of a list says of somebody; `number` as it was typed."""

    card: int | None
    name: str = ""
    number: str = ""
    witness: int | None = None  # her card
    sex: str = ""
    assembly: bool = False
    line: int = 0  # of the list or the form, from 1


class UnfitLine(Unfit):
    """What can not be, in this line."""

    def __init__(self, line: int, why: Unfit) -> None:
        super().__init__(why.field, why.why, why.value)
        self.line = line


def read_list(text: str) -> list[Newcomer]:
    """`card; name; number` a line, as typed or copied from a sheet; the number may lack. UnfitLine where it is none."""
    found = []
    for nth, line in enumerate(clean(text.replace("\t", SEPARATORS[0])).splitlines(), start=1):
        if not line.strip():
            continue
        between = next((sign for sign in SEPARATORS if sign in line), SEPARATORS[0])
        card, *rest = (cell.strip() for cell in line.strip(f" {between}").split(between))
        if not 1 <= len(rest) <= 2 or not (card.isascii() and card.isdecimal()):
            raise UnfitLine(nth, Unfit("list", "format"))
        found.append(Newcomer(int(card[:9]), rest[0], rest[1] if len(rest) > 1 else "", line=nth))
    return found


def add(db: Session, rt: Runtime, staff: Staff, group_id: int, newcomers: Sequence[Newcomer]) -> list[Member]:
    """All of them, or none: UnfitLine names the line that can not be."""
    group = founding.held(db, staff, group_id)
    if not newcomers:
        raise Unfit("list", "nobody")
    if len(newcomers) > MOST_AT_ONCE:
        raise Unfit("list", "too many", MOST_AT_ONCE)
    added = []
    for newcomer in newcomers:
        try:
            added.append(_one(db, rt, staff, group, newcomer))
        except Unfit as why:
            raise UnfitLine(newcomer.line, why) from why
    for newcomer, member in zip(newcomers, added, strict=True):
        try:
            member.witness_id = _witness(db, group, member, newcomer.witness)
        except Unfit as why:
            raise UnfitLine(newcomer.line, why) from why
    db.flush()
    founding.note(db, rt, staff, group, "members_added", cards=sorted(m.card for m in added))
    return added


def _one(db: Session, rt: Runtime, staff: Staff, group: Group, told: Newcomer) -> Member:
    card = told.card
    if card is None or not 1 <= card <= MOST_CARDS:
        raise Unfit("card", "bounds", MOST_CARDS)
    if db.scalar(select(Member.id).where(Member.group_id == group.id, Member.card == card)):
        raise Unfit("card", "taken", card)
    number = _number(rt, told.number)
    person_id = _person(db, rt, staff, group, told, number)
    here = select(Member.card).where(Member.group_id == group.id, Member.person_id == person_id)
    if (other := db.scalar(here.where(Member.left_on.is_(None)))) is not None:
        raise Unfit("name", "here already", other)
    db.execute(insert(Role).values(person_id=person_id, role=ROLE).on_conflict_do_nothing())
    facts = {"sex": _sex(told.sex), "assembly": told.assembly, "joined_on": rt.local_now().date()}
    member = Member(group_id=group.id, card=card, person_id=person_id, number=number, **facts)
    db.add(member)
    db.flush()
    return member


def _person(db: Session, rt: Runtime, staff: Staff, group: Group, told: Newcomer, number: str | None) -> int:
    """Whom the number serves already, by her name where it serves several; else somebody new."""
    name = " ".join(clean(told.name).split())
    served = people.behind(db, number) if number else []
    known = [one for one in served if staff.scope.covers(one.facility_id)]
    if name:
        known = [one for one in known if search_key(one.name or "") == search_key(name)]
    if known:
        return known[0].id
    if not name:
        raise Unfit("name", "nothing")
    facts = registry.Facts(name, None, group.facility_id, frozenset({ROLE}))
    return registry.add(db, rt, staff, facts, number or "").id


def _number(rt: Runtime, typed: str) -> str | None:
    if not typed.strip():
        return None
    try:
        return normalise(typed, rt.settings.country)
    except BadNumber as why:
        raise Unfit("number", why.reason) from why


def _sex(said: str) -> str | None:
    if said not in {"", "F", "M"}:
        raise Unfit("sex", "unknown")
    return said or None


def _witness(db: Session, group: Group, member: Member, card: int | None) -> int | None:
    """Another member with a phone, for one who has none."""
    if card is None or member.number:
        return None
    of_card = select(Member).where(Member.group_id == group.id, Member.card == card, Member.left_on.is_(None))
    witness = db.scalar(of_card)
    if witness is None or witness is member:
        raise Unfit("witness", "unknown", card)
    if witness.number is None:
        raise Unfit("witness", "no phone", card)
    return witness.id


def change(db: Session, rt: Runtime, staff: Staff, group_id: int, member_id: int, told: Newcomer) -> list[str]:
    """Which of her number, witness, sex and place on the assembly's list are other ones now."""
    group = founding.held(db, staff, group_id)
    member = _held(db, group, member_id)
    # An empty cell or a number that is hers already changes nothing, whether her PIN was handed out or not.
    number = _number(rt, told.number)
    if number != member.number:
        if member.pin is not None:
            raise Unfit("number", "held")
        if member.number and not number and _witnessed(db, member):
            raise Unfit("number", "witness")
    before = {"number": member.number, "witness": member.witness_id, "sex": member.sex, "assembly": member.assembly}
    member.number, member.sex, member.assembly = number, _sex(told.sex), told.assembly
    member.witness_id = _witness(db, group, member, told.witness)
    db.flush()
    after = {"number": member.number, "witness": member.witness_id, "sex": member.sex, "assembly": member.assembly}
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        founding.note(db, rt, staff, group, "member_changed", card=member.card, fields=", ".join(changed))
    return changed


def first_pins(
    db: Session, rt: Runtime, staff: Staff, group_id: int, member_id: int | None = None
) -> list[tuple[Member, str]]:
    """A first PIN for this member, or for everybody who has none, to be handed over on paper; kept only as its hash."""
    group = founding.held(db, staff, group_id)
    if member_id is not None:
        members: Sequence[Member] = [_held(db, group, member_id)]
    else:
        without = select(Member).where(Member.group_id == group.id, Member.left_on.is_(None), Member.pin.is_(None))
        members = db.scalars(without.order_by(Member.card).limit(MOST_AT_ONCE)).all()
    made = []
    for member in members:
        if member.pin is not None:
            raise Unfit("pin", "given")
        pin = _pin()
        pins.keep(db, member.id, pins.make(rt.settings.secret_key, pin))
        made.append((member, pin))
    if made:
        founding.note(db, rt, staff, group, "pins_given", cards=[member.card for member, _ in made])
    return made


def _pin() -> str:
    """Four digits that nobody tries first: not one digit alone, no run, no year."""
    while True:
        pin = f"{secrets.randbelow(10_000):04d}"
        steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(pin)}
        if len(set(pin)) > 2 and len(steps) > 1 and not pin.startswith(("19", "20")):
            return pin


def leave(db: Session, rt: Runtime, staff: Staff, group_id: int, member_id: int) -> Member:
    """She is no longer in the group; refused while it owes her or she owes it, and while others need her."""
    group = founding.held(db, staff, group_id)
    member = _held(db, group, member_id)
    for account in ("savings", "loans", "pot"):
        if amount := ledger.total(db, group_id, account, member_id):
            raise Unfit("member", account, amount)
    for why in _needed(db, group, member):
        raise why
    member.left_on = rt.local_now().date()
    db.flush()
    founding.note(db, rt, staff, group, "member_left", card=member.card)
    return member


def _needed(db: Session, group: Group, member: Member) -> Iterator[Unfit]:
    held = select(Office.office).where(Office.member_id == member.id, Office.until.is_(None)).order_by(Office.office)
    if office := db.scalar(held.limit(1)):
        yield Unfit("member", "office", office)
    if card := _witnessed(db, member):
        yield Unfit("member", "witness", card)
    order = db.scalar(select(Cycle.order).where(Cycle.group_id == group.id, Cycle.closed_on.is_(None)))
    if member.card in (order or ()):
        yield Unfit("member", "turn")


def _witnessed(db: Session, member: Member) -> int | None:
    """The card of somebody whose texts she reads."""
    hers = select(Member.card).where(Member.witness_id == member.id, Member.left_on.is_(None), Member.number.is_(None))
    return db.scalar(hers.order_by(Member.card).limit(1))


def _held(db: Session, group: Group, member_id: int) -> Member:
    chosen = select(Member).where(Member.id == member_id, Member.group_id == group.id).with_for_update()
    member = db.scalar(chosen.execution_options(populate_existing=True))
    if member is None:
        raise NotHere(member_id)
    if member.left_on is not None:
        raise Unfit("member", "left")
    return member
