"""Scores, by examples that were worked by hand."""

from __future__ import annotations

import pytest

from smsapp.surveys import Rate, composite, draw, items
from smsapp.surveys import _top_two as top_two
from smsapp.surveys import _value as value
from tests.flowkit import LIVE

SURVEY = LIVE.live["satisfaction"]
ITEMS = ("respect", "explained", "wait", "money", "clean", "again")
ASKS = {ask.name: ask for ask in items(SURVEY)}


def answers(*values):
    return dict(zip(ITEMS, values, strict=True))


def test_six_questions_count_and_two_of_them_are_reversed():
    assert tuple(ASKS) == ITEMS
    assert [name for name, ask in ASKS.items() if "reverse" in ask.meta] == ["wait", "money"]


# Each item 1..4 is 100, 66.67, 33.33, 0; wait and money the other way round; the mean of what was answered.
COMPOSITES = [
    (answers(1, 1, 4, 4, 1, 1), 100.0),
    (answers(4, 4, 1, 1, 4, 4), 0.0),
    (answers(1, 1, 1, 1, 1, 1), 66.67),  # four at 100, two at 0
    (answers(2, 2, 3, 3, 2, 2), 66.67),
    (answers(1, 2, 3, 4, 3, 2), 72.22),  # 100 + 66.67 + 66.67 + 100 + 33.33 + 66.67 = 433.33
    (answers(1, None, None, 4, None, 2), 88.89),  # 100 + 100 + 66.67 of three
    (answers(None, None, None, 4, None, 2), None),  # two of six are fewer than half
    (answers(None, None, None, None, None, None), None),
]


@pytest.mark.parametrize(("given", "score"), COMPOSITES)
def test_composite(given, score):
    assert composite(SURVEY, given) == score


def test_a_skipped_question_is_not_a_bad_answer():
    assert composite(SURVEY, answers(1, 1, None, None, 1, 1)) == 100.0


@pytest.mark.parametrize(
    ("name", "counts", "n", "percent"),
    [
        ("respect", {1: 5, 2: 3, 3: 1, 4: 1}, 10, 80.0),
        ("wait", {1: 5, 2: 3, 3: 1, 4: 1}, 10, 20.0),
        ("clean", {1: 1, 2: 1, 4: 1}, 3, None),
        ("again", {1: 9}, 9, None),
        ("again", {2: 10}, 10, 100.0),
        ("money", {3: 7, 4: 7, 1: 1}, 15, 93.3),
        ("money", {}, 0, None),
    ],
)
def test_top_two_box(name, counts, n, percent):
    assert top_two(ASKS[name], counts) == Rate(n, percent)


@pytest.mark.parametrize(
    ("raw", "kept"), [("1", 1), ("4", 4), (2, 2), ("dk", None), (None, None), ("0", None), ("5", None), ("²", None)]
)
def test_only_one_to_four_is_an_answer(raw, kept):
    assert value(raw) == kept


def test_a_draw_can_be_repeated():
    numbers = [f"+2237000{n:04}" for n in range(200)]
    drawn = draw(numbers, 12, seed=223)
    assert drawn == draw(numbers, 12, seed=223)
    assert drawn != draw(numbers, 12, seed=224)
    assert len(set(drawn)) == 12
    assert set(drawn) <= set(numbers)
    assert drawn != numbers[:12]
    assert sorted(draw(numbers, 999, seed=1)) == numbers
    assert draw([], 5, seed=1) == []
