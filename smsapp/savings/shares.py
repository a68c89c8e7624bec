"""Shares in a meeting: the same for all but some, then the others one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import batches, ledger, meetings
from smsapp.savings.batches import BadBatch, Batch
from smsapp.savings.book import Posting
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.meetings import Sitting
from smsapp.savings.money import francs
from smsapp.savings.tables import Cycle


@dataclass(frozen=True)
class Plan:
    """Who of a batch brings what, and who is left out: away, or has brought hers before."""

    amount: int
    members: list[Who]
    away: list[Who]
    before: list[Who]

    @property
    def total(self) -> int:
        return self.amount * len(self.members)


def read(text: str, cycle: Cycle) -> Batch:
    """The batch that was typed; refused with the reason, or where it is no number of shares that a member may buy."""
    batch = read_any(text, lambda amount: _fits(amount, cycle))
    check(batch.amount, cycle)
    return batch


def read_any(text: str, fits: batches.Fits = batches.anything) -> Batch:
    """The batch that was typed, whatever the amount; refused with the reason."""
    try:
        return batches.read_batch(text, fits)
    except BadBatch as no:
        raise Refused(f"savings.batch.{no.reason}", what=no.what) from no


def check(amount: int, cycle: Cycle) -> None:
    if not _fits(amount, cycle):
        most = francs(cycle.share_value * cycle.most_shares)
        raise Refused("savings.not_shares", share=francs(cycle.share_value), most=most)


def _fits(amount: int, cycle: Cycle) -> bool:
    return amount % cycle.share_value == 0 and 0 < amount <= cycle.share_value * cycle.most_shares


def plan(db: Session, who: Who, now: Sitting, batch: Batch) -> Plan:
    """What booking this batch would do."""
    meetings.keeps_book(who)
    found = among(now, batch, meetings.brought(db, now.meeting.id))
    if not found.members:
        raise Refused("savings.batch_nobody")
    return found


def among(now: Sitting, batch: Batch, before: set[int]) -> Plan:
    """Whom a batch means: those there, without those whose money came before."""
    meetings.known(now.members, (batch.cards or frozenset()) | batch.but)
    here = {m.card: m for m in now.present}
    meant = [here[card] for card in batch.of(here)]
    away = [m for m in now.away if m.card not in batch.but and (batch.cards is None or m.card in batch.cards)]
    return Plan(
        batch.amount,
        [m for m in meant if m.id not in before],
        away,
        [m for m in meant if m.id in before],
    )


def book(
    db: Session, rt: Runtime, who: Who, now: Sitting, batch: Batch, key: str, channel: str
) -> list[tuple[Who, Posting]]:
    """A deposit for each whom the batch means: all of them, or none."""
    meetings.hold(db, now.meeting)
    found = plan(db, who, now, batch)
    entries = [_entry(who, member, batch.amount, now, f"{key}:{member.card}", channel) for member in found.members]
    postings = ledger.book_all(db, rt.now(), rt.local_now().date(), who.group_id, entries)
    return list(zip(found.members, postings, strict=True))


def following(db: Session, now: Sitting) -> Sequence[Who]:
    """Those who are there and were not asked yet, by card: no deposit of hers stands, and no "nothing today"."""
    asked = meetings.brought(db, now.meeting.id) | set(now.meeting.nothing)
    return [m for m in now.present if m.id not in asked]


def one(
    db: Session, rt: Runtime, who: Who, now: Sitting, member_id: int, count: int, key: str, channel: str
) -> tuple[Who, Posting | None]:
    """Her shares, or that she brings nothing today."""
    meetings.keeps_book(who)
    ledger.hold(db, who.group_id)
    if done := ledger.booked(db, key):
        return next(m for m in now.members if m.id == member_id), done
    meetings.hold(db, now.meeting)
    member = next((m for m in following(db, now) if m.id == member_id), None)
    if member is None:
        raise Refused("savings.asked_before")
    if not 0 <= count <= now.cycle.most_shares:
        raise Refused("savings.shares_range", most=now.cycle.most_shares)
    if not count:
        now.meeting.nothing = [*now.meeting.nothing, member.id]
        db.flush()
        return member, None
    entry = _entry(who, member, count * now.cycle.share_value, now, key, channel)
    return member, ledger.book(db, rt.now(), rt.local_now().date(), who.group_id, entry)


def _entry(who: Who, member: Who, amount: int, now: Sitting, key: str, channel: str) -> Entry:
    lines = [Line("cash", amount), Line("savings", -amount, member.id)]
    return Entry("deposit", lines, key, channel, who.id, now.meeting.id)
