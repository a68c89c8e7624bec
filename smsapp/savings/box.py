"""What goes into and out of the box besides shares and loans: social fund, fines, expenses, money from outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, ledger, meetings, seconding, shares, telling
from smsapp.savings.batches import Batch
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.meetings import Sitting
from smsapp.savings.money import francs
from smsapp.savings.shares import Plan
from smsapp.savings.tables import Meeting

# What may be said of it: a use of the social fund never tells whose illness, and a receipt tells neither.
USES = ("health", "death", "school", "other")
EXPENSES = ("cahier", "transport", "soap", "other")
FINES = ("absent", "late", "talking", "other")
SPENT = {"expense": "expense", "social_use": "social", "outside": "out"}  # kinds that leave the box, as they are asked

# Of what lies in the box besides the social fund, one bookkeeper lets a quarter go in a day by her word alone: soap,
# transport, the help for one family. More is a day's work of thieves, and in ten small parts as well as in one.
ALONE_PART = 4


@dataclass(frozen=True)
class Booking:
    """Who enters something, how, and in which meeting."""

    who: Who
    key: str
    channel: str
    meeting_id: int | None = None
    agreed: Who | None = None  # a second officer, whose PIN was given

    def entry(self, kind: str, *lines: Line, at: str = "", reason: str = "", category: str = "") -> Entry:
        told = (f"{self.key}{at}", self.channel, self.who.id, self.meeting_id)
        return Entry(kind, lines, *told, reason=reason, category=category)


def book(db: Session, rt: Runtime, by: Booking, *entries: Entry) -> list[Posting]:
    """Write them, for one who keeps the book, in a meeting that is still open."""
    meetings.keeps_book(by.who)
    if by.meeting_id is not None:
        meetings.hold(db, db.get_one(Meeting, by.meeting_id))
    return ledger.book_all(db, rt.now(), rt.local_now().date(), by.who.group_id, entries)


def social_plan(db: Session, who: Who, now: Sitting, batch: Batch) -> Plan:
    """Who of a batch brings what to the social fund; what the group decided, or several times that."""
    meetings.keeps_book(who)
    rule = now.cycle.social
    if rule and batch.amount % rule:
        raise Refused("savings.not_social", each=francs(rule))
    found = shares.among(now, batch, set())
    if not found.members:
        raise Refused("savings.batch_nobody")
    return found


def social_in(db: Session, rt: Runtime, by: Booking, now: Sitting, batch: Batch) -> tuple[Plan, Posting]:
    """One entry for all: the fund is everybody's, and nobody has a part of it."""
    found = social_plan(db, by.who, now, batch)
    lines = (Line("cash", found.total), Line("social", -found.total))
    [posting] = book(db, rt, by, by.entry("social", *lines, reason=f"{francs(found.amount)}: {_cards(found.members)}"))
    return found, posting


def social_use(db: Session, rt: Runtime, by: Booking, amount: int, use: str) -> Posting:
    """Out of the social fund: for what, and never for whom or whose illness."""
    if use not in USES:
        raise ValueError(use)
    entry = by.entry("social_use", Line("cash", -amount), Line("social", amount), category=use)
    return _spend(db, rt, by, amount, entry)


def fine(
    db: Session, rt: Runtime, by: Booking, cards: Collection[int], amount: int, why: str
) -> list[tuple[Who, Posting]]:
    """A fine that is paid now, by each of these members."""
    if why not in FINES:
        raise ValueError(why)
    members = fined(db, by.who, cards)
    entries = [
        by.entry("fine", Line("cash", amount), Line("fines", -amount, m.id), at=f":{m.card}", reason=why)
        for m in members
    ]
    return list(zip(members, book(db, rt, by, *entries), strict=True))


def fined(db: Session, who: Who, cards: Collection[int]) -> list[Who]:
    """The members of these cards."""
    meetings.keeps_book(who)
    return meetings.named(db, who.group_id, cards)


def expense(db: Session, rt: Runtime, by: Booking, amount: int, what: str) -> Posting:
    """What the group itself spends; not out of the social fund."""
    if what not in EXPENSES:
        raise ValueError(what)
    ledger.hold(db, by.who.group_id)
    _besides_social(db, by, amount)
    entry = by.entry("expense", Line("cash", -amount), Line("expenses", amount), category=what)
    return _spend(db, rt, by, amount, entry)


def outside_in(db: Session, rt: Runtime, by: Booking, amount: int) -> Posting:
    """Money that is not the members': of a programme, a bank, somebody who lends to the group."""
    return book(db, rt, by, by.entry("outside", Line("cash", amount), Line("outside", -amount)))[0]


def outside_out(db: Session, rt: Runtime, by: Booking, amount: int) -> Posting:
    """It goes back; no more than came."""
    ledger.hold(db, by.who.group_id)
    owed = ledger.total(db, by.who.group_id, "outside")
    if ledger.booked(db, by.key) is None and amount > owed:
        raise Refused("savings.short.outside", owed=francs(owed))
    _besides_social(db, by, amount)
    return _spend(db, rt, by, amount, by.entry("outside", Line("cash", -amount), Line("outside", amount)))


def alone_most(db: Session, rt: Runtime, group_id: int) -> int:
    """The most that may still leave the box today by one bookkeeper's word."""
    back = aliased(Posting)
    chosen = (
        select(func.coalesce(-func.sum(PostingLine.amount), 0))
        .join(Posting, Posting.id == PostingLine.posting_id)
        .where(Posting.group_id == group_id, Posting.day == rt.local_now().date(), Posting.kind.in_(SPENT))
        .where(PostingLine.account == "cash", PostingLine.amount < 0)
        .where(~select(back.id).where(back.reverses == Posting.id).exists())
    )
    gone = int(db.scalar(chosen) or 0)
    return max((max(_free(db, group_id), 0) + gone) // ALONE_PART - gone, 0)


def _spend(db: Session, rt: Runtime, by: Booking, amount: int, entry: Entry) -> Posting:
    """Money leaves the box: the other officers hear of it at once, and much of it needs a second one's word."""
    meetings.keeps_book(by.who)
    ledger.hold(db, by.who.group_id)
    if done := ledger.booked(db, by.key):
        return done
    if amount > alone_most(db, rt, by.who.group_id):
        seconding.enough(db, by.who, by.agreed, amount)
    if by.agreed is not None:
        entry = replace(entry, reason=seconding.by(rt, None, by.who, by.agreed))
    [posting] = book(db, rt, by, entry)
    for officer in groups.officers(db, by.who.group_id):
        if officer.id != by.who.id:
            what = rt.texts.say(officer.language, f"savings_money.what.{SPENT[posting.kind]}")
            told = {"what": what, "amount": francs(amount), "receipt": posting.receipt}
            told["by"] = seconding.by(rt, officer.language, by.who, by.agreed)
            telling.member(db, rt, officer, "savings.told.spent", key=f"spent:{posting.id}", **told)
    return posting


def _free(db: Session, group_id: int) -> int:
    return ledger.total(db, group_id, "cash") - ledger.total(db, group_id, "social")


def _besides_social(db: Session, by: Booking, amount: int) -> None:
    """The social fund lies in the same box and is spent for nothing else."""
    if ledger.booked(db, by.key):
        return
    free = _free(db, by.who.group_id)
    if amount > free:
        raise Refused("savings.short.free", free=francs(max(free, 0)))


def _cards(members: Sequence[Who]) -> str:
    """`1-6, 8`."""
    runs: list[list[int]] = []
    for card in sorted(m.card for m in members):
        if runs and runs[-1][-1] == card - 1:
            runs[-1][1:] = [card]
        else:
            runs.append([card])
    return ", ".join("-".join(map(str, run)) for run in runs)
