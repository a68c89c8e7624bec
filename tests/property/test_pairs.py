"""Cards and amounts are read as they are written; what could be read in two ways is not read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.savings.money import MOST
from smsapp.savings.pairs import BadPairs, Pair, Pairs, parse, render

CARDS = st.integers(1, 999)
AMOUNTS = st.integers(1, 10**7)
PAIRS = st.lists(st.builds(Pair, CARDS, AMOUNTS), min_size=1, max_size=12, unique_by=lambda pair: pair.card)
SHORT = st.lists(st.builds(Pair, st.integers(1, 99), AMOUNTS), min_size=1, max_size=12, unique_by=lambda p: p.card)


@given(PAIRS, st.booleans())
def test_what_is_written_is_read(pairs, again):
    said = Pairs(tuple(pairs), again)
    assert parse(render(said)) == said


@given(
    SHORT,
    st.sampled_from([":", "=", " : ", " = "]),
    st.sampled_from(["", "F", " F", "FCFA", " f cfa"]),
    st.sampled_from([" ", ", ", "; ", ",", " et ", "  "]),
    st.sampled_from(["", " ", "."]),
)
def test_tied_pairs_are_read_however_they_are_parted(pairs, tie, mark, between, thousands):
    written = between.join(f"{p.card}{tie}{f'{p.amount:,}'.replace(',', thousands)}{mark}" for p in pairs)
    assert parse(written).pairs == tuple(pairs)


@given(SHORT, st.sampled_from(["", "F", " CFA"]))
def test_amounts_with_spaces_need_no_colon(pairs, mark):
    written = " ".join(f"{p.card} {p.amount:,}{mark}" for p in pairs).replace(",", " ")
    assert parse(written).pairs == tuple(pairs)


@given(st.text(alphabet="0123456789oO .,:;=-FfCcAaet", max_size=30))
def test_any_text_is_pairs_or_is_refused(text):
    try:
        said = parse(text)
    except BadPairs as bad:
        reason = bad.reason
    else:
        reason = ""
        assert said.pairs
        assert all(0 < pair.amount <= MOST and 0 < pair.card < 1000 for pair in said.pairs)
        assert parse(render(said)) == said
    assert reason in {"", "part", "twice", "nothing", "many"}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("3 1500", {3: 1500}),
        ("3 1500 4 500", {3: 1500, 4: 500}),
        ("3:1.500F", {3: 1500}),
        ("3=1500, 4=500", {3: 1500, 4: 500}),
        ("3 1500F", {3: 1500}),
        ("3 1.500F", {3: 1500}),
        ("3 15OO", {3: 1500}),
        ("1O 5OO", {10: 500}),
        ("3 1 500 4 500", {3: 1500, 4: 500}),
        ("3 500 500 4 500", {3: 500500, 4: 500}),
        ("3 1500\n4 500", {3: 1500, 4: 500}),
        ("3 1500 et 4 500", {3: 1500, 4: 500}),
        ("12 500 7 500", {12: 500, 7: 500}),
        ("3 1500.", {3: 1500}),
        ("3 50 100:500", {3: 50, 100: 500}),
    ],
)
def test_the_ways_people_write(text, pairs):
    assert {pair.card: pair.amount for pair in parse(text).pairs} == pairs


@pytest.mark.parametrize(
    ("text", "reason", "part"),
    [
        ("", "nothing", ""),
        ("3", "part", "3"),
        ("3 1500 4", "part", "4"),
        ("3 mille", "part", "3 mille"),
        ("3 -1500", "part", "3 -1500"),
        ("-3 1500", "part", "-3"),
        ("3 0", "part", "3 0"),
        ("0 500", "part", "0 500"),
        ("3 12,5", "part", "3 12,5"),
        ("3 1.500", "part", "3 1.500"),
        ("3 12.5", "part", "3 12.5"),
        ("3 1,500", "part", "3 1,500"),
        ("3 10000000000000", "part", "3 1000000000000"),
        ("3 1500 500", "part", "500"),
        ("3 15 00", "part", "00"),
        ("3 1500 merci", "part", "merci"),
        ("Awa 1500", "part", "awa"),
        ("3 1500 3 500", "twice", "3"),
        ("100 500", "part", "100"),
        ("1500", "part", "1500"),
        ("3-1500", "part", "3-1500"),
        ("3/1500", "part", "3/1500"),
        ("3:1500 :4", "part", ":4"),
        (" ".join(f"{card} 500" for card in range(1, 42)), "many", "41"),
    ],
)
def test_what_is_not_read_names_its_part(text, reason, part):
    with pytest.raises(BadPairs) as bad:
        parse(text)
    assert (bad.value.reason, bad.value.part) == (reason, part)


def test_another_deposit_is_said_at_the_end():
    assert parse("3 1500 ENCORE.") == parse("3:1500 again") == Pairs((Pair(3, 1500),), again=True)
