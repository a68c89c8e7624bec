"""Booking: the one way into a group's book, under its lock, once per key; and what the book says of balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ARRAY, BigInteger, Table, Text, any_, bindparam, func, select
from sqlalchemy.orm import Session

from smsapp import arrays
from smsapp.reads import Read
from smsapp.refusals import Refused
from smsapp.savings import chain
from smsapp.savings.book import LARGEST, NEVER_ABOVE, NEVER_BELOW, OWNED, Balance, Posting, PostingLine
from smsapp.savings.money import francs
from smsapp.savings.tables import Cycle, Group

Place = tuple[str, int, int]  # account, member or 0, loan or 0
Check = Callable[[Cycle], None]


@dataclass(frozen=True)
class Line:
    """One side of an entry, in francs: positive where a box fills or a debt to the group grows."""

    account: str
    amount: int
    member_id: int | None = None
    loan_id: int | None = None

    @property
    def place(self) -> Place:
        return self.account, self.member_id or 0, self.loan_id or 0


@dataclass(frozen=True)
class Entry:
    """What is to be booked. `key` makes it happen once, whatever comes twice."""

    kind: str
    lines: Sequence[Line]
    key: str
    channel: str
    entered_by: int | None = None
    meeting_id: int | None = None
    reverses: int | None = None
    reason: str = ""
    category: str = ""
    day: date | None = None
    at: datetime | None = None


# Made once: every entry of every book asks and writes by them.
_GROUP = Balance.group_id == bindparam("group")
_LOCK = select(Group).where(Group.id == bindparam("group")).with_for_update().execution_options(populate_existing=True)
_HOLD = Read(select(Group.id).where(Group.id == bindparam("group")).with_for_update())
_CYCLE = select(Cycle).where(Cycle.group_id == bindparam("group"), Cycle.closed_on.is_(None))
_BOOKED = Read(select(Posting.id).where(Posting.key == any_(bindparam("keys", type_=ARRAY(Text)))))
_REVERSED = Read(select(Posting.id).where(Posting.reverses == bindparam("posting")))
_LINES_OF = Read(
    select(PostingLine.account, PostingLine.amount, PostingLine.member_id, PostingLine.loan_id)
    .where(PostingLine.posting_id == bindparam("posting"))
    .order_by(PostingLine.nth)
)
_LINES = arrays.write_all(
    cast(Table, PostingLine.__table__), ("posting_id", "nth", "account", "member_id", "loan_id", "amount")
)
_BALANCES = select(Balance.account, Balance.member_id, Balance.loan_id, Balance.amount).where(_GROUP)
# A member's and a loan's places have ids that are theirs alone: a few rows too many are read, none too few.
_NEAR = Read(
    _BALANCES.where(
        Balance.account == any_(bindparam("accounts", type_=ARRAY(Text))),
        Balance.member_id == any_(bindparam("members", type_=ARRAY(BigInteger))),
        Balance.loan_id == any_(bindparam("loans", type_=ARRAY(BigInteger))),
    )
)
_HELD = Read(_BALANCES.where(Balance.amount != 0))
_MOVED = arrays.write_all(cast(Table, Balance.__table__), ("group_id", "account", "member_id", "loan_id", "amount"))
_MOVE = _MOVED.on_conflict_do_update(
    index_elements=["group_id", "account", "member_id", "loan_id"], set_={"amount": _MOVED.excluded.amount}
)
_SUM = select(func.coalesce(func.sum(Balance.amount), 0)).where(_GROUP, Balance.account == bindparam("account"))
_GROUPS_SUM, _HER_SUM = Read(_SUM), Read(_SUM.where(Balance.member_id == bindparam("member")))


def hold(db: Session, group_id: int) -> None:
    """The group is ours until the transaction ends: its book is written by one at a time."""
    _HOLD.rows(db, {"group": group_id})


def lock(db: Session, group_id: int) -> Group:
    """As `hold`; what its row says now."""
    return db.scalars(_LOCK, {"group": group_id}).one()


def open_cycle(db: Session, group_id: int) -> Cycle:
    cycle = db.scalar(_CYCLE, {"group": group_id})
    if cycle is None:
        raise Refused("savings.no_cycle")
    return cycle


def book(
    db: Session, now: datetime, today: date, group_id: int, entry: Entry, check: Check = lambda cycle: None
) -> Posting:
    """Write one posting; the first one with this key is returned where it was booked before.

    Refused where the box, or what somebody has, would fall below nothing. Unbalanced lines are our own mistake.
    `check` may refuse too: it is asked under the lock, when all that came before is in the book, and of new ones alone.
    """
    return book_all(db, now, today, group_id, [entry], check)[0]


def book_all(
    db: Session,
    now: datetime,
    today: date,
    group_id: int,
    entries: Sequence[Entry],
    check: Check = lambda cycle: None,
) -> list[Posting]:
    """As `book`, for several at once that all bring money in, or all take it out: all of them or none."""
    for entry in entries:
        if sum(line.amount for line in entry.lines) or not entry.lines:
            raise ValueError("the lines of a posting add up to zero")
        if not all(0 < abs(line.amount) <= LARGEST for line in entry.lines):
            raise Refused("savings.amount_large", most=francs(LARGEST))
    group = lock(db, group_id)
    keys = [entry.key for entry in entries]
    found = {posting.key: posting for posting in _booked(db, keys)}
    new = [entry for entry in entries if entry.key not in found]
    if new:
        cycle = open_cycle(db, group_id)
        check(cycle)
        _balance(db, group_id, [line for entry in new for line in entry.lines])
        found |= {posting.key: posting for posting in _write(db, group, cycle.id, new, now, today)}
    return [found[key] for key in keys]


def sealed(
    group_id: int, seq: int, cycle_id: int, before: str, entry: Entry, now: datetime, today: date
) -> dict[str, Any]:
    """The columns of a posting at this place in its book, with its receipt and its hash."""
    told: dict[str, Any] = {
        "group_id": group_id,
        "seq": seq,
        "cycle_id": cycle_id,
        "meeting_id": entry.meeting_id,
        "kind": entry.kind,
        "day": entry.day or today,
        "at": entry.at or now,
        "entered_by": entry.entered_by,
        "channel": entry.channel,
        "receipt": chain.receipt(group_id, seq),
        "reverses": entry.reverses,
        "reason": entry.reason,
        "category": entry.category,
        "key": entry.key,
    }
    return told | {"lines": len(entry.lines), "before": before, "hash": hash_of(before, told, entry.lines)}


def _write(
    db: Session, group: Group, cycle_id: int, entries: Sequence[Entry], now: datetime, today: date
) -> list[Posting]:
    postings = []
    for entry in entries:
        row = sealed(group.id, group.last_seq + 1, cycle_id, group.last_hash, entry, now, today)
        postings.append(Posting(**row))
        group.last_seq, group.last_hash = row["seq"], row["hash"]
    db.add_all(postings)
    db.flush()
    rows = [
        {"posting_id": posting.id, "nth": nth, "account": x.account, "member_id": x.member_id, "loan_id": x.loan_id}
        | {"amount": x.amount}
        for posting, entry in zip(postings, entries, strict=True)
        for nth, x in enumerate(entry.lines, start=1)
    ]
    db.execute(_LINES, arrays.told(rows))
    return postings


def booked(db: Session, key: str) -> Posting | None:
    return next(iter(_booked(db, [key])), None)


def _booked(db: Session, keys: Sequence[str]) -> Sequence[Posting]:
    """Mostly none: of the few that come twice the rows are read."""
    ids = _BOOKED.column(db, {"keys": keys})
    return [db.get_one(Posting, id) for id in ids]


def hash_of(before: str, told: Mapping[str, Any], lines: Sequence[Line | PostingLine]) -> str:
    """The hash of a posting of these columns; times are told in UTC whoever reads them."""
    plain = {**told, "at": f"{told['at']:%Y-%m-%dT%H:%M:%S.%f}", "day": told["day"].isoformat()}
    return chain.link(before, plain, [(x.account, x.member_id, x.loan_id, x.amount) for x in lines])


def reversal(db: Session, posting: Posting, *, key: str, channel: str, entered_by: int | None, reason: str) -> Entry:
    """The entry that takes back a posting line by line; refused where that was done before."""
    if posting.kind == "reversal":
        raise Refused("savings.is_reversal", receipt=posting.receipt)
    if is_reversed(db, posting):
        raise Refused("savings.reversed_before", receipt=posting.receipt)
    lines = [replace(line, amount=-line.amount) for line in lines_of(db, posting.id)]
    more: dict[str, Any] = {"reverses": posting.id, "reason": reason, "meeting_id": posting.meeting_id}
    return Entry("reversal", lines, key, channel, entered_by, **more)


def is_reversed(db: Session, posting: Posting) -> bool:
    return bool(_REVERSED.rows(db, {"posting": posting.id}))


def lines_of(db: Session, posting_id: int) -> list[Line]:
    return [Line(*row) for row in _LINES_OF.rows(db, {"posting": posting_id})]


def balances(db: Session, group_id: int) -> dict[Place, int]:
    """What every account holds, as a person says it: what is owed or earned is positive too."""
    found = _HELD.rows(db, {"group": group_id})
    return {(account, member, loan): as_said(account, amount) for account, member, loan, amount in found}


def total(db: Session, group_id: int, account: str, member_id: int | None = None) -> int:
    """What one account holds, of the whole group or of a member."""
    told = {"group": group_id, "account": account, "member": member_id}
    [(held,)] = (_GROUPS_SUM if member_id is None else _HER_SUM).rows(db, told)
    return as_said(account, int(held))


def as_said(account: str, amount: int) -> int:
    return amount if account in OWNED else -amount


def _balance(db: Session, group_id: int, lines: Sequence[Line]) -> None:
    """Add each line to its balance; refused where one may not go below nothing and would."""
    moved: dict[Place, int] = defaultdict(int)
    for line in lines:
        moved[line.place] += line.amount
    places = {place for place, amount in moved.items() if amount}
    if not places:
        return
    accounts, members, loans = (sorted(set(ids)) for ids in zip(*places, strict=True))
    near = _NEAR.rows(db, {"group": group_id, "accounts": accounts, "members": members, "loans": loans})
    before = {(account, member, loan): amount for account, member, loan, amount in near}
    after = {place: before.get(place, 0) + moved[place] for place in sorted(places)}
    for (account, _, _), amount in after.items():
        if (account in NEVER_BELOW and amount < 0) or (account in NEVER_ABOVE and amount > 0):
            raise Refused(f"savings.short.{account}", short=francs(abs(amount)))
    names = ("account", "member_id", "loan_id", "amount")
    rows = [{"group_id": group_id} | dict(zip(names, (*place, amount), strict=True)) for place, amount in after.items()]
    db.execute(_MOVE, arrays.told(rows))
