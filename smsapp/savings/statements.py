"""A group's book as a statement: entries with what the box held after each, in parts for paper, and a member's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.paging import PAGE, Page
from smsapp.people import Person
from smsapp.savings.book import Dispute, Posting, PostingLine
from smsapp.savings.ledger import as_said
from smsapp.savings.tables import Cycle, Group, Meeting, Member

OPEN = "open"  # of a dispute without an outcome
POINTS = 60  # of a chart, at most
DRAWN = ("savings", "social", "loans", "cash")


@dataclass(frozen=True)
class Holder:
    """A member as an entry names her; `name` is empty once she is forgotten."""

    id: int
    card: int
    name: str


@dataclass(frozen=True)
class Written:
    """An entry of the book. `meeting` is the one in which it was made, not one that it was added to later."""

    posting: Posting
    meeting: Meeting | None
    members: Sequence[Holder]
    entered_by: Holder | None
    came: int  # francs into the box
    went: int
    moved: int  # francs of an entry that leaves the box as it is
    charge: int  # what of it paid a loan's charge
    reversed_by: str  # the receipt of the entry that takes it back
    reverses: str  # the receipt of the entry that it takes back
    dispute: str  # open, agreed or reversed; empty where nobody said no
    box: int = 0  # after it

    @property
    def stands(self) -> bool:
        return not self.reversed_by


@dataclass(frozen=True)
class Part:
    """Some entries that follow each other, and what the box held before and after them."""

    entries: Sequence[Written]
    opening: int
    number: int = 1
    of: int = 1

    @property
    def came(self) -> int:
        return sum(entry.came for entry in self.entries)

    @property
    def went(self) -> int:
        return sum(entry.went for entry in self.entries)

    @property
    def closing(self) -> int:
        return self.opening + self.came - self.went

    def under_headings(self) -> Iterator[tuple[Meeting | None, date, list[Written]]]:
        """The entries of each meeting, and those of each day between two, in their order."""
        some: list[Written] = []
        for before, entry in pairwise((None, *self.entries)):
            assert entry is not None
            if before is not None and _heading(before) != _heading(entry):
                yield some[0].meeting, some[0].posting.day, some
                some = []
            some.append(entry)
        if some:
            yield some[0].meeting, some[0].posting.day, some


@dataclass(frozen=True)
class Hers:
    """An entry as it touches one member."""

    entry: Written
    brought: int
    got: int
    savings: int  # hers, after it


@dataclass(frozen=True)
class Point:
    """What a group had at the end of a day."""

    day: date
    values: Mapping[str, int]  # of the accounts DRAWN


def _heading(entry: Written) -> tuple[int, date]:
    return (entry.meeting.id if entry.meeting else 0), entry.posting.day


# ---- the whole group's


def page(db: Session, group: Group, cycle: Cycle, after: str | None = None, size: int = PAGE) -> tuple[Part, Page]:
    """Some entries of a cycle in the order in which they were made; the page before the first one has newer ones."""
    chosen = select(Posting).where(Posting.group_id == group.id, Posting.cycle_id == cycle.id)
    found = paging.page(db, chosen, [Posting.seq], after, size=size)
    return _part(db, group, list(reversed(found.rows))), found


def whole(db: Session, group: Group, cycle: Cycle) -> Part:
    """Every entry of a cycle."""
    chosen = select(Posting).where(Posting.group_id == group.id, Posting.cycle_id == cycle.id)
    return _part(db, group, db.scalars(chosen.order_by(Posting.seq)).all())


def parts(told: Part, room: int, takes: Callable[[Written], int]) -> list[Part]:
    """The same in parts that fill a sheet of `room` lines; `takes` says how many of them an entry needs."""
    cuts: list[list[Written]] = [[]]
    filled = 0
    before: Written | None = None
    for entry in told.entries:
        lines = takes(entry)
        heading = before is None or _heading(before) != _heading(entry)
        if cuts[-1] and filled + lines + heading > room:
            cuts.append([])
            filled, heading = 0, True
        cuts[-1].append(entry)
        filled += lines + heading
        before = entry
    made, box = [], told.opening
    for number, entries in enumerate(cuts, start=1):
        made.append(Part(entries, box, number, len(cuts)))
        box = made[-1].closing
    return made


def _part(db: Session, group: Group, postings: Sequence[Posting]) -> Part:
    if not postings:
        return Part((), 0)
    before = select(func.coalesce(func.sum(PostingLine.amount), 0)).join(Posting, Posting.id == PostingLine.posting_id)
    earlier = (Posting.group_id == group.id, Posting.seq < postings[0].seq, PostingLine.account == "cash")
    opening = box = int(db.scalar(before.where(*earlier)) or 0)
    told = []
    for entry in entries(db, group.id, postings):
        box += entry.came - entry.went
        told.append(replace(entry, box=box))
    return Part(told, opening)


def entries(db: Session, group_id: int, postings: Sequence[Posting]) -> Iterator[Written]:
    """What the book tells of these postings of a group, in their order; what the box held is not told."""
    ids = [posting.id for posting in postings]
    lines: dict[int, list[PostingLine]] = defaultdict(list)
    for line in db.scalars(select(PostingLine).where(PostingLine.posting_id.in_(ids))):
        lines[line.posting_id].append(line)
    people = holders(db, group_id)
    meetings = {m.id: m for m in db.scalars(select(Meeting).where(Meeting.id.in_({p.meeting_id for p in postings})))}
    back = dict(db.execute(select(Posting.reverses, Posting.receipt).where(Posting.reverses.in_(ids))).all())
    first = select(Posting.id, Posting.receipt).where(Posting.id.in_({p.reverses for p in postings}))
    taken = dict(db.execute(first).all())
    said = select(Dispute.posting_id, func.coalesce(Dispute.outcome, OPEN)).where(Dispute.posting_id.in_(ids))
    disputes = dict(db.execute(said).all())
    for posting in postings:
        own = lines[posting.id]
        met = meetings.get(posting.meeting_id or 0)
        yield Written(
            posting=posting,
            meeting=met if met is not None and met.held_on == posting.day else None,
            members=[people[i] for i in dict.fromkeys(x.member_id for x in own) if i in people],
            entered_by=people.get(posting.entered_by),
            **_francs(own),
            reversed_by=back.get(posting.id, ""),
            reverses=taken.get(posting.reverses or 0, ""),
            dispute=disputes.get(posting.id, ""),
        )


def _francs(lines: Sequence[PostingLine]) -> dict[str, int]:
    cash = sum(line.amount for line in lines if line.account == "cash")
    charge = -sum(line.amount for line in lines if line.account == "charges")
    moved = 0 if cash else sum(line.amount for line in lines if line.amount > 0)
    return {"came": max(cash, 0), "went": max(-cash, 0), "moved": moved, "charge": max(charge, 0)}


def holders(db: Session, group_id: int) -> dict[int | None, Holder]:
    """Everybody who is or was a member, by id."""
    chosen = select(Member.id, Member.card, Person.name).join(Person, Person.id == Member.person_id)
    rows = db.execute(chosen.where(Member.group_id == group_id))
    return {i: Holder(i, card, name or "") for i, card, name in rows}


# ---- a member's


def of_member(db: Session, group: Group, member_id: int, after: str | None = None, size: int = PAGE) -> Page:
    """A page of `Hers`, the newest first, of every cycle."""
    own = select(PostingLine.posting_id).where(PostingLine.member_id == member_id)
    found = paging.page(db, select(Posting).where(Posting.id.in_(own)), [Posting.id], after, size=size)
    if not found.rows:
        return found
    hers = (PostingLine.member_id == member_id, PostingLine.posting_id <= found.rows[0].id)
    saved = select(func.coalesce(func.sum(PostingLine.amount), 0)).where(PostingLine.account == "savings", *hers)
    savings = -int(db.scalar(saved) or 0)
    sums = select(
        PostingLine.posting_id,
        func.sum(PostingLine.amount),
        func.coalesce(func.sum(PostingLine.amount).filter(PostingLine.account == "savings"), 0),
    )
    of_page = sums.where(*hers, PostingLine.posting_id >= found.rows[-1].id).group_by(PostingLine.posting_id)
    told = {i: (int(whole), int(put)) for i, whole, put in db.execute(of_page)}
    listed = []
    for entry in entries(db, group.id, found.rows):
        amount, put = told[entry.posting.id]
        listed.append(Hers(entry, max(-amount, 0), max(amount, 0), savings))
        savings += put  # what she had before it
    return Page(listed, found.after, found.first)


# ---- over the cycle


def course(db: Session, group: Group, cycle: Cycle, today: date) -> list[Point]:
    """What the group had at the end of each time between two meetings, from the cycle's first day to this one."""
    begins = select(func.min(Posting.seq)).where(Posting.cycle_id == cycle.id).scalar_subquery()
    lines = select(PostingLine.account, func.sum(PostingLine.amount)).join(Posting)
    drawn = lines.where(Posting.group_id == group.id, PostingLine.account.in_(DRAWN))
    sums = dict.fromkeys(DRAWN, 0)
    sums |= {name: int(n) for name, n in db.execute(drawn.where(Posting.seq < begins).group_by(PostingLine.account))}
    by_day = drawn.add_columns(Posting.day).where(Posting.cycle_id == cycle.id)
    moved = sorted(
        ((day, name, int(n)) for name, n, day in db.execute(by_day.group_by(PostingLine.account, Posting.day))),
        reverse=True,
    )
    points = []
    for day in _days(cycle.started_on, group.every_days, max(min(cycle.closed_on or today, today), cycle.started_on)):
        while moved and moved[-1][0] <= day:
            _, name, amount = moved.pop()
            sums[name] += amount
        points.append(Point(day, {name: as_said(name, amount) for name, amount in sums.items()}))
    return points


def _days(first: date, every: int, last: date) -> list[date]:
    """From the first to the last, which are both there, about as far apart as the meetings."""
    step = max(every, -(-(last - first).days // (POINTS - 1)))
    return [*(first + timedelta(days=n) for n in range(0, (last - first).days, step)), last]
