"""What a group brings along from its paper book when it begins here in the middle of a cycle."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.months import after_months
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import box, debts, ledger, meetings
from smsapp.savings.book import Posting
from smsapp.savings.box import Booking
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Line
from smsapp.savings.money import francs
from smsapp.savings.tables import Cycle, Loan, Meeting

WHAT = ("savings", "loan", "social", "earned")
REASON = "cahier"


def bring(db: Session, rt: Runtime, by: Booking, what: str, amount: int, card: int | None = None) -> Posting:
    """One figure of the paper book: what a member has saved or owes, the social fund, or what was earned so far.

    Savings come first: what is lent is taken out of them, and the box then holds what the paper says. Refused once
    a meeting of this cycle was closed here: from then on the book is this one.
    """
    ledger.lock(db, by.who.group_id)
    if done := ledger.booked(db, by.key):
        return done
    cycle = ledger.open_cycle(db, by.who.group_id)
    check(db, by.who)
    entry = by.entry("opening", *_lines(db, rt, by, cycle, what, amount, card), reason=REASON)
    return box.book(db, rt, by, entry)[0]


def check(db: Session, who: Who) -> None:
    """Refused to who does not keep the book, and once a meeting of this cycle was closed here."""
    meetings.keeps_book(who)
    cycle = ledger.open_cycle(db, who.group_id)
    closed = select(Meeting.id).where(Meeting.cycle_id == cycle.id, Meeting.closed_at.is_not(None)).limit(1)
    if db.scalar(closed) is not None:
        raise Refused("savings.begun")


def _lines(
    db: Session, rt: Runtime, by: Booking, cycle: Cycle, what: str, amount: int, card: int | None
) -> tuple[Line, Line]:
    match what:
        case "social":
            return Line("cash", amount), Line("social", -amount)
        case "earned":
            return Line("cash", amount), Line("charges", -amount)
    [member] = meetings.named(db, by.who.group_id, {card or 0})
    if what == "savings":
        if amount % cycle.share_value:
            raise Refused("savings.not_whole", share=francs(cycle.share_value))
        return Line("cash", amount), Line("savings", -amount, member.id)
    today = rt.local_now().date()
    if debts.of_member(db, member.id, today):
        raise Refused("savings.has_loan", member=member.title)
    loan = Loan(
        group_id=by.who.group_id,
        cycle_id=cycle.id,
        member_id=member.id,
        principal=amount,
        charge=cycle.charge,
        out_on=today,
        due_on=after_months(today, cycle.loan_months),
    )
    db.add(loan)
    db.flush()
    return Line("loans", amount, member.id, loan.id), Line("cash", -amount)
