"""The end of a cycle, when all is shared out, and the beginning of the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.months import after_months
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import debts, groups, ledger, receipts, requests, sharing, telling
from smsapp.savings.book import LARGEST, OWNED, Dispute, Posting, ShareOut
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.money import francs
from smsapp.savings.sharing import EMPTIED, Projection
from smsapp.savings.tables import METHODS, UNITS, Cycle, Meeting, Request

WHAT = "share_out"
OTHERS = 2  # officers besides her who asks: three in all, as there are three keys
MOST_PERCENT = 1000  # tenths of a percent a month: nobody lends at more
LONGEST = 24  # months


@dataclass(frozen=True)
class Rules:
    """What a group agrees on for a cycle, and keeps to until its end. `order` is a tontine's: cards by turn."""

    ends_on: date
    share_value: int
    most_shares: int = 5
    social: int = 0
    fine: int = 0
    loan_times: int = 3
    loan_months: int = 3
    charge: int = 0  # tenths of a percent a month
    method: str = "standard"
    unit: int = 5
    order: Sequence[int] = ()


def ready(db: Session, rt: Runtime, group_id: int) -> Projection:
    """The share-out as it would be booked now; refused, with what is to be done first, while it can not be final."""
    projection = sharing.project(db, rt, group_id)
    if db.scalar(select(Meeting.id).where(Meeting.group_id == group_id, Meeting.closed_at.is_(None))):
        raise Refused("savings.share.meeting")
    disputed = select(Posting.receipt).join(Dispute, Dispute.posting_id == Posting.id)
    still = disputed.where(Posting.cycle_id == projection.cycle.id, Dispute.outcome.is_(None))
    if receipt := db.scalar(still.order_by(Posting.seq).limit(1)):
        raise Refused("savings.share.dispute", receipt=receipt)
    for part in projection.short:
        raise Refused("savings.share.loan", member=part.title, short=francs(-part.payout))
    return projection


def ask(db: Session, rt: Runtime, who: Who, *, loss: bool = False) -> Request:
    """Have two more officers agree to the share-out as it stands; `loss` says that the group has heard of it.

    One that was asked for with other figures is over.
    """
    if not who.offices:
        raise Refused("savings.officers_only")
    projection = ready(db, rt, who.group_id)
    about = projection.cycle.id
    if projection.shared.loss and not loss:
        raise Refused("savings.share.loss")
    details = _figures(projection)
    before = select(Request.details).where(Request.what == WHAT, Request.about == about, Request.outcome.is_(None))
    if any(details != {name: known.get(name) for name in details} for known in db.scalars(before)):
        requests.withdraw(db, rt, who.group_id, WHAT, about)
    return requests.ask(db, rt, who, WHAT, about, details, needed=OTHERS)


@requests.agreed(WHAT)
def agreed(db: Session, rt: Runtime, request: Request) -> None:
    share_out(db, rt, request)


def share_out(db: Session, rt: Runtime, request: Request) -> ShareOut:
    """Empty the book of the cycle that the request is about, end it, and tell everybody her line; once.

    Worked out anew under the group's lock. Where what was booked since it was asked for changed a figure that the
    officers agreed to, it is refused and over: what they said yes to was something else.
    """
    ledger.hold(db, request.group_id)
    if done := db.get(ShareOut, request.about):
        return done
    projection = ready(db, rt, request.group_id)
    cycle = projection.cycle
    if cycle.id != request.about:
        raise Refused("savings.share.closed")
    if any(request.details.get(name) != figure for name, figure in _figures(projection).items()):
        raise _changed(rt, request, projection)
    today = rt.local_now().date()
    entry = Entry("share_out", list(_lines(projection)), f"share_out:{cycle.id}", "ussd", request.asked_by)
    posting = ledger.book(db, rt.now(), today, request.group_id, entry)
    debts.settle(db, posting)
    done = ShareOut(cycle_id=cycle.id, posting_id=posting.id, at=rt.now(), told=told(projection))
    db.add(done)
    cycle.closed_on = today
    db.flush()
    receipts.tell(db, rt, posting, amounts={part.member_id: part.payout for part in projection.parts})
    return done


def _figures(projection: Projection) -> dict[str, Any]:
    """What the officers agree to; a loss by its amount, so that they bear that one and no larger."""
    loss = -projection.earned if projection.shared.loss else 0
    return {"total": francs(projection.paid), "earned": francs(projection.earned), "loss": loss}


def _changed(rt: Runtime, request: Request, projection: Projection) -> Refused:
    """The refusal; the request ends with it, and every officer hears why."""
    request_id, figures = request.id, {"was": request.details["total"], "total": francs(projection.paid)}

    def remember(db: Session) -> None:
        over = requests.drop(db, rt, request_id)
        key = f"share-changed:{request_id}"
        telling.officers(db, rt, over.group_id, "savings.told.share_changed", key=key, **figures)

    return Refused("savings.share.changed", final=True, remember=remember, **figures)


def told(projection: Projection) -> dict[str, Any]:
    """What is kept of a share-out, by card: figures alone, no names."""
    return {
        **projection.shared.told(),
        "method": projection.cycle.method,
        "unit": projection.cycle.unit,
        "savings": {str(part.card): part.saved for part in projection.parts},
        "payouts": {str(part.card): part.payout for part in projection.parts},
        "loans": {str(part.card): part.owed.total for part in projection.parts if part.owed.total},
    }


def _lines(projection: Projection) -> Iterator[Line]:
    """Every account that a cycle fills back to nothing; what can not be divided goes to the social fund.

    Charges taken off with a loan stand in no line: they are earned and shared out in one.
    """
    if projection.paid:
        yield Line("cash", -projection.paid)
    for (account, member, loan), amount in sorted(projection.balances.items()):
        if account in EMPTIED or account == "loans":
            yield Line(account, -amount if account in OWNED else amount, member or None, loan or None)
    if remainder := projection.shared.remainder:
        yield Line("social", -remainder)


def begin(db: Session, rt: Runtime, group_id: int, rules: Rules) -> Cycle:
    """Open the next cycle with its rules; the social fund is what it was."""
    group = ledger.lock(db, group_id)
    today = rt.local_now().date()
    if group.closed_on is not None:
        raise Refused("savings.group_closed")
    if db.scalar(select(Cycle.id).where(Cycle.group_id == group_id, Cycle.closed_on.is_(None))):
        raise Refused("savings.cycle_open")
    for wrong in _wrong(db, group_id, group.kind, rules, today):
        raise Refused("savings.rules", rule=wrong)
    cycle = Cycle(group_id=group_id, started_on=today, **asdict(rules) | {"order": list(rules.order)})
    db.add(cycle)
    db.flush()
    return cycle


def _wrong(db: Session, group_id: int, kind: str, rules: Rules, today: date) -> Iterator[str]:
    """The names of the rules that can not be."""
    bounds = {
        "share_value": (1, LARGEST),
        "most_shares": (1, 5),
        "social": (0, LARGEST),
        "fine": (0, LARGEST),
        "loan_times": (1, 100),
        "loan_months": (1, LONGEST),
        "charge": (0, MOST_PERCENT),
    }
    yield from (name for name, (least, most) in bounds.items() if not least <= getattr(rules, name) <= most)
    if not today < rules.ends_on <= after_months(today, LONGEST):
        yield "ends_on"
    if rules.method not in METHODS:
        yield "method"
    if rules.unit not in UNITS:
        yield "unit"
    cards = {who.card for who in groups.whole(db, group_id)}
    if set(rules.order) - cards or (kind == "tontine" and not rules.order):
        yield "order"
