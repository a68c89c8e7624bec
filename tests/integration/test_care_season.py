"""A dose of a season: who missed it is thought of again before the next one, and not looked for in between."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from smsapp.db import transaction
from smsapp.places import Place
from smsapp.vaccines import giving, reminding, searching
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Reminder, Search
from smsapp.vaccines.tables import Child
from tests import nursery
from tests.village import SOTUBA, settle

BY = Giver("ussd")
PRIMARY = {"PALU1": date(2025, 6, 16), "PALU2": date(2025, 7, 16), "PALU3": date(2025, 8, 18)}


@pytest.fixture
def fanta(rt, clock):
    """In a district that gives the malaria vaccine: all but its seasonal doses were given."""
    settle(rt)
    nursery.staffed(rt)
    clock.at = datetime(2026, 4, 20, 8, 0, tzinfo=UTC)
    made = nursery.child(rt, date(2025, 1, 15))
    with transaction(rt.sessions) as db:
        district = select(Place.parent_id).where(Place.id == SOTUBA).scalar_subquery()
        db.execute(update(Place).where(Place.id == district).values(name="Kalaban Coro"))
    given = dict(PRIMARY)
    for antigen in ("PENTA", "OPV", "PCV", "ROTA"):
        given |= {f"{antigen}{n}": date(2025, month, 1) for n, month in ((1, 3), (2, 4), (3, 5))}
    given |= {"BCG": date(2025, 1, 16), "IPV1": date(2025, 5, 1)}
    given |= dict.fromkeys(("MR1", "YF", "MENA"), date(2025, 11, 3)) | {"MR2": date(2026, 4, 16)}
    with transaction(rt.sessions) as db:
        child = db.get_one(Child, made.id, with_for_update=True)
        for code, day in given.items():
            giving.give(db, rt, child, [code], day, BY, key=f"given:{code}")
        plan = giving.plan_of(db, rt, child)
        assert {code for code, dose in plan.doses.items() if dose.due} == {"PALU4", "PALU5", "HPV"}
    return made


def test_a_missed_season_is_followed_by_the_next(rt, clock, fanta):
    def looked(day):
        clock.at = datetime.combine(day, datetime.min.time(), UTC).replace(hour=8)
        searching.open_searches(rt, day)
        reminding.remind(rt, day)
        with transaction(rt.sessions) as db:
            child = db.get_one(Child, fanta.id, populate_existing=True)
            searches = [(one.opened_on, one.closed_on) for one in db.scalars(select(Search))]
            return child.look_on, child.seek_on, searches

    assert looked(date(2026, 5, 29))[2] == [(date(2026, 5, 29), None)]
    look_on, seek_on, _ = looked(date(2026, 6, 15))
    assert (look_on <= date(2026, 7, 1), seek_on) == (True, date(2026, 7, 1))
    day = date(2026, 7, 1)
    look_on, seek_on, searches = looked(day)
    assert searches == [(date(2026, 5, 29), day)]
    assert seek_on == date(2027, 5, 29)
    while look_on < date(2027, 5, 3):
        day = look_on
        look_on = looked(day)[0]
    with transaction(rt.sessions) as db:
        told = db.scalars(select(Reminder.due_on).where(Reminder.subject == "vaccines").distinct()).all()
    assert sorted(told) == [date(2026, 5, 1), date(2027, 5, 1)]
