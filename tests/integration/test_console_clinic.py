"""A centre's timetable in the console: kept, refused, followed by reminders."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.vaccines import clinic
from smsapp.vaccines.tables import Child, ClinicDay, Closure
from tests import nursery
from tests.desk import Desk
from tests.nursery import EAST
from tests.village import BAKON, SOTUBA, settle

DAYS, CLOSED = f"/places/{SOTUBA}/clinic/days", f"/places/{SOTUBA}/clinic/closures"
DAY = {"service": "vaccines", "weekday": "3", "nth": "0", "on": "", "village": ""}
CLOSURE = {"first": "2026-03-12", "last": "2026-03-12", "why": "Fête"}


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def test_reminders_look_again_once_the_timetable_changed(care):
    made = nursery.child(care, date(2026, 1, 15))
    with transaction(care.sessions) as db:
        db.get_one(Child, made.id).look_on = date(2026, 4, 1)
    desk = Desk.of(care, "facility", places=[SOTUBA])
    assert desk.post(DAYS, DAY).status_code == 302
    with transaction(care.sessions) as db:
        assert db.get_one(Child, made.id).look_on == care.local_now().date()
        assert clinic.of_facility(db, SOTUBA).next_day(date(2026, 3, 10), "vaccines") == date(2026, 3, 12)
    assert desk.post(CLOSED, CLOSURE).status_code == 302
    with transaction(care.sessions) as db:
        assert clinic.of_facility(db, SOTUBA).next_day(date(2026, 3, 10), "vaccines") == date(2026, 3, 19)
    page = desk.see(f"/places/{SOTUBA}/clinic")
    assert "jeudi, chaque semaine" in page
    assert "Fête" in page


def test_an_outreach_day_and_its_removal(care):
    desk = Desk.of(care, "facility", places=[SOTUBA])
    answer = desk.post(DAYS, {**DAY, "weekday": "", "on": "2026-03-17", "village": str(EAST)})
    assert answer.status_code == 302, answer.text
    assert "Sotuba Est" in desk.see(f"/places/{SOTUBA}/clinic")
    with transaction(care.sessions) as db:
        row = db.scalars(select(ClinicDay)).one()
    for _ in range(2):  # pressed twice, it is gone once
        assert desk.post(f"{DAYS}/{row.id}/remove").status_code == 302
    with transaction(care.sessions) as db:
        assert db.scalars(select(ClinicDay)).all() == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({**DAY, "on": "2026-03-17"}, "pas les deux"),
        ({**DAY, "weekday": ""}, "pas les deux"),
        ({**DAY, "weekday": "", "on": "2026-03-09"}, "Ce jour est passé."),
    ],
)
def test_a_day_that_can_not_be_is_refused_with_its_reason(care, form, words):
    desk = Desk.of(care, "facility", places=[SOTUBA])
    answer = desk.post(DAYS, form)
    assert answer.status_code == 422
    assert words in answer.text
    with transaction(care.sessions) as db:
        assert db.scalars(select(ClinicDay)).all() == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({**CLOSURE, "last": "2026-03-11"}, "Le dernier jour vient après le premier"),
        ({**CLOSURE, "last": "2028-03-11"}, "Le dernier jour vient après le premier"),
        ({**CLOSURE, "first": "2026-03-01", "last": "2026-03-02"}, "Ce jour est passé."),
        ({**CLOSURE, "why": "x" * 81}, "Au plus 80"),
    ],
)
def test_a_closure_that_can_not_be_is_refused_with_its_reason(care, form, words):
    answer = Desk.of(care, "facility", places=[SOTUBA]).post(CLOSED, form)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_holiday_of_the_country_is_the_administrators_alone(care):
    Desk.of(care, "facility", places=[SOTUBA]).post(CLOSED, {**CLOSURE, "everywhere": "y"})
    with transaction(care.sessions) as db:
        assert [row.facility_id for row in db.scalars(select(Closure))] == [SOTUBA]
    Desk.of(care, "administrator").post(CLOSED, {**CLOSURE, "everywhere": "y"})
    with transaction(care.sessions) as db:
        assert {row.facility_id for row in db.scalars(select(Closure))} == {SOTUBA, None}
        assert not clinic.of_facility(db, BAKON).held(date(2026, 3, 12), "vaccines")


def test_another_centre_is_not_there_and_a_viewer_changes_nothing(care):
    assert Desk.of(care, "facility", places=[BAKON]).get(f"/places/{SOTUBA}/clinic").status_code == 404
    viewer = Desk.of(care, "viewer", places=[SOTUBA])
    assert viewer.get(f"/places/{SOTUBA}/clinic").status_code == 200
    assert viewer.post(DAYS, DAY).status_code == 403
