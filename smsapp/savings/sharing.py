"""A group's share-out: what each would get today, and the one posting that empties the book at the end of a cycle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import debts, groups, ledger, shareout
from smsapp.savings.charges import Owed
from smsapp.savings.ledger import Place
from smsapp.savings.money import francs
from smsapp.savings.shareout import BadShareOut, Fund, Shared
from smsapp.savings.tables import Cycle, Group, Member

# What a share-out brings to nothing, besides the loans; the social fund and outside money stay in the box.
EMPTIED = ("savings", "charges", "fines", "differences", "expenses", "losses")
EARNED, LOST = ("charges", "fines", "differences"), ("expenses", "losses")


@dataclass(frozen=True)
class Part:
    """One member's line: `gross` is her part, of which what is left of her loan is taken off."""

    member_id: int
    card: int
    title: str
    saved: int
    gross: int
    owed: Owed

    @property
    def payout(self) -> int:
        """What she is handed; below nothing where her loan is larger than her part."""
        return self.gross - self.owed.total


@dataclass(frozen=True)
class Projection:
    """What a share-out would be at one moment. All of it is in the box or lent: that was looked at."""

    cycle: Cycle
    parts: tuple[Part, ...]  # by card
    shared: Shared
    balances: Mapping[Place, int]

    @property
    def paid(self) -> int:
        """What leaves the box."""
        return sum(part.payout for part in self.parts)

    @property
    def set_off(self) -> int:
        """Loans and charges taken off what is paid."""
        return sum(part.owed.total for part in self.parts)

    @property
    def short(self) -> list[Part]:
        """Those whose loan is larger than their part: they repay first, or the group writes it off."""
        return [part for part in self.parts if part.payout < 0]

    @property
    def earned(self) -> int:
        """What there is beyond the savings; below nothing where the group has lost."""
        return self.shared.distributable - sum(part.saved for part in self.parts)

    def of(self, member_id: int) -> Part | None:
        return next((part for part in self.parts if part.member_id == member_id), None)


def project(db: Session, rt: Runtime, group_id: int) -> Projection:
    """What each would get if all were shared out today; refused where there is nothing to share."""
    cycle = db.scalar(select(Cycle).where(Cycle.group_id == group_id, Cycle.closed_on.is_(None)))
    if cycle is None:
        raise Refused("savings.share.closed")
    if db.get_one(Group, group_id).kind != "vsla":
        raise Refused("savings.share.tontine")
    has = ledger.balances(db, group_id)
    owed = _owed(db, group_id, rt.local_now().date())
    titles = _takes_part(db, cycle, has, owed)
    fund = _fund(cycle, has, owed, titles)
    try:
        shared = shareout.share(fund)
    except BadShareOut as why:
        if why.member:
            title = next(title for card, title in titles.values() if str(card) == why.member)
            raise Refused("savings.share.below", member=title) from why
        raise Refused("savings.share.nothing") from why
    parts = tuple(
        Part(
            member_id=member_id,
            card=card,
            title=title,
            saved=fund.savings[str(card)],
            gross=shared.gross[str(card)],
            owed=owed.get(member_id, Owed()),
        )
        for member_id, (card, title) in titles.items()
    )
    projection = Projection(cycle, parts, shared, has)
    _check_cash(projection)
    return projection


def _fund(
    cycle: Cycle, has: Mapping[Place, int], owed: Mapping[int, Owed], titles: Mapping[int, tuple[int, str]]
) -> Fund:
    """What the book says there is, with the charges that are taken off with the loans."""
    due = sum(one.charge for one in owed.values())
    interest: dict[str, int] = {}
    if cycle.method == "interest_returned":
        paid = _by_member(has, "charges")
        told = {member_id: paid[member_id] + owed.get(member_id, Owed()).charge for member_id in titles}
        interest = {str(card): told[member_id] for member_id, (card, _) in titles.items()}
    saved = _by_member(has, "savings")
    return Fund(
        method=cycle.method,
        savings={str(card): saved[member_id] for member_id, (card, _) in titles.items()},
        profit=sum(_whole(has, name) for name in EARNED) + due - sum(_whole(has, name) for name in LOST),
        unit=cycle.unit,
        share_value=cycle.share_value,
        interest=interest,
    )


def _takes_part(
    db: Session, cycle: Cycle, has: Mapping[Place, int], owed: Mapping[int, Owed]
) -> dict[int, tuple[int, str]]:
    """Card and title of everybody who has savings or owes something, also of who has left.

    And where charges go back to who paid them, of the members who have.
    """
    titles = {who.id: who.title for who in groups.whole(db, cycle.group_id)}
    ids = {member for member, saved in _by_member(has, "savings").items() if saved}
    ids |= {member for member, one in owed.items() if one.total}
    if cycle.method == "interest_returned":
        ids |= _by_member(has, "charges").keys() & titles.keys()
    cards = select(Member.id, Member.card).where(Member.id.in_(ids)).order_by(Member.card)
    return {member_id: (card, titles.get(member_id, str(card))) for member_id, card in db.execute(cards)}


def _owed(db: Session, group_id: int, today: date) -> dict[int, Owed]:
    """By member: what is left of her loans, and the charges due by today."""
    owed: dict[int, Owed] = defaultdict(Owed)
    for debt in debts.of_group(db, group_id, today):
        before = owed[debt.loan.member_id]
        owed[debt.loan.member_id] = Owed(before.principal + debt.owed.principal, before.charge + debt.owed.charge)
    return owed


def _check_cash(projection: Projection) -> None:
    """What is paid, lent and left over is all that there is, to the franc; anything else is a book gone wrong."""
    has, lent = projection.balances, sum(part.owed.principal for part in projection.parts)
    stays = projection.shared.remainder + _whole(has, "social") + _whole(has, "outside")
    difference = _whole(has, "cash") + _whole(has, "loans") - (projection.paid + lent + stays)
    if difference:
        raise Refused("savings.share.misfit", final=True, difference=francs(difference))


def _whole(has: Mapping[Place, int], account: str) -> int:
    return sum(amount for (name, _, _), amount in has.items() if name == account)


def _by_member(has: Mapping[Place, int], account: str) -> dict[int, int]:
    told: dict[int, int] = defaultdict(int)
    for (name, member, _), amount in has.items():
        if name == account:
            told[member] += amount
    return told
