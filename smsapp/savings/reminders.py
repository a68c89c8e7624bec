"""Reminders of loans: three days before the due date and on it, once each, without a word of what is owed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from smsapp import periodic
from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.savings import debts, groups, telling
from smsapp.savings.tables import Group, Loan

JOB, EVERY = "remind_loans", timedelta(hours=1)
BEFORE = timedelta(days=3)
TOO_LATE = timedelta(days=2)  # after days in which nothing ran, the due date is not worth a text
AT_ONCE = 200


def remind(rt: Runtime, stop: Callable[[], bool] = lambda: False) -> int:
    """Promise the reminders that are due; how many loans were looked at. Safe at any time, and beside another run."""
    today = rt.local_now().date()
    with transaction(rt.sessions) as db:
        if not periodic.first(db, JOB, EVERY, rt.now()):
            return 0
        seen = some = _some(db, rt, today)
    while some == AT_ONCE and not stop():
        with transaction(rt.sessions) as db:
            some = _some(db, rt, today)
        seen += some
    return seen


def _some(db: Session, rt: Runtime, today: date) -> int:
    loans = _due(db, today)
    for loan in loans:
        loan.reminded_for = _step(loan, today)
        member = groups.by_id(db, loan.member_id)
        if member is not None and debts.of_loan(db, loan.id, today).owed.total:
            values = {
                "kind": "reminder",
                "key": f"loan:{loan.id}:{loan.reminded_for}",
                "day": f"{loan.due_on:%d/%m/%Y}",
            }
            telling.member(db, rt, member, "savings.told.due", **values)
    db.flush()
    return len(loans)


def _due(db: Session, today: date) -> Sequence[Loan]:
    """Loans with a reminder that nobody has sent, of groups that still meet; ours until the transaction ends."""
    chosen = (
        select(Loan)
        .join(Group, Group.id == Loan.group_id)
        .where(Loan.ended_on.is_(None), Group.closed_on.is_(None))
        .where(Loan.due_on.between(today - TOO_LATE, today + BEFORE))
        .where(or_(Loan.reminded_for.is_(None), (Loan.due_on <= today) & (Loan.reminded_for < Loan.due_on)))
    )
    locked = chosen.order_by(Loan.id).limit(AT_ONCE).with_for_update(of=Loan, skip_locked=True)
    return db.scalars(locked, execution_options={"populate_existing": True}).all()


def _step(loan: Loan, today: date) -> date:
    """The day that is reminded of: the due date itself once it has come."""
    return loan.due_on if today >= loan.due_on else loan.due_on - BEFORE
