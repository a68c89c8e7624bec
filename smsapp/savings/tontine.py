"""The tontine: each brings the same to each round, and one after the other takes what was brought."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, ledger, meetings
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Cycle, Meeting, Member


@dataclass(frozen=True)
class Round:
    """One round: its number, whose turn it is, and what each brings."""

    nth: int
    turn: int  # her card
    amount: int
    of: int  # rounds of the cycle
    meeting: Meeting | None  # none where it has not begun


@dataclass(frozen=True)
class Missed:
    """What a member did not bring to a round, and whose turn that was."""

    meeting_id: int
    nth: int
    card: int
    turn: int
    amount: int


@dataclass(frozen=True)
class Plan:
    """Who brings hers to this round and who does not."""

    round: Round
    members: list[Who]
    missing: list[Who]

    @property
    def total(self) -> int:
        return self.round.amount * len(self.members)


@dataclass(frozen=True)
class Paid:
    """What a member brought; of a round that she missed also what went on to her whose turn it was."""

    posting: Posting
    passed_on: Posting | None = None
    missed: Missed | None = None


def now(db: Session, group_id: int) -> Round:
    """The round that is open, else the one to come; refused where every turn has been."""
    cycle = ledger.open_cycle(db, group_id)
    meeting = meetings.current(db, group_id)
    last = db.scalar(select(func.coalesce(func.max(Meeting.nth), 0)).where(Meeting.cycle_id == cycle.id)) or 0
    nth = meeting.nth if meeting is not None else last + 1
    if nth > len(cycle.order):
        raise Refused("savings.rounds_over")
    return Round(nth, cycle.order[nth - 1], cycle.share_value, len(cycle.order), meeting)


def plan(db: Session, who: Who, missing: Collection[int]) -> Plan:
    """What collecting would book: all who take part but those who bring nothing, and who brought hers before."""
    meetings.keeps_book(who)
    found = now(db, who.group_id)
    members = _members(db, who.group_id)
    meetings.known(members, missing)
    before = brought(db, found.meeting.id) if found.meeting else set()
    paying = [m for m in members if m.card not in missing and m.id not in before]
    if not paying:
        raise Refused("savings.batch_nobody")
    return Plan(found, paying, [m for m in members if m.card in missing and m.id not in before])


def collect(
    db: Session, rt: Runtime, who: Who, missing: Collection[int], key: str, channel: str
) -> list[tuple[Who, Posting]]:
    """Begin the round if it has not begun, and note what each brought to it: all of it, or nothing."""
    ledger.hold(db, who.group_id)
    found = plan(db, who, missing)
    meeting = found.round.meeting or _begin(db, rt, who, found.round.nth)
    amount = found.round.amount
    entries = [
        Entry("round", _brings(m.id, amount), f"{key}:{m.card}", channel, who.id, meeting.id) for m in found.members
    ]
    here = {*(meeting.roll or ()), *(m.id for m in found.members)}
    meeting.roll = sorted(here)
    return list(zip(found.members, _book(db, rt, who, entries), strict=True))


def pot(db: Session, who: Who) -> tuple[Round, Meeting, Member, int]:
    """The open round, her whose turn it is, and what was brought to it and not yet given: no round gives more."""
    meetings.keeps_book(who)
    found = now(db, who.group_id)
    if found.meeting is None:
        raise Refused("savings.no_round")
    turn = _turn(db, who.group_id, found.turn)
    left = _left(db, found.meeting.id)
    if left <= 0:
        raise Refused("savings.pot_empty")
    return found, found.meeting, turn, left


def give(db: Session, rt: Runtime, who: Who, key: str, channel: str) -> Posting:
    """The pot goes to her whose turn it is, and the round is over; who has not brought hers owes it to her."""
    ledger.hold(db, who.group_id)
    if done := ledger.booked(db, key):
        return done
    _, meeting, turn, amount = pot(db, who)
    [posting] = _book(db, rt, who, [_pot(turn.id, amount, key, channel, who, meeting.id)])
    meeting.closed_at = rt.now()
    db.flush()
    return posting


def missed(db: Session, group_id: int) -> list[Missed]:
    """What is owed from rounds that are over, the oldest first: who owes how much to whom.

    Whatever a member brought besides her part of a round pays the oldest that she missed.
    """
    cycle = ledger.open_cycle(db, group_id)
    over = select(Meeting).where(Meeting.cycle_id == cycle.id, Meeting.closed_at.is_not(None)).order_by(Meeting.nth)
    rounds = [m for m in db.scalars(over) if m.nth <= len(cycle.order)]
    had = _parts(db, Posting.cycle_id == cycle.id)
    late = []
    for member in _taking_part(db, group_id, cycle):
        hers = {meeting_id: count for (meeting_id, member_id), count in had.items() if member_id == member.id}
        extra = sum(count - (meeting_id is not None) for meeting_id, count in hers.items())
        lacking = [meeting for meeting in rounds if meeting.id not in hers]
        late += [Missed(m.id, m.nth, member.card, cycle.order[m.nth - 1], cycle.share_value) for m in lacking[extra:]]
    return sorted(late, key=lambda missed: (missed.nth, missed.card))


def pay(db: Session, rt: Runtime, who: Who, card: int, key: str, channel: str) -> Paid:
    """A member brings hers: to the open round, else to the oldest one that she missed, else to the next, which begins.

    What comes late is at once passed on to her whose turn that was.
    """
    meetings.keeps_book(who)
    ledger.hold(db, who.group_id)
    cycle = ledger.open_cycle(db, who.group_id)
    [member] = meetings.named(db, who.group_id, {card})
    if card not in cycle.order:
        raise Refused("savings.no_turn", member=member.title)
    meeting, late = meetings.current(db, who.group_id), owes(db, who.group_id, card)
    if done := ledger.booked(db, key):
        return Paid(done)
    lines = _brings(member.id, cycle.share_value)
    if meeting is None and late is None:
        meeting = _begin(db, rt, who, now(db, who.group_id).nth)
    if meeting is not None and member.id not in brought(db, meeting.id):
        meeting.roll = sorted({*(meeting.roll or ()), member.id})
        [posting] = _book(db, rt, who, [Entry("round", lines, key, channel, who.id, meeting.id)])
        return Paid(posting)
    if late is None:
        raise Refused("savings.owes_nothing", member=member.title)
    turn = _turn(db, who.group_id, late.turn)
    [posting] = _book(db, rt, who, [Entry("round", lines, key, channel, who.id, late.meeting_id)])
    [passed_on] = _book(db, rt, who, [_pot(turn.id, late.amount, f"{key}:pot", channel, who, late.meeting_id)])
    return Paid(posting, passed_on, late)


def owes(db: Session, group_id: int, card: int) -> Missed | None:
    """The oldest round that she missed."""
    return next((late for late in missed(db, group_id) if late.card == card), None)


def brought(db: Session, meeting_id: int) -> set[int]:
    """Ids of the members whose part of this round stands in the book."""
    return {member_id for _, member_id in _parts(db, Posting.meeting_id == meeting_id)}


def _parts(db: Session, *which: ColumnElement[bool]) -> dict[tuple[int | None, int], int]:
    """How many parts each member brought to each round, or outside of one; those taken back do not count."""
    back = aliased(Posting)
    rows = (
        select(Posting.meeting_id, PostingLine.member_id, func.count())
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(Posting.kind == "round", PostingLine.account == "pot", PostingLine.member_id.is_not(None), *which)
        .where(~select(back.id).where(back.reverses == Posting.id).exists())
        .group_by(Posting.meeting_id, PostingLine.member_id)
    )
    return {(meeting_id, member_id or 0): count for meeting_id, member_id, count in db.execute(rows)}


def _left(db: Session, meeting_id: int) -> int:
    """What was brought to a round less what was given of it."""
    lines = select(func.coalesce(func.sum(PostingLine.amount), 0)).join(Posting, Posting.id == PostingLine.posting_id)
    return -int(db.scalar(lines.where(Posting.meeting_id == meeting_id, PostingLine.account == "pot")) or 0)


def _begin(db: Session, rt: Runtime, who: Who, nth: int) -> Meeting:
    told: dict[str, Any] = {"group_id": who.group_id, "cycle_id": ledger.open_cycle(db, who.group_id).id}
    meeting = Meeting(
        **told,
        nth=nth,
        held_on=rt.local_now().date(),
        opened_by=who.id,
        opened_at=rt.now(),
        roll=[],
        nothing=[],
    )
    db.add(meeting)
    db.flush()
    return meeting


def _members(db: Session, group_id: int) -> list[Who]:
    return _taking_part(db, group_id, ledger.open_cycle(db, group_id))


def _taking_part(db: Session, group_id: int, cycle: Cycle) -> list[Who]:
    """Those who have a turn in this cycle, by card."""
    return [m for m in groups.whole(db, group_id) if m.card in cycle.order]


def _turn(db: Session, group_id: int, card: int) -> Member:
    """Whose turn it is, whether or not she is still a member."""
    return db.scalars(select(Member).where(Member.group_id == group_id, Member.card == card)).one()


def _brings(member_id: int, amount: int) -> list[Line]:
    return [Line("cash", amount), Line("pot", -amount, member_id)]


def _pot(member_id: int, amount: int, key: str, channel: str, who: Who, meeting_id: int) -> Entry:
    lines = [Line("cash", -amount), Line("pot", amount, member_id)]
    return Entry("pot", lines, key, channel, who.id, meeting_id)


def _book(db: Session, rt: Runtime, who: Who, entries: list[Entry]) -> list[Posting]:
    return ledger.book_all(db, rt.now(), rt.local_now().date(), who.group_id, entries)
