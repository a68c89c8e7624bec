"""What a member may see: where she stands herself, her last entries, and the totals of her group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from smsapp.savings import debts, groups, ledger
from smsapp.savings.book import Balance, Dispute, Posting, PostingLine
from smsapp.savings.groups import Who
from smsapp.savings.tables import Group, Meeting

ENTRIES = 5


@dataclass(frozen=True)
class Standing:
    """One member's figures, in francs; `due_on` only where she has a loan, `shares` only where her group has shares.

    Of a tontine it is what she brought and received in this cycle; nothing is saved there.
    """

    savings: int
    shares: int | None
    loan: int
    charge: int
    due_on: date | None
    brought: int = 0
    received: int = 0


@dataclass(frozen=True)
class Told:
    """One entry of hers. `mark` is disputed or reversed where it is either, else empty."""

    day: date
    kind: str
    amount: int
    receipt: str
    mark: str


@dataclass(frozen=True)
class Totals:
    """What the whole group knows: nobody's own figures."""

    cash: int
    savings: int
    social: int
    loans: int
    members: int
    next_meeting: date | None


def of_member(db: Session, who: Who, today: date) -> Standing:
    cycle, debt = groups.last_cycle(db, who.group_id), debts.of_member(db, who.id, today)
    savings = ledger.total(db, who.group_id, "savings", who.id)
    pots = _pots(db, who.id, cycle.id) if cycle is not None and who.kind == "tontine" else {}
    return Standing(
        savings=savings,
        shares=savings // cycle.share_value if cycle is not None and who.kind == "vsla" else None,
        loan=debt.owed.principal if debt else 0,
        charge=debt.owed.charge if debt else 0,
        due_on=debt.loan.due_on if debt else None,
        brought=pots.get("round", 0),
        received=pots.get("pot", 0),
    )


def _pots(db: Session, member_id: int, cycle_id: int) -> dict[str, int]:
    """Francs that went through the pot for her, by kind of posting; what was taken back does not count."""
    back = aliased(Posting)
    rows = (
        select(Posting.kind, func.sum(func.abs(PostingLine.amount)))
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(PostingLine.member_id == member_id, PostingLine.account == "pot", Posting.cycle_id == cycle_id)
        .where(~select(back.id).where(back.reverses == Posting.id).exists())
        .group_by(Posting.kind)
    )
    return {kind: int(amount) for kind, amount in db.execute(rows)}


def entries(db: Session, who: Who, limit: int = ENTRIES) -> list[Told]:
    """Her last postings, the newest first; what cancels out in one (a debt that is let be) counts once."""
    back = aliased(Posting)
    reversed_ = select(back.id).where(back.reverses == Posting.id).exists()
    disputed = select(Dispute.id).where(Dispute.posting_id == Posting.id, Dispute.outcome.is_(None)).exists()
    ups = func.coalesce(func.sum(PostingLine.amount).filter(PostingLine.amount > 0), 0)
    downs = func.coalesce(-func.sum(PostingLine.amount).filter(PostingLine.amount < 0), 0)
    rows = (
        select(Posting.day, Posting.kind, Posting.receipt, func.greatest(ups, downs), reversed_, disputed)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(PostingLine.member_id == who.id, Posting.group_id == who.group_id)
        .group_by(Posting.id)
        .order_by(Posting.seq.desc())
        .limit(limit)
    )
    return [
        Told(day, kind, int(amount), receipt, "reversed" if taken_back else "disputed" if doubted else "")
        for day, kind, receipt, amount, taken_back, doubted in db.execute(rows)
    ]


def of_group(db: Session, group_id: int, today: date) -> Totals:
    summed = select(Balance.account, func.sum(Balance.amount)).where(Balance.group_id == group_id)
    held = {account: ledger.as_said(account, int(n)) for account, n in db.execute(summed.group_by(Balance.account))}
    return Totals(
        cash=held.get("cash", 0),
        savings=held.get("savings", 0),
        social=held.get("social", 0),
        loans=held.get("loans", 0),
        members=len(groups.whole(db, group_id)),
        next_meeting=_next_meeting(db, group_id, today),
    )


def _next_meeting(db: Session, group_id: int, today: date) -> date | None:
    """Counted from the last meeting, else from the beginning of the cycle; None between two cycles."""
    group, cycle = db.get_one(Group, group_id), groups.last_cycle(db, group_id)
    if cycle is None or cycle.closed_on is not None:
        return None
    held = db.scalar(select(func.max(Meeting.held_on)).where(Meeting.cycle_id == cycle.id))
    if held is None and cycle.started_on >= today:
        return cycle.started_on
    last, every = held or cycle.started_on, max(group.every_days, 1)
    passed = max(-(-(today - last).days // every), 1)
    return last + timedelta(days=passed * every)
