"""A meeting: who is there, shares for many and one by one, the rest of the box, and a closing that adds up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.savings import beginning, box, closing, groups, ledger, meetings, shares, verifying
from smsapp.savings.batches import read_batch
from smsapp.savings.box import Booking
from smsapp.savings.tables import Group, Meeting
from tests.hamlet import TREASURER, TREASURERS_CARD, found, number_of
from tests.village import settle


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt, social=100, fine=250)


class Desk:
    """The treasurer at her table: each call is a transaction of its own."""

    def __init__(self, rt, group):
        self.rt, self.group, self.keys = rt, group, 0

    @property
    def who(self):
        return self.see(lambda db: groups.of_number(db, TREASURER)[0])

    def see(self, call):
        with transaction(self.rt.sessions) as db:
            return call(db)

    def key(self):
        self.keys += 1
        return f"k{self.keys}"

    def begin(self, *away):
        return self.see(lambda db: meetings.begin(db, self.rt, self.who, set(away)))

    def now(self, db):
        return meetings.sitting(db, self.group.id)

    def shares(self, text):
        def call(db):
            now = self.now(db)
            return shares.book(db, self.rt, self.who, now, shares.read(text, now.cycle), self.key(), "ussd")

        return [(member.card, posting.receipt) for member, posting in self.see(call)]

    def one(self, card, count):
        def call(db):
            member = groups.by_card(db, self.group.id, card)
            return shares.one(db, self.rt, self.who, self.now(db), member.id, count, self.key(), "ussd")

        return self.see(call)

    def next(self):
        return [m.card for m in self.see(lambda db: shares.following(db, self.now(db)))]

    def by(self, db, who=None):
        return Booking(who or self.who, self.key(), "ussd", meetings.current_id(db, self.group.id))

    def put(self, function, *told, agreed=3):
        def call(db):
            return function(db, self.rt, replace(self.by(db), agreed=groups.by_card(db, self.group.id, agreed)), *told)

        return self.see(call)

    def close(self, first, second=None):
        second = first if second is None else second
        return self.see(lambda db: closing.close(db, self.rt, self.who, self.now(db), first, second))

    def explain(self, counted, why, agreed=3):
        def call(db):
            second = groups.by_card(db, self.group.id, agreed)
            told = (counted, counted, why, self.key(), "ussd", second)
            return closing.explain(db, self.rt, self.who, self.now(db), *told)

        return self.see(call)

    def total(self, account):
        return self.see(lambda db: ledger.total(db, self.group.id, account))

    def totals(self):
        return self.see(lambda db: meetings.totals(db, self.now(db).meeting.id))

    def verified(self):
        return self.see(lambda db: verifying.verify(db, db.get_one(Group, self.group.id)))


@pytest.fixture
def desk(rt, group):
    return Desk(rt, group)


def refused(call, *told):
    with pytest.raises(Refused) as no:
        call(*told)
    return no.value.key.removeprefix("savings."), no.value.values


def test_a_meeting_begins_with_its_roll_and_is_the_only_one(desk, clock):
    sitting = desk.begin(7, 9)
    assert [m.card for m in sitting.away] == [7, 9]
    assert (sitting.meeting.nth, len(sitting.present)) == (1, 11)
    assert [m.card for m in desk.begin(7).away] == [7]  # the same meeting, its roll corrected
    assert desk.see(lambda db: len(db.scalars(select(Meeting)).all())) == 1
    clock.at = clock.at.replace(day=clock.at.day + 1)
    assert refused(desk.begin, 7) == ("meeting_open", {"day": "10/03"})
    desk.close(0)
    assert desk.begin(7).meeting.nth == 2


def test_the_roll_names_nobody_unknown_and_somebody_is_there(desk):
    assert refused(desk.begin, 14) == ("no_card", {"card": 14})
    assert refused(desk.begin, *range(1, 14)) == ("nobody_there", {})
    assert refused(desk.shares, "tous 500") == ("no_meeting", {})


def test_only_those_who_keep_the_book_write_in_it(desk, rt, group):
    awa = desk.see(lambda db: groups.by_card(db, group.id, 3))
    assert refused(lambda: desk.see(lambda db: meetings.begin(db, rt, awa, ()))) == ("not_keeper", {})
    desk.begin()
    batch = read_batch("tous 500")
    calls = [
        lambda db: shares.book(db, rt, awa, desk.now(db), batch, "x", "ussd"),
        lambda db: shares.one(db, rt, awa, desk.now(db), awa.id, 1, "x", "ussd"),
        lambda db: box.social_in(db, rt, desk.by(db, awa), desk.now(db), batch),
        lambda db: box.social_use(db, rt, desk.by(db, awa), 500, "health"),
        lambda db: box.fine(db, rt, desk.by(db, awa), {3}, 250, "late"),
        lambda db: box.expense(db, rt, desk.by(db, awa), 500, "cahier"),
        lambda db: box.outside_in(db, rt, desk.by(db, awa), 500),
        lambda db: box.outside_out(db, rt, desk.by(db, awa), 500),
        lambda db: beginning.bring(db, rt, desk.by(db, awa), "social", 500),
        lambda db: closing.close(db, rt, awa, desk.now(db), 0, 0),
        lambda db: closing.explain(db, rt, awa, desk.now(db), 500, 500, "lost", "x", "ussd"),
    ]
    keys = [refused(desk.see, call)[0] for call in calls]
    assert set(keys) <= {"not_keeper", "short.free", "short.outside"}
    assert desk.verified() == 0


def test_a_batch_means_those_who_are_there_and_have_not_brought_theirs(desk):
    desk.begin(7, 9)
    desk.shares("3 1000")
    found = desk.see(lambda db: shares.plan(db, desk.who, desk.now(db), read_batch("tous 500 -12")))
    assert [m.card for m in found.members] == [1, 2, 4, 5, 6, 8, 10, 11, 13]
    assert ([m.card for m in found.away], [m.card for m in found.before]) == ([7, 9], [3])
    assert found.total == 4500
    booked = desk.shares("tous 500 -12")
    assert [card for card, _ in booked] == [1, 2, 4, 5, 6, 8, 10, 11, 13]
    assert len({receipt for _, receipt in booked}) == 9
    assert desk.total("cash") == desk.total("savings") == 5500
    assert refused(desk.shares, "tous 500 -12") == ("batch_nobody", {})
    assert desk.verified() == 10


def test_a_batch_that_does_not_fit_books_nothing(desk):
    desk.begin(7)
    for text, key in (
        ("tous 600", "not_shares"),
        ("tous 3000", "not_shares"),
        ("1-14 500", "no_card"),
        ("tous 500 -14", "no_card"),
        ("7 500", "batch_nobody"),
        ("tous mille", "batch.amount"),
        ("tous 1.5", "batch.amount"),
        ("1-12 0", "batch.no_amount"),
        ("tous 10000000000000", "batch.amount"),
        ("Awa 500", "batch.word"),
    ):
        assert refused(desk.shares, text)[0] == key, text
    assert desk.verified() == 0


def test_nothing_is_booked_in_a_meeting_that_another_closed(desk, rt):
    desk.begin()
    sitting = desk.see(desk.now)
    desk.close(0)
    batch = read_batch("tous 500")
    by = desk.see(desk.by)
    by = replace(by, meeting_id=sitting.meeting.id)
    for call in (
        lambda db: shares.book(db, rt, desk.who, again(db, sitting), batch, "x", "ussd"),
        lambda db: shares.one(db, rt, desk.who, again(db, sitting), desk.who.id, 1, "x", "ussd"),
        lambda db: box.social_in(db, rt, by, again(db, sitting), batch),
        lambda db: box.fine(db, rt, by, {3}, 250, "late"),
        lambda db: closing.close(db, rt, desk.who, again(db, sitting), 0, 0),
        lambda db: closing.explain(db, rt, desk.who, again(db, sitting), 500, 500, "lost", "x", "ussd"),
    ):
        assert refused(desk.see, call)[0] == "no_meeting"
    assert desk.verified() == 0


def again(db, sitting):
    """As another transaction read it before it was closed."""
    return replace(sitting, meeting=db.get_one(Meeting, sitting.meeting.id))


def test_one_by_one_goes_on_where_it_was(desk):
    desk.begin(2, 7)
    desk.shares("1-6 500 -3")
    assert desk.next() == [3, 8, 9, 10, 11, 12, 13]
    desk.one(3, 2)
    desk.one(8, 0)
    assert desk.next() == [9, 10, 11, 12, 13]
    assert refused(desk.one, 8, 1)[0] == "asked_before"
    assert refused(desk.one, 7, 1)[0] == "asked_before"  # away
    assert refused(desk.one, 9, 6) == ("shares_range", {"most": 5})
    posting = desk.one(9, 5)[1]
    with transaction(desk.rt.sessions) as db:
        back = ledger.reversal(db, posting, key="back", channel="ussd", entered_by=None, reason="x")
        ledger.book(db, desk.rt.now(), desk.rt.local_now().date(), desk.group.id, back)
    assert desk.next() == [9, 10, 11, 12, 13]
    assert refused(desk.begin, 3, 7) == ("away_paid", {"cards": "3"})
    assert desk.total("cash") == 3000


def test_the_social_fund_is_kept_apart(desk):
    desk.begin(7, 9)
    found, posting = desk.see(
        lambda db: box.social_in(db, desk.rt, desk.by(db), desk.now(db), read_batch("tous 100 -8"))
    )
    assert (found.total, posting.reason) == (1000, "100 F: 1-6, 10-13")
    assert refused(desk.put, box.expense, 1, "cahier") == ("short.free", {"free": "0 F"})
    desk.put(box.social_use, 600, "health")
    assert refused(desk.put, box.social_use, 500, "death")[0].startswith("short.")
    assert desk.total("cash") == desk.total("social") == 400
    plan = desk.see(lambda db: refused(box.social_plan, db, desk.who, desk.now(db), read_batch("tous 150")))
    assert plan == ("not_social", {"each": "100 F"})


def test_fines_expenses_and_money_from_outside(desk):
    desk.begin()
    [(awa, first), (_, second)] = desk.put(box.fine, {7, 9}, 250, "absent")
    assert (awa.card, first.reason, second.seq) == (7, "absent", 2)
    desk.put(box.outside_in, 5000)
    assert refused(desk.put, box.outside_out, 5001) == ("short.outside", {"owed": "5 000 F"})
    desk.put(box.expense, 1500, "cahier")
    assert refused(desk.put, box.outside_out, 5000) == ("short.free", {"free": "4 000 F"})
    desk.put(box.outside_out, 3000)
    told = {kind: (total.count, total.amount) for kind, total in desk.totals().items()}
    assert told == {"fine": (2, 500), "outside": (2, 2000), "expense": (1, -1500)}
    assert desk.total("cash") == 1000
    assert desk.verified() == 5


def test_what_was_taken_back_is_not_read_aloud(desk):
    desk.begin()
    [(_, first), _] = desk.put(box.fine, {7, 9}, 250, "late")
    with transaction(desk.rt.sessions) as db:
        back = ledger.reversal(db, first, key="back", channel="ussd", entered_by=None, reason="x")
        ledger.book(db, desk.rt.now(), desk.rt.local_now().date(), desk.group.id, back)
    assert {kind: (t.count, t.amount) for kind, t in desk.totals().items()} == {"fine": (1, 250)}


def test_a_meeting_closes_where_both_counts_and_the_book_agree(desk):
    desk.begin(7)
    desk.shares("tous 500")
    assert refused(desk.close, 6000, 5500) == ("counts_differ", {"first": "6 000 F", "second": "5 500 F"})
    assert refused(desk.close, 5500) == ("box_differs", {})
    desk.close(6000)
    assert desk.see(lambda db: meetings.current(db, desk.group.id)) is None
    found = desk.see(lambda db: meetings.opening(db, desk.group.id))
    assert (found.closed, found.cash) == (6000, 6000)


@pytest.mark.parametrize(("counted", "differences"), [(5500, -500), (6200, 200)])
def test_a_difference_is_explained_in_the_book_before_it_closes(desk, counted, differences):
    desk.begin(7)
    desk.shares("tous 500")
    posting = desk.explain(counted, "lost")
    assert (posting.kind, posting.reason) == ("difference", "Perdu, cartes 13 et 3")
    assert (desk.total("cash"), desk.total("differences")) == (counted, differences)
    with transaction(desk.rt.sessions) as db:
        meeting = db.scalars(select(Meeting)).one()
    assert (meeting.first_count, meeting.second_count, meeting.closed_at) == (counted, counted, desk.rt.now())
    assert desk.verified() == 13


def test_the_counters_are_named_in_their_order(desk, group):
    assert [m.card for m in desk.see(lambda db: closing.counters(db, group.id))] == [3, 4]


def test_a_group_brings_its_paper_book(desk):
    desk.put(beginning.bring, "savings", 20_000, 1)
    desk.put(beginning.bring, "savings", 10_000, 2)
    desk.put(beginning.bring, "social", 1200)
    desk.put(beginning.bring, "earned", 800)
    desk.put(beginning.bring, "loan", 12_000, 2)
    assert refused(desk.put, beginning.bring, "loan", 500, 2)[0] == "has_loan"
    assert refused(desk.put, beginning.bring, "savings", 750, 3)[0] == "not_whole"
    assert refused(desk.put, beginning.bring, "savings", 500, 14)[0] == "no_card"
    assert refused(desk.put, beginning.bring, "loan", 25_000, 1)[0] == "short.cash"
    assert (desk.total("cash"), desk.total("loans")) == (20_000, 12_000)
    desk.begin()
    desk.close(20_000)
    assert refused(desk.put, beginning.bring, "savings", 500, 3)[0] == "begun"
    assert desk.verified() == 5


def test_the_treasurer_is_a_member_like_the_others(desk):
    desk.begin()
    assert (TREASURERS_CARD, desk.who.card) == (13, 13)
    assert desk.shares("13 500")[0][0] == 13


def test_two_who_book_the_same_batch_at_once_book_it_once(live_rt):
    settle(live_rt)
    desk = Desk(live_rt, found(live_rt))
    desk.begin(7)

    def lead(number):
        def call(db):
            who = groups.of_number(db, number)[0]
            return shares.book(db, live_rt, who, desk.now(db), read_batch("tous 500"), number, "ussd")

        try:
            return len(desk.see(call))
        except Refused as no:
            return no.key

    with ThreadPoolExecutor(2) as pool:
        told = set(pool.map(lead, (TREASURER, number_of(2))))
    assert told == {12, "savings.batch_nobody"}
    assert desk.total("cash") == 6000
    assert desk.verified() == 12
