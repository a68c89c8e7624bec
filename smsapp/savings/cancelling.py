"""Cancelling: a posting is taken back by another one, with a reason; nothing in the book is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import debts, disputes, finding, groups, ledger, meetings, receipts, requests, telling
from smsapp.savings.book import Dispute, Posting
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry
from smsapp.savings.money import francs
from smsapp.savings.tables import Cycle, Request

ALONE_WITHIN = timedelta(hours=24)  # whoever entered it takes it back by herself; later a second officer agrees
LONGEST_REASON = 60


@dataclass(frozen=True)
class Sheet:
    """What is to be taken back, as it is read aloud before it counts."""

    posting: Posting
    amount: int
    cards: tuple[int, ...]
    alone: bool  # no second officer is needed
    dispute: Dispute | None = None  # of what can not be taken back: officers may let it stand

    @property
    def said(self) -> str:
        return ", ".join(map(str, self.cards[:3])) + (" ..." if len(self.cards) > 3 else "")


@dataclass(frozen=True)
class Cancelled:
    """What came of it: the reversal, or the request that a second officer has to agree to."""

    sheet: Sheet
    reversal: Posting | None = None
    request: Request | None = None


def look(db: Session, rt: Runtime, who: Who, receipt: str) -> Sheet:
    """What would be taken back, or let stand if somebody disputes it; refused where neither can be, or not by her."""
    meetings.keeps_book(who)
    posting = finding.in_groups(db, receipt, [who.group_id])
    if ledger.is_reversed(db, posting):
        raise Refused("savings.reversed_before", receipt=posting.receipt)
    if (never := finding.never_back(db, posting)) is not None:
        dispute = disputes.open_on(db, posting)
        if dispute is None:
            raise never
        return replace(_sheet(db, rt, who, posting), alone=False, dispute=dispute)
    return _sheet(db, rt, who, posting)


def cancel(db: Session, rt: Runtime, who: Who, receipt: str, reason: str, *, key: str, channel: str) -> Cancelled:
    """Take a posting back, or ask a second officer; once per key."""
    ledger.hold(db, who.group_id)
    if done := ledger.booked(db, key):
        return Cancelled(_sheet(db, rt, who, db.get_one(Posting, done.reverses)), reversal=done)
    sheet = look(db, rt, who, receipt)
    details = {"receipt": sheet.posting.receipt, "amount": francs(sheet.amount), "card": sheet.said}
    if sheet.dispute is not None:
        return Cancelled(sheet, request=disputes.ask_to_keep(db, rt, who, sheet.dispute, details))
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Refused("savings.no_reason", receipt=sheet.posting.receipt)
    if sheet.alone:
        requests.withdraw(db, rt, who.group_id, "cancel", sheet.posting.id)
        return Cancelled(sheet, reversal=_reverse(db, rt, who, sheet.posting, reason, key, channel, by=who))
    _could_be(db, rt, who, sheet.posting, key)
    details |= {"reason": reason, "channel": channel}
    request = requests.ask(db, rt, who, "cancel", sheet.posting.id, details, needed=1)
    return Cancelled(sheet, request=request)


@requests.agreed("cancel")
def agreed(db: Session, rt: Runtime, request: Request) -> None:
    """A second officer agreed: it is taken back in the name of her who asked."""
    who = groups.by_id(db, request.asked_by or 0)
    if who is None:
        raise Refused("savings.request_over")
    posting = db.get_one(Posting, request.about)
    if (never := finding.never_back(db, posting)) is not None:  # its cycle ended meanwhile
        raise never
    channel = str(request.details["channel"])
    _reverse(db, rt, who, posting, str(request.details["reason"]), f"cancel:{request.id}", channel)


def _sheet(db: Session, rt: Runtime, who: Who, posting: Posting) -> Sheet:
    named = [groups.by_id(db, member_id) for member_id in finding.members_of(db, posting)]
    amount = sum(line.amount for line in ledger.lines_of(db, posting.id) if line.amount > 0)
    return Sheet(
        posting,
        amount,
        cards=tuple(sorted(member.card for member in named if member)),
        alone=posting.entered_by == who.id and rt.now() - posting.at <= ALONE_WITHIN,
    )


def _reverse(
    db: Session,
    rt: Runtime,
    who: Who,
    posting: Posting,
    reason: str,
    key: str,
    channel: str,
    by: Who | None = None,
) -> Posting:
    """Book it and tell everybody: `by` is answered at once and needs no text beside."""
    entry = ledger.reversal(db, posting, key=key, channel=channel, entered_by=who.id, reason=reason)
    back = _book(db, rt, posting, entry)
    debts.settle(db, back)
    disputes.reversed_by(db, rt, posting)
    receipts.tell(db, rt, back, by=by)
    entered = groups.by_id(db, posting.entered_by) if posting.entered_by else None
    if entered is not None and entered.id != who.id and entered.id not in finding.members_of(db, posting):
        values: dict[str, Any] = {"receipt": posting.receipt, "card": who.card, "reason": reason}
        telling.member(db, rt, entered, "savings.told.reversed", key=f"reversed:{back.id}", **values)
    return back


def _book(db: Session, rt: Runtime, posting: Posting, entry: Entry) -> Posting:
    """Refused, as loans and expenses are, where what lies in the box would no longer cover the social fund."""
    group_id = posting.group_id
    cash = -sum(line.amount for line in entry.lines if line.account == "cash")
    taken = cash - sum(line.amount for line in entry.lines if line.account == "social")

    def check(_: Cycle) -> None:
        has = ledger.total(db, group_id, "cash")
        free = has - ledger.total(db, group_id, "social")
        if cash <= has and taken > max(free, 0):  # more than all there is, the ledger refuses
            raise Refused("savings.short.free", free=francs(max(free, 0)))

    return ledger.book(db, rt.now(), rt.local_now().date(), group_id, entry, check)


def _could_be(db: Session, rt: Runtime, who: Who, posting: Posting, key: str) -> None:
    """Refused now, where taking it back would leave less than nothing, and not once an officer has agreed."""
    entry = ledger.reversal(db, posting, key=key, channel="", entered_by=who.id, reason="")
    trial = db.begin_nested()
    try:
        _book(db, rt, posting, entry)
    finally:
        trial.rollback()
