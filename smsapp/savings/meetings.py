"""Meetings: one at a time in a group, begun with the roll; who is there, what was brought, and what is read aloud."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, ledger
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.groups import Who
from smsapp.savings.tables import Cycle, Meeting


@dataclass(frozen=True)
class Sitting:
    """The open meeting and the group around it, by card."""

    meeting: Meeting
    cycle: Cycle
    members: list[Who]

    @property
    def present(self) -> list[Who]:
        there = set(self.meeting.roll or ())
        return [who for who in self.members if who.id in there]

    @property
    def away(self) -> list[Who]:
        there = set(self.meeting.roll or ())
        return [who for who in self.members if who.id not in there]


@dataclass(frozen=True)
class Roll:
    """Who is there and who is away, before it counts."""

    present: list[Who]
    away: list[Who]


@dataclass(frozen=True)
class Opening:
    """What was in the box when the last meeting closed, and what it holds now; None before the first one."""

    closed: int | None
    cash: int


@dataclass(frozen=True)
class Total:
    """What one kind of entry came to in a meeting: how many that stand, and how much the box grew or shrank."""

    count: int
    amount: int


_GOING = Meeting.group_id == bindparam("group"), Meeting.closed_at.is_(None)
_CURRENT = select(Meeting).where(*_GOING).execution_options(populate_existing=True)
_CURRENT_ID = Read(select(Meeting.id).where(*_GOING))
_original = aliased(Posting)
_KIND = func.coalesce(_original.kind, Posting.kind)
_BROUGHT = Read(
    select(PostingLine.member_id)
    .join(Posting, Posting.id == PostingLine.posting_id)
    .outerjoin(_original, _original.id == Posting.reverses)
    .where(Posting.meeting_id == bindparam("meeting"), bindparam("kind") == _KIND)
    .where(PostingLine.account == bindparam("account"), PostingLine.member_id.is_not(None))
    .group_by(PostingLine.member_id)
    .having(func.sum(PostingLine.amount) < 0)
)
_TOTALS = Read(
    select(
        _KIND,
        func.count().filter(Posting.reverses.is_(None)) - func.count().filter(Posting.reverses.is_not(None)),
        func.sum(PostingLine.amount),
    )
    .select_from(Posting)
    .join(PostingLine, PostingLine.posting_id == Posting.id)
    .outerjoin(_original, _original.id == Posting.reverses)
    .where(Posting.meeting_id == bindparam("meeting"), PostingLine.account == "cash")
    .group_by(_KIND)
)


def keeps_book(who: Who) -> None:
    """Only the group's own treasurer and secretary write its book."""
    if not who.keeps_book:
        raise Refused("savings.not_keeper")


def current(db: Session, group_id: int) -> Meeting | None:
    """The meeting that is open in this group, as it is now."""
    return db.scalar(_CURRENT, {"group": group_id})


def current_id(db: Session, group_id: int) -> int | None:
    found = _CURRENT_ID.rows(db, {"group": group_id})
    return int(found[0][0]) if found else None


def sitting(db: Session, group_id: int, kind: str = "vsla") -> Sitting:
    """The open meeting; refused where there is none."""
    meeting = current(db, group_id)
    if meeting is None or meeting.roll is None:
        raise Refused("savings.no_round" if kind == "tontine" else "savings.no_meeting")
    return Sitting(meeting, db.get_one(Cycle, meeting.cycle_id), groups.whole(db, group_id))


def call(db: Session, who: Who, away: Collection[int]) -> Roll:
    """The roll as it would be; refused where a card is nobody's, or one who is said to be away has brought money."""
    keeps_book(who)
    members = groups.whole(db, who.group_id)
    known(members, away)
    roll = Roll([m for m in members if m.card not in away], [m for m in members if m.card in away])
    if not roll.present:
        raise Refused("savings.nobody_there")
    meeting = current(db, who.group_id)
    if meeting is not None and (wrong := brought(db, meeting.id) & {m.id for m in roll.away}):
        raise Refused("savings.away_paid", cards=cards_of(m for m in roll.away if m.id in wrong))
    return roll


def begin(db: Session, rt: Runtime, who: Who, away: Collection[int]) -> Sitting:
    """Open today's meeting with its roll, or correct the roll of the one that is open."""
    ledger.lock(db, who.group_id)
    cycle = ledger.open_cycle(db, who.group_id)
    roll = call(db, who, away)
    today = rt.local_now().date()
    meeting = current(db, who.group_id)
    if meeting is not None and meeting.held_on != today:
        raise Refused("savings.meeting_open", day=f"{meeting.held_on:%d/%m}")
    if meeting is None:
        nth = db.scalar(select(func.coalesce(func.max(Meeting.nth), 0)).where(Meeting.cycle_id == cycle.id)) or 0
        told = {"group_id": who.group_id, "cycle_id": cycle.id, "nth": nth + 1, "held_on": today}
        meeting = Meeting(**told, opened_by=who.id, opened_at=rt.now(), nothing=[])
        db.add(meeting)
    meeting.roll = [m.id for m in roll.present]
    meeting.nothing = [id for id in meeting.nothing if id in meeting.roll]
    db.flush()
    return Sitting(meeting, cycle, groups.whole(db, who.group_id))


def hold(db: Session, meeting: Meeting) -> None:
    """The group's book is ours until the transaction ends; refused where another has closed the meeting meanwhile."""
    ledger.lock(db, meeting.group_id)
    db.refresh(meeting)
    if meeting.closed_at is not None:
        raise Refused("savings.no_meeting")


def known(members: Iterable[Who], cards: Collection[int]) -> None:
    """Refused where a card is nobody's."""
    if wrong := set(cards) - {m.card for m in members}:
        raise Refused("savings.no_card", card=min(wrong))


def opening(db: Session, group_id: int) -> Opening:
    """What the box begins with: the count of the last meeting that was closed."""
    last = select(Meeting.first_count).where(Meeting.group_id == group_id, Meeting.first_count.is_not(None))
    closed = db.scalar(last.order_by(Meeting.closed_at.desc()).limit(1))
    return Opening(closed, ledger.total(db, group_id, "cash"))


def brought(db: Session, meeting_id: int, kind: str = "deposit", account: str = "savings") -> set[int]:
    """Ids of the members of whom an entry of this kind stands in this meeting; one taken back does not count."""
    return {id for (id,) in _BROUGHT.rows(db, {"meeting": meeting_id, "kind": kind, "account": account})}


def totals(db: Session, meeting_id: int) -> dict[str, Total]:
    """What each kind of entry came to, for reading aloud; what was taken back is left out of both figures."""
    return {name: Total(count, int(amount)) for name, count, amount in _TOTALS.rows(db, {"meeting": meeting_id})}


def cards_of(members: Iterable[Who]) -> str:
    """`7, 9`."""
    return ", ".join(str(m.card) for m in members)


def named(db: Session, group_id: int, cards: Collection[int]) -> list[Who]:
    """The members of these cards, by card; refused where one is nobody's."""
    members = groups.whole(db, group_id)
    known(members, cards)
    return [m for m in members if m.card in cards]
