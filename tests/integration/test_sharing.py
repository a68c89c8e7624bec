"""The share-out on a real book: it adds up to the franc, once, by three officers, and not while anything is open."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.refusals import Refused
from smsapp.savings import cycles, groups, ledger, loans, requests, sharing, verifying
from smsapp.savings.book import Dispute, Posting, ShareOut
from smsapp.savings.cycles import Rules
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Cycle, Group, Loan, Meeting, Member, Request
from tests.hamlet import cards, found, number_of
from tests.village import settle

SHE_HOLDS_NONE = 8
SAVED = {1: 30000, 2: 22500, 3: 50000, 4: 15000, 5: 7500}


class Book:
    """A group's book, written without a phone."""

    def __init__(self, rt, **rules):
        self.rt, self.n = rt, 0
        self.group = found(rt, members=8, **rules)
        self.cards = {member.card: member.id for member in cards(rt, self.group)}

    def who(self, card):
        with transaction(self.rt.sessions) as db:
            return groups.by_card(db, self.group.id, card)

    def book(self, kind, *lines):
        self.book_all((kind, lines))

    def book_all(self, *entries):
        with transaction(self.rt.sessions) as db:
            for kind, lines in entries:
                self.n += 1
                entry = Entry(kind, lines, f"test.{self.group.id}.{self.n}", "ussd")
                ledger.book(db, self.rt.now(), self.today, self.group.id, entry)

    @property
    def today(self):
        return self.rt.local_now().date()

    def filled(self, saved=SAVED, *, fines=2700, expenses=1000, social=8000):
        entries = [
            ("deposit", (Line("cash", francs), Line("savings", -francs, self.cards[card])))
            for card, francs in saved.items()
        ]
        entries += [("fine", (Line("cash", fines), Line("fines", -fines)))] if fines else []
        entries += [("social", (Line("cash", social), Line("social", -social)))] if social else []
        entries += [("expense", (Line("cash", -expenses), Line("expenses", expenses)))] if expenses else []
        self.book_all(*entries)
        return self

    def lend(self, card, francs):
        with transaction(self.rt.sessions) as db:
            return loans.lend(db, self.rt, self.who(card), francs, key=f"loan.{card}", channel="ussd", entered_by=None)

    def repay(self, card, francs):
        with transaction(self.rt.sessions) as db:
            loans.repay(db, self.rt, self.who(13), card, francs, key=f"repay.{card}.{francs}", channel="ussd")

    def project(self):
        with transaction(self.rt.sessions) as db:
            return sharing.project(db, self.rt, self.group.id)

    def ask(self, card=1, **more):
        with transaction(self.rt.sessions) as db:
            return cycles.ask(db, self.rt, self.who(card), **more).id

    def agree(self, card, request_id):
        with transaction(self.rt.sessions) as db:
            requests.say(db, self.rt, groups.by_card(db, self.group.id, card), request_id, yes=True)

    def share_out(self, **more):
        request = self.ask(1, **more)
        self.agree(2, request)
        self.agree(13, request)
        with transaction(self.rt.sessions) as db:
            return db.scalars(select(ShareOut)).one()

    def begin(self, rules):
        with transaction(self.rt.sessions) as db:
            return cycles.begin(db, self.rt, self.group.id, rules)

    def holds(self):
        with transaction(self.rt.sessions) as db:
            return ledger.balances(db, self.group.id)

    def verified(self):
        with transaction(self.rt.sessions) as db:
            return verifying.verify(db, db.get_one(Group, self.group.id))


def refuses(why):
    return pytest.raises(Refused, match=f"^{re.escape(f'savings.{why}')}$")


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


def paid(book):
    return {part.card: part.payout for part in book.project().parts}


def test_each_gets_in_proportion_to_what_she_saved(village):
    book = Book(village).filled()
    assert paid(book) == {1: 30405, 2: 22805, 3: 50680, 4: 15200, 5: 7600}
    projection = book.project()
    assert (projection.shared.distributable, projection.shared.remainder, projection.shared.loss) == (126700, 10, False)


def test_each_gets_an_equal_part_of_the_profit(village):
    book = Book(village, method="flat").filled()
    assert paid(book) == {1: 30340, 2: 22840, 3: 50340, 4: 15340, 5: 7840}


def test_each_gets_the_charges_back_that_she_paid(village):
    book = Book(village, method="interest_returned", charge=100).filled()
    book.lend(2, 10000)
    book.repay(2, 11000)
    assert paid(book) == {1: 30340, 2: 23840, 3: 50340, 4: 15340, 5: 7840}


def test_who_takes_part(village):
    for method, name, hers in (("flat", "Sabou", {}), ("interest_returned", "Jigi", {8: 1100})):
        book = Book(village, method=method, name=name).filled({1: 5000, 2: 5000}, fines=300, expenses=0, social=0)
        book.book("repayment", Line("cash", 1000), Line("charges", -1000, book.cards[8]))
        assert set(paid(book)) == {1, 2, *hers}
        assert {card: francs for card, francs in paid(book).items() if card in hers} == hers
        with transaction(village.sessions) as db:
            db.execute(update(Member).where(Member.id.in_([book.cards[8], book.cards[2]])).values(left_on=book.today))
        assert paid(book) == {1: 5650, 2: 5650}  # her savings are hers, also after she has left


@pytest.mark.parametrize(
    ("method", "unit"),
    [("standard", 5), ("standard", 1), ("flat", 25), ("interest_returned", 5), ("interest_returned", 1)],
)
def test_the_final_one_empties_the_book_to_the_franc(village, method, unit):
    book = Book(village, method=method, unit=unit, charge=50).filled(expenses=1033)
    book.lend(3, 20000)
    book.lend(2, 3000)
    book.repay(2, 2000)
    book.book("difference", Line("cash", 7), Line("differences", -7))
    before = book.holds()
    done = book.share_out()
    told = done.told
    assert sum(told["payouts"].values()) + sum(told["loans"].values()) + told["remainder"] == told["distributable"]
    assert book.holds() == {("cash", 0, 0): 8000 + told["remainder"], ("social", 0, 0): 8000 + told["remainder"]}
    assert sum(told["payouts"].values()) == before["cash", 0, 0] - 8000 - told["remainder"]
    assert told["loans"] == {"2": 1150, "3": 21000}
    assert (told["remainder"] == 0) == (unit == 1)
    assert book.verified() == book.n + 4


def test_it_can_be_seen_at_any_time_and_books_nothing(village):
    book = Book(village).filled()
    book.lend(4, 40000)
    before = book.holds()
    projection = book.project()
    assert [(part.card, part.payout) for part in projection.short] == [(4, 15200 - 40000)]
    assert book.holds() == before
    assert sum(part.payout for part in projection.parts) + 40000 + 10 + 8000 == 126700 + 8000


def test_the_loan_and_its_charge_are_taken_off(village, clock):
    book = Book(village, charge=100).filled()
    book.lend(3, 20000)
    clock.move(days=40)
    part = book.project().of(book.cards[3])
    assert (part.owed.principal, part.owed.charge) == (20000, 4000)
    done = book.share_out()
    assert done.told["payouts"]["3"] == done.told["distributable"] * 50000 // 125000 // 5 * 5 - 24000
    with transaction(village.sessions) as db:
        assert db.scalars(select(Loan.ended_on)).all() == [book.today]


def test_the_remainder_is_in_the_social_fund_and_outside_money_stays(village):
    book = Book(village, unit=25).filled(fines=33, expenses=0, social=500)
    book.book("outside", Line("cash", 10000), Line("outside", -10000))
    done = book.share_out()
    assert done.told["remainder"] > 0
    stays = {"social": 500 + done.told["remainder"], "outside": 10000}
    assert book.holds() == {("cash", 0, 0): sum(stays.values())} | {(name, 0, 0): n for name, n in stays.items()}


def test_everybody_is_told_her_line_and_nothing_more_is_booked(village):
    book = Book(village).filled()
    book.share_out()
    with transaction(village.sessions) as db:
        texts = db.execute(select(Message.number, Message.text).where(Message.kind == "receipt")).all()
        receipt = db.scalar(select(Posting.receipt).where(Posting.kind == "share_out"))
        assert db.scalars(select(Cycle.closed_on)).all() == [book.today]
    told = {number: text for number, text in texts if receipt in text}
    assert set(told) == {number_of(card) for card in SAVED}
    assert "30 405 F" in told[number_of(1)]
    with refuses("no_cycle"):
        book.filled({1: 500})
    with refuses("share.closed"):
        book.project()


def test_a_loss_is_shared_only_when_the_group_has_heard_of_it(village):
    book = Book(village).filled(fines=0, expenses=9000)
    with refuses("share.loss"):
        book.ask()
    done = book.share_out(loss=True)
    assert (done.told["loss"], done.told["distributable"]) == (True, 116000)
    assert book.holds()["cash", 0, 0] == 8000


def test_a_loss_that_came_after_it_was_asked_for_stops_it(village):
    book = Book(village).filled(expenses=0)
    request = book.ask()
    book.book("expense", Line("cash", -9000), Line("expenses", 9000))
    book.agree(2, request)
    with refuses("share.changed"):
        book.agree(13, request)
    assert book.holds()["savings", book.cards[1], 0] == 30000
    assert book.ask(13, loss=True) != request  # and that of before is over
    with refuses("request_over"):
        book.agree(13, request)


def test_an_agreed_loss_is_that_loss_and_no_larger(village):
    book = Book(village).filled(fines=0, expenses=9000)
    request = book.ask(loss=True)
    book.agree(2, request)
    book.book("expense", Line("cash", -1), Line("expenses", 1))
    with refuses("share.changed"):
        book.agree(13, request)
    book.book("difference", Line("cash", 1), Line("differences", -1))
    book.agree(13, request)  # the franc is back
    with transaction(village.sessions) as db:
        assert db.scalars(select(ShareOut)).one().told["distributable"] == 116000


def test_consents_given_for_another_sum_share_nothing_out(village):
    book = Book(village).filled()
    request = book.ask()
    book.agree(2, request)
    book.book("expense", Line("cash", -1500), Line("expenses", 1500))
    with refuses("share.changed") as no:
        book.agree(3, request)
    assert no.value.values == {"was": "126 690 F", "total": "125 190 F"}
    assert book.holds()["savings", book.cards[1], 0] == 30000
    with refuses("share.changed"), transaction(village.sessions) as db:
        requests.say(db, village, book.who(3), request, yes=True)
    with transaction(village.sessions) as db:
        no.value.remember(db)
    with transaction(village.sessions) as db:
        assert (db.get_one(Request, request).outcome, db.scalar(select(ShareOut))) == ("expired", None)
        told = db.scalars(select(Message.text).where(Message.key.like(f"savings:share-changed:{request}:%"))).all()
    assert (len(told), all("126 690 F" in text and "125 190 F" in text for text in told)) == (8, True)
    with refuses("request_over"):
        book.agree(3, request)
    assert book.share_out().told["payouts"]


def test_two_officers_are_not_enough_and_a_no_ends_it(village):
    book = Book(village).filled()
    request = book.ask()
    book.agree(2, request)
    with refuses("said_before"):
        book.agree(2, request)
    with refuses("not_her_say"):
        book.agree(1, request)
    assert ("savings", book.cards[1], 0) in book.holds()
    with transaction(village.sessions) as db:
        requests.say(db, village, book.who(13), request, yes=False)
    with refuses("request_over"):
        book.agree(3, request)


@pytest.mark.parametrize(
    ("why", "words"), [("meeting", "share.meeting"), ("dispute", "share.dispute"), ("loan", "share.loan")]
)
def test_what_must_be_done_first(village, why, words):
    book = Book(village).filled()
    with transaction(village.sessions) as db:
        cycle, posting = db.scalars(select(Cycle)).one(), db.scalars(select(Posting).order_by(Posting.seq)).first()
        told = {"group_id": book.group.id, "opened_at": village.now()}
        if why == "meeting":
            db.add(Meeting(cycle_id=cycle.id, nth=1, held_on=book.today, **told))
        if why == "dispute":
            db.add(Dispute(posting_id=posting.id, member_id=book.cards[1], **told))
    if why == "loan":
        book.lend(5, 7601)
    with refuses(words) as no:
        book.ask()
    shown = {"dispute": {"receipt": posting.receipt}, "loan": {"member": "5. Djeneba", "short": "1 F"}}
    assert no.value.values == shown.get(why, {})


def test_who_holds_no_office_does_not_ask(village):
    with refuses("officers_only"):
        Book(village).filled().ask(SHE_HOLDS_NONE)


def test_nothing_to_share_out(village):
    with refuses("share.nothing"):
        Book(village).project()
    with refuses("share.tontine"):
        Book(village, kind="tontine", name="Sigida").project()


def test_nobody_bears_more_than_she_saved(village):
    book = Book(village, method="flat").filled({1: 30000, 2: 500}, fines=0, expenses=1002)
    with refuses("share.below") as no:
        book.project()
    assert no.value.values == {"member": "2. Awa"}


def test_a_box_that_does_not_fit_is_not_shared_out(village):
    book = Book(village).filled()
    with transaction(village.sessions) as db:
        db.execute(text("UPDATE savings_balances SET amount = amount + 700 WHERE account = 'cash'"))
    with refuses("share.misfit") as no:
        book.project()
    assert no.value.values == {"difference": "700 F"}


def test_a_new_cycle_begins_with_the_social_fund_alone(village):
    book = Book(village).filled()
    rules = Rules(ends_on=book.today + timedelta(days=300), share_value=1000, method="flat", unit=25)
    with refuses("cycle_open"):
        book.begin(rules)
    book.share_out()
    book.begin(rules)
    assert book.verified() == book.n + 1
    book.filled({6: 1000}, fines=0, expenses=0, social=0)
    projection = book.project()
    assert [(part.card, part.payout) for part in projection.parts] == [(6, 1000)]
    assert (projection.cycle.method, projection.cycle.share_value) == ("flat", 1000)


def test_rules_that_can_not_be(village):
    book = Book(village)
    with transaction(village.sessions) as db:
        db.execute(update(Cycle).values(closed_on=book.today))
    good = Rules(ends_on=book.today + timedelta(days=300), share_value=500)
    for wrong in (
        {"share_value": 0},
        {"most_shares": 6},
        {"charge": -1},
        {"method": "equal"},
        {"unit": 10},
        {"ends_on": book.today},
        {"ends_on": book.today + timedelta(days=800)},
        {"order": (1, 99)},
    ):
        with refuses("rules") as no:
            book.begin(replace(good, **wrong))
        assert no.value.values == {"rule": next(iter(wrong))}
    assert book.begin(good).closed_on is None


def test_officers_who_agree_at_once_share_out_once(live_rt):
    settle(live_rt)
    book = Book(live_rt).filled()
    request = book.ask()

    def agree(card):
        try:
            book.agree(card, request)
        except Refused as why:
            return why.key
        return "said"

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(agree, (2, 3, 4, 13)))
    assert said == ["said", "said", "savings.request_over", "savings.request_over"]
    with transaction(live_rt.sessions) as db:
        assert len(db.scalars(select(ShareOut)).all()) == 1
    assert book.holds() == {("cash", 0, 0): 8010, ("social", 0, 0): 8010}
    assert book.verified() == book.n + 1
