"""What is owed on loans, worked out from the book: a posting that was reversed is as if it had never been."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, select
from sqlalchemy.orm import Session, aliased

from smsapp.reads import Read
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.charges import Owed, Paid, Terms, owed
from smsapp.savings.tables import Loan, Member

LENT = ("loan", "opening")
LET_BE = ("write_off", "share_out")  # nothing is asked of her after these, whatever was not paid


@dataclass(frozen=True)
class Debt:
    """A loan and what is still to come back."""

    loan: Loan
    owed: Owed

    def late(self, today: date) -> bool:
        return self.loan.due_on < today


def of_group(db: Session, group_id: int, today: date) -> list[Debt]:
    """Every open loan of the group, the first due first."""
    return _debts(db, today, _OF_GROUP, group_id)


def overdue(db: Session, group_id: int, today: date) -> list[Debt]:
    """Loans whose day to be repaid has passed, the oldest first."""
    return [debt for debt in of_group(db, group_id, today) if debt.late(today)]


def of_member(db: Session, member_id: int, today: date) -> Debt | None:
    """Her open loan: she has one at a time; of those that a reversal opened again, the first due."""
    return next(iter(_debts(db, today, _OF_MEMBER, member_id)), None)


def of_loan(db: Session, loan_id: int, today: date) -> Debt:
    return _debts(db, today, _OF_LOAN, loan_id)[0]


def settle(db: Session, posting: Posting) -> None:
    """After a posting: the loans that it touches end where nothing is owed, and are open again where something is."""
    for debt in _debts(db, posting.day, _TOUCHED, posting.id):
        if debt.owed.total:
            debt.loan.ended_on = None
        elif debt.loan.ended_on is None:
            debt.loan.ended_on = posting.day
    db.flush()


# Asked at nearly every entry: built once.
_LOANS = (
    select(Loan)
    .join(Member, Member.id == Loan.member_id)
    .order_by(Loan.due_on, Member.card, Loan.id)
    .execution_options(populate_existing=True)  # another may have ended one while we waited for the group's lock
)
_OF_GROUP = _LOANS.where(Loan.group_id == bindparam("of"), Loan.ended_on.is_(None))
_OF_MEMBER = _LOANS.where(Loan.member_id == bindparam("of"), Loan.ended_on.is_(None))
_OF_LOAN = _LOANS.where(Loan.id == bindparam("of"))
_TOUCHED = _LOANS.where(
    Loan.id.in_(
        select(PostingLine.loan_id).where(PostingLine.posting_id == bindparam("of"), PostingLine.loan_id.is_not(None))
    )
)


def _debts(db: Session, today: date, which: Select[Loan], of: int) -> list[Debt]:
    loans = db.scalars(which, {"of": of}).all()
    told = _told(db, [loan.id for loan in loans]) if loans else {}
    return [Debt(loan, _owed(loan, told[loan.id], today)) for loan in loans]


@dataclass(frozen=True)
class _Line:
    kind: str
    day: date
    account: str
    amount: int


_BACK = aliased(Posting)
_STANDING = Read(
    select(PostingLine.loan_id, Posting.kind, Posting.day, PostingLine.account, PostingLine.amount)
    .join(Posting, Posting.id == PostingLine.posting_id)
    .where(PostingLine.loan_id == any_(bindparam("loans", type_=ARRAY(BigInteger))), Posting.reverses.is_(None))
    .where(~select(_BACK.id).where(_BACK.reverses == Posting.id).exists())
)


def _told(db: Session, loan_ids: Sequence[int]) -> dict[int | None, list[_Line]]:
    """What the book says of each loan, without what was taken back."""
    lines: dict[int | None, list[_Line]] = defaultdict(list)
    for loan_id, kind, day, account, amount in _STANDING.rows(db, {"loans": loan_ids}):
        lines[loan_id].append(_Line(kind, day, account, amount))
    return lines


def _owed(loan: Loan, lines: Iterable[_Line], today: date) -> Owed:
    lent, paid, let_be = 0, [], False
    for line in lines:
        let_be = let_be or line.kind in LET_BE
        if line.account == "loans" and line.kind in LENT:
            lent += line.amount
        elif line.account == "loans":
            paid.append(Paid(line.day, -line.amount, 0))
        elif line.account == "charges":
            paid.append(Paid(line.day, 0, -line.amount))
    left = owed(Terms(lent, loan.charge, loan.out_on), paid, today)
    return Owed(left.principal) if let_be else left
