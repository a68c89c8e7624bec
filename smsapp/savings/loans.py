"""Loans in a group's book: what a member may have, paying it out, repaying it, writing it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import charges, debts, ledger
from smsapp.savings.book import Posting
from smsapp.savings.charges import Terms
from smsapp.savings.debts import Debt
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.money import francs
from smsapp.savings.tables import Cycle, Loan


@dataclass(frozen=True)
class Offer:
    """A loan as it would be if it were paid out today."""

    member: Who
    amount: int
    rate: int  # tenths of a percent a month
    charge: int  # of the first month
    due_on: date


@dataclass(frozen=True)
class Repaid:
    """A repayment, what it paid, and what is left."""

    posting: Posting
    member: Who
    principal: int
    charge: int
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
    return Offer(member, amount, cycle.charge, first, charges.after_months(today, cycle.loan_months))


def lend(
    db: Session, rt: Runtime, member: Who, amount: int, *, key: str, channel: str, entered_by: int | None
) -> Posting:
    """Pay a loan out of the box, under the group's lock: whatever has changed since it was asked for counts."""
    ledger.lock(db, member.group_id)
    if done := ledger.booked(db, key):
        return done
    now = offer(db, rt, member, amount)
    today = rt.local_now().date()
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
    entry = Entry("loan", lines, key, channel, entered_by)
    return ledger.book(db, rt.now(), today, member.group_id, entry)


def repay(
    db: Session,
    rt: Runtime,
    member: Who,
    amount: int,
    *,
    key: str,
    channel: str,
    entered_by: int | None,
    meeting_id: int | None = None,
) -> Repaid:
    """Money for her loan, the charge first; refused where it is more than she owes. The last one ends the loan."""
    ledger.lock(db, member.group_id)
    today = rt.local_now().date()
    if done := ledger.booked(db, key):
        return _repaid(db, done, member, today)
    debt = owing(db, member, today)
    if not 0 < amount <= debt.owed.total:
        raise Refused("savings.repaid_more", owed=francs(debt.owed.total))
    charge, principal = debt.owed.split(amount)
    sides = [Line("charges", -charge, member.id, debt.loan.id), Line("loans", -principal, member.id, debt.loan.id)]
    lines = [Line("cash", amount), *(line for line in sides if line.amount)]
    entry = Entry("repayment", lines, key, channel, entered_by, meeting_id)
    posting = ledger.book(db, rt.now(), today, member.group_id, entry)
    debts.settle(db, posting)
    return _repaid(db, posting, member, today)


def write_off(
    db: Session, rt: Runtime, member: Who, loan_id: int, *, key: str, channel: str, entered_by: int | None
) -> Posting:
    """The principal that will not come back becomes a loss of the group; its charges are asked for no more."""
    ledger.lock(db, member.group_id)
    if done := ledger.booked(db, key):
        return done
    today = rt.local_now().date()
    lost = debts.of_loan(db, loan_id, today).owed.principal
    if not lost:
        raise Refused("savings.no_debt", member=member.title)
    lines = [Line("losses", lost, member.id, loan_id), Line("loans", -lost, member.id, loan_id)]
    posting = ledger.book(db, rt.now(), today, member.group_id, Entry("write_off", lines, key, channel, entered_by))
    debts.settle(db, posting)
    return posting


def owing(db: Session, member: Who, today: date) -> Debt:
    """Her open loan; refused where she has none."""
    debt = debts.of_member(db, member.id, today)
    if debt is None or not debt.owed.total:
        raise Refused("savings.no_debt", member=member.title)
    return debt


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


def _repaid(db: Session, posting: Posting, member: Who, today: date) -> Repaid:
    lines = ledger.lines_of(db, posting.id)
    paid = {account: -sum(x.amount for x in lines if x.account == account) for account in ("loans", "charges")}
    debt = debts.of_loan(db, next(x.loan_id for x in lines if x.loan_id), today)
    return Repaid(posting, member, paid["loans"], paid["charges"], debt.owed.total)
