"""What the first page says of surveillance: cases reported, and what waits for somebody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from smsapp import figures
from smsapp.db import transaction
from smsapp.figures.domains.surveillance import DOMAIN
from smsapp.figures.tables import DayFigure
from smsapp.people import Person
from smsapp.scopes import Scope
from smsapp.surveillance.tables import Alert, CaseReport
from tests import outposts, village
from tests.desk import Desk
from tests.village import BOULKA, CENTRAL, COMMUNE_1, SOTUBA


@pytest.fixture
def there(rt, monkeypatch):
    monkeypatch.setattr(figures.counting, "LEAST_DAYS", 10)
    village.settle(rt)
    outposts.settle(rt)
    with transaction(rt.sessions) as db:
        db.execute(update(Person).values(created_at=datetime(2026, 1, 5, tzinfo=UTC)))
    return rt


def see(rt, *places):
    page = Desk.of(rt, "facility", places=places, name=f"Agent {places}").see("/")
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub("<[^>]*>", " ", page))


def waiting(rt, place):
    with transaction(rt.sessions) as db:
        chores = DOMAIN.chores(db, rt, Scope(frozenset({place})))
        return {chore.endpoint.removeprefix("console."): chore.n for chore in chores}


def report(rt, day, **told):
    row = {"kind": "case", "disease": "measles", "facility_id": SOTUBA, "district_id": COMMUNE_1, "channel": "sms"}
    with transaction(rt.sessions) as db:
        more = {"counted_on": day, "week": day, "received_at": rt.now()}
        db.execute(insert(CaseReport), [row | more | told])


def test_cases_count_on_the_day_on_which_they_were_reported(there):
    yesterday = there.local_now().date() - timedelta(days=1)
    report(there, yesterday, count=3)
    report(there, yesterday, kind="zero", disease="zero")
    report(there, yesterday, standing="withdrawn")
    figures.count_days(there)
    with transaction(there.sessions) as db:
        rows = select(DayFigure.day, DayFigure.n).where(
            DayFigure.measure == "surveillance.cases", DayFigure.facility_id == SOTUBA
        )
        assert db.execute(rows).all() == [(yesterday, 3)]
    assert "Cas suspects signalés" in see(there, SOTUBA)
    assert "Cas suspects signalés" not in see(there, CENTRAL)


def test_what_waits_is_a_chore_of_her_own_centre(there):
    report(there, there.local_now().date(), standing="signal")
    told = {"rule": "measles", "disease": "measles", "level": "alert", "within": "village", "facility_id": SOTUBA}
    day = there.local_now().date()
    with transaction(there.sessions) as db:
        common = told | {"began_on": day, "last_on": day, "opened_at": there.now(), "district_id": COMMUNE_1}
        answered = {"state": "verified", "answered_at": there.now()}
        db.execute(insert(Alert), [common | {"episode": "a"}])
        db.execute(insert(Alert), [common | {"episode": "b"} | answered])
    page = see(there, SOTUBA)
    assert "1 alerte attend une réponse" in page
    assert "3 villages sans rapport depuis deux semaines" in page
    assert "1 village sans rapport" in see(there, BOULKA)
    assert waiting(there, SOTUBA) == {"surveillance": 1, "surveillance_signals": 1, "surveillance_silent": 3}
    assert waiting(there, BOULKA) == {"surveillance": 0, "surveillance_signals": 0, "surveillance_silent": 1}
