"""EARS: the worked examples to the fourth decimal, what can not be computed, and one line for nonsense."""

from __future__ import annotations

import json
from math import nan
from pathlib import Path

import pytest

from smsapp import yamls
from smsapp.surveillance.described import LONGEST, describe
from smsapp.surveillance.ears import ears

VECTORS = yamls.typed(Path(__file__).with_name("ears.yaml"))["vectors"]
ALARMS = ("c1_alarm", "c2_alarm", "c3_alarm")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_worked_examples(vector):
    rows = describe({"y": vector["y"], "baseline": vector.get("baseline", 7), "min_sd": vector["min_sd"]})["rows"]
    assert [row["t"] for row in rows] == list(range(1, len(vector["y"]) + 1))
    early = rows[: len(rows) - len(vector["rows"])]
    assert all(row[name] is None for row in early for name in ("c1", "c2", "c3"))
    for row, (t, y, *values) in zip(rows[len(early) :], vector["rows"], strict=True):
        assert (row["t"], row["y"]) == (t, y)
        told = [row[name] for name in ("c1", "c2", "c3")]
        assert [value if value is None else round(value, 4) for value in told] == values[:3]
        assert [row[name] for name in ALARMS] == values[3:]


def test_a_value_that_is_just_at_the_threshold_is_an_alarm():
    """Mean 3 and standard deviation 1: 6 is exactly three above, which floating point must not make 2.9999."""
    week = [2, 4, 2, 4, 3, 4, 2]
    assert [(row.c1, row.c1_alarm) for row in ears([*week, 6])][-1] == (3.0, True)
    assert [(row.c2, row.c2_alarm) for row in ears([*week, 3, 3, 6])][-1] == (3.0, True)
    assert not ears([*week, 5])[-1].c1_alarm


def test_a_tenth_seven_times_has_no_spread():
    assert ears([0.1] * 7 + [5.0])[-1].c1 is None


def test_a_day_without_spread_leaves_out_the_three_days_that_would_add_it_up():
    rows = ears([2] * 8 + [3, 2, 2, 2, 2, 2])
    assert [row.t for row in rows if row.c2 is not None] == [12, 13, 14]
    assert [row.t for row in rows if row.c3 is not None] == [14]


def test_without_more_the_baseline_is_a_week_and_there_is_no_floor():
    y = [0] * 7 + [2]
    assert describe({"y": y}) == describe({"y": y, "baseline": 7, "min_sd": 0})
    assert describe({"y": y})["rows"][-1]["c1"] is None
    assert describe({"y": y, "min_sd": 0.5})["rows"][-1]["c1"] == 4.0


def test_no_value_is_no_row():
    assert describe({"y": []}) == {"rows": []}


def test_the_longest_series_is_told():
    rows = describe({"y": [10**9, 0] * (LONGEST // 2), "baseline": 365})["rows"]
    assert len(rows) == LONGEST
    json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "the input should be like"),
        ([1, 2], "the input should be like"),
        ({}, "y should be a list"),
        ({"y": "1,2"}, "y should be a list"),
        ({"y": {"1": 2}}, "y should be a list"),
        ({"y": [1, -1]}, "value 2 of y should be a number from 0"),
        ({"y": [nan]}, "value 1 of y should be a number"),
        ({"y": [1e308]}, "value 1 of y should be a number"),
        ({"y": [10**400]}, "value 1 of y should be a number"),
        ({"y": [True]}, "value 1 of y should be a number"),
        ({"y": [None]}, "value 1 of y should be a number"),
        ({"y": ["3"]}, "value 1 of y should be a number"),
        ({"y": [0] * (LONGEST + 1)}, f"more than {LONGEST}"),
        ({"y": [1], "baseline": 1}, "baseline should be a whole number from 2"),
        ({"y": [1], "baseline": 7.0}, "baseline should be a whole number"),
        ({"y": [1], "baseline": True}, "baseline should be a whole number"),
        ({"y": [1], "baseline": None}, "baseline should be a whole number"),
        ({"y": [1], "baseline": 10**9}, "baseline should be a whole number"),
        ({"y": [1], "min_sd": -0.5}, "min_sd should be a number from 0"),
        ({"y": [1], "min_sd": nan}, "min_sd should be a number"),
        ({"y": [1], "min_sd": False}, "min_sd should be a number"),
        ({"y": [1], "min_std": 0.5}, "'min_std' is not known; there are y, baseline, min_sd"),
    ],
)
def test_what_can_not_be_is_said_in_one_line(told, words):
    with pytest.raises(ValueError) as no:
        describe(told)
    assert words in str(no.value)
    assert len(str(no.value).splitlines()) == 1
