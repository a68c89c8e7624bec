"""Laws of the share-out, for any group: it adds up to the franc, and nobody is worse off for having saved more."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smsapp.savings.shareout import BadShareOut, Fund, share
from smsapp.savings.tables import METHODS, UNITS

FRANCS = st.integers(0, 10**6) | st.integers(0, 100) | st.just(10**10)
NAMES = ("Awa", "Bintou", "Coumba", "Djeneba", "Fanta", "Hawa", "Kadia", "Nana", "Oumou", "Safi")
# Made once: hypothesis looks into each strategy that it has not seen before.
MANY = st.integers(1, len(NAMES))
EACH = {many: st.fixed_dictionaries(dict.fromkeys(NAMES[:many], FRANCS)) for many in range(1, len(NAMES) + 1)}
UNIT, SHARE_VALUE = st.sampled_from(UNITS), st.sampled_from((0, 500))


@st.composite
def funds(draw, methods=METHODS):
    each = EACH[draw(MANY)]
    savings, method = draw(each), draw(st.sampled_from(methods))
    saved = sum(savings.values())
    assume(saved)
    interest = draw(each) if method == "interest_returned" else {}
    profit = sum(interest.values()) + draw(st.integers(-saved // 3, saved) | st.integers(-100, 10**6))
    return Fund(method, savings, profit, draw(UNIT), draw(SHARE_VALUE), interest)


def shared(fund):
    try:
        return share(fund)
    except BadShareOut:  # somebody would bear more of a loss than she saved, or all of them together
        assert fund.method != "standard" or fund.distributable < 0
        assert fund.profit < sum(fund.interest.values())
        return None


@st.composite
def funds_with_loans(draw):
    fund = draw(funds())
    before = shared(fund)
    assume(before)
    borrowers = draw(st.sets(st.sampled_from(sorted(before.gross))))
    return replace(fund, owed={member: draw(st.integers(0, before.gross[member])) for member in sorted(borrowers)})


@given(funds_with_loans())
def test_it_adds_up_to_the_franc(fund):
    out = share(fund)
    assert sum(out.payouts.values()) + sum(fund.owed.values()) + out.remainder == fund.distributable
    assert out.payouts == {member: out.gross[member] - fund.owed.get(member, 0) for member in fund.savings}
    assert out.loss == (fund.distributable < sum(fund.savings.values()))


@given(funds_with_loans())
def test_nobody_is_below_nothing(fund):
    out = share(fund)
    assert min(*out.payouts.values(), out.remainder) >= 0


@given(funds())
def test_the_coin_divides_every_payout_and_little_remains(fund):
    out = shared(fund)
    assume(out)
    assert all(amount % fund.unit == 0 for amount in out.gross.values())
    if fund.unit == 1:
        assert out.remainder == 0
    else:
        assert out.remainder < fund.unit * len(fund.savings)


@given(funds(("standard", "flat")))
def test_who_saved_more_gets_no_less(fund):
    out = shared(fund)
    assume(out)
    by_savings = sorted(fund.savings, key=lambda member: fund.savings[member])
    for less, more in pairwise(by_savings):
        if fund.savings[less] < fund.savings[more]:
            assert out.gross[less] <= out.gross[more]
        else:  # the last franc can go to one of two alone
            assert abs(out.gross[less] - out.gross[more]) <= (1 if fund.unit == 1 else 0)


@given(funds(("standard",)))
def test_the_order_of_the_list_moves_one_franc_at_most(fund):
    turned = share(replace(fund, savings=dict(reversed(fund.savings.items())))) if shared(fund) else None
    assume(turned)
    for member, amount in share(fund).gross.items():
        assert abs(amount - turned.gross[member]) <= (1 if fund.unit == 1 else 0)


@given(funds(), st.integers(1, 10**6))
def test_a_loan_above_her_share_names_her(fund, more):
    out = shared(fund)
    assume(out)
    member = max(out.gross, key=lambda name: out.gross[name])
    with pytest.raises(BadShareOut) as no:
        share(replace(fund, owed={member: out.gross[member] + more}))
    assert (no.value.member, no.value.short) == (member, more)
