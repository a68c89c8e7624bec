"""Deposits: a member brings shares to a meeting, or her part to a round of the tontine, and a bookkeeper writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from smsapp.arrays import among
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, ledger, meetings, receipts, tontine
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.money import francs
from smsapp.savings.tables import Cycle, Meeting

SAME_WITHIN = timedelta(minutes=10)
BROUGHT = {"vsla": ("deposit", "savings"), "tontine": ("round", "pot")}  # kind of the posting, and whose account grows


_back = aliased(Posting)
_STANDING = (
    select(PostingLine.member_id, -PostingLine.amount, Posting.at)
    .join(Posting, Posting.id == PostingLine.posting_id)
    .where(Posting.group_id == bindparam("group"), among(Posting.kind, [kind for kind, _ in BROUGHT.values()]))
    .where(among(PostingLine.account, [account for _, account in BROUGHT.values()]))
    .where(~select(_back.id).where(_back.reverses == Posting.id).exists())
)
_LATELY = Posting.at > bindparam("since")
_HERE = func.coalesce(
    or_(Posting.day == bindparam("today"), Posting.meeting_id == bindparam("meeting", type_=BigInteger)), False
)
# Made once: nearly every deposit asks them.
_OF_GROUP = Read(_STANDING.add_columns(literal(True)).where(Posting.day >= bindparam("day"), _LATELY))
_OF_MEMBER = Read(_STANDING.add_columns(_HERE).where(PostingLine.member_id == bindparam("member"), or_(_HERE, _LATELY)))
_HELD = Read(
    select(Meeting.id).where(
        Meeting.group_id == bindparam("group"), Meeting.held_on == bindparam("today"), Meeting.closed_at.is_(None)
    )
)


@dataclass(frozen=True)
class Booked:
    """A deposit that stands in the book."""

    posting: Posting
    member: Who
    amount: int
    balance: int  # all that she has in savings now; in a tontine nothing

    @property
    def receipt(self) -> str:
        return self.posting.receipt


@dataclass(frozen=True)
class Asked:
    """A deposit as it would be booked now: what it would leave her with."""

    member: Who
    amount: int
    balance: int
    seen: datetime | None  # when the same was noted, if within the last minutes


def deposit(
    db: Session,
    rt: Runtime,
    who: Who,
    card: int | Who,
    amount: int,
    *,
    key: str,
    channel: str,
    meeting_id: int | None = None,
    again: bool = False,
) -> Booked:
    """Book one deposit and tell its owner; once per key. `again`: it is another one, though it looks like the last."""
    meetings.keeps_book(who)
    held = meeting_id or _meeting_today(db, rt, who.group_id)
    member = _member(db, who, card)

    def check(cycle: Cycle) -> None:
        if held is not None and who.kind == "vsla":
            meetings.hold(db, db.get_one(Meeting, held))  # it was looked up before the book was ours
        if seen := _seen(rt, member, cycle, amount, _before(db, rt, member, held), again=again):
            at = f"{seen.astimezone(rt.settings.timezone):%H:%M}"
            raise Refused("savings.already", card=member.card, amount=francs(amount), at=at)

    if who.kind == "tontine":
        posting = _to_round(db, rt, who, member, key, channel, check)
    else:
        lines = [Line("cash", amount), Line("savings", -amount, member.id)]
        entry = Entry("deposit", lines, key, channel, entered_by=who.id, meeting_id=held)
        posting = ledger.book(db, rt.now(), rt.local_now().date(), who.group_id, entry, check)
    balance = _balance(db, member)
    receipts.tell(db, rt, posting, by=who, members=[member], amounts={member.id: amount}, balance=balance)
    return Booked(posting, member, amount, balance)


def _to_round(db: Session, rt: Runtime, who: Who, member: Who, key: str, channel: str, check: ledger.Check) -> Posting:
    """Her part of the round; what comes late for an earlier one goes on to her whose turn that was, who is told."""
    ledger.lock(db, who.group_id)
    if done := ledger.booked(db, key):
        return done
    check(ledger.open_cycle(db, who.group_id))
    paid = tontine.pay(db, rt, who, member.card, key, channel)
    if paid.passed_on is not None:
        receipts.tell(db, rt, paid.passed_on, by=who)
    return paid.posting


def look(db: Session, rt: Runtime, who: Who, card: int | Who, amount: int) -> Asked:
    """What this deposit would come to now; refused where it does not fit the rules of the cycle."""
    meetings.keeps_book(who)
    member = _member(db, who, card)
    before = _before(db, rt, member, _meeting_today(db, rt, who.group_id))
    seen = _seen(rt, member, ledger.open_cycle(db, who.group_id), amount, before, again=False)
    return Asked(member, amount, _balance(db, member) + (amount if who.kind == "vsla" else 0), seen)


def _seen(
    rt: Runtime, member: Who, cycle: Cycle, amount: int, before: Sequence[_Brought], *, again: bool
) -> datetime | None:
    """When the same was noted a moment ago; refused where it does not fit."""
    moment_ago = [one for one in before if one.at > rt.now() - SAME_WITHIN]
    same = [] if again else [one.at for one in moment_ago if one.amount == amount]
    if not same:  # a repetition is told as such, and not as too much for one meeting
        _fits(member, cycle, amount, sum(one.amount for one in before if one.here))
    return max(same, default=None)


def lately(db: Session, rt: Runtime, group_id: int) -> Sequence[tuple[int, int]]:
    """Member and amount of what was brought within the last minutes, and still stands."""
    since = rt.now() - SAME_WITHIN
    day = since.astimezone(rt.settings.timezone).date()  # by which the database finds them
    found = _standing(db, _OF_GROUP, group=group_id, day=day, since=since)
    return [(one.member_id, one.amount) for one in found if one.member_id is not None]


def _member(db: Session, who: Who, card: int | Who) -> Who:
    member = card if isinstance(card, Who) else groups.by_card(db, who.group_id, card)
    if member is None or member.group_id != who.group_id:
        raise Refused("savings.no_card", card=card if isinstance(card, int) else card.card)
    return member


def _balance(db: Session, member: Who) -> int:
    return ledger.total(db, member.group_id, "savings", member.id) if member.kind == "vsla" else 0


def _meeting_today(db: Session, rt: Runtime, group_id: int) -> int | None:
    """The meeting that is being held: what is brought while it lasts belongs to it."""
    found = _HELD.rows(db, {"group": group_id, "today": rt.local_now().date()})
    return int(found[0][0]) if found else None


@dataclass(frozen=True)
class _Brought:
    """Something that a member brought and nobody took back."""

    member_id: int | None
    amount: int
    at: datetime
    here: bool  # to the meeting that is being held, or today


def _standing(db: Session, which: Read, **values: object) -> list[_Brought]:
    return [_Brought(*row) for row in which.rows(db, values)]


def _before(db: Session, rt: Runtime, member: Who, meeting_id: int | None) -> list[_Brought]:
    """What she brought today, to this meeting, or a moment ago: by whichever bookkeeper, on whichever phone."""
    when = {"today": rt.local_now().date(), "meeting": meeting_id, "since": rt.now() - SAME_WITHIN}
    return _standing(db, _OF_MEMBER, group=member.group_id, member=member.id, **when)


def _fits(member: Who, cycle: Cycle, amount: int, had: int) -> None:
    """Whole shares, and no more of them at one meeting than the cycle allows; of a tontine, what each brings."""
    value, most = cycle.share_value, cycle.most_shares
    if member.kind == "tontine":
        if amount != value:
            raise Refused("savings.round_amount", card=member.card, amount=francs(value))
        return
    if amount % value or not value <= amount <= most * value:
        largest = francs(most * value)
        raise Refused("savings.shares", card=member.card, most=most, value=francs(value), largest=largest)
    if had + amount > most * value:
        raise Refused("savings.shares_left", card=member.card, had=francs(had), most=most, value=francs(value))
