"""Month ends, leap days and francs of the charge on a loan."""

from __future__ import annotations

from datetime import date

import pytest

from smsapp.months import after_months
from smsapp.savings.charges import Owed, Paid, Terms, charged, months_begun, most, owed


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 10), 3, date(2026, 4, 10)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 1, date(2028, 3, 29)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_a_due_date_is_the_same_day_or_the_last_of_its_month(day, months, then):
    assert after_months(day, months) == then


@pytest.mark.parametrize(
    ("out_on", "today", "begun"),
    [
        (date(2026, 1, 10), date(2026, 1, 10), 1),
        (date(2026, 1, 10), date(2026, 2, 10), 1),
        (date(2026, 1, 10), date(2026, 2, 11), 2),
        (date(2026, 1, 10), date(2026, 4, 10), 3),
        (date(2026, 1, 10), date(2026, 4, 11), 4),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 3, 1), 2),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2026, 1, 31), date(2026, 4, 30), 3),
        (date(2028, 1, 31), date(2028, 2, 29), 1),
        (date(2028, 2, 29), date(2029, 2, 28), 12),
        (date(2028, 2, 29), date(2029, 3, 1), 13),
        (date(2026, 12, 15), date(2027, 1, 15), 1),
        (date(2026, 1, 10), date(2026, 1, 9), 1),
    ],
)
def test_a_month_counts_from_the_day_after_the_last_one_ended(out_on, today, begun):
    assert months_begun(out_on, today) == begun


def test_each_month_begun_is_charged_on_what_was_out_when_it_began():
    terms = Terms(20000, 50, date(2026, 1, 10))
    assert [charged(terms, [], date(2026, month, 10)) for month in (1, 2, 3, 4)] == [1000, 1000, 2000, 3000]
    half = [Paid(date(2026, 2, 10), 10000, 1000)]
    assert owed(terms, half, date(2026, 2, 10)) == Owed(10000, 0)
    assert owed(terms, half, date(2026, 2, 11)) == Owed(10000, 500)
    later = [Paid(date(2026, 2, 11), 10000, 2000)]
    assert owed(terms, later, date(2026, 2, 11)) == Owed(10000, 0)
    assert owed(terms, later, date(2026, 3, 11)) == Owed(10000, 500)


def test_the_charge_is_rounded_down_to_the_franc():
    assert charged(Terms(1999, 5, date(2026, 1, 10)), [], date(2026, 3, 10)) == 2 * 9
    assert charged(Terms(199, 5, date(2026, 1, 10)), [], date(2026, 3, 10)) == 0


def test_no_charge_where_the_group_asks_none():
    assert owed(Terms(20000, 0, date(2026, 1, 10)), [], date(2030, 1, 10)) == Owed(20000, 0)


def test_a_repayment_pays_the_charge_first():
    due = Owed(10000, 1500)
    assert [due.split(amount) for amount in (1, 1500, 1501, 11500)] == [(1, 0), (1500, 0), (1500, 1), (1500, 10000)]
    for amount in (-1, 0, 11501):
        with pytest.raises(ValueError, match="what is owed"):
            due.split(amount)


@pytest.mark.parametrize(
    ("savings", "times", "cash", "social", "francs"),
    [
        (5000, 3, 100000, 0, 15000),
        (5000, 3, 12000, 2000, 10000),
        (0, 3, 12000, 2000, 0),
        (5000, 3, 2000, 2000, 0),
        (5000, 3, 1000, 2000, 0),
    ],
)
def test_a_loan_stays_within_her_savings_and_the_box_without_the_social_fund(savings, times, cash, social, francs):
    assert most(savings, times, cash, social) == francs
