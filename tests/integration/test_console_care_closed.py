"""Closed files at the console: opened again where it was a mistake, and called by their codes alone elsewhere."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.staff.tables import AuditEntry
from smsapp.vaccines import codes, ending, searching
from smsapp.vaccines.reminding import running as reminding
from smsapp.vaccines.tables import CareEvent, Child
from tests import nursery
from tests.desk import Desk
from tests.handset import Handset
from tests.nursery import ASC, AWA
from tests.village import BAKON, SOTUBA, settle

BORN = date(2026, 1, 20)


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


@pytest.fixture
def desk_(care):
    return Desk.of(care, "facility", places=[SOTUBA])


def closed(rt, file, state="dead"):
    with transaction(rt.sessions) as db:
        ending.end(db, rt, db.get_one(type(file), file.id), state, by=None, channel="sms")
    return file


def fresh(rt, file):
    with rt.sessions() as db:
        return db.get_one(type(file), file.id)


def reminders(rt, clock, days):
    """What reaches the mother on these days."""
    for _ in range(days):
        reminding.remind(rt)
        clock.move(days=1)
    with rt.sessions() as db:
        chosen = select(Message.text).where(Message.number == AWA, Message.kind == "reminder")
        return [text for text in db.scalars(chosen.order_by(Message.id)) if "rendez-vous" in text]


def test_a_file_closed_by_mistake_is_opened_again_and_begins_anew(care, clock, desk_):
    child = closed(care, nursery.child(care, BORN))
    [answer] = Handset(care, ASC).say(f"VACCIN {codes.of(child.number)} PENTA1")
    assert answer == "Refus : ce dossier est clos. Une erreur ? Voyez le responsable du centre."
    clock.move(days=70)
    page = f"/children/{child.id}"
    assert f"{page}/reopen" in desk_.see(page)
    assert "vérifiez d’abord" in desk_.see(f"{page}/reopen")
    assert desk_.post(f"{page}/reopen", {"why": " "}).status_code == 422
    assert fresh(care, child).state == "dead"
    for _ in range(2):
        assert desk_.post(f"{page}/reopen", {"why": "le code d'un autre enfant"}).status_code == 303
    again, today = fresh(care, child), care.local_now().date()
    assert (again.state, again.ended_on, again.confirmed_on, again.look_on) == ("active", None, today, today)
    with care.sessions() as db:
        [event] = db.scalars(select(CareEvent).where(CareEvent.what == "reopened"))
        assert (event.staff_id, event.details["before"]) == (desk_.account.id, "dead")
        assert [one.action for one in db.scalars(select(AuditEntry).where(AuditEntry.action == "care.reopened"))] == [
            "care.reopened"
        ]
    assert "Dossier rouvert" in desk_.see(page)
    assert searching.open_searches(care, today) == 0, "nobody looks for her on the day"
    told = reminders(care, clock, 6)
    assert len(told) == 1, "one visit for all that was missed"
    assert Handset(care, ASC).say(f"VACCIN {codes.of(child.number)} PENTA1")[0].startswith("Noté")


def test_a_pregnancy_is_opened_again_as_what_it_was(care, desk_):
    mother = closed(care, nursery.pregnancy(care, date(2025, 11, 1)), "lost")
    page = f"/children/pregnancies/{mother.id}"
    assert f"{page}/reopen" in desk_.see(page)
    assert desk_.post(f"{page}/reopen", {"why": "une autre"}).status_code == 303
    assert (fresh(care, mother).state, fresh(care, mother).ended_on) == ("active", None)
    Handset(care, ASC).say("NAISSANCE 08/03/2026 F 70000102 Awa")
    with care.sessions() as db:
        born = db.get_one(type(mother), db.scalars(select(Child.pregnancy_id)).one())
    closed(care, born, "moved")
    desk_.post(f"/children/pregnancies/{born.id}/reopen", {"why": "une autre"})
    assert (fresh(care, born).state, fresh(care, born).ended_on) == ("born", date(2026, 3, 8))


def test_only_who_writes_for_its_centre_opens_a_file_again(care):
    child = closed(care, nursery.child(care, BORN))
    page, form = f"/children/{child.id}/reopen", {"why": "le code d'un autre enfant"}
    assert Desk.of(care, "facility", places=[BAKON]).post(page, form).status_code == 404
    reader = Desk.of(care, "viewer", places=[SOTUBA])
    assert reader.post(page, form).status_code == 403
    assert fresh(care, child).state == "dead"


def test_a_closed_file_goes_by_its_code_wherever_it_is_not_its_own_page(care, desk_):
    child = closed(care, nursery.child(care, BORN, name="Rokiatou"))
    mother = closed(care, nursery.pregnancy(care, date(2025, 11, 1)), "lost")
    own, code = f"/children/{child.id}", codes.of(child.number)
    pages = [
        f"/children?q={code}",
        "/children?q=Rokiatou",
        "/children?q=70000101",
        "/children?state=ended",
        "/children/export.csv",
        "/children/pregnancies?state=closed",
        f"/people/{child.mother_id}",
        f"{own}/reopen",
    ]
    for page in pages:
        shown = desk_.see(page)
        assert "Rokiatou" not in shown.replace('value="Rokiatou"', "").replace("q=Rokiatou", ""), page
        assert page.startswith("/people") or "70 00 01 01" not in shown, page
        assert code in shown or codes.of(mother.number) in shown, page
        assert page.endswith(("reopen", "csv")) or "dossier clos" in shown, page
    assert desk_.get(f"{own}/doses").status_code == 303
    assert "Rokiatou" in desk_.see(own)
    assert "70 00 01 01" in desk_.see(f"/children/pregnancies/{mother.id}")
    viewer = Desk.of(care, "viewer", places=[SOTUBA])
    for page in (own, f"/children/pregnancies/{mother.id}"):
        shown = viewer.see(page)
        assert "Rokiatou" not in shown
        assert "70 00 01 01" not in shown
        assert "reopen" not in shown
