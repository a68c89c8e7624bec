"""Verifying: every chain, every posting and every balance worked out again, down to the first row that does not fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from smsapp.savings import chain
from smsapp.savings.book import Balance, Posting, PostingLine
from smsapp.savings.ledger import Place, hash_of
from smsapp.savings.tables import Group

SEALED = (
    "group_id",
    "seq",
    "cycle_id",
    "meeting_id",
    "kind",
    "day",
    "at",
    "entered_by",
    "channel",
    "receipt",
    "reverses",
    "reason",
    "category",
    "key",
)
AT_ONCE = 500  # postings in memory


class Broken(Exception):
    """The first row of a group that does not fit, in words for an operator."""


def verify(db: Session, group: Group) -> int:
    """Walk a group's book from its first posting; how many there are. Raises Broken at the first that does not fit."""
    before, seq = "", 0
    sums: dict[Place, int] = defaultdict(int)
    for posting, lines in _walk(db, group.id):
        seq += 1
        where = f"group {group.id} ({group.name}), posting {posting.seq}, row {posting.id}"
        if posting.seq != seq:
            raise Broken(f"{where}: should be number {seq}")
        if posting.before != before:
            raise Broken(f"{where}: does not follow the posting before it")
        told = {name: getattr(posting, name) for name in SEALED}
        if posting.hash != hash_of(before, told, lines):
            raise Broken(f"{where}: is not what was written")
        if posting.receipt != chain.receipt(group.id, seq):
            raise Broken(f"{where}: its receipt should be {chain.receipt(group.id, seq)}")
        if sum(line.amount for line in lines) or len(lines) != posting.lines:
            raise Broken(f"{where}: does not add up")
        before = posting.hash
        for line in lines:
            place = (line.account, line.member_id or 0, line.loan_id or 0)
            sums[place] += line.amount
        if sums["cash", 0, 0] < 0:
            raise Broken(f"{where}: leaves {sums['cash', 0, 0]} F in the box")
    if group.last_seq != seq:
        raise Broken(f"group {group.id} ({group.name}): ends at posting {seq}, and should at {group.last_seq}")
    if group.last_hash != before:
        raise Broken(f"group {group.id} ({group.name}): its last hash is not that of its last posting, {seq}")
    _same_balances(db, group, sums)
    return seq


def _walk(db: Session, group_id: int) -> Iterator[tuple[Posting, list[PostingLine]]]:
    """Some hundred at a time; a row that was changed behind the back of the service is read as it is now."""
    after = (0, 0)
    fresh = {"populate_existing": True}
    while True:
        place = tuple_(Posting.seq, Posting.id)
        some = select(Posting).where(Posting.group_id == group_id, place > after).order_by(Posting.seq, Posting.id)
        postings = db.scalars(some.limit(AT_ONCE), execution_options=fresh).all()
        lines: dict[int, list[PostingLine]] = defaultdict(list)
        theirs = select(PostingLine).where(PostingLine.posting_id.in_([posting.id for posting in postings]))
        for line in db.scalars(theirs.order_by(PostingLine.posting_id, PostingLine.nth), execution_options=fresh):
            lines[line.posting_id].append(line)
        for posting in postings:
            yield posting, lines[posting.id]
        if len(postings) < AT_ONCE:
            return
        after = (postings[-1].seq, postings[-1].id)
        db.expunge_all()


def _same_balances(db: Session, group: Group, sums: dict[Place, int]) -> None:
    kept = select(Balance.account, Balance.member_id, Balance.loan_id, Balance.amount)
    found = {(a, m, loan): n for a, m, loan, n in db.execute(kept.where(Balance.group_id == group.id))}
    for place in sorted(sums.keys() | found.keys()):
        if sums.get(place, 0) != found.get(place, 0):
            account, member, loan = place
            whose = f", member {member}" if member else ""
            whose += f", loan {loan}" if loan else ""
            raise Broken(
                f"group {group.id} ({group.name}), balance {account}{whose}:"
                f" is {found.get(place, 0)}, the book says {sums.get(place, 0)}"
            )
