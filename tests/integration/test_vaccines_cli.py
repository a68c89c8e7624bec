"""`flask vaccines`: what it prints, and how it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from smsapp import cli
from smsapp.config import Settings
from tests import nursery, village

APP = cli.bare_app()
CHILD = {"birth": "2025-01-15", "given": {"PENTA1": "2025-02-20"}, "today": "2025-03-01"}


def run(*arguments, typed=None, env=None):
    return CliRunner(env=env).invoke(APP.cli, ["vaccines", *arguments], input=typed)


def planned(told, **env):
    return run("plan", "--json", "-", typed=told if isinstance(told, str) else json.dumps(told), env=env)


def test_a_plan_is_one_document_and_needs_no_service(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    result = planned(CHILD)
    doses = json.loads(result.stdout)["doses"]
    assert (result.exit_code, result.stderr) == (0, "")
    wanted = {"due": "2025-03-20", "given": "2025-02-20", "valid": False, "state": "invalid", "reason": "too_young"}
    assert doses["PENTA1"] == wanted
    assert (doses["PALU1"]["state"], doses["PALU1"]["due"]) == ("not_applicable", None)
    assert "IPV2" not in doses


def test_a_dose_that_is_off_is_planned_once_switched_on():
    assert "IPV2" in json.loads(planned(CHILD, VACCINES_ON="ipv2").stdout)["doses"]
    assert json.loads(planned({**CHILD, "district": "Sikasso"}).stdout)["doses"]["PALU1"]["due"] == "2025-06-15"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("", "not JSON"),
        ('{"birth": "2025-01-15", "given": {"BCG": "2025-01-15", "BCG": "2025-01-16"}}', "'BCG' is there twice"),
        ("[" * 100_000, "brackets within brackets"),
        ({**CHILD, "birth": "2025-02-31"}, "birth should be a date"),
        ({**CHILD, "given": {"PANTA1": "2025-02-26"}}, "'PANTA1' is unknown"),
        ({**CHILD, "given": []}, "given should be an object"),
        ({**CHILD, "given": None}, "given should be an object"),
        ({**CHILD, "sex": "X"}, "sex should be F or M, not 'X'"),
        ({**CHILD, "sex": ["F"]}, "sex should be F or M"),
        ({"birth": "9999-12-31", "today": "9999-12-31"}, "birth 9999-12-31 is too near to the end of the calendar"),
        ({"birth": "9995-01-31", "today": "9999-12-31"}, "birth 9995-01-31 is too near to the end of the calendar"),
    ],
)
def test_what_can_not_be_right_ends_with_one_line(told, words):
    result = planned(told)
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_a_setting_that_can_not_be_is_said_in_one_line():
    for env, words in (({"VACCINES_ON": "IPV9"}, "no dose is called IPV9"), ({"COUNTRY": "SN"}, "no calendar")):
        result = planned(CHILD, **env)
        assert result.exit_code == 1
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_reminders_are_queued_once_each_whatever_the_number_of_runs(live_rt, clock, monkeypatch):
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: live_rt.settings))
    clock.at = datetime.now(UTC)
    village.settle(live_rt)
    nursery.staffed(live_rt)
    today = live_rt.local_now().date()
    nursery.child(live_rt, today - timedelta(days=42))
    first, *again = (run("remind", "--today", f"{today + timedelta(days=1)}") for _ in range(3))
    assert (first.exit_code, first.output) == (0, "1 text queued for 1 reminder\n")
    assert {result.output for result in again} == {"0 texts queued for 0 reminders\n"}


@pytest.mark.parametrize("typed", ["31/02/2026", "2026-02-31", "demain"])
def test_a_day_that_is_none_is_refused_in_one_line(typed):
    result = run("remind", "--today", typed)
    assert result.exit_code != 0
    assert (len(result.stderr.strip().splitlines()), "Traceback" in result.stderr) == (1, False)
    assert typed in result.stderr


def test_the_lists_of_a_monday_are_queued_once(live_rt, clock, monkeypatch):
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: live_rt.settings))
    village.settle(live_rt)
    clock.at = datetime.now(UTC) - timedelta(days=60)
    nursery.staffed(live_rt)
    nursery.child(live_rt, live_rt.local_now().date())
    clock.at = datetime.now(UTC)
    today = live_rt.local_now().date()
    monday = today + timedelta(days=7 - today.weekday())
    said = [run("lists", "--today", f"{monday}") for _ in range(2)]
    assert [(one.exit_code, one.output) for one in said] == [(0, "2 lists queued\n"), (0, "0 lists queued\n")]
    wrong = run("lists", "--today", f"{monday + timedelta(days=1)}")
    assert wrong.exit_code == 1
    assert wrong.stderr.strip().endswith(f"is not a Monday; the last one was {monday}")
