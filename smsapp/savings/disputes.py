"""Disputes: a member says that a receipt is not right, until it is reversed, she agrees or officers let it stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import finding, groups, ledger, requests, telling
from smsapp.savings.book import Dispute, Posting
from smsapp.savings.groups import Who
from smsapp.savings.money import francs
from smsapp.savings.tables import Member, Request

WITHIN = timedelta(hours=48)
AGREED, REVERSED, KEPT = "agreed", "reversed", "kept"
WHAT = "dispute"  # of a request: to let a posting stand that can not be reversed
OTHERS = 2  # officers besides her who asks


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
    if ledger.is_reversed(db, posting):
        raise Refused("savings.reversed_before", receipt=posting.receipt)
    before = db.scalar(select(Dispute).where(Dispute.posting_id == posting.id))
    if before is not None and before.outcome is None:
        return Told(posting, member, before)
    if before is not None and before.outcome == KEPT and before.member_id == member.id:
        raise Refused("savings.dispute_kept", receipt=posting.receipt)
    dispute = before or Dispute(posting_id=posting.id, group_id=posting.group_id)
    dispute.member_id, dispute.opened_at, dispute.outcome, dispute.ended_at = member.id, rt.now(), None, None
    db.add(dispute)
    db.flush()
    _tell_officers(db, rt, posting, member, _alert(db, posting), key="disputed")
    return Told(posting, member, dispute)


def agree(db: Session, rt: Runtime, number: str, receipt: str) -> Told:
    """She says that it was right after all."""
    posting, member = _hers(db, number, receipt)
    dispute = db.scalar(select(Dispute).where(Dispute.posting_id == posting.id))
    if dispute is None or dispute.outcome is not None or dispute.member_id != member.id:
        raise Refused("savings.no_dispute", receipt=posting.receipt)
    _end(db, rt, dispute, AGREED)
    requests.withdraw(db, rt, posting.group_id, WHAT, posting.id)
    _tell_officers(db, rt, posting, member, AGREED, key=AGREED)
    return Told(posting, member, dispute)


def reversed_by(db: Session, rt: Runtime, posting: Posting) -> None:
    """A posting was taken back: whoever disputed it was heard."""
    if (dispute := open_on(db, posting)) is not None:
        _end(db, rt, dispute, REVERSED)


def open_on(db: Session, posting: Posting) -> Dispute | None:
    return db.scalar(select(Dispute).where(Dispute.posting_id == posting.id, Dispute.outcome.is_(None)))


def standing(db: Session, group_ids: Collection[int]) -> list[str]:
    """Receipts that somebody disputes and no reversal takes back."""
    mine = select(Posting).join(Dispute, Dispute.posting_id == Posting.id)
    found = db.scalars(mine.where(Dispute.group_id.in_(group_ids), Dispute.outcome.is_(None)).order_by(Posting.seq))
    return [posting.receipt for posting in found if finding.never_back(db, posting) is not None]


def ask_to_keep(db: Session, rt: Runtime, who: Who, dispute: Dispute, details: Mapping[str, Any]) -> Request:
    """Have other officers say that a posting stands which nobody can reverse; not her who disputes it."""
    return requests.ask(db, rt, who, WHAT, dispute.posting_id, details, OTHERS, not_by=[dispute.member_id])


@requests.agreed(WHAT)
def keep(db: Session, rt: Runtime, request: Request) -> None:
    """The officers looked at it together: the dispute is over, the posting stands, and she is told."""
    posting = db.get_one(Posting, request.about)
    dispute = open_on(db, posting)
    if dispute is None:
        raise Refused("savings.request_over")
    _end(db, rt, dispute, KEPT)
    member = groups.by_id(db, dispute.member_id)
    if member is not None:
        values: dict[str, Any] = {"receipt": posting.receipt, "amount": request.details["amount"]}
        telling.member(db, rt, member, "savings.told.kept", key=f"kept:{posting.id}:{request.id}", **values)


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


def _alert(db: Session, posting: Posting) -> str:
    """What officers can do about it: take it back, or what can not be taken back, let stand."""
    if posting.kind == "reversal":
        return "disputed.reversal"
    return "disputed" if finding.never_back(db, posting) is None else "disputed.stands"


def _tell_officers(db: Session, rt: Runtime, posting: Posting, member: Who, text: str, *, key: str) -> None:
    """Once, however often she says no and yes again: each text costs money."""
    amount = sum(line.amount for line in ledger.lines_of(db, posting.id) if line.amount > 0)
    told: dict[str, Any] = {"receipt": posting.receipt, "card": member.card, "amount": francs(amount)}
    whole = f"{key}:{posting.id}:{member.id}"
    telling.officers(db, rt, posting.group_id, f"savings.told.{text}", key=whole, but=member.id, **told)
