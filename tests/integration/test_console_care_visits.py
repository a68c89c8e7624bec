"""A mother's visit that was written down by mistake: struck out at the console, with who, when and why."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.registry import Unfit, forget
from smsapp.staff.tables import AuditEntry
from smsapp.vaccines import reading, striking, visits_attended
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.reading import NotHere
from smsapp.vaccines.tables import Attended, CareEvent, Pregnancy
from tests import nursery
from tests.desk import Desk
from tests.nursery import BINTA
from tests.village import BAKON, SOTUBA, settle

LAST = date(2025, 9, 24)
ON = date(2026, 3, 9)


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


@pytest.fixture
def mother(care):
    return nursery.pregnancy(care, LAST)


def been(rt, mother, on=ON):
    with transaction(rt.sessions) as db:
        file = db.get_one(Pregnancy, mother.id, with_for_update=True)
        visits_attended.attend(db, rt, file, "antenatal", on, Giver("sms"))
        return db.scalar(select(Attended.id).where(Attended.pregnancy_id == mother.id, Attended.struck_at.is_(None)))


def standing(rt, mother):
    with transaction(rt.sessions) as db:
        return visits_attended.attended(db, db.get_one(Pregnancy, mother.id), "antenatal")


def test_a_visit_is_struck_with_a_reason_and_the_page_goes_on_showing_it(care, mother):
    desk, page = Desk.of(care, "facility", places=[SOTUBA]), f"/children/pregnancies/{mother.id}"
    strike = f"{page}/visits/{been(care, mother)}/strike"
    assert strike in desk.see(page)
    assert "Écrivez pourquoi" in desk.post(strike, {"why": " "}).text
    assert standing(care, mother) == [ON]
    assert desk.post(strike, {"why": "visite d’Oumou"}).status_code == 303
    assert desk.post(strike, {"why": "deux fois"}).status_code == 303
    shown = desk.see(page)
    assert "visite d’Oumou" in shown
    assert "Visite rayée" in shown
    assert "deux fois" not in shown
    assert strike not in shown
    with transaction(care.sessions) as db:
        [row], [event] = db.scalars(select(Attended)).all(), _events(db)
        assert (row.struck_at, event.staff_id, event.at) == (care.now(), desk.account.id, care.now())
        assert "care.visit_struck" in db.scalars(select(AuditEntry.action)).all()
    assert desk.post(f"{page}/visit", {"on": "09/03/2026", "td": ""}).status_code == 303
    assert standing(care, mother) == [ON]


def _events(db):
    return db.scalars(select(CareEvent).where(CareEvent.what == "visit_struck").order_by(CareEvent.id)).all()


def test_she_is_expected_again(care, mother):
    visit, staff = been(care, mother), Desk.of(care).staff
    with transaction(care.sessions) as db:
        db.get_one(Pregnancy, mother.id).look_on = None
    with transaction(care.sessions) as db:
        striking.strike(db, care, staff, mother.id, visit, "un autre jour")
    with transaction(care.sessions) as db:
        assert db.get_one(Pregnancy, mother.id).look_on == care.local_now().date()
    assert standing(care, mother) == []


def test_no_other_mothers_visit_and_no_other_centres(care, mother):
    other = nursery.pregnancy(care, LAST, BINTA)
    visit, far = been(care, other), Desk.of(care, "facility", places=[BAKON]).staff
    staff = Desk.of(care).staff
    for who, file, why, no in ((staff, mother, "a", NotHere), (far, other, "a", NotHere), (staff, other, " ", Unfit)):
        with pytest.raises(no), transaction(care.sessions) as db:
            striking.strike(db, care, who, file.id, visit, why)
    assert standing(care, other) == [ON]


def test_the_reason_goes_with_her(care, mother):
    visit, staff = been(care, mother), Desk.of(care).staff
    with transaction(care.sessions) as db:
        striking.strike(db, care, staff, mother.id, visit, "visite d’Oumou")
        forget(db, care, staff, mother.mother_id)
    with transaction(care.sessions) as db:
        assert "why" not in _events(db)[0].details
        [seen] = striking.visits(db, reading.pregnancy(db, staff.scope, mother.id))
        assert (seen.why, seen.row.struck_at) == ("", care.now())
