"""`flask surveillance`: what it prints, and how it refuses."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from smsapp import cli

APP = cli.bare_app()
SERIES = {"y": [3, 2, 4, 3, 5, 2, 3, 4, 3, 2, 4, 3, 9], "baseline": 7, "min_sd": 0.5}


def ears(told):
    typed = told if isinstance(told, str) else json.dumps(told)
    return CliRunner().invoke(APP.cli, ["surveillance", "ears", "--json", "-"], input=typed)


def test_ears_is_one_document_and_needs_no_service(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    result = ears(SERIES)
    rows = json.loads(result.stdout)["rows"]
    assert (result.exit_code, result.stderr) == (0, "")
    nothing = dict.fromkeys(("c1", "c2", "c3")) | dict.fromkeys(("c1_alarm", "c2_alarm", "c3_alarm"), False)
    assert rows[0] == {"t": 1, "y": 3, **nothing}
    assert [round(rows[12][name], 4) for name in ("c1", "c2", "c3")] == [7.3485, 5.4789, 4.4789]
    assert [rows[12][name] for name in ("c1_alarm", "c2_alarm", "c3_alarm")] == [True] * 3


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "brackets within brackets"),
        ('{"y": [1], "y": [2]}', "'y' is there twice"),
        ('{"y": [1, NaN]}', "value 2 of y should be a number"),
        ('{"y": [' + "9" * 5000 + "]}", "digits"),
        ({**SERIES, "y": 3}, "y should be a list"),
        ({**SERIES, "baseline": 1}, "baseline should be a whole number from 2"),
    ],
)
def test_what_can_not_be_right_ends_with_one_line(told, words):
    result = ears(told)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
