"""What the first page says of children: doses given, who is looked for, who waits to be confirmed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp import figures
from smsapp.db import transaction
from smsapp.figures.tables import DayFigure
from smsapp.vaccines import giving
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import Child
from tests import nursery
from tests.desk import Desk
from tests.village import BAKON, SOTUBA, settle


@pytest.fixture
def child(rt, monkeypatch):
    monkeypatch.setattr(figures.counting, "LEAST_DAYS", 10)
    settle(rt)
    nursery.staffed(rt)
    return nursery.child(rt, rt.local_now().date() - timedelta(days=5))


def see(rt, *places):
    page = Desk.of(rt, "facility", places=places, name=f"Agent {places}").see("/")
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub("<[^>]*>", " ", page))


def test_doses_count_on_the_day_on_which_they_were_given(rt, child):
    today = rt.local_now().date()
    with transaction(rt.sessions) as db:
        row = db.get_one(Child, child.id)
        giving.give(db, rt, row, ["BCG"], today - timedelta(days=1), Giver("console"), key="a")
        giving.give(db, rt, row, ["OPV0"], today - timedelta(days=1), Giver("console"), key="b", elsewhere=True)
        giving.give(db, rt, row, ["PENTA1"], None, Giver("sms"), key="c")
    figures.count_days(rt)
    with transaction(rt.sessions) as db:
        rows = select(DayFigure.day, DayFigure.n).where(
            DayFigure.measure == "vaccines.given", DayFigure.facility_id == SOTUBA
        )
        assert db.execute(rows).all() == [(today - timedelta(days=1), 1)]
    assert "Doses données aux enfants" in see(rt, SOTUBA)
    assert "Doses données" not in see(rt, BAKON)


def test_who_waits_is_a_chore_of_her_own_centre(rt, child):
    with transaction(rt.sessions) as db:
        db.get_one(Child, child.id).confirmed_on = None
        db.add(Search(child_id=child.id, facility_id=SOTUBA, opened_on=rt.local_now().date(), doses=["BCG"]))
    page = see(rt, SOTUBA)
    assert "1 mère attend d’être confirmée" in page
    assert "1 enfant est à retrouver" in page
    assert "confirmée" not in see(rt, BAKON)
