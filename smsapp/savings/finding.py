"""Which posting somebody means by a receipt number, among those that she may ask about."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smsapp.arrays import among_told
from smsapp.refusals import Refused
from smsapp.savings import chain, ledger
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.tables import Cycle

NOT_THUS = ("loan", "write_off", "share_out", "opening")  # they have ways of their own

# By its number, which the database finds at once, and by its letter, which makes it this group's.
_NAMED = (Posting.seq == bindparam("seq"), Posting.receipt == bindparam("receipt"))
_IN_GROUPS = select(Posting).where(*_NAMED, among_told(Posting.group_id, "groups")).order_by(Posting.at.desc()).limit(1)
_OF_MEMBERS = (
    select(Posting, PostingLine.member_id)
    .join(PostingLine, PostingLine.posting_id == Posting.id)
    .where(*_NAMED, among_told(PostingLine.member_id, "members"))
    .order_by(Posting.at.desc())
    .limit(1)
)


def read(words: str) -> tuple[str, str]:
    """The receipt that a text begins with (`27K`, `27 k`, `reçu 27K`), and what follows it. Refused where it does not.

    The most words that make a receipt are its own: `27 K` is one receipt, and `K` no reason.
    """
    said = words.split()
    for taken in (3, 2, 1):
        if taken <= len(said) and (receipt := chain.read_receipt(" ".join(said[:taken]))):
            return receipt, " ".join(said[taken:])
    raise Refused("savings.receipt_unknown")


def in_groups(db: Session, receipt: str, group_ids: Collection[int]) -> Posting:
    """The last posting of these groups with this receipt; whose it is otherwise, nobody is told."""
    told = {"seq": int(receipt[:-1]), "receipt": receipt, "groups": list(group_ids)}
    return _one(db.scalar(_IN_GROUPS, told))


def of_members(db: Session, receipt: str, member_ids: Collection[int]) -> tuple[Posting, int]:
    """The last posting with this receipt that names one of these members, and which of them."""
    told = {"seq": int(receipt[:-1]), "receipt": receipt, "members": list(member_ids)}
    found = db.execute(_OF_MEMBERS, told).first()
    if found is None or found[1] is None:
        raise Refused("savings.receipt_unknown")
    return found[0], found[1]


def members_of(db: Session, posting: Posting) -> list[int]:
    """Ids of those whom a posting names."""
    return sorted({line.member_id for line in ledger.lines_of(db, posting.id) if line.member_id is not None})


def never_back(db: Session, posting: Posting) -> Refused | None:
    """Why no reversal will ever take this posting back, if so: it has a way of its own, or its cycle is over."""
    if posting.kind in NOT_THUS:
        return Refused(f"savings.not_thus.{posting.kind}", receipt=posting.receipt)
    if posting.kind == "reversal":
        return Refused("savings.is_reversal", receipt=posting.receipt)
    if db.get_one(Cycle, posting.cycle_id).closed_on is not None:
        return Refused("savings.other_cycle", receipt=posting.receipt)
    return None


def _one(posting: Posting | None) -> Posting:
    if posting is None:
        raise Refused("savings.receipt_unknown")
    return posting
