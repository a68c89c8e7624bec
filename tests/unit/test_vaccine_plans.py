"""What the calendar says of one child on one day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from smsapp import yamls
from smsapp.vaccines import giving
from smsapp.vaccines.described import describe
from smsapp.vaccines.had import TOO_YOUNG
from smsapp.vaccines.planning import DUE, GIVEN, LATE, MISSED, NOT_APPLICABLE, NOT_YET, Child, plan
from smsapp.vaccines.schedule import FOLDER, BadSchedule, of_country, read

TOLD: dict[str, Any] = yamls.typed(Path(__file__).parent / "vaccines.yaml")
MALI = of_country("ML")


@pytest.mark.parametrize("told", TOLD["ages"], ids=lambda told: str(told["birth"]))
def test_ages_are_those_of_the_calendar(told):
    made = plan(MALI, Child(told["birth"], "Sikasso"), {}, told["birth"])
    for code in ("PENTA1", "PENTA2", "PENTA3", "PALU1", "MR1", "MR2"):
        assert made.doses[code].due == told[code], code
    assert MALI.by_code["ROTA1"].last_day(told["birth"]) == told["rota_ends"] - timedelta(days=1)


@pytest.mark.parametrize("told", TOLD["given"], ids=lambda told: told["why"])
def test_what_was_given_decides_what_follows(told):
    made = plan(MALI, Child(told["birth"], told.get("district", "")), told["given"], told["today"])
    for code, wanted in told["then"].items():
        assert {name: getattr(made.doses[code], name) for name in wanted} == wanted, code


@pytest.mark.parametrize(
    ("days", "state"), [(41, NOT_YET), (42, DUE), (56, DUE), (57, LATE), (69, LATE), (70, MISSED), (400, MISSED)]
)
def test_a_dose_is_due_then_late_then_missed(days, state):
    born = date(2025, 1, 15)
    assert plan(MALI, Child(born), {}, born + timedelta(days=days)).doses["PENTA1"].state == state


def test_the_next_visit_takes_all_that_can_be_given_on_one_day():
    born = date(2025, 1, 15)
    assert plan(MALI, Child(born), {}, born).next_visit == (born, ("BCG", "OPV0"))
    had = {"BCG": born, "OPV0": born}
    assert plan(MALI, Child(born), had, born).next_visit == (date(2025, 2, 26), ("PENTA1", "OPV1", "PCV1", "ROTA1"))
    behind = plan(MALI, Child(born), had, date(2025, 12, 1))
    now = ("PENTA1", "OPV1", "PCV1", "ROTA1", "IPV1", "MR1", "YF", "MENA")
    assert behind.next_visit == (date(2025, 12, 1), now)
    assert tuple(dose.code for dose in behind.open) == now
    assert {behind.doses[code].state for code in (*now, "PENTA2", "PENTA3")} == {MISSED}


def test_a_plan_turns_where_a_season_is_over():
    had = {"PALU1": date(2025, 6, 15), "PALU2": date(2025, 7, 15), "PALU3": date(2025, 8, 15)}
    child = Child(date(2025, 1, 15), "Sikasso")
    assert plan(MALI, child, {}, date(2026, 6, 1)).turns is None
    assert plan(MALI, child, had, date(2026, 6, 1)).turns == date(2026, 7, 1)
    assert "PALU4" in [dose.code for dose in plan(MALI, child, had, date(2026, 6, 30)).open]
    assert "PALU4" not in [dose.code for dose in plan(MALI, child, had, date(2026, 7, 1)).open]


def test_only_what_concerns_this_child_is_planned():
    born = date(2025, 1, 15)
    for spelt in ("bougouni", "Kalaban Coro", "KALABANCORO", "Dioila"):
        assert plan(MALI, Child(born, spelt), {}, born).doses["PALU1"].due == date(2025, 6, 15)
    for child in (Child(born, "Kadiolo"), Child(born, sex="M")):
        not_hers = {code for code, dose in plan(MALI, child, {}, born).doses.items() if dose.state == NOT_APPLICABLE}
        assert not_hers == {"PALU1", "PALU2", "PALU3", "PALU4", "PALU5", "HPV"}
    assert plan(MALI, Child(born, sex="F"), {}, born).doses["HPV"].due == date(2035, 1, 15)


def test_what_she_was_given_elsewhere_still_counts():
    made = plan(MALI, Child(date(2025, 1, 15), "Kadiolo"), {"PALU1": date(2025, 6, 15)}, date(2025, 9, 1)).doses
    assert (made["PALU1"].state, made["PALU1"].valid) == (GIVEN, True)
    assert (made["PALU2"].state, made["PALU2"].due) == (NOT_APPLICABLE, None)
    early = plan(MALI, Child(date(2025, 1, 15), "Kadiolo"), {"PALU1": date(2025, 5, 15)}, date(2025, 9, 1)).doses
    assert (early["PALU1"].valid, early["PALU1"].reason, early["PALU1"].due) == (False, "too_young", None)


def test_each_dose_that_did_not_count_keeps_its_reason():
    early, later, again, more = (date(2025, 2, 10), date(2025, 2, 20), date(2025, 3, 20), date(2025, 4, 20))
    given = {"PENTA1": [early, later, again, more], "BCG": date(2025, 1, 16)}
    made = plan(MALI, Child(date(2025, 1, 15)), given, date(2025, 5, 1))
    assert made.reasons == {("PENTA1", early): TOO_YOUNG, ("PENTA1", later): TOO_YOUNG}
    judged = [giving.judged(made, "PENTA1", day, giving.CARD)[:2] for day in given["PENTA1"]]
    assert judged == [(False, TOO_YOUNG), (False, TOO_YOUNG), (True, ""), (False, "")]
    assert giving.judged(made, "PENTA1", again, giving.REPORTED) == (None, "", None)


def test_what_is_not_confirmed_waits_to_be_switched_on():
    assert {"IPV2", "HEPB0"}.isdisjoint(MALI.by_code)
    more = MALI.with_doses(["IPV2"])
    assert list(more.by_code).index("IPV2") == list(more.by_code).index("IPV1") + 1
    born = date(2025, 1, 15)
    assert plan(more, Child(born), {"IPV1": date(2025, 8, 1)}, date(2025, 9, 1)).doses["IPV2"].due == date(2025, 12, 1)
    with pytest.raises(BadSchedule, match="no dose is called IPV9"):
        MALI.with_doses(["IPV9"])


def test_a_plan_is_told_as_plain_data():
    told = {"birth": "2025-01-15", "given": {"BCG": "2025-01-16"}, "today": "2025-02-01"}
    answer = describe(MALI, told)
    assert answer["doses"]["BCG"] == {"due": None, "given": "2025-01-16", "valid": True, "state": "given", "reason": ""}
    assert answer["doses"]["PENTA1"]["due"] == "2025-02-26"
    assert set(answer["doses"]) == set(MALI.by_code)
    never = {"due": None, "given": None, "valid": None, "state": "not_applicable", "reason": ""}
    assert answer["doses"]["HPV"] == answer["doses"]["PALU1"] == never
    assert answer["next"] == {"date": "2025-02-26", "doses": ["PENTA1", "OPV1", "PCV1", "ROTA1"]}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], "one object"),
        ({}, "today should be a date"),
        ({"birth": "2025-02-30", "today": "2025-03-01"}, "birth should be a date such as 2025-01-15, not '2025-02-30'"),
        ({"birth": "20250115", "today": "2025-03-01"}, "birth should be a date"),
        ({"birth": 20250115, "today": "2025-03-01"}, "birth should be a date"),
        ({"birth": "2026-01-01", "today": "2025-03-01"}, "birth 2026-01-01 comes after today 2025-03-01"),
        ({"birth": "2025-01-15", "today": "2025-03-01", "given": {"PANTA1": "2025-02-26"}}, "'PANTA1' is unknown"),
        ({"birth": "2025-01-15", "today": "2025-03-01", "given": {"PENTA1": "2024-02-26"}}, "before the birth"),
        ({"birth": "2025-01-15", "today": "2025-03-01", "given": {"PENTA1": "2025-03-26"}}, "after today"),
        ({"birth": "2025-01-15", "today": "2025-03-01", "given": {"PENTA1": None}}, "PENTA1 should be a date"),
        ({"birth": "2025-01-15", "today": "2025-03-01", "given": ["PENTA1"]}, "given should be an object"),
        ({"birth": "2025-01-15", "today": "2025-03-01", "gift": {}}, "'gift' is not known"),
        ({"birth": "2025-01-15", "today": "2025-03-01", "district": 7}, "district should be a word"),
    ],
)
def test_what_can_not_be_right_is_said_in_one_sentence(told, words):
    with pytest.raises(ValueError, match=words):
        describe(MALI, told)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("after: PENTA1, gap", "after: PENTA9, gap", "PENTA2: PENTA9 does not stand above it"),
        ("code: OPV0", "code: BCG", "two doses are called BCG"),
        ("due: {days: 0}, least", "due: {moons: 0}, least", "BCG: moons is none of days"),
        ("status: confirmed", "status: sure", "status 'sure' is none of"),
        ("live_gap: 28", "live_gap: x", "invalid literal"),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_place(tmp_path, old, new, words):
    path = tmp_path / "ml.yaml"
    path.write_text((FOLDER / "ml.yaml").read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadSchedule, match=words):
        read(path)


def test_a_country_without_a_calendar_says_so():
    with pytest.raises(BadSchedule, match="no calendar of vaccines for XX"):
        of_country("XX")
