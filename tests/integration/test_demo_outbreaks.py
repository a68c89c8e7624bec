"""The demonstration's community surveillance: every chart shows something, and nothing new is raised by it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from smsapp.people import Number
from smsapp.places import Place
from smsapp.surveillance import duty
from smsapp.surveillance.tables import Alert, AlertTold, CaseReport, Population


@pytest.fixture
def loaded(demo_rt):
    return demo_rt


@pytest.fixture
def db(loaded):
    with loaded.sessions() as db:
        yield db


def test_a_year_of_reports_of_every_kind(db):
    kinds = Counter(db.scalars(select(CaseReport.kind)))
    assert kinds["case"] > 800
    assert kinds["zero"] > 40
    assert kinds["event"] >= 1
    assert db.scalar(select(func.count()).where(CaseReport.standing == "dismissed")) >= 2
    weeks = db.scalars(select(CaseReport.week).distinct()).all()
    assert len(weeks) >= 52
    dead = CaseReport.disease.in_(("maternal_death", "neonatal_death", "death_cluster"))
    assert db.scalar(select(func.count()).where(dead)) >= 1
    assert db.scalar(select(func.count()).where(dead, CaseReport.died != CaseReport.count)) == 0


def test_alerts_were_answered_but_for_the_last(db, loaded):
    states = Counter(db.scalars(select(Alert.state)))
    assert states["closed"] > 5
    assert states["verified"] >= 1
    assert states["false"] >= 2
    waiting = db.scalars(select(Alert).where(Alert.state == "open")).all()
    assert waiting
    assert all(alert.next_step_at for alert in waiting)
    assert (
        db.scalar(select(func.count(Alert.id)).where(~select(AlertTold).where(AlertTold.alert_id == Alert.id).exists()))
        == 0
    )


def test_nothing_is_open_where_the_first_steps_are_tried(db, loaded):
    """Whoever reports a case from Sotuba or Kadiolo sees its alert begin."""
    told = ("+22370000401", "+22370000402", "+22370000411", "+22370000412")
    posts = [post for number in told for post in duty.of_number(db, number)]
    assert len(posts) == len(told)
    recent = loaded.now() - timedelta(days=35)
    fresh = db.scalars(select(Alert).where(Alert.opened_at > recent, Alert.within != "district")).all()
    tried = {
        place.id for place in db.scalars(select(Place).where(Place.name.in_(("CSCom Sotuba", "CSCom Kadiolo Central"))))
    }
    assert [alert.rule for alert in fresh if alert.facility_id in tried] == []


def test_places_have_points_and_districts_have_people(db):
    without = select(Place.name).where(Place.kind.in_(("village", "facility")), Place.lat.is_(None))
    assert db.scalars(without).all() == []
    assert db.scalar(select(func.count()).select_from(Population)) == 6
    assert db.scalar(select(func.count()).where(Number.number == "+22370000441")) == 1
