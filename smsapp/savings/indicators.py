"""What SAVIX asks of savings groups, of each group and of the groups of a place together, as it stands today."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from smsapp.places import Place, right_below
from smsapp.savings.book import Balance
from smsapp.savings.ledger import as_said
from smsapp.savings.tables import Group, Loan, Meeting, Member
from smsapp.scopes import Scope

ATTENDANCE = timedelta(weeks=13)  # SAVIX asks by the quarter
ACCOUNTS = ("savings", "loans", "social", "cash", "charges", "fines", "differences", "expenses", "losses")

Key = InstrumentedAttribute[int]
Told = Iterator[tuple[int, Mapping[str, int]]]


@dataclass(frozen=True)
class Figures:
    """Of one group, or of several added up; francs where nothing else is said."""

    groups: int = 0
    members: int = 0
    women: int = 0
    present: int = 0  # on the rolls of the last quarter
    expected: int = 0  # members at those meetings
    savings: int = 0
    loans: int = 0  # what is still out
    loans_open: int = 0  # how many
    overdue: int = 0  # what is still out after its day
    loans_overdue: int = 0  # how many
    losses: int = 0  # written off in this cycle
    social: int = 0
    cash: int = 0
    charges: int = 0
    fines: int = 0
    differences: int = 0  # found when the box was counted; below nothing where money was missing
    expenses: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Figures)})

    @property
    def attendance(self) -> float | None:
        """In percent, like the other rates; None where there is nothing to divide by."""
        return _percent(self.present, self.expected)

    @property
    def savings_each(self) -> int | None:
        return self.savings // self.members if self.members else None

    @property
    def at_risk(self) -> float | None:
        return _percent(self.overdue, self.loans)

    @property
    def income(self) -> int:
        return self.charges + self.fines + self.differences

    @property
    def profit(self) -> int:
        return self.income - self.expenses - self.losses

    @property
    def return_on_savings(self) -> float | None:
        return _percent(self.profit, self.savings)


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def by_group(db: Session, scope: Scope, today: date, ids: Collection[int] | None = None) -> dict[int, Figures]:
    """Of each group of the scope that is not closed; of these alone where `ids` are given, closed or not."""
    which = Group.closed_on.is_(None) if ids is None else Group.id.in_(ids)
    return _figures(db, Group.id, today, scope.within(Group.facility_id), which)


def by_facility(db: Session, scope: Scope, today: date) -> dict[int, Figures]:
    """Of the groups of each facility together, those left out that are closed."""
    return _figures(db, Group.facility_id, today, scope.within(Group.facility_id), Group.closed_on.is_(None))


def by_place(db: Session, facilities: Mapping[int, Figures], above: int | None) -> list[tuple[Place, Figures]]:
    """What facilities have, of each place right below this one (None: of each region); who has nothing is left out."""
    holders, sums = right_below(db, above), dict[Place, Figures]()
    for facility_id, figures in facilities.items():
        if (place := holders.get(facility_id)) is not None:
            sums[place] = sums.get(place, Figures()) + figures
    return sorted(sums.items(), key=lambda row: row[0].name)


def _figures(db: Session, key: Key, today: date, *which: ColumnElement[bool]) -> dict[int, Figures]:
    told: dict[int, dict[str, int]] = {}
    parts = (_groups, _members, _balances, _loans, _rolls)
    for found, values in (one for part in parts for one in part(db, key, today, *which)):
        told.setdefault(found, {}).update(values)
    return {found: Figures(**values) for found, values in told.items()}


def _rows(db: Session, chosen: Select[*tuple[Any, ...]], key: Key, *which: ColumnElement[bool]) -> Any:
    return db.execute(chosen.where(*which).group_by(key))


def _groups(db: Session, key: Key, today: date, *which: ColumnElement[bool]) -> Told:
    del today
    for found, groups in _rows(db, select(key, func.count()), key, *which):
        yield found, {"groups": groups}


def _members(db: Session, key: Key, today: date, *which: ColumnElement[bool]) -> Told:
    del today
    women = func.count().filter(Member.sex == "F")
    counted = select(key, func.count(), women).join(Member, Member.group_id == Group.id)
    for found, members, of_them in _rows(db, counted, key, Member.left_on.is_(None), *which):
        yield found, {"members": members, "women": of_them}


def _balances(db: Session, key: Key, today: date, *which: ColumnElement[bool]) -> Told:
    """A share-out empties what was saved and earned, so that these are of the cycle that is open."""
    del today
    sums = [func.coalesce(func.sum(Balance.amount).filter(Balance.account == name), 0) for name in ACCOUNTS]
    for found, *amounts in _rows(db, select(key, *sums).join(Balance, Balance.group_id == Group.id), key, *which):
        yield found, {name: as_said(name, int(n)) for name, n in zip(ACCOUNTS, amounts, strict=True)}


def _loans(db: Session, key: Key, today: date, *which: ColumnElement[bool]) -> Told:
    late = Loan.due_on < today
    counts = (func.count(), func.count().filter(late), func.coalesce(func.sum(Balance.amount).filter(late), 0))
    counted = select(key, *counts).join(Loan, Loan.group_id == Group.id).outerjoin(Balance, _of_loan())
    for found, loans, many, francs in _rows(db, counted, key, Loan.ended_on.is_(None), *which):
        yield found, {"loans_open": loans, "loans_overdue": many, "overdue": int(francs)}


def _of_loan() -> ColumnElement[bool]:
    """The balance that says what of a loan is still out."""
    return (
        (Balance.group_id == Loan.group_id)
        & (Balance.account == "loans")
        & (Balance.member_id == Loan.member_id)
        & (Balance.loan_id == Loan.id)
    )


def _rolls(db: Session, key: Key, today: date, *which: ColumnElement[bool]) -> Told:
    """Who was there of those who were members on that day; a meeting whose roll was not called does not count."""
    since = today - ATTENDANCE
    called = Meeting.roll.is_not(None) & (Meeting.held_on > since)
    ours = select(Group.id).where(*which)
    rolls = select(
        Meeting.group_id, func.count().label("n"), func.sum(func.jsonb_array_length(Meeting.roll)).label("m")
    )
    met = rolls.where(called, Meeting.group_id.in_(ours)).group_by(Meeting.group_id).subquery()
    # Most were members all the time: only those who came or left meanwhile are held against each meeting.
    stays = Member.left_on.is_(None) & (Member.joined_on <= since)
    steady = select(Member.group_id, func.count().label("n")).where(stays, Member.group_id.in_(ours))
    always = steady.group_by(Member.group_id).subquery()
    sums = select(key, func.sum(met.c.m), func.sum(met.c.n * func.coalesce(always.c.n, 0)))
    sums = sums.join(met, met.c.group_id == Group.id).outerjoin(always, always.c.group_id == Group.id)
    told = {found: [int(there), int(should)] for found, there, should in _rows(db, sums, key)}
    then = (Member.joined_on <= Meeting.held_on) & or_(Member.left_on.is_(None), Member.left_on > Meeting.held_on)
    others = select(key, func.count()).join(Meeting, Meeting.group_id == Group.id)
    others = others.join(Member, (Member.group_id == Meeting.group_id) & not_(stays) & then)
    for found, more in _rows(db, others, key, called, *which):
        told[found][1] += more
    for found, (present, expected) in told.items():
        yield found, {"present": present, "expected": expected}
