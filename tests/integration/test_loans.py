"""Loans: lent within the ceiling and the box, repaid with the charge first, late, reminded of, and written off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.savings import debts, groups, ledger, loans, verifying
from smsapp.savings.charges import Owed
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Group, Loan
from tests.hamlet import found
from tests.village import settle

BINTOU, COUMBA = 3, 4


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt, charge=50, loan_times=3, loan_months=3)


@pytest.fixture
def rich(rt, group):
    """Bintou has saved 5 000 F, the others 45 000 F, and the social fund is 2 000 F."""
    for card, francs in ((BINTOU, 5000), (COUMBA, 45000)):
        deposit(rt, group, card, francs)
    post(rt, group, "social", [Line("cash", 2000), Line("social", -2000)])
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


def repay(rt, group, card, francs, key):
    member = who(rt, group, card)
    with transaction(rt.sessions) as db:
        return loans.repay(db, rt, member, francs, key=key, channel="ussd", entered_by=None)


def write_off(rt, group, card, key="off"):
    member = who(rt, group, card)
    with transaction(rt.sessions) as db:
        debt = loans.owing(db, member, rt.local_now().date())
        return loans.write_off(db, rt, member, debt.loan.id, key=key, channel="ussd", entered_by=None)


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
    lend(rt, rich, BINTOU, 15000)
    assert told(rt, rich, "cash") == 52000 - 15000
    assert told(rt, rich, "loans", BINTOU) == 15000
    assert owed(rt, rich, BINTOU) == Owed(15000, 750)
    assert verify(rt, rich) == 4


def test_a_loan_that_comes_twice_is_paid_once(rt, rich):
    assert lend(rt, rich, BINTOU, 15000).id == lend(rt, rich, BINTOU, 15000).id
    assert told(rt, rich, "loans") == 15000


@pytest.mark.parametrize("francs", [15001, 0, -5, 10**13])
def test_no_loan_above_so_many_times_her_savings(rt, rich, francs):
    with refused("loan_ceiling") as no:
        lend(rt, rich, BINTOU, francs)
    assert no.value.values == {"times": 3, "savings": "5 000 F", "most": "15 000 F"}
    assert (told(rt, rich, "loans"), verify(rt, rich)) == (0, 3)


def test_the_social_fund_is_not_lent(rt, rich):
    with refused("loan_cash") as no:
        lend(rt, rich, COUMBA, 50001)
    assert no.value.values == {"most": "50 000 F"}
    lend(rt, rich, COUMBA, 50000)
    assert told(rt, rich, "cash") == told(rt, rich, "social") == 2000


def test_one_loan_at_a_time(rt, rich):
    lend(rt, rich, BINTOU, 1000)
    with refused("loan_open") as no:
        lend(rt, rich, BINTOU, 1000, "loan:2")
    assert no.value.values["owed"] == "1 050 F"
    repay(rt, rich, BINTOU, 1050, "r1")
    lend(rt, rich, BINTOU, 1000, "loan:2")
    assert owed(rt, rich, BINTOU) == Owed(1000, 50)


def test_the_due_date_is_in_so_many_months_or_at_the_end_of_a_short_one(rt, rich, clock):
    on(clock, date(2027, 11, 30))
    lend(rt, rich, BINTOU, 1000)
    with transaction(rt.sessions) as db:
        assert db.query(Loan).one().due_on == date(2028, 2, 29)


# ---- repaying


def test_repayments_pay_the_charge_first_and_the_last_one_ends_the_loan(rt, rich, clock):
    on(clock, date(2026, 1, 31))
    lend(rt, rich, BINTOU, 10000)
    on(clock, date(2026, 2, 28))
    first = repay(rt, rich, BINTOU, 3000, "r1")
    assert (first.charge, first.principal, first.left) == (500, 2500, 7500)
    on(clock, date(2026, 3, 1))
    assert owed(rt, rich, BINTOU) == Owed(7500, 375)
    second = repay(rt, rich, BINTOU, 300, "r2")
    assert (second.charge, second.principal, second.left) == (300, 0, 7575)
    last = repay(rt, rich, BINTOU, 7575, "r3")
    assert (last.charge, last.principal, last.left) == (75, 7500, 0)
    assert owed(rt, rich, BINTOU) is None
    assert told(rt, rich, "loans") == 0
    assert told(rt, rich, "charges", BINTOU) == 875
    assert told(rt, rich, "cash") == 52000 + 875
    with refused("no_debt"):
        repay(rt, rich, BINTOU, 1, "r4")
    assert verify(rt, rich) == 7


@pytest.mark.parametrize("francs", [10501, 0, -1, 10**13])
def test_more_than_she_owes_is_refused_with_what_she_owes(rt, rich, francs):
    lend(rt, rich, BINTOU, 10000)
    with refused("repaid_more") as no:
        repay(rt, rich, BINTOU, francs, "r1")
    assert no.value.values == {"owed": "10 500 F"}
    assert owed(rt, rich, BINTOU) == Owed(10000, 500)


def test_a_repayment_that_comes_twice_counts_once(rt, rich):
    lend(rt, rich, BINTOU, 10000)
    first, again = repay(rt, rich, BINTOU, 1000, "r1"), repay(rt, rich, BINTOU, 1000, "r1")
    assert (first.posting.id, first.left) == (again.posting.id, again.left)
    assert owed(rt, rich, BINTOU) == Owed(9500, 0)


# ---- taken back


def test_a_repayment_that_is_taken_back_opens_the_loan_again(rt, rich):
    lend(rt, rich, BINTOU, 10000)
    last = repay(rt, rich, BINTOU, 10500, "r1")
    assert owed(rt, rich, BINTOU) is None
    take_back(rt, rich, last.posting)
    assert owed(rt, rich, BINTOU) == Owed(10000, 500)
    with refused("loan_open"):
        lend(rt, rich, BINTOU, 1000, "loan:2")
    repay(rt, rich, BINTOU, 10500, "r2")
    assert owed(rt, rich, BINTOU) is None


def test_a_charge_that_is_taken_back_after_the_end_is_owed_again(rt, rich):
    lend(rt, rich, BINTOU, 10000)
    charge = repay(rt, rich, BINTOU, 500, "r1")
    repay(rt, rich, BINTOU, 10000, "r2")
    take_back(rt, rich, charge.posting)
    assert owed(rt, rich, BINTOU) == Owed(0, 500)
    repay(rt, rich, BINTOU, 500, "r3")
    assert owed(rt, rich, BINTOU) is None


def test_a_loan_that_is_taken_back_was_none(rt, rich):
    lent = lend(rt, rich, BINTOU, 10000)
    take_back(rt, rich, lent)
    assert owed(rt, rich, BINTOU) is None
    assert told(rt, rich, "cash") == 52000
    lend(rt, rich, BINTOU, 15000, "loan:2")
    assert owed(rt, rich, BINTOU) == Owed(15000, 750)


def test_a_loan_on_which_something_came_back_is_not_taken_back(rt, rich):
    lent = lend(rt, rich, BINTOU, 10000)
    repay(rt, rich, BINTOU, 1500, "r1")
    with refused("short.loans"):
        take_back(rt, rich, lent)
    assert owed(rt, rich, BINTOU) == Owed(9000, 0)


# ---- late, and written off


def test_late_is_who_has_not_repaid_on_the_day_after(rt, rich, clock):
    on(clock, date(2026, 1, 10))
    lend(rt, rich, BINTOU, 1000)
    lend(rt, rich, COUMBA, 2000, "loan:2")
    for day, cards in ((date(2026, 4, 10), []), (date(2026, 4, 11), [BINTOU, COUMBA])):
        on(clock, day)
        assert late(rt, rich) == cards
    repay(rt, rich, BINTOU, 1200, "r1")
    assert late(rt, rich) == [COUMBA]


def late(rt, group):
    cards = {who(rt, group, card).id: card for card in (BINTOU, COUMBA)}
    with transaction(rt.sessions) as db:
        return [cards[debt.loan.member_id] for debt in debts.overdue(db, group.id, rt.local_now().date())]


def test_what_is_written_off_is_a_loss_and_asked_for_no_more(rt, rich, clock):
    lend(rt, rich, BINTOU, 10000)
    repay(rt, rich, BINTOU, 4500, "r1")
    clock.at += timedelta(days=200)
    posting = write_off(rt, rich, BINTOU)
    assert (told(rt, rich, "losses"), told(rt, rich, "loans")) == (6000, 0)
    assert owed(rt, rich, BINTOU) is None
    clock.at += timedelta(days=200)
    assert owed(rt, rich, BINTOU) is None
    with refused("no_debt"):
        repay(rt, rich, BINTOU, 1, "r2")
    take_back(rt, rich, posting)
    assert owed(rt, rich, BINTOU).principal == 6000
    assert told(rt, rich, "losses") == 0
