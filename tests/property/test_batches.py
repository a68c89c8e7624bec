"""What is typed for many cards at once is read in the one way that it can be meant, or refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.savings.batches import LONGEST, REASONS, BadBatch, Batch, read_absent, read_batch

CARDS = st.sets(st.integers(1, 99), min_size=1, max_size=30)
AMOUNTS = st.integers(1, 10**12)
ALL_AT_500 = Batch(None, 500)


def shares(amount):
    return amount % 500 == 0 and amount <= 2500


def batch(cards, amount, but=()):
    return Batch(frozenset(cards) if cards else None, amount, frozenset(but))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1-12 500 -7 -9", batch(range(1, 13), 500, (7, 9))),
        ("1-12 -7 -9 500", batch(range(1, 13), 500, (7, 9))),
        ("tous 500 -7 -9", batch((), 500, (7, 9))),
        ("tous 500 - 7 - 9", batch((), 500, (7, 9))),
        ("All 500", ALL_AT_500),
        ("TOUTES: 500 F CFA", ALL_AT_500),
        ("tous 1 500", batch((), 1500)),
        ("1-12 5OO", batch(range(1, 13), 500)),
        ("1-12: 500F sauf 7 et 9", batch(range(1, 13), 500, (7, 9))),
        ("1-12 500 but 7-9", batch(range(1, 13), 500, (7, 8, 9))),
        ("1\u201312 500 \u20137", batch(range(1, 13), 500, (7,))),
        ("1-3,5 1.500", batch((1, 2, 3, 5), 1500)),
        ("7 500", batch((7,), 500)),
        ("1 2 5 500", batch((1, 2, 5), 500)),  # 5 500 F is no number of shares
        ("1-12 1 500", batch(range(1, 13), 1500)),  # card 1 is among them already
        ("bɛɛ 500 fo 7", batch((), 500, (7,))),
    ],
)
def test_a_batch_is_read(typed, meant):
    assert read_batch(typed, shares) == meant


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "format"),
        ("x" * 161, "format"),
        ("500", "no_cards"),
        ("1-12", "no_amount"),
        ("tous", "no_amount"),
        ("1-12:", "no_amount"),
        ("tous mille", "amount"),
        ("tous 0", "amount"),
        ("tous 500,5", "amount"),
        ("tous 10000000000000", "amount"),
        ("3:500 4:1000", "amount"),
        ("1-12 1.5", "no_amount"),
        ("1-12 -500", "card"),
        ("0 500", "card"),
        ("1-12 500 -7 9", "card"),
        ("3 500 4 1000", "card"),
        ("1-12 500 -7-9", "card"),
        ("12-1 500", "range"),
        ("1-12 500 -13", "but"),
        ("1-2 500 -1 -2", "no_cards"),
        ("Awa 500", "word"),
    ],
)
def test_a_batch_that_is_none_says_why(typed, reason):
    with pytest.raises(BadBatch) as no:
        read_batch(typed, shares)
    assert no.value.reason == reason


def test_what_can_be_read_in_two_ways_is_asked_again():
    with pytest.raises(BadBatch, match="two_ways"):
        read_batch("1-5 7 500")
    assert read_batch("1-5 7: 500").cards == {1, 2, 3, 4, 5, 7}
    assert read_batch("1-5 7 500", shares).amount == 500


@pytest.mark.parametrize(
    ("typed", "away"),
    [
        ("0", set()),
        ("O", set()),
        ("personne", set()),
        ("7 9", {7, 9}),
        ("-7 -9", {7, 9}),
        ("7, 9 et 1O", {7, 9, 10}),
        ("7-9", {7, 8, 9}),
    ],
)
def test_who_is_away_is_read(typed, away):
    assert read_absent(typed) == away


@pytest.mark.parametrize(("typed", "reason"), [("", "format"), ("0 7", "card"), ("100", "card"), ("Awa", "word")])
def test_who_is_away_that_is_not_said_is_asked_again(typed, reason):
    with pytest.raises(BadBatch) as no:
        read_absent(typed)
    assert no.value.reason == reason


@given(CARDS, AMOUNTS, st.sets(st.integers(1, 99), max_size=5), st.sampled_from([" ", ",", ", ", " et "]))
def test_what_is_written_with_a_colon_is_read_back(cards, amount, but, between):
    typed = f"{between.join(map(str, sorted(cards)))}: {amount}" + "".join(f" -{card}" for card in sorted(but & cards))
    if but & cards == cards or len(typed) > LONGEST:
        with pytest.raises(BadBatch):
            read_batch(typed)
        return
    assert read_batch(typed) == Batch(frozenset(cards), amount, frozenset(but & cards))
    assert read_absent(between.join(map(str, sorted(cards)))) == cards


def read_or_refused(read, typed):
    try:
        return read(typed)
    except BadBatch as no:
        return no.reason


@given(st.text(alphabet="0123456789o -\u2013,.:;FfsauftouOé\n", max_size=30) | st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_reason(typed):
    found, away = read_or_refused(read_batch, typed), read_or_refused(read_absent, typed)
    assert (isinstance(found, Batch) and found.amount > 0) or found in REASONS
    assert isinstance(away, frozenset) or away in REASONS
    for cards in (getattr(found, "cards", None) or (), away if isinstance(away, frozenset) else ()):
        assert all(1 <= card <= 99 for card in cards)


@given(st.integers(1, 99), st.integers(1, 99), st.sampled_from([500, 1000, 1500, 2500]))
def test_of_a_batch_only_those_who_are_there_are_meant(first, last, amount):
    first, last = sorted((first, last))
    if first == last:
        return
    found = read_batch(f"{first}-{last} {amount} -{first}", shares)
    assert found.of({first, last}) == [last]
    assert found.of({last + 1}) == []
