"""Francs are read as they are written, in all the ways people write them, and nothing else is taken for francs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.savings.money import MOST, francs, read_amount
from smsapp.segments import encoding

AMOUNTS = st.integers(1, MOST)


@given(AMOUNTS)
def test_what_is_written_is_read(amount):
    written = francs(amount)
    assert read_amount(written) == amount
    assert encoding(written) == "GSM-7"


@given(AMOUNTS, st.sampled_from(["", "F", " F", "FCFA", " fcfa", " F CFA", "cfa", " francs", " XOF", "F."]))
def test_the_mark_of_the_currency_changes_nothing(amount, mark):
    assert read_amount(f"{amount}{mark}") == amount


@given(AMOUNTS)
def test_a_letter_o_is_a_zero(amount):
    written = str(amount)
    assert read_amount(written.replace("0", "O")) == read_amount(written.replace("0", "o")) == amount


@given(AMOUNTS)
def test_dots_between_thousands_need_something_that_says_francs(amount):
    dotted = f"{amount:,}".replace(",", ".")
    assert read_amount(f"{dotted}F") == read_amount(dotted, dots=True) == amount
    assert read_amount(dotted) == (amount if amount < 1000 else None)


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_none(text):
    read = read_amount(text)
    assert read is None or 0 < read <= MOST


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "0", "000", "-5", "−500", "12,5", "12.5", "1.500", "1,500", "1.50F", "1 50", "15 00", "1 5000"),
        *("mille", "F", "O", "OO", "O5", "1500 mille", "5e3", "1500X", "²", "1²", "½", "+500", "1500/2", "5٠", "#1"),
        *(str(MOST + 1), "10000000000000", "9" * 200),
    ],
)
def test_what_is_no_amount(typed):
    assert read_amount(typed) is None


@pytest.mark.parametrize(
    ("typed", "amount"), [("٥٠٠", 500), ("1\u00a0500", 1500), ("1\u202f500 F", 1500), ("５００", 500)]
)
def test_other_digits_and_spaces(typed, amount):
    assert read_amount(typed) == amount
