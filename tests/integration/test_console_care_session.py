"""A vaccination session at the console: expected children, ticked and saved once, whoever else wrote meanwhile."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from smsapp.db import transaction
from smsapp.people import Person
from smsapp.staff.tables import AuditEntry
from smsapp.vaccines import codes, desk, giving, lacking, sessions
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.tables import Child, ClinicDay, Dose
from tests import nursery
from tests.counting import statements
from tests.desk import Desk
from tests.nursery import BINTA, EAST, WEST
from tests.village import BAKON, MOTHERS, SOTUBA, settle

TODAY = date(2026, 3, 10)  # a Tuesday
BORN = date(2026, 1, 20)
FORM = "f" * 32
SIX_WEEKS = ["PENTA1", "OPV1", "PCV1", "ROTA1"]


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


@pytest.fixture
def here(care):
    return Desk.of(care, "facility", places=[SOTUBA])


def text_of(page):
    """Without tags, its spaces as one."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page))).replace("\u202f", " ").replace("\xa0", " ")


def code(file):
    return codes.of(file.number)


def listed(page):
    """The codes on the page, in their order."""
    return re.findall(r'<legend>.*?<span class="nowrap">(\w+)</span>', page)


def ticks(*given, day=TODAY, token=FORM, **more):
    told = [f"{child.id}:{'+'.join(doses)}" for child, doses in given]
    return {"token": token, "centre": str(SOTUBA), "day": day.isoformat(), "given": told, "save": "1", **more}


def given(rt, child):
    with transaction(rt.sessions) as db:
        chosen = select(Dose).where(Dose.child_id == child.id, Dose.struck_at.is_(None)).order_by(Dose.id)
        return {dose.code: dose for dose in db.scalars(chosen)}


def count(rt):
    with transaction(rt.sessions) as db:
        return db.scalar(select(func.count()).select_from(Dose))


# ---- who is expected


def test_those_of_the_day_come_first_then_the_overdue_of_the_villages_served(care, here):
    """Mondays at the centre; each second Tuesday in the west."""
    with transaction(care.sessions) as db:
        db.add(ClinicDay(facility_id=SOTUBA, service="vaccines", weekday=0))
        db.add(ClinicDay(facility_id=SOTUBA, service="vaccines", village_id=WEST, weekday=1, nth=2))
    east = nursery.child(care, BORN, village_id=EAST)
    west = nursery.child(care, BORN, BINTA, name="Moussa", village_id=WEST)
    late = nursery.child(care, BORN, MOTHERS[2], name="Salif", village_id=WEST)
    with transaction(care.sessions) as db:
        db.get_one(Child, late.id).registered_on = BORN
    page = desk_page(here)
    assert listed(page) == [code(west), code(late)]
    assert "en retard depuis" in page
    assert "la prochaine est" not in page
    monday = here.see("/children/session?day=2026-03-16")
    assert set(listed(monday)) == {code(east), code(west), code(late)}
    assert "Ce jour n’est pas encore arrivé" in monday
    assert "Enregistrer la séance" not in monday
    assert "la prochaine est le lundi 16 mars 2026" in text_of(here.see("/children/session?day=2026-03-12"))


def desk_page(here):
    return here.see("/children/session")


def test_the_condition_finds_every_child_whose_plan_has_something(care, here):
    """What the database leaves out must have nothing to be given, at every age."""
    told = {"facility_id": SOTUBA, "registered_on": TODAY, "confirmed_on": TODAY, "channel": "sms", "state": "active"}
    with transaction(care.sessions) as db:
        db.add_all(Child(**told, mother_id=1, born_on=TODAY - timedelta(days=14 * n)) for n in range(40))
    with transaction(care.sessions) as db:
        kids = db.scalars(select(Child).order_by(Child.id)).all()
        for kid in kids[::2]:
            for dose, days in (("BCG", 0), *((each, 42) for each in SIX_WEEKS), ("MR1", 275), ("YF", 275)):
                if kid.born_on + timedelta(days=days) <= TODAY:
                    giving.give(
                        db, care, kid, [dose], kid.born_on + timedelta(days=days), Giver("ussd"), key=f"{kid.id}"
                    )
        schedule = giving.calendar(care)
        plans = giving.plans_of(db, care, kids)
        needs = {kid.id for kid in kids if lacking.together(plans[kid.id])}
        found = set(db.scalars(select(Child.id).where(lacking.something(db, schedule, TODAY))))
    assert needs <= found
    assert 12 < len(needs) <= len(found) < 40


# ---- saved once


def test_a_session_is_saved_once_however_often_the_form_comes(care, here):
    first, second = nursery.child(care, BORN), nursery.child(care, BORN, BINTA, name="Moussa")
    form = ticks((first, ["BCG"]), (first, SIX_WEEKS), (second, ["BCG", *SIX_WEEKS]))
    for _ in range(2):
        page = text_of(here.post("/children/session", form).text)
        assert "10 doses sont notées pour 2 enfants." in page
    assert set(given(care, first)) == {"BCG", *SIX_WEEKS}
    assert count(care) == 10
    dose = given(care, first)["PENTA1"]
    assert (dose.valid, dose.given_on, dose.channel, dose.staff_id) == (True, TODAY, "console", here.account.id)
    with transaction(care.sessions) as db:
        entries = db.scalars(select(AuditEntry).where(AuditEntry.action == "care.session")).all()
        assert [entry.details["doses"] for entry in entries] == [10]
    assert "Personne n’est attendu" in desk_page(here)


def test_what_others_wrote_meanwhile_is_said_and_nothing_is_lost(care, here):
    child, ended = nursery.child(care, BORN), nursery.child(care, BORN, BINTA, name="Moussa")
    with transaction(care.sessions) as db:
        worker = db.scalars(select(Person).where(Person.name == "Mariam Diarra")).one()
        by = Giver("sms", person_id=worker.id)
        giving.give(db, care, db.get_one(Child, child.id), ["PENTA1"], TODAY - timedelta(days=1), by, key="sms")
        giving.give(db, care, db.get_one(Child, child.id), ["PCV1"], TODAY, by, key="sms")
        desk.end(db, care, here.staff, db.get_one(Child, ended.id), "moved")
    page = here.post("/children/session", ticks((child, SIX_WEEKS), (ended, ["BCG"]))).text
    words = text_of(page)
    assert "2 doses sont notées pour 1 enfant." in words
    assert "2 doses avaient été notées entre-temps par quelqu’un d’autre" in words
    assert "Penta 1 déjà notée faite le 9 mars 2026, notée par Mariam Diarra" in words
    assert "Pour 1 enfant rien n’est noté" in words
    assert count(care) == 4


def test_a_dose_that_does_not_count_is_explained(care, here):
    child = nursery.child(care, TODAY - timedelta(days=30))
    page = text_of(here.post("/children/session", ticks((child, ["BCG", "PENTA1"]))).text)
    assert "1 dose ne compte pas et est à refaire" in page
    assert "Penta 1 faite, ne compte pas l’enfant était trop jeune" in page


def test_one_child_who_can_not_be_written_down_holds_back_no_other(care, here):
    young, child = nursery.child(care, TODAY, name="Oumou"), nursery.child(care, BORN, BINTA, name="Moussa")
    sheet = ticks((young, ["BCG"]), (child, ["BCG"]), day=TODAY - timedelta(days=3))
    answer = here.post("/children/session", {**sheet, "given": [*sheet["given"], "9" * 5000 + ":BCG", "77:BCG"]})
    words = text_of(answer.text)
    assert answer.status_code == 200
    assert "1 dose est notée pour 1 enfant." in words
    assert "Pour 1 enfant rien n’est noté : la raison est ci-dessous." in words
    assert "Pour 1 enfant rien n’est noté : le dossier est clos" in words  # 77
    assert "rien n’est noté Le 07/03/2026 est avant la naissance, le 10/03/2026." in words
    assert (set(given(care, young)), set(given(care, child))) == (set(), {"BCG"})
    answer = here.post("/children/session", ticks((child, ["XYZ"])))
    assert "XYZ n’est pas une dose du calendrier." in text_of(answer.text)


def test_a_child_is_not_added_to_a_session_before_her_birth(care, here):
    young = nursery.child(care, TODAY)
    form = ticks((young, ["BCG"]), day=TODAY - timedelta(days=3), add="1", code=code(young), added=[str(young.id)])
    answer = here.post("/children/session", form)
    assert answer.status_code == 422
    assert f"{code(young)} est né(e) le 10/03/2026, après ce jour de séance." in text_of(answer.text)
    assert listed(answer.text) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"given": []}, "Rien n’est coché"),
        ({"day": "2026-03-11"}, "n’est pas encore arrivé"),
        ({"day": "31/02/2026"}, "Ce n’est pas une date"),
        ({"day": "2020-01-01"}, "Ce n’est pas une date"),
        ({"given": ["x:BCG", ":", "9" * 5000 + ":BCG"]}, "Rien n’est coché"),
        ({"add": "1", "code": ""}, "Un code a des chiffres et une lettre"),
        ({"add": "1", "code": "1001Z"}, "n’est pas juste"),
        ({"add": "1", "code": "99"}, "Un code a des chiffres et une lettre"),
    ],
)
def test_what_can_not_be_is_said_and_nothing_written(care, here, more, said):
    child = nursery.child(care, BORN)
    answer = here.post("/children/session", {**ticks((child, ["BCG"])), **more})
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert count(care) == 0


def test_a_child_who_was_not_expected_is_added_by_her_code(care, here):
    here_today, early = nursery.child(care, BORN), nursery.child(care, TODAY - timedelta(days=28), BINTA, name="Salif")
    with transaction(care.sessions) as db:
        giving.give(db, care, db.get_one(Child, early.id), ["BCG", "OPV0"], early.born_on, Giver("sms"), key="a")
    assert listed(desk_page(here)) == [code(here_today)]
    form = ticks((here_today, ["BCG"]), add="1", code=code(early).lower())
    del form["save"]
    page = here.post("/children/session", form).text
    assert listed(page) == [code(here_today), code(early)]
    assert re.search(rf'value="{here_today.id}:BCG" checked', page)
    assert f'name="added" value="{early.id}"' in page
    assert "Avant leur date" in page
    assert count(care) == 2
    far = nursery.child(care, BORN, MOTHERS[3], name="Loin", facility_id=BAKON, village_id=None)
    answer = here.post("/children/session", {**form, "code": code(far)})
    assert "Aucun enfant de ce centre n’a le code" in text_of(answer.text)


def test_eighty_children_fit_on_one_page_and_into_one_save(care, here):
    told = {"born_on": BORN, "facility_id": SOTUBA, "registered_on": TODAY, "confirmed_on": TODAY, "channel": "sms"}
    with transaction(care.sessions) as db:
        kids = [Child(**told, mother_id=n % 20 + 1, name=f"Enfant {n}", state="active") for n in range(80)]
        db.add_all(kids)
    page = desk_page(here)
    assert len(listed(page)) == 80
    assert len(page) < 250_000
    answer = here.post("/children/session", ticks(*((kid, ["BCG", *SIX_WEEKS]) for kid in kids)))
    assert "400 doses sont notées pour 80 enfants." in text_of(answer.text)


def test_a_session_of_many_asks_the_database_no_more_than_one_of_few(care, here, db):
    told = {"born_on": BORN, "facility_id": SOTUBA, "registered_on": TODAY, "confirmed_on": TODAY, "channel": "sms"}
    with transaction(care.sessions) as own:
        kids = [Child(**told, mother_id=n % 20 + 1, name=f"Enfant {n}", state="active") for n in range(22)]
        own.add_all(kids)

    def save(some, token):
        ticked = {kid.id: SIX_WEEKS for kid in some}
        with statements(db, each=False) as asked, transaction(care.sessions) as own:
            outcomes = sessions.save(own, care, here.staff, SOTUBA, TODAY, ticked, token)
        assert sum(len(one.booked) for one in outcomes) == 4 * len(some)
        return len(asked)

    assert 5 < save(kids[2:], "b") <= save(kids[:2], "a")


def test_two_clicks_at_once_book_once(live_rt):
    settle(live_rt)
    nursery.staffed(live_rt)
    kids = [nursery.child(live_rt, BORN, MOTHERS[n], name=f"Enfant {n}") for n in range(4)]
    staff = Desk.of(live_rt, "facility", places=[SOTUBA]).staff
    ticked, gate, seen = {kid.id: SIX_WEEKS for kid in kids}, Barrier(3), []

    def click():
        gate.wait()
        with transaction(live_rt.sessions) as db:
            seen.append(sum(len(one.booked) for one in sessions.save(db, live_rt, staff, SOTUBA, TODAY, ticked, FORM)))

    clicks = [Thread(target=click) for _ in range(3)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert seen == [16, 16, 16]
    assert count(live_rt) == 16


def test_whoever_sees_several_centres_chooses_one(care):
    child = nursery.child(care, BORN)
    everywhere = Desk.of(care, "programme")
    assert "Choisissez un centre de santé" in everywhere.see("/children/session")
    assert listed(everywhere.see("/children/session?place=1201")) == [code(child)]
    assert listed(everywhere.see("/children/session?place=CSCom+BAKON")) == []
    assert "ne s’appelle ainsi" in everywhere.see("/children/session?place=zzz", 422)
