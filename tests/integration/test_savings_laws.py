"""Laws of every book: whatever a group's officers do, in any order, doubled, retried and at once, it adds up."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import (
    box,
    cancelling,
    closing,
    cycles,
    deposits,
    disputes,
    groups,
    ledger,
    lending,
    loans,
    meetings,
    requests,
    sharing,
    verifying,
)
from smsapp.savings.batches import Batch
from smsapp.savings.book import NEVER_ABOVE, NEVER_BELOW, Posting, PostingLine, ShareOut
from smsapp.savings.box import Booking
from smsapp.savings.groups import Who
from smsapp.savings.sharing import Projection
from smsapp.savings.tables import METHODS, UNITS, Cycle, Group, Request
from tests.hamlet import TREASURERS_CARD, found
from tests.village import settle

MEMBERS = 6
CARDS = (*range(1, MEMBERS + 1), TREASURERS_CARD)
NEVER_LESS = {*NEVER_BELOW, *NEVER_ABOVE}


class Village:
    """A group and what its officers may do to its book; each deed is told by a few small numbers."""

    def __init__(self, rt: Runtime, group: Group) -> None:
        self.rt, self.group_id = rt, group.id

    def do(self, deed: str, by: int, n: int, m: int, key: str) -> bool:
        """Whether it was done; what is refused leaves nothing behind."""
        with suppress(Refused), transaction(self.rt.sessions) as db:
            who = groups.by_card(db, self.group_id, CARDS[by % len(CARDS)])
            assert who is not None
            DEEDS[deed](self, db, who, n, m, key)
            return True
        return False

    def booking(self, db: Session, who: Who, key: str) -> Booking:
        return Booking(who, key, "ussd", meetings.current_id(db, self.group_id), self.other(db, who))

    def other(self, db: Session, who: Who) -> Who:
        return next(officer for officer in groups.officers(db, self.group_id) if officer.id != who.id)

    def deposit(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        deposits.deposit(
            db, self.rt, who, CARDS[n % len(CARDS)], (m % 7) * 500, key=key, channel="sms", again=bool(m % 2)
        )

    def social(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        now = meetings.sitting(db, self.group_id)
        batch = Batch(frozenset(CARDS), 100 * (n % 3), frozenset({CARDS[m % len(CARDS)]}))
        box.social_in(db, self.rt, self.booking(db, who, key), now, batch)

    def fine(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        box.fine(db, self.rt, self.booking(db, who, key), {CARDS[n % len(CARDS)]}, 1 + m * 50, "late")

    def expense(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        box.expense(db, self.rt, self.booking(db, who, key), 1 + n * m * 10, "transport")

    def use(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        box.social_use(db, self.rt, self.booking(db, who, key), 1 + n * 100 + m, "health")

    def outside(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        move = box.outside_in if m % 2 else box.outside_out
        move(db, self.rt, self.booking(db, who, key), 1 + n * 250)

    def ask_loan(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        lending.ask(db, self.rt, who, CARDS[n % len(CARDS)], 1 + m * 700)

    def let_be(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        lending.ask_write_off(db, self.rt, who, CARDS[n % len(CARDS)])

    def agree(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        waiting = requests.waiting_for(db, self.rt.now(), who)
        if waiting:
            requests.say(db, self.rt, who, waiting[n % len(waiting)].id, yes=m % 8 != 0)

    def repay(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        loans.repay(db, self.rt, who, CARDS[n % len(CARDS)], 1 + m * 333, key=key, channel="sms", again=True)

    def cancel(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        if receipt := self.receipt(db, n):
            cancelling.cancel(db, self.rt, who, receipt, "trompée", key=key, channel="sms")

    def dispute(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        if receipt := self.receipt(db, n):
            say = disputes.open_ if m % 3 else disputes.agree
            say(db, self.rt, who.number or "", receipt)

    def meet(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        meetings.begin(db, self.rt, who, {CARDS[n % len(CARDS)]} if m % 2 else set())

    def close(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        counted = max(0, ledger.total(db, self.group_id, "cash") + (n % 3 - 1) * m)
        now = meetings.sitting(db, self.group_id)
        if m % 2:
            closing.close(db, self.rt, who, now, counted, counted)
        else:
            second = self.other(db, who)
            closing.explain(db, self.rt, who, now, counted, counted, "unknown", key, "ussd", second)

    def wait(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        self.rt.now.move(days=n, minutes=m)  # type: ignore[attr-defined]

    def share(self, db: Session, who: Who, n: int, m: int, key: str) -> None:
        cycles.ask(db, self.rt, who)

    def receipt(self, db: Session, n: int) -> str | None:
        mine = select(Posting.receipt).where(Posting.group_id == self.group_id)
        return db.scalar(mine.order_by(Posting.seq.desc()).offset(n).limit(1))

    def adds_up(self) -> int:
        """Every law; how many postings there are."""
        with transaction(self.rt.sessions) as db:
            group = db.get_one(Group, self.group_id, populate_existing=True)
            count = verifying.verify(db, group)
            has = ledger.balances(db, self.group_id)
            assert all(
                amount >= 0 for (account, _, _), amount in has.items() if account in {"cash", "savings", "social"}
            )
            for member in groups.whole(db, self.group_id):
                hers = select(func.coalesce(-func.sum(PostingLine.amount), 0)).where(
                    PostingLine.member_id == member.id, PostingLine.account == "savings"
                )
                assert db.scalar(hers) == has.get(("savings", member.id, 0), 0)
            whole = sum(
                a if account in {"cash", "loans", "expenses", "losses"} else -a for (account, _, _), a in has.items()
            )
            assert whole == 0
            self.shares_out(db)
        return count

    def shares_out(self, db: Session) -> None:
        """What is paid, set off and left over is what there is to share; the box holds that and the social fund."""
        why = ""
        try:
            self.fits(sharing.project(db, self.rt, self.group_id))
        except Refused as no:
            why = no.key
        assert why != "savings.share.misfit"
        for done in db.scalars(select(ShareOut).join(Cycle).where(Cycle.group_id == self.group_id)):
            assert db.get_one(Cycle, done.cycle_id).closed_on is not None

    def fits(self, told: Projection) -> None:
        assert told.paid + told.set_off + told.shared.remainder == told.shared.distributable
        apart = sum(amount for (account, _, _), amount in told.balances.items() if account in {"social", "outside"})
        assert told.balances.get(("cash", 0, 0), 0) == told.paid + told.shared.remainder + apart

    def length(self) -> int:
        with transaction(self.rt.sessions) as db:
            return db.scalar(select(Group.last_seq).where(Group.id == self.group_id)) or 0


DEEDS: dict[str, Callable[[Village, Session, Who, int, int, str], None]] = {
    name: getattr(Village, name)
    for name in (
        "deposit",
        "social",
        "fine",
        "expense",
        "use",
        "outside",
        "ask_loan",
        "let_be",
        "agree",
        "repay",
        "cancel",
        "dispute",
        "meet",
        "close",
        "wait",
        "share",
    )
}
OFTEN = ("deposit", "deposit", "deposit", "agree", "agree", "meet")
STEPS = st.tuples(
    st.sampled_from([*DEEDS, *OFTEN]), st.integers(0, 6), st.integers(0, 9), st.integers(0, 9), st.booleans()
)


@pytest.fixture
def world(rt) -> Runtime:
    settle(rt)
    return rt


@given(st.lists(STEPS, min_size=10, max_size=45), st.sampled_from(METHODS), st.sampled_from(UNITS))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_in_whatever_order_adds_up(world, steps, method, unit):
    rules = {"charge": 50, "social": 100, "method": method, "unit": unit}
    village = Village(world, found(world, members=MEMBERS, name="Lois", **rules))
    for place, (deed, by, n, m, twice) in enumerate(steps):
        key = f"law:{village.group_id}:{place}"
        done, length = village.do(deed, by, n, m, key), village.length()
        if twice and done and deed != "agree":
            village.do(deed, by, n, m, key)
            assert village.length() == length, f"{deed} came twice and was booked twice"
        if place % 8 == 0:
            village.adds_up()
    village.adds_up()


def test_what_several_phones_do_at_once_adds_up(live_rt):
    """Every deed of a long list, each sent twice, by eight phones in any order."""
    settle(live_rt)
    group = found(live_rt, members=MEMBERS, name="Ensemble", charge=50, social=100)
    village = Village(replace(live_rt), group)
    treasurer = CARDS.index(TREASURERS_CARD)
    before = [("deposit", treasurer, n, 2, f"before:{n}") for n in range(len(CARDS))]
    for step in (*before, ("ask_loan", treasurer, 0, 1, "before:loan")):
        assert village.do(*step)  # whoever comes first then, there is something to lend and to agree to
    chance = random.Random(7)
    deeds = [name for name in (*DEEDS, *OFTEN) if name not in {"wait", "share"}]
    steps = [(chance.choice(deeds), *(chance.randrange(10) for _ in range(3)), f"at-once:{n}") for n in range(150)]
    both = [*steps, *steps]
    chance.shuffle(both)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda step: village.do(*step), both))
    assert sum(done) > 40
    assert village.adds_up() > 5
    with transaction(live_rt.sessions) as db:
        keys = db.scalars(select(Posting.key)).all()
        assert len(keys) == len(set(keys))
        assert db.scalar(select(func.count(Request.id)))
