"""Loans: lent within the ceiling and the box, repaid with the charge first, late, reminded of, and written off."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.refusals import Refused
from smsapp.savings import (
    cancelling,
    cycles,
    debts,
    groups,
    ledger,
    lending,
    loans,
    reminders,
    requests,
    sharing,
    verifying,
)
from smsapp.savings.book import Posting
from smsapp.savings.charges import Owed
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Group, Loan, Member, Request
from smsapp.segments import count, fold
from tests.hamlet import TREASURERS_CARD, found, number_of
from tests.village import settle

HAWA, KADIA = 8, 9  # who hold no office
PRESIDENT, SECRETARY, COUNTER, KEY = 1, 2, 3, 5


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt, charge=50, loan_times=3, loan_months=3)


@pytest.fixture
def rich(rt, group):
    """Hawa has saved 5 000 F, the others 45 000 F, and the social fund is 2 000 F."""
    saved = [Line("savings", -5000, who(rt, group, HAWA).id), Line("savings", -45000, who(rt, group, KADIA).id)]
    post(rt, group, "opening", [Line("cash", 52000), *saved, Line("social", -2000)])
    return group


def on(clock, day):
    clock.at = datetime(day.year, day.month, day.day, 10, tzinfo=ZoneInfo("Africa/Bamako"))


def who(rt, group, card):
    with transaction(rt.sessions) as db:
        return groups.by_card(db, group.id, card)


def post(rt, group, kind, lines):
    with transaction(rt.sessions) as db:
        seq = db.get_one(Group, group.id, populate_existing=True).last_seq
        entry = Entry(kind, lines, f"test:{seq}", "ussd")
        return ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)


def deposit(rt, group, card, francs):
    member = who(rt, group, card)
    return post(rt, group, "deposit", [Line("cash", francs), Line("savings", -francs, member.id)])


def lend(rt, group, card, francs, key="loan:1"):
    member = who(rt, group, card)
    with transaction(rt.sessions) as db:
        return loans.lend(db, rt, member, francs, key=key, channel="ussd", entered_by=None)


def repay(rt, group, card, francs, key, by=TREASURERS_CARD, **more):
    keeper = who(rt, group, by)
    with transaction(rt.sessions) as db:
        return loans.repay(db, rt, keeper, card, francs, key=key, channel="ussd", **more)


def write_off(rt, group, card, key="off"):
    member = who(rt, group, card)
    with transaction(rt.sessions) as db:
        loan_id = debts.of_member(db, member.id, rt.local_now().date()).loan.id
        return loans.write_off(db, rt, member, loan_id, key=key, channel="ussd", entered_by=None)


def take_back(rt, group, posting, key="back"):
    with transaction(rt.sessions) as db:
        entry = ledger.reversal(db, posting, key=key, channel="ussd", entered_by=None, reason="")
        back = ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)
        debts.settle(db, back)


def owed(rt, group, card):
    member = who(rt, group, card)
    with transaction(rt.sessions) as db:
        debt = debts.of_member(db, member.id, rt.local_now().date())
        return debt and debt.owed


def told(rt, group, account, card=None):
    member = card and who(rt, group, card).id
    with transaction(rt.sessions) as db:
        return ledger.total(db, group.id, account, member)


def verify(rt, group):
    with transaction(rt.sessions) as db:
        return verifying.verify(db, db.get_one(Group, group.id))


def refused(key):
    return pytest.raises(Refused, match=f"^savings.{key}$")


# ---- within the ceiling and the box


def test_a_loan_is_out_of_the_box_and_hers_to_repay(rt, rich):
    lend(rt, rich, HAWA, 15000)
    assert told(rt, rich, "cash") == 52000 - 15000
    assert told(rt, rich, "loans", HAWA) == 15000
    assert owed(rt, rich, HAWA) == Owed(15000, 750)
    assert verify(rt, rich) == 2


def test_a_loan_that_comes_twice_is_paid_once(rt, rich):
    assert lend(rt, rich, HAWA, 15000).id == lend(rt, rich, HAWA, 15000).id
    assert told(rt, rich, "loans") == 15000


def test_no_loan_above_so_many_times_her_savings(rt, rich):
    for francs in (15001, 0, -5, 10**13):
        with refused("loan_ceiling") as no:
            lend(rt, rich, HAWA, francs)
    assert no.value.values == {"times": 3, "savings": "5 000 F", "most": "15 000 F"}
    assert (told(rt, rich, "loans"), verify(rt, rich)) == (0, 1)


def test_the_social_fund_is_not_lent(rt, rich):
    with refused("loan_cash") as no:
        lend(rt, rich, KADIA, 50001)
    assert no.value.values == {"most": "50 000 F"}
    lend(rt, rich, KADIA, 50000)
    assert told(rt, rich, "cash") == told(rt, rich, "social") == 2000


def test_one_loan_at_a_time(rt, rich):
    lend(rt, rich, HAWA, 1000)
    with refused("loan_open") as no:
        lend(rt, rich, HAWA, 1000, "loan:2")
    assert no.value.values["owed"] == "1 050 F"
    repay(rt, rich, HAWA, 1050, "r1")
    lend(rt, rich, HAWA, 1000, "loan:2")
    assert owed(rt, rich, HAWA) == Owed(1000, 50)


def test_the_due_date_is_in_so_many_months_or_at_the_end_of_a_short_one(rt, rich, clock):
    on(clock, date(2027, 11, 30))
    lend(rt, rich, HAWA, 1000)
    with transaction(rt.sessions) as db:
        assert db.query(Loan).one().due_on == date(2028, 2, 29)


# ---- repaying


def test_repayments_pay_the_charge_first_and_the_last_one_ends_the_loan(rt, rich, clock):
    on(clock, date(2026, 1, 31))
    lend(rt, rich, HAWA, 10000)
    on(clock, date(2026, 2, 28))
    first = repay(rt, rich, HAWA, 3000, "r1")
    assert (first.charge, first.principal, first.left) == (500, 2500, 7500)
    on(clock, date(2026, 3, 1))
    assert owed(rt, rich, HAWA) == Owed(7500, 375)
    second = repay(rt, rich, HAWA, 300, "r2")
    assert (second.charge, second.principal, second.left) == (300, 0, 7575)
    last = repay(rt, rich, HAWA, 7575, "r3")
    assert (last.charge, last.principal, last.left) == (75, 7500, 0)
    assert owed(rt, rich, HAWA) is None
    assert told(rt, rich, "loans") == 0
    assert told(rt, rich, "charges", HAWA) == 875
    assert told(rt, rich, "cash") == 52000 + 875
    with refused("no_debt"):
        repay(rt, rich, HAWA, 1, "r4")
    assert verify(rt, rich) == 5


def test_more_than_she_owes_is_refused_with_what_she_owes(rt, rich):
    lend(rt, rich, HAWA, 10000)
    for francs in (10501, 0, -1, 10**13):
        with refused("repaid_more") as no:
            repay(rt, rich, HAWA, francs, "r1")
        assert no.value.values == {"member": "8. Hawa", "owed": "10 500 F"}
    assert owed(rt, rich, HAWA) == Owed(10000, 500)


def test_a_repayment_that_comes_twice_counts_once(rt, rich):
    lend(rt, rich, HAWA, 10000)
    first, again = repay(rt, rich, HAWA, 1000, "r1"), repay(rt, rich, HAWA, 1000, "r1")
    assert (first.posting.id, first.left) == (again.posting.id, again.left)
    assert owed(rt, rich, HAWA) == Owed(9500, 0)


def test_the_same_repayment_a_moment_later_is_asked_again(rt, rich, clock):
    lend(rt, rich, HAWA, 10000)
    repay(rt, rich, HAWA, 1000, "r1")
    with refused("already") as no:
        repay(rt, rich, HAWA, 1000, "r2", by=SECRETARY)
    assert no.value.values == {"card": HAWA, "amount": "1 000 F", "at": "10:00"}
    repay(rt, rich, HAWA, 1100, "r3")
    repay(rt, rich, HAWA, 1000, "r4", again=True)
    clock.move(minutes=11)
    repay(rt, rich, HAWA, 1000, "r5")
    assert owed(rt, rich, HAWA) == Owed(6400, 0)


def test_one_that_was_taken_back_may_be_entered_again_at_once(rt, rich):
    lend(rt, rich, HAWA, 10000)
    take_back(rt, rich, repay(rt, rich, HAWA, 1000, "r1").posting)
    repay(rt, rich, HAWA, 1000, "r2")
    assert owed(rt, rich, HAWA) == Owed(9500, 0)


@pytest.mark.parametrize(("by", "card", "key"), [(HAWA, HAWA, "not_keeper"), (SECRETARY, 77, "no_card")])
def test_only_a_bookkeeper_enters_what_a_member_repays(rt, rich, by, card, key):
    lend(rt, rich, HAWA, 10000)
    with refused(key):
        repay(rt, rich, card, 1000, "r1", by=by)
    assert owed(rt, rich, HAWA) == Owed(10000, 500)


# ---- taken back


def test_a_repayment_that_is_taken_back_opens_the_loan_again(rt, rich):
    lend(rt, rich, HAWA, 10000)
    last = repay(rt, rich, HAWA, 10500, "r1")
    assert owed(rt, rich, HAWA) is None
    take_back(rt, rich, last.posting)
    assert owed(rt, rich, HAWA) == Owed(10000, 500)
    with refused("loan_open"):
        lend(rt, rich, HAWA, 1000, "loan:2")
    repay(rt, rich, HAWA, 10500, "r2")
    assert owed(rt, rich, HAWA) is None


def test_a_charge_that_is_taken_back_after_the_end_is_owed_again(rt, rich):
    lend(rt, rich, HAWA, 10000)
    charge = repay(rt, rich, HAWA, 500, "r1")
    repay(rt, rich, HAWA, 10000, "r2")
    take_back(rt, rich, charge.posting)
    assert owed(rt, rich, HAWA) == Owed(0, 500)
    repay(rt, rich, HAWA, 500, "r3")
    assert owed(rt, rich, HAWA) is None


def test_a_loan_that_is_taken_back_was_none(rt, rich):
    lent = lend(rt, rich, HAWA, 10000)
    take_back(rt, rich, lent)
    assert owed(rt, rich, HAWA) is None
    assert told(rt, rich, "cash") == 52000
    lend(rt, rich, HAWA, 15000, "loan:2")
    assert owed(rt, rich, HAWA) == Owed(15000, 750)


def test_a_loan_on_which_something_came_back_is_not_taken_back(rt, rich):
    lent = lend(rt, rich, HAWA, 10000)
    repay(rt, rich, HAWA, 1500, "r1")
    with refused("short.loans"):
        take_back(rt, rich, lent)
    assert owed(rt, rich, HAWA) == Owed(9000, 0)


# ---- late, and written off


def test_late_is_who_has_not_repaid_on_the_day_after(rt, rich, clock):
    on(clock, date(2026, 1, 10))
    lend(rt, rich, HAWA, 1000)
    lend(rt, rich, KADIA, 2000, "loan:2")
    for day, cards in ((date(2026, 4, 10), []), (date(2026, 4, 11), [HAWA, KADIA])):
        on(clock, day)
        assert late(rt, rich) == cards
    repay(rt, rich, HAWA, 1200, "r1")
    assert late(rt, rich) == [KADIA]


def late(rt, group):
    cards = {who(rt, group, card).id: card for card in (HAWA, KADIA)}
    with transaction(rt.sessions) as db:
        return [cards[debt.loan.member_id] for debt in debts.overdue(db, group.id, rt.local_now().date())]


def test_what_is_written_off_is_a_loss_and_asked_for_no_more(rt, rich, clock):
    lend(rt, rich, HAWA, 10000)
    repay(rt, rich, HAWA, 4500, "r1")
    clock.at += timedelta(days=200)
    posting = write_off(rt, rich, HAWA)
    assert (told(rt, rich, "losses"), told(rt, rich, "loans")) == (6000, 0)
    assert owed(rt, rich, HAWA) is None
    clock.at += timedelta(days=200)
    assert owed(rt, rich, HAWA) is None
    with refused("no_debt"):
        repay(rt, rich, HAWA, 1, "r2")
    take_back(rt, rich, posting)
    assert owed(rt, rich, HAWA).principal == 6000
    assert told(rt, rich, "losses") == 0


# ---- agreed to by officers


def ask(rt, group, by, card, francs):
    asker = who(rt, group, by)
    with transaction(rt.sessions) as db:
        return lending.ask(db, rt, asker, card, francs).id


def say(rt, group, card, request_id, yes=True):
    """As a conversation does: what is to be remembered of a refusal is kept."""
    officer = who(rt, group, card)
    try:
        with transaction(rt.sessions) as db:
            return requests.say(db, rt, officer, request_id, yes=yes).outcome
    except Refused as no:
        if no.remember:
            with transaction(rt.sessions) as db:
                no.remember(db)
        raise


def texts(rt, card):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Message.text).where(Message.number == number_of(card)).order_by(Message.id)).all()


def test_a_loan_is_paid_out_once_two_officers_agree(rt, rich):
    wanted = ask(rt, rich, TREASURERS_CARD, HAWA, 15000)
    assert texts(rt, PRESIDENT)[-1].startswith(
        "Benkadi : on demande votre accord avant le 17/03 : prêt de 15 000 F à la"
    )
    assert say(rt, rich, PRESIDENT, wanted) is None
    assert told(rt, rich, "loans") == 0
    assert say(rt, rich, SECRETARY, wanted) == "done"
    assert owed(rt, rich, HAWA) == Owed(15000, 750)
    with transaction(rt.sessions) as db:
        posting = db.scalars(select(Posting).where(Posting.kind == "loan")).one()
    assert posting.entered_by == who(rt, rich, SECRETARY).id
    assert f"Recu {posting.receipt}" in fold(texts(rt, HAWA)[-1])
    assert count(fold(texts(rt, HAWA)[-1])) == 1
    assert texts(rt, TREASURERS_CARD)[-1].startswith("Benkadi : les responsables sont d'accord")


def test_the_same_officer_twice_the_asker_and_the_borrower_are_not_two(rt, rich):
    deposit(rt, rich, COUNTER, 2000)
    wanted = ask(rt, rich, TREASURERS_CARD, COUNTER, 3000)
    say(rt, rich, PRESIDENT, wanted)
    for card, key in ((PRESIDENT, "said_before"), (TREASURERS_CARD, "not_her_say"), (COUNTER, "not_her_say")):
        with refused(key):
            say(rt, rich, card, wanted)
    with refused("not_her_say"):
        say(rt, rich, HAWA, wanted)
    assert told(rt, rich, "loans") == 0
    assert say(rt, rich, KEY, wanted) == "done"
    assert told(rt, rich, "loans", COUNTER) == 3000


def test_an_officer_who_asks_for_herself_needs_two_others(rt, rich):
    deposit(rt, rich, PRESIDENT, 2000)
    wanted = ask(rt, rich, PRESIDENT, PRESIDENT, 3000)
    with refused("not_her_say"):
        say(rt, rich, PRESIDENT, wanted)
    say(rt, rich, SECRETARY, wanted)
    assert say(rt, rich, KEY, wanted) == "done"


def test_one_no_ends_it(rt, rich):
    wanted = ask(rt, rich, HAWA, HAWA, 3000)
    assert say(rt, rich, PRESIDENT, wanted, yes=False) == "refused"
    with refused("request_over"):
        say(rt, rich, SECRETARY, wanted)
    assert told(rt, rich, "loans") == 0


@pytest.mark.parametrize(("by", "card", "key"), [(HAWA, KADIA, "not_"), (PRESIDENT, KADIA, "not_"), (HAWA, 77, "")])
def test_who_keeps_no_book_asks_for_herself_alone(rt, rich, by, card, key):
    with pytest.raises(Refused, match=f"^savings.{key}"):
        ask(rt, rich, by, card, 1000)
    assert requested(rt) == []


def requested(rt):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Request).where(Request.outcome.is_(None))).all()


def test_a_loan_too_large_is_not_even_asked_for(rt, rich):
    with refused("loan_ceiling"):
        ask(rt, rich, TREASURERS_CARD, HAWA, 15001)
    assert requested(rt) == []


def test_another_amount_takes_the_place_of_the_first_and_the_same_is_one_request(rt, rich):
    first = ask(rt, rich, TREASURERS_CARD, HAWA, 10000)
    say(rt, rich, PRESIDENT, first)
    assert ask(rt, rich, SECRETARY, HAWA, 10000) == first
    second = ask(rt, rich, SECRETARY, HAWA, 9000)
    assert [request.id for request in requested(rt)] == [second]
    with refused("request_over"):
        say(rt, rich, KEY, first)
    say(rt, rich, PRESIDENT, second)
    say(rt, rich, KEY, second)
    assert told(rt, rich, "loans") == 9000


def test_cash_that_was_spent_meanwhile_is_not_lent_and_the_officers_are_told(rt, rich):
    wanted = ask(rt, rich, TREASURERS_CARD, HAWA, 15000)
    say(rt, rich, PRESIDENT, wanted)
    post(rt, rich, "expense", [Line("cash", -40000), Line("expenses", 40000)])
    for _ in range(2):
        with refused("loan_cash") as no:
            say(rt, rich, SECRETARY, wanted)
        assert no.value.values == {"most": "10 000 F"}
    assert (told(rt, rich, "loans"), told(rt, rich, "cash")) == (0, 12000)
    said = [text for text in texts(rt, KEY) if "10 000 F au plus" in text]
    assert len(said) == 1
    assert said[0].startswith("Benkadi : prêt de 15 000 F à la carte 8. Pas possible pour le moment.")
    deposit(rt, rich, KADIA, 5000)
    assert say(rt, rich, SECRETARY, wanted) == "done"
    assert told(rt, rich, "loans") == 15000


def test_a_ceiling_that_fell_meanwhile_counts(rt, rich):
    wanted = ask(rt, rich, TREASURERS_CARD, HAWA, 15000)
    say(rt, rich, PRESIDENT, wanted)
    post(rt, rich, "withdrawal", [Line("cash", -1000), Line("savings", 1000, who(rt, rich, HAWA).id)])
    with refused("loan_ceiling"):
        say(rt, rich, SECRETARY, wanted)
    assert told(rt, rich, "loans") == 0


def test_two_requests_pay_one_loan_each_and_no_more(rt, rich):
    first = ask(rt, rich, TREASURERS_CARD, KADIA, 40000)
    second = ask(rt, rich, TREASURERS_CARD, HAWA, 15000)
    for card in (PRESIDENT, SECRETARY):
        say(rt, rich, card, first)
    say(rt, rich, PRESIDENT, second)
    with refused("loan_cash"):
        say(rt, rich, SECRETARY, second)
    assert told(rt, rich, "loans") == 40000


def test_officers_write_a_debt_off_together_and_the_rest_is_shared_out(rt, rich):
    lend(rt, rich, HAWA, 15000)
    asker = who(rt, rich, PRESIDENT)
    with transaction(rt.sessions) as db, refused("share.loan"):
        cycles.ask(db, rt, asker)
    with transaction(rt.sessions) as db:
        wanted = lending.ask_write_off(db, rt, asker, HAWA).id
    with refused("not_her_say"):
        say(rt, rich, PRESIDENT, wanted)
    assert say(rt, rich, SECRETARY, wanted) is None
    assert say(rt, rich, KEY, wanted) == "done"
    assert (told(rt, rich, "losses"), told(rt, rich, "loans")) == (15000, 0)
    with transaction(rt.sessions) as db:
        shared = sharing.project(db, rt, rich.id)
    assert shared.paid + shared.shared.remainder == 35000
    assert shared.short == []


def test_nobody_writes_off_alone_or_for_herself(rt, rich):
    deposit(rt, rich, PRESIDENT, 2000)
    lend(rt, rich, PRESIDENT, 1000)
    for by, card, key in (
        (PRESIDENT, PRESIDENT, "own_debt"),
        (HAWA, PRESIDENT, "officers_only"),
        (KEY, HAWA, "no_debt"),
    ):
        member = who(rt, rich, by)
        with refused(key), transaction(rt.sessions) as db:
            lending.ask_write_off(db, rt, member, card)
    with transaction(rt.sessions) as db:
        wanted = lending.ask_write_off(db, rt, who(rt, rich, KEY), PRESIDENT).id
    with refused("not_her_say"):
        say(rt, rich, PRESIDENT, wanted)


def test_what_was_repaid_meanwhile_is_not_written_off(rt, rich):
    lend(rt, rich, HAWA, 1000)
    with transaction(rt.sessions) as db:
        wanted = lending.ask_write_off(db, rt, who(rt, rich, KEY), HAWA).id
    say(rt, rich, PRESIDENT, wanted)
    repay(rt, rich, HAWA, 1050, "r1")
    with refused("no_debt"):
        say(rt, rich, SECRETARY, wanted)
    assert told(rt, rich, "losses") == 0


# ---- reminded of


def remind(rt, clock, day, hour=10):
    clock.at = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Africa/Bamako"))
    return reminders.remind(rt)


def reminded(rt, card):
    kind = select(Message.text).where(Message.number == number_of(card), Message.kind == "reminder")
    with transaction(rt.sessions) as db:
        return db.scalars(kind.order_by(Message.id)).all()


def test_she_is_reminded_three_days_before_and_on_the_day_once_each(rt, rich, clock):
    on(clock, date(2026, 1, 31))
    lend(rt, rich, HAWA, 15000)
    seen, looked_at = [], []
    for day in range(8):
        looked_at.append([remind(rt, clock, date(2026, 4, 24) + timedelta(day), hour) for hour in (6, 7, 7, 19)])
        seen.append(len(reminded(rt, HAWA)))
    assert seen == [0, 0, 0, 1, 1, 1, 2, 2]
    assert [hours for hours in looked_at if any(hours)] == [[1, 0, 0, 0]] * 2
    assert reminded(rt, HAWA)[0] == "Benkadi : rappel, un versement est prévu au plus tard le 30/04/2026."
    assert reminded(rt, KADIA) == []


def test_after_days_in_which_nothing_ran_she_is_reminded_once_or_not_at_all(rt, rich, clock):
    on(clock, date(2026, 1, 10))
    lend(rt, rich, HAWA, 1000)
    lend(rt, rich, KADIA, 1000, "loan:2")
    remind(rt, clock, date(2026, 4, 12))
    assert len(reminded(rt, HAWA)) == 1
    on(clock, date(2026, 1, 10))
    deposit(rt, rich, PRESIDENT, 2000)
    lend(rt, rich, PRESIDENT, 1000, "loan:3")
    remind(rt, clock, date(2026, 4, 13))
    assert reminded(rt, PRESIDENT) == []


def test_who_has_repaid_is_not_reminded(rt, rich, clock):
    on(clock, date(2026, 1, 10))
    lend(rt, rich, HAWA, 1000)
    repay(rt, rich, HAWA, 1050, "r1")
    assert remind(rt, clock, date(2026, 4, 10)) == 0
    assert reminded(rt, HAWA) == []


def test_without_a_phone_her_witness_reads_it(rt, rich, clock):
    on(clock, date(2026, 1, 10))
    lend(rt, rich, HAWA, 1000)
    with transaction(rt.sessions) as db:
        member = db.get_one(Member, who(rt, rich, HAWA).id)
        member.number, member.witness_id = None, who(rt, rich, KADIA).id
    remind(rt, clock, date(2026, 4, 7))
    assert (len(reminded(rt, HAWA)), len(reminded(rt, KADIA))) == (0, 1)


def test_many_workers_remind_once(live_rt, clock):
    settle(live_rt)
    group = found(live_rt, charge=50)
    on(clock, date(2026, 1, 10))
    for card in range(1, 6):
        deposit(live_rt, group, card, 1000)
        lend(live_rt, group, card, 500, f"loan:{card}")
    on(clock, date(2026, 4, 7))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: reminders.remind(live_rt), range(8)))
    assert [len(reminded(live_rt, card)) for card in range(1, 6)] == [1] * 5


def test_eight_phones_repay_at_once_and_no_debt_falls_below_nothing(live_rt):
    settle(live_rt)
    group = found(live_rt, charge=50)
    deposit(live_rt, group, HAWA, 5000)
    lend(live_rt, group, HAWA, 4000)

    def one(n):
        try:
            return repay(live_rt, group, HAWA, 1000, f"r{n}", again=True).charge
        except Refused as no:
            return no.key

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(one, range(8)))
    assert sorted(map(str, said)) == ["0", "0", "0", "200", *["savings.repaid_more"] * 4]
    assert owed(live_rt, group, HAWA) == Owed(200, 0)
    assert told(live_rt, group, "cash") == 5000
    verify(live_rt, group)


# ---- any of it in any order


def test_whatever_happens_the_book_the_debts_and_the_ended_loans_agree(rt, rich, clock):
    """Loans, repayments, write-offs and reversals of any of them, in any order, some of which are refused."""
    chance, done, said = random.Random(1), [], set()
    members = [who(rt, rich, card) for card in (HAWA, KADIA, COUNTER)]
    for card in (COUNTER, HAWA):
        deposit(rt, rich, card, 4000)
    for step in range(50):
        clock.move(days=chance.choice((0, 0, 1, 15, 40)))
        try:
            with transaction(rt.sessions) as db:
                what, posting = something(db, rt, chance, chance.choice(members), done, f"step:{step}")
            done.append(posting)
            said.add(what)
        except Refused as no:
            said.add(no.key)
        if step % 4 == 3:
            agree(rt, rich, members)
    assert {"lend", "repay", "write_off", "back", "savings.repaid_more", "savings.loan_open"} <= said
    verify(rt, rich)


def something(db, rt, chance, member, done, key):
    what = chance.choice(("lend", "lend", "repay", "repay", "repay", "write_off", "back"))
    debt = debts.of_member(db, member.id, rt.local_now().date())
    more = {"key": key, "channel": "ussd"}
    if what == "lend":
        return what, loans.lend(db, rt, member, chance.randint(1, 16000), entered_by=None, **more)
    if what == "repay":
        keeper = groups.by_card(db, member.group_id, SECRETARY)
        most = debt.owed.total if debt and chance.random() < 0.4 else 12000
        amount = chance.choice((most, chance.randint(1, most)))
        return what, loans.repay(db, rt, keeper, member.card, amount, again=True, **more).posting
    if what == "write_off":
        return what, loans.write_off(db, rt, member, loans.owing(db, member, TODAY).loan.id, entered_by=None, **more)
    if not done:
        raise Refused("savings.nothing_to_take_back")
    entry = ledger.reversal(db, chance.choice(done), entered_by=None, reason="", **more)
    back = ledger.book(db, rt.now(), rt.local_now().date(), member.group_id, entry)
    debts.settle(db, back)
    return what, back


TODAY = date(2026, 3, 10)


def agree(rt, group, members):
    with transaction(rt.sessions) as db:
        today, held = rt.local_now().date(), ledger.balances(db, group.id)
        for loan in db.scalars(select(Loan).where(Loan.group_id == group.id)):
            left = debts.of_loan(db, loan.id, today).owed
            assert left.principal == held.get(("loans", loan.member_id, loan.id), 0)
            assert left.charge >= 0
            assert (loan.ended_on is None) == (left.total > 0)
        for member in members:
            hers = [debt for debt in debts.of_group(db, group.id, today) if debt.loan.member_id == member.id]
            assert ledger.total(db, group.id, "loans", member.id) == sum(debt.owed.principal for debt in hers)


def test_a_repayment_that_the_treasurer_cancels_is_owed_again(rt, rich):
    lend(rt, rich, HAWA, 10000)
    last = repay(rt, rich, HAWA, 10500, "r1")
    keeper = who(rt, rich, TREASURERS_CARD)
    with transaction(rt.sessions) as db:
        cancelling.cancel(db, rt, keeper, last.posting.receipt, "trompée", key="c1", channel="ussd")
    assert owed(rt, rich, HAWA) == Owed(10000, 500)
    assert "10 500 F" in texts(rt, HAWA)[-1]


def test_five_loans_at_once_take_no_more_than_there_is(live_rt):
    settle(live_rt)
    group = found(live_rt)
    for card in range(1, 6):
        deposit(live_rt, group, card, 2000)

    def one(card):
        try:
            lend(live_rt, group, card, 6000, f"loan:{card}")
        except Refused as no:
            return no.key
        return "lent"

    with ThreadPoolExecutor(5) as pool:
        said = sorted(pool.map(one, range(1, 6)))
    assert said == ["lent", *["savings.loan_cash"] * 4]
    assert (told(live_rt, group, "cash"), told(live_rt, group, "loans")) == (4000, 6000)
    verify(live_rt, group)
