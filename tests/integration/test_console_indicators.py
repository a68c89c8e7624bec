"""The page of indicators: what is of age, what is hidden, and who may see which place."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest

from smsapp.db import transaction
from smsapp.vaccines import cohorts, giving
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.tables import Child
from tests import nursery
from tests.desk import Desk
from tests.village import CENTRAL, SOTUBA, settle


@pytest.fixture
def care(rt):
    """Twelve children of Sotuba, two months old; nine of them had BCG in time, one late."""
    settle(rt)
    nursery.staffed(rt)
    today = rt.local_now().date()
    on = (today.replace(day=1) - timedelta(days=40)).replace(day=5)
    for n in range(12):
        made = nursery.child(rt, on, name=f"Enfant{n}")
        if n < 10:
            with transaction(rt.sessions) as db:
                child = db.get_one(Child, made.id)
                late = 45 if n == 9 else 3
                giving.give(db, rt, child, ["BCG"], on + timedelta(days=late), Giver("console"), key=str(n))
    nursery.child(rt, on, name="Loin", facility_id=CENTRAL, village_id=None)
    with transaction(rt.sessions) as db:
        cohorts.recount(db, rt, [SOTUBA, CENTRAL])
    return rt


def test_a_rate_has_its_number_and_what_it_is_a_part_of(care):
    page = Desk.of(care, "programme").see(f"/indicators?place={SOTUBA}")
    assert "CSCom Sotuba" in page
    assert "83,3" in page
    assert "10 / 12" in page
    assert "9 / 12" in page  # in time
    assert "Loin" not in page


def test_under_ten_no_figure_is_shown_nor_taken_along(care):
    desk = Desk.of(care, "programme")
    assert "moins de 10" in desk.see(f"/indicators?place={CENTRAL}")
    rows = desk.see(f"/indicators.csv?place={CENTRAL}")
    assert "< 10" in rows
    assert "100" not in rows.replace("1000", "")
    book = openpyxl.load_workbook(io.BytesIO(desk.get(f"/indicators.xlsx?place={SOTUBA}").data))
    told = {row[2]: row[3:6] for row in book.active.iter_rows(values_only=True) if row[1] == "Toute la période"}
    assert told["BCG"] == (10, 12, 83.3)


def test_the_chart_has_the_programmes_lines(care):
    desk = Desk.of(care, "programme")
    told = desk.get(f"/indicators.json?place={SOTUBA}").json
    lines = {line["name"]: line for line in told["series"]}
    assert [lines[f"cover.BCG.{n}"]["values"][0] for n in (0, 1)] == [57, 92]
    assert [lines[f"dropout.MR1.MR2.{n}"]["values"][0] for n in (0, 1)] == [38, 83]
    assert 83.3 in lines["cover.BCG"]["values"]
    one = desk.get("/indicators.json?measure=time.BCG").json
    assert [line["name"] for line in one["series"]] == ["time.BCG"]


def test_somebody_of_another_centre_sees_her_own_alone(care):
    desk = Desk.of(care, "facility", places=[CENTRAL])
    assert desk.get(f"/indicators?place={SOTUBA}").status_code == 404
    page = desk.see("/indicators")
    assert "10 / 12" not in page


def test_what_can_not_be_asked_for_is_no_error(care):
    desk = Desk.of(care, "programme")
    assert desk.get("/indicators?place=x").status_code == 404
    assert desk.get("/indicators?measure=nothing&period=999").status_code == 200
    assert desk.get("/indicators?period=6").status_code == 200


def test_an_empty_service_says_where_figures_come_from(rt):
    settle(rt)
    assert "Rien n’est encore compté ici" in Desk.of(rt, "programme").see("/indicators")
