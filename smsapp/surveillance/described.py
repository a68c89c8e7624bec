"""EARS asked for and told as plain data, for `flask surveillance ears --json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smsapp.surveillance.ears import BASELINE, Row, ears

LONGEST = 10_000  # values: 27 years of days
LARGEST = 10**9
_KEYS = ("y", "baseline", "min_sd")


def describe(told: Any) -> dict[str, Any]:
    """The rows of the values that `told` holds; ValueError with one sentence where they can not be any.

    In: `{"y": [3, 2, …], "baseline": 7, "min_sd": 0.5}`; without baseline it is 7, without min_sd 0.
    Out: `{"rows": [{"t": 1, "y": 3, "c1": null, …, "c1_alarm": false, …}, …]}`, one row a value.
    """
    if not isinstance(told, Mapping):
        raise ValueError('the input should be like {"y": [3, 2, 4], "baseline": 7, "min_sd": 0.5}')
    if unknown := told.keys() - set(_KEYS):
        raise ValueError(f"{min(unknown)!r} is not known; there are {', '.join(_KEYS)}"[:200])
    values = told.get("y")
    if not isinstance(values, list):
        raise ValueError("y should be a list of numbers such as [3, 2, 4]")
    if len(values) > LONGEST:
        raise ValueError(f"y has {len(values)} values, more than {LONGEST}")
    baseline = told.get("baseline", BASELINE)
    if type(baseline) is not int or not 2 <= baseline <= LONGEST:
        raise ValueError(f"baseline should be a whole number from 2 to {LONGEST}")
    min_sd = told.get("min_sd", 0)
    for name, raw in [("min_sd", min_sd), *((f"value {t} of y", value) for t, value in enumerate(values, start=1))]:
        # Neither true nor false nor NaN is a number of cases.
        if type(raw) not in (int, float) or not 0 <= raw <= LARGEST:
            raise ValueError(f"{name} should be a number from 0 to {LARGEST}")
    return {"rows": [_one(row) for row in ears(values, baseline, min_sd)]}


def _one(row: Row) -> dict[str, Any]:
    return {
        "t": row.t,
        "y": row.y,
        "c1": row.c1,
        "c2": row.c2,
        "c3": row.c3,
        "c1_alarm": row.c1_alarm,
        "c2_alarm": row.c2_alarm,
        "c3_alarm": row.c3_alarm,
    }
