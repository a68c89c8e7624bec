"""Groups as the staff read them: found by name, place and state, each with its members, rules and meetings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, cast, false, func, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from smsapp import paging, registry
from smsapp.paging import PAGE, Page
from smsapp.people import Person
from smsapp.places import Place
from smsapp.savings import indicators, ledger
from smsapp.savings.book import Balance, Dispute
from smsapp.savings.indicators import Figures
from smsapp.savings.tables import OFFICES, Consent, Cycle, Group, Loan, Meeting, Member, Office, Request
from smsapp.scopes import EVERYWHERE, Scope

MOST = 2**31  # of a group's number
STATES = ("dispute", "overdue", "missed", "closed")


class NotHere(LookupError):
    """No such group, member or dispute for whoever asks."""


@dataclass(frozen=True)
class Wanted:
    """Which groups somebody looks for; what is empty does not matter."""

    words: str = ""  # beginnings of words of the name
    kind: str = ""
    state: str = ""  # one of STATES


@dataclass(frozen=True)
class Row:
    """A group as a list shows it."""

    group: Group
    facility: str
    figures: Figures
    held_on: date | None  # its last meeting
    disputes: int  # open
    missed: int  # meetings that should have been since


@dataclass(frozen=True)
class Card:
    """A member as her group's page shows her; `name` is empty once she is forgotten."""

    member: Member
    name: str
    facility_id: int | None  # of the person
    offices: Sequence[str]
    savings: int = 0
    lent: int = 0
    overdue: bool = False


@dataclass(frozen=True)
class Meetings:
    """The meetings of a cycle: held, the newest first; those not held; and when the next one should be."""

    held: Sequence[Meeting]
    missed: Sequence[date]
    next: date | None


@dataclass(frozen=True)
class Asked:
    """A request that waits for officers."""

    request: Request
    by: str
    given: int


# ---- finding


def groups(db: Session, scope: Scope, wanted: Wanted, today: date, after: str | None = None, size: int = PAGE) -> Page:
    """A page of `Row`, by name."""
    chosen = select(Group).where(scope.within(Group.facility_id), *_fit(wanted, today))
    page = paging.page(db, chosen, [Group.name, Group.id], after, newest_first=False, size=size)
    return Page(rows(db, page.rows, today), page.after, page.first)


def count(db: Session, scope: Scope, wanted: Wanted, today: date) -> int:
    fits = select(func.count()).select_from(Group).where(scope.within(Group.facility_id), *_fit(wanted, today))
    return db.scalar(fits) or 0


def _fit(wanted: Wanted, today: date) -> Iterator[ColumnElement[bool]]:
    yield Group.closed_on.is_not(None) if wanted.state == "closed" else Group.closed_on.is_(None)
    if wanted.kind:
        yield Group.kind == wanted.kind
    if wanted.words.strip():
        names = registry.Wanted(wanted.words).names
        query = cast(" & ".join(f"'{name}':*" for name in names), TSQUERY)
        yield func.search_words(Group.name).bool_op("@@")(query) if names else false()
    if wanted.state == "dispute":
        yield select(Dispute.id).where(Dispute.group_id == Group.id, Dispute.outcome.is_(None)).exists()
    if wanted.state == "overdue":
        late = (Loan.group_id == Group.id, Loan.ended_on.is_(None), Loan.due_on < today)
        yield select(Loan.id).where(*late).exists()
    if wanted.state == "missed":
        yield _is_late(today)


def _is_late(today: date) -> ColumnElement[bool]:
    """As `missed` says it of the time since the last meeting."""
    began = select(Cycle.started_on).where(Cycle.group_id == Group.id, Cycle.closed_on.is_(None)).scalar_subquery()
    last = select(func.max(Meeting.held_on)).where(Meeting.group_id == Group.id).scalar_subquery()
    slack = Group.every_days + (Group.every_days + 1) // 2
    return and_(began.is_not(None), func.greatest(began, last) + slack <= today)


def every(db: Session, scope: Scope) -> Sequence[tuple[Group, str, Cycle | None]]:
    """Each group that is not closed, with its health centre and its open cycle, by name."""
    chosen = select(Group, Place.name, Cycle).join(Place, Place.id == Group.facility_id)
    chosen = chosen.outerjoin(Cycle, and_(Cycle.group_id == Group.id, Cycle.closed_on.is_(None)))
    fits = chosen.where(scope.within(Group.facility_id), Group.closed_on.is_(None))
    return [(group, place, cycle) for group, place, cycle in db.execute(fits.order_by(Group.name, Group.id))]


def rows(db: Session, found: Sequence[Group], today: date) -> list[Row]:
    """What a list shows of these groups, in their order."""
    if not found:
        return []
    ids = [group.id for group in found]
    figures = indicators.by_group(db, EVERYWHERE, today, ids)
    facilities = select(Place.id, Place.name).where(Place.id.in_({group.facility_id for group in found}))
    places = dict(db.execute(facilities).all())
    last = select(Meeting.group_id, func.max(Meeting.held_on)).where(Meeting.group_id.in_(ids))
    held = dict(db.execute(last.group_by(Meeting.group_id)).all())
    cycles = select(Cycle.group_id, Cycle.started_on).where(Cycle.group_id.in_(ids), Cycle.closed_on.is_(None))
    began = dict(db.execute(cycles).all())
    said = select(Dispute.group_id, func.count()).where(Dispute.group_id.in_(ids), Dispute.outcome.is_(None))
    disputes = dict(db.execute(said.group_by(Dispute.group_id)).all())
    listed = []
    for group in found:
        begun, met = began.get(group.id), held.get(group.id)
        late = missed(max(begun, met or begun), group.every_days, (), today) if begun else ()
        figure = figures.get(group.id, Figures())
        listed.append(Row(group, places[group.facility_id], figure, met, disputes.get(group.id, 0), len(late)))
    return listed


def missed(began: date, every_days: int, held: Sequence[date], today: date) -> list[date]:
    """The days on which a group should have met and did not, each counted from the meeting before it.

    A meeting that came late by less than half the time between two is that meeting, and none was missed.
    """
    every, slack = timedelta(days=every_days), timedelta(days=(every_days + 1) // 2)
    days, last = [], began
    for until in (*sorted(held), today):
        due = last + every
        while due + slack <= until:
            days.append(due)
            due += every
        last = max(last, until)
    return days


# ---- one group


def one(db: Session, scope: Scope, group_id: int) -> Group:
    found = select(Group).where(Group.id == group_id, scope.within(Group.facility_id))
    group = db.scalar(found) if group_id < MOST else None
    if group is None:
        raise NotHere(group_id)
    return group


def cycles(db: Session, group_id: int) -> Sequence[Cycle]:
    """The open one first, then the others, the last one first."""
    chosen = select(Cycle).where(Cycle.group_id == group_id)
    return db.scalars(chosen.order_by(Cycle.closed_on.desc().nulls_first(), Cycle.id.desc())).all()


def members(db: Session, group_id: int, today: date, *which: ColumnElement[bool]) -> list[Card]:
    """By card; who has left stands behind the others."""
    held: dict[int, list[str]] = {}
    offices = select(Office.member_id, Office.office).where(Office.group_id == group_id, Office.until.is_(None))
    for member_id, office in sorted(db.execute(offices), key=lambda row: OFFICES.index(row[1])):
        held.setdefault(member_id, []).append(office)
    has = ledger.balances(db, group_id)
    late = set(db.scalars(select(Loan.member_id).where(Loan.group_id == group_id, *_late(today))))
    chosen = select(Member, Person.name, Person.facility_id).join(Person, Person.id == Member.person_id)
    order = chosen.where(Member.group_id == group_id, *which).order_by(Member.left_on.is_not(None), Member.card)
    lent: dict[int, int] = {}
    for (account, member_id, _), amount in has.items():
        if account == "loans":
            lent[member_id] = lent.get(member_id, 0) + amount
    return [
        Card(
            member,
            name or "",
            facility_id,
            held.get(member.id, ()),
            has.get(("savings", member.id, 0), 0),
            lent.get(member.id, 0),
            member.id in late,
        )
        for member, name, facility_id in db.execute(order)
    ]


def _late(today: date) -> tuple[ColumnElement[bool], ...]:
    return Loan.ended_on.is_(None), Loan.due_on < today


def member(db: Session, group_id: int, member_id: int, today: date) -> Card:
    if found := members(db, group_id, today, Member.id == member_id) if member_id < paging.LARGEST else []:
        return found[0]
    raise NotHere(member_id)


def meetings(db: Session, group: Group, cycle: Cycle, today: date) -> Meetings:
    """Of this cycle; after its end nothing is missed any more, and nothing comes."""
    held = db.scalars(select(Meeting).where(Meeting.cycle_id == cycle.id).order_by(Meeting.nth.desc())).all()
    days = [meeting.held_on for meeting in held]
    lost = missed(cycle.started_on, group.every_days, days, cycle.closed_on or today)
    last = max([cycle.started_on, *days, *lost])
    after = None if cycle.closed_on or group.closed_on else last + timedelta(days=group.every_days)
    return Meetings(held, lost, after)


def loans(db: Session, member_id: int) -> list[tuple[Loan, int]]:
    """A member's loans, the newest first, each with what is still out."""
    left = select(Balance.amount).where(
        Balance.group_id == Loan.group_id,
        Balance.account == "loans",
        Balance.member_id == Loan.member_id,
        Balance.loan_id == Loan.id,
    )
    chosen = select(Loan, func.coalesce(left.scalar_subquery(), 0)).where(Loan.member_id == member_id)
    return [(loan, out) for loan, out in db.execute(chosen.order_by(Loan.id.desc()))]


def asked(db: Session, group_id: int) -> list[Asked]:
    """What waits for officers to agree, the oldest first."""
    yes = select(func.count()).where(Consent.request_id == Request.id, Consent.given)
    by = select(Person.name).join(Member, Member.person_id == Person.id).where(Member.id == Request.asked_by)
    chosen = select(Request, by.scalar_subquery(), yes.scalar_subquery())
    waiting = chosen.where(Request.group_id == group_id, Request.outcome.is_(None)).order_by(Request.id)
    return [Asked(request, name or "", given) for request, name, given in db.execute(waiting)]


def of_person(db: Session, scope: Scope, person_id: int, today: date) -> list[tuple[Group, Card]]:
    """Her groups within the scope, with what she has in each; those that she left come last."""
    chosen = select(Group, Member.id).join(Member, Member.group_id == Group.id).where(Member.person_id == person_id)
    order = chosen.where(scope.within(Group.facility_id)).order_by(Member.left_on.is_not(None), Group.name)
    return [(group, member(db, group.id, member_id, today)) for group, member_id in db.execute(order)]
