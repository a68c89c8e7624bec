"""Disputes: a member says that a receipt is not right, and the posting stands until it is reversed or she agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import finding, groups, ledger, telling
from smsapp.savings.book import Dispute, Posting
from smsapp.savings.groups import Who
from smsapp.savings.money import francs
from smsapp.savings.tables import Member

WITHIN = timedelta(hours=48)
AGREED, REVERSED = "agreed", "reversed"


@dataclass(frozen=True)
class Told:
    """What was disputed or agreed to."""

    posting: Posting
    member: Who
    dispute: Dispute


def open_(db: Session, rt: Runtime, number: str, receipt: str) -> Told:
    """She says no, within 48 hours: the officers are told and nothing else changes. Twice is once."""
    posting, member = _hers(db, number, receipt)
    if rt.now() - posting.at > WITHIN:
        raise Refused("savings.dispute_late", receipt=posting.receipt)
    if finding.is_reversed(db, posting):
        raise Refused("savings.reversed_before", receipt=posting.receipt)
    before = db.scalar(select(Dispute).where(Dispute.posting_id == posting.id))
    if before is not None and before.outcome is None:
        return Told(posting, member, before)
    dispute = before or Dispute(posting_id=posting.id, group_id=posting.group_id)
    dispute.member_id, dispute.opened_at, dispute.outcome, dispute.ended_at = member.id, rt.now(), None, None
    db.add(dispute)
    db.flush()
    _tell_officers(db, rt, posting, member, "disputed")
    return Told(posting, member, dispute)


def agree(db: Session, rt: Runtime, number: str, receipt: str) -> Told:
    """She says that it was right after all."""
    posting, member = _hers(db, number, receipt)
    dispute = db.scalar(select(Dispute).where(Dispute.posting_id == posting.id))
    if dispute is None or dispute.outcome is not None or dispute.member_id != member.id:
        raise Refused("savings.no_dispute", receipt=posting.receipt)
    _end(db, rt, dispute, AGREED)
    _tell_officers(db, rt, posting, member, AGREED)
    return Told(posting, member, dispute)


def reversed_by(db: Session, rt: Runtime, posting: Posting) -> None:
    """A posting was taken back: whoever disputed it was heard."""
    dispute = db.scalar(select(Dispute).where(Dispute.posting_id == posting.id, Dispute.outcome.is_(None)))
    if dispute is not None:
        _end(db, rt, dispute, REVERSED)


def _end(db: Session, rt: Runtime, dispute: Dispute, outcome: str) -> None:
    dispute.outcome, dispute.ended_at = outcome, rt.now()
    db.flush()


def _hers(db: Session, number: str, receipt: str) -> tuple[Posting, Who]:
    """The posting with this receipt that names a member for whom this phone reads; the group is locked.

    Wrong, unknown and somebody else's are one answer: a receipt number tells nobody whose it is.
    """
    posting, member_id = finding.of_members(db, receipt, _read_by(db, number))
    member = groups.by_id(db, member_id)
    if member is None:
        raise Refused("savings.receipt_unknown")
    ledger.lock(db, posting.group_id)
    return posting, member


def _read_by(db: Session, number: str) -> Sequence[int]:
    """The members who own this number, and those without a phone whose witness does."""
    mine = select(Member.id).where(Member.number == number, Member.left_on.is_(None))
    for_others = Member.number.is_(None) & Member.witness_id.in_(mine)
    return db.scalars(select(Member.id).where(or_(Member.number == number, for_others), Member.left_on.is_(None))).all()


def _tell_officers(db: Session, rt: Runtime, posting: Posting, member: Who, what: str) -> None:
    """Each time that she says so: she may agree, and think better of it."""
    amount = sum(line.amount for line in ledger.lines_of(db, posting.id) if line.amount > 0)
    told: dict[str, Any] = {"receipt": posting.receipt, "card": member.card, "amount": francs(amount)}
    key = f"{what}:{posting.id}:{rt.now().timestamp():.0f}"
    telling.officers(db, rt, posting.group_id, f"savings.told.{what}", key=key, but=member.id, **told)
