"""Laws of what is owed on a loan, for any repayments at any time."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from smsapp.months import after_months
from smsapp.savings.charges import Owed, Paid, Terms, charged, months_begun, owed

DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
TERMS = st.builds(Terms, st.integers(1, 10**9), st.integers(0, 300), DAYS)
# When each repayment comes after the one before, and which part of what is owed then (thousandths) it is.
REPAYMENTS = st.lists(st.tuples(st.integers(0, 90), st.integers(1, 1000)), max_size=12)


def repaid(terms, repayments) -> tuple[list[Paid], date]:
    """As the book would have it: never more than is owed, the charge first; and the day of the last one."""
    paid, today = [], terms.out_on
    for days, part in repayments:
        today += timedelta(days)
        due = owed(terms, paid, today)
        if due.total == 0:
            break
        charge, principal = due.split(max(due.total * part // 1000, 1))
        paid.append(Paid(today, principal, charge))
    return paid, today


@given(TERMS, REPAYMENTS)
def test_what_came_back_and_what_is_owed_are_the_loan_and_its_charges(terms, repayments):
    paid, today = repaid(terms, repayments)
    due = owed(terms, paid, today)
    assert sum(one.principal for one in paid) + due.principal == terms.principal
    assert sum(one.charge for one in paid) + due.charge == charged(terms, paid, today)
    assert all(one.principal >= 0 and one.charge >= 0 for one in paid)


@given(TERMS, REPAYMENTS, st.integers(0, 700))
def test_the_charge_never_falls_with_time_and_the_principal_stays(terms, repayments, days):
    paid, today = repaid(terms, repayments)
    now, later = owed(terms, paid, today), owed(terms, paid, today + timedelta(days))
    assert later.principal == now.principal
    assert later.charge >= now.charge >= 0


@given(TERMS, REPAYMENTS, st.integers(0, 700))
def test_what_is_repaid_whole_stays_repaid(terms, repayments, days):
    paid, today = repaid(terms, repayments)
    due = owed(terms, paid, today)
    if due.total:
        charge, principal = due.split(due.total)
        paid.append(Paid(today, principal, charge))
    assert owed(terms, paid, today + timedelta(days)) == Owed(0, 0)


@given(TERMS, REPAYMENTS, st.data())
def test_a_repayment_that_is_taken_back_is_owed_again(terms, repayments, data):
    paid, today = repaid(terms, repayments)
    if not paid:
        return
    gone = data.draw(st.integers(0, len(paid) - 1))
    before, after = owed(terms, paid, today), owed(terms, [*paid[:gone], *paid[gone + 1 :]], today)
    assert after.principal == before.principal + paid[gone].principal
    assert after.charge >= before.charge + paid[gone].charge


@given(TERMS, REPAYMENTS)
def test_early_repayments_never_cost_more(terms, repayments):
    paid, today = repaid(terms, repayments)
    assert charged(terms, paid, today) <= charged(terms, [], today)


@given(DAYS, st.integers(0, 60), st.integers(0, 3000))
def test_months_and_due_dates_keep_their_order(out_on, months, days):
    due = after_months(out_on, months)
    assert due < after_months(out_on, months + 1)
    assert months_begun(out_on, due) == max(months, 1)
    assert months_begun(out_on, due + timedelta(1)) == months + 1
    assert months_begun(out_on, out_on + timedelta(days)) <= months_begun(out_on, out_on + timedelta(days + 1))
