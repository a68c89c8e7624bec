"""Loans in a group's book: what a member may have, paying it out, repaying it, writing it off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from smsapp.months import after_months
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import charges, debts, ledger, meetings, receipts
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.charges import Terms
from smsapp.savings.debts import Debt
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.money import francs
from smsapp.savings.tables import Cycle, Loan

SAME_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Offer:
    """A loan as it would be if it were paid out today."""

    member: Who
    amount: int
    rate: int  # tenths of a percent a month
    charge: int  # of the first month
    due_on: date


@dataclass(frozen=True)
class Split:
    """A repayment as it would be booked now: what it pays, and what is left of all that she owes."""

    member: Who
    debt: Debt
    charge: int
    principal: int
    seen: datetime | None  # when the same was noted, if within the last minutes

    @property
    def left(self) -> int:
        return self.debt.owed.total - self.charge - self.principal


@dataclass(frozen=True)
class Repaid:
    """A repayment that stands in the book."""

    posting: Posting
    member: Who
    charge: int
    principal: int
    left: int


def offer(db: Session, rt: Runtime, member: Who, amount: int) -> Offer:
    """What the group would lend her today; refused with the reason where it would not.

    One loan at a time, as groups have it: who still owes something repays it first. No loan is larger than so many
    times her savings, or than what is in the box besides the social fund.
    """
    today = rt.local_now().date()
    cycle = ledger.open_cycle(db, member.group_id)
    _fits(db, cycle, member, amount, today)
    first = charges.charged(Terms(amount, cycle.charge, today), [], today)
    return Offer(member, amount, cycle.charge, first, after_months(today, cycle.loan_months))


def lend(
    db: Session, rt: Runtime, member: Who, amount: int, *, key: str, channel: str, entered_by: int | None
) -> Posting:
    """Pay a loan out of the box, under the group's lock: whatever has changed since it was asked for counts."""
    ledger.hold(db, member.group_id)
    if done := ledger.booked(db, key):
        return done
    now, today = offer(db, rt, member, amount), rt.local_now().date()
    loan = Loan(
        group_id=member.group_id,
        cycle_id=ledger.open_cycle(db, member.group_id).id,
        member_id=member.id,
        principal=amount,
        charge=now.rate,
        out_on=today,
        due_on=now.due_on,
    )
    db.add(loan)
    db.flush()
    lines = [Line("loans", amount, member.id, loan.id), Line("cash", -amount)]
    return _book(db, rt, member, Entry("loan", lines, key, channel, entered_by))


def split(db: Session, rt: Runtime, who: Who, card: int, amount: int, *, again: bool = False) -> Split:
    """What this repayment would pay, the charge first; refused where it is more than she owes."""
    meetings.keeps_book(who)
    member = of_card(db, who, card)
    seen = None if again else _seen(db, rt, member, amount)
    debt = owing(db, member, rt.local_now().date())
    if not 0 < amount <= debt.owed.total:
        raise Refused("savings.repaid_more", member=member.title, owed=francs(debt.owed.total))
    return Split(member, debt, *debt.owed.split(amount), seen)


def repay(
    db: Session, rt: Runtime, who: Who, card: int, amount: int, *, key: str, channel: str, again: bool = False
) -> Repaid:
    """Book money for a loan, once per key. `again`: it is another one, though it looks like the last.

    The one that pays the rest ends the loan.
    """
    ledger.hold(db, who.group_id)  # whoever looks for the same repayment sees all that came before this one
    if done := ledger.booked(db, key):
        return _repaid(db, done, of_card(db, who, card))
    parts = split(db, rt, who, card, amount, again=again)
    if parts.seen:
        at = f"{parts.seen.astimezone(rt.settings.timezone):%H:%M}"
        raise Refused("savings.already", card=card, amount=francs(amount), at=at)
    member, loan_id = parts.member, parts.debt.loan.id
    sides = [Line("charges", -parts.charge, member.id, loan_id), Line("loans", -parts.principal, member.id, loan_id)]
    lines = [Line("cash", amount), *(line for line in sides if line.amount)]
    posting = _book(db, rt, member, Entry("repayment", lines, key, channel, who.id), by=who)
    return _repaid(db, posting, member)


def owing(db: Session, member: Who, today: date) -> Debt:
    """Her open loan; refused where she owes nothing."""
    debt = debts.of_member(db, member.id, today)
    if debt is None or not debt.owed.total:
        raise Refused("savings.no_debt", member=member.title)
    return debt


def write_off(
    db: Session, rt: Runtime, member: Who, loan_id: int, *, key: str, channel: str, entered_by: int | None
) -> Posting:
    """The principal that will not come back becomes a loss of the group; its charges are asked for no more."""
    ledger.hold(db, member.group_id)
    if done := ledger.booked(db, key):
        return done
    lost = debts.of_loan(db, loan_id, rt.local_now().date()).owed.principal
    if not lost:
        raise Refused("savings.no_debt", member=member.title)
    lines = [Line("losses", lost, member.id, loan_id), Line("loans", -lost, member.id, loan_id)]
    return _book(db, rt, member, Entry("write_off", lines, key, channel, entered_by))


_back = aliased(Posting)
_REPAID = Read(
    select(Posting.at, func.max(PostingLine.member_id), func.sum(PostingLine.amount))
    .join(PostingLine, PostingLine.posting_id == Posting.id)
    .where(Posting.group_id == bindparam("group"), Posting.kind == "repayment", PostingLine.account != "cash")
    .where(Posting.at > bindparam("since"), ~select(_back.id).where(_back.reverses == Posting.id).exists())
    .group_by(Posting.id)
    .order_by(Posting.id)
)


def lately(db: Session, rt: Runtime, group_id: int) -> list[tuple[datetime, int, int]]:
    """When, whose and how much of the repayments of the last minutes that still stand, the oldest first."""
    rows = _REPAID.rows(db, {"group": group_id, "since": rt.now() - SAME_WITHIN})
    return [(at, member_id or 0, -int(amount)) for at, member_id, amount in rows]


def of_card(db: Session, who: Who, card: int) -> Who:
    """The member of her group with this card."""
    return meetings.named(db, who.group_id, [card])[0]


def _fits(db: Session, cycle: Cycle, member: Who, amount: int, today: date) -> None:
    debt = debts.of_member(db, member.id, today)
    if debt is not None and debt.owed.total:
        raise Refused("savings.loan_open", owed=francs(debt.owed.total), due=f"{debt.loan.due_on:%d/%m/%Y}")
    savings = ledger.total(db, member.group_id, "savings", member.id)
    cash, social = (ledger.total(db, member.group_id, account) for account in ("cash", "social"))
    most = charges.most(savings, cycle.loan_times, cash, social)
    if 0 < amount <= most:
        return
    if cycle.loan_times * savings > most:
        raise Refused("savings.loan_cash", most=francs(most))
    raise Refused("savings.loan_ceiling", times=cycle.loan_times, savings=francs(savings), most=francs(most))


def _book(db: Session, rt: Runtime, member: Who, entry: Entry, *, by: Who | None = None) -> Posting:
    """The posting, in the meeting that is being held, with what follows from it: the loan's end and a receipt."""
    today, meeting = rt.local_now().date(), meetings.current(db, member.group_id)
    held = meeting.id if meeting is not None and meeting.held_on == today else None
    posting = ledger.book(db, rt.now(), today, member.group_id, replace(entry, meeting_id=held))
    debts.settle(db, posting)
    receipts.tell(db, rt, posting, by=by)
    return posting


def _repaid(db: Session, posting: Posting, member: Who) -> Repaid:
    lines = ledger.lines_of(db, posting.id)
    paid = {account: -sum(x.amount for x in lines if x.account == account) for account in ("charges", "loans")}
    left = debts.of_loan(db, next(x.loan_id for x in lines if x.loan_id), posting.day).owed.total
    return Repaid(posting, member, paid["charges"], paid["loans"], left)


def _seen(db: Session, rt: Runtime, member: Who, amount: int) -> datetime | None:
    """When the same repayment was noted, if that was a moment ago and it still stands."""
    same = [at for at, member_id, paid in lately(db, rt, member.group_id) if (member_id, paid) == (member.id, amount)]
    return same[-1] if same else None
