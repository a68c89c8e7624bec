"""Children and mothers at the console: found, shown, written down; each role and place sees what is its own."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number, Person
from smsapp.staff.tables import AuditEntry
from smsapp.vaccines import births, codes, desk, giving, reading
from smsapp.vaccines.promises import Reminder, Search
from smsapp.vaccines.reading import Wanted
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import CareEvent, Child, Dose, Pregnancy
from tests import nursery
from tests.desk import Desk
from tests.nursery import AWA, BINTA, EAST, WEST
from tests.village import BAKON, BOULKA, MOTHERS, SOTUBA, settle

TODAY = date(2026, 3, 10)
BORN = date(2026, 1, 20)  # seven weeks old
FORM = "a" * 32


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


@pytest.fixture
def desk_(care):
    return Desk.of(care, "facility", places=[SOTUBA])


@pytest.fixture
def child(care):
    return nursery.child(care, BORN)


def text_of(page):
    """Without tags, its spaces as one."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page))).replace("\u202f", " ").replace("\xa0", " ")


def code(file):
    return codes.of(file.number)


def trail(rt):
    with transaction(rt.sessions) as db:
        return [entry.action for entry in db.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def fresh(rt, file):
    with transaction(rt.sessions) as db:
        return db.get_one(type(file), file.id)


def doses(rt, child, *, struck=False):
    with transaction(rt.sessions) as db:
        chosen = select(Dose).where(Dose.child_id == child.id).order_by(Dose.id)
        return {dose.code: dose for dose in db.scalars(chosen) if struck or dose.struck_at is None}


# ---- the register


def test_a_child_is_found_by_name_code_number_and_village(care, desk_, child):
    other = nursery.child(care, date(2025, 6, 1), BINTA, name="Moussa", sex="M", village_id=WEST)
    for query, seen, unseen in (
        (f"q={code(child)}", "Fanta", "Moussa"),
        (f"q={code(other).lower()}", "Moussa", "Fanta"),
        ("q=mous", "Moussa", "Fanta"),
        ("q=M%C3%A8re+2", "Moussa", "Fanta"),
        ("q=000102", "Moussa", "Fanta"),
        ("place=Sotuba+Ouest", "Moussa", "Fanta"),
        ("age=1&place=sotuba+est", "Fanta", "Moussa"),
    ):
        page = desk_.see(f"/children?{query}")
        assert seen in page, query
        assert unseen not in page, query
    assert "Aucun enfant trouvé" in desk_.see("/children?q=zzz")
    assert "Aucun enfant trouvé" in desk_.see("/children?q=%3F+%21")
    assert "Aucun enfant trouvé" in desk_.see("/children?age=2")
    assert "zzz" in desk_.see("/children?place=zzz", 422)


def test_the_register_says_who_needs_something(care, desk_, child):
    with transaction(care.sessions) as db:
        desk.give(db, care, desk_.staff, child.id, ["BCG", "OPV0"], BORN, key="k1")
        now = ["PENTA1", "OPV1", "PCV1", "ROTA1"]
        desk.give(db, care, desk_.staff, child.id, now, TODAY - timedelta(days=2), key="k2")
    waits = nursery.child(care, BORN, BINTA, name="Awa")
    ended = nursery.child(care, BORN, MOTHERS[2], name="Sira")
    with transaction(care.sessions) as db:
        desk.end(db, care, desk_.staff, db.get_one(Child, ended.id), "moved")
        db.add(Search(child_id=waits.id, facility_id=SOTUBA, village_id=EAST, opened_on=TODAY, doses=["BCG"]))
    for state, names in (
        ("due", {"Awa"}),
        ("missed", {"Awa"}),
        ("care", {"Awa", "Fanta"}),
        ("ended", {"dossier clos"}),
    ):
        page = desk_.see(f"/children?state={state}")
        assert {name for name in ("Awa", "Fanta", "Sira", "dossier clos") if f">{name}</a>" in page} == names, state
    assert "manqué depuis" in desk_.see("/children")


def test_what_is_due_comes_in_pages_however_few_have_something(care, monkeypatch):
    monkeypatch.setattr(reading, "AT_ONCE", 3)
    kids = [nursery.child(care, BORN, MOTHERS[n % 9], name=f"Enfant {n}") for n in range(14)]
    staff = Desk.of(care, "facility", places=[SOTUBA], name="Ici").staff
    with transaction(care.sessions) as db:
        for kid in kids[::3]:
            everything = ["BCG", "OPV0", "PENTA1", "OPV1", "PCV1", "ROTA1"]
            desk.give(db, care, staff, kid.id, everything, BORN + timedelta(days=42), key=f"k{kid.id}")
            desk.give(db, care, staff, kid.id, ["OPV0"], BORN, key=f"z{kid.id}")
    found, after = [], None
    with transaction(care.sessions) as db:
        while True:
            page = reading.children(db, care, staff.scope, Wanted(state="due"), after, size=4)
            found += [row.id for row in page.rows]
            after = page.after
            if after is None:
                break
    assert found == sorted({kid.id for kid in kids} - {kid.id for kid in kids[::3]}, reverse=True)


def test_children_come_in_pages_and_without_any_it_says_so(care, desk_):
    assert "Aucun enfant n’est encore enregistré" in desk_.see("/children")
    for n in range(53):
        nursery.child(care, BORN, MOTHERS[n % 20], name=f"Enfant {n}")
    seen, at = [], "/children"
    while at:
        page = desk_.see(at)
        seen += re.findall(r'/children/(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        at = following and html.unescape(following[1])
    assert len(seen) == len(set(seen)) == 53


def test_the_register_as_a_file_is_noted(care, desk_, child):
    answer = desk_.get("/children/export.csv?q=Fanta&age=1")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[1][:4] == [code(child), "Fanta", "fille", "2026-01-20"]
    with transaction(care.sessions) as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "care.exported")).one()
    assert entry.details == {"form": "csv", "age": "1", "searched": True}
    viewer = Desk.of(care, "viewer", places=[SOTUBA])
    assert viewer.get("/children/export.csv").status_code == 403


# ---- roles, places, forms


def test_another_centres_files_are_not_there(care, child):
    mother = nursery.pregnancy(care, date(2025, 10, 1), BINTA)
    far = Desk.of(care, "facility", places=[BAKON], name="Ailleurs")
    assert ">Fanta<" not in far.see("/children?q=Fanta")
    for at in ("", "/doses", "/edit", "/move", "/end", "/doses/1/strike"):
        assert far.get(f"/children/{child.id}{at}").status_code == 404, at
    for at in ("", "/end"):
        assert far.get(f"/children/pregnancies/{mother.id}{at}").status_code == 404, at
    assert far.post(f"/children/{child.id}/confirm").status_code == 404
    assert far.post(f"/children/{child.id}/end", {"state": "dead"}).status_code == 404
    assert far.post("/children/session", {"centre": str(SOTUBA), "day": "", "save": "1"}).status_code == 404
    ticked = {"centre": str(BAKON), "token": FORM, "given": f"{child.id}:BCG", "day": str(TODAY), "save": "1"}
    assert "Pour 1 enfant rien n’est noté" in far.post("/children/session", ticked).text
    assert (fresh(care, child).state, doses(care, child)) == ("active", {})
    assert far.get(f"/children/{2**63}").status_code == 404


def test_who_only_reads_writes_nothing(care, child):
    viewer = Desk.of(care, "viewer", places=[SOTUBA])
    page = viewer.see(f"/children/{child.id}")
    for words in ("Noter des doses", "Corriger", "Clore", "Rayer"):
        assert words not in page, words
    assert "Enregistrer la séance" not in viewer.see("/children/session")
    for at in ("doses", "edit", "move", "end", "confirm"):
        assert viewer.post(f"/children/{child.id}/{at}").status_code == 403, at
    assert viewer.post("/children/session").status_code == 403
    assert viewer.get("/children/new").status_code == 403


def test_a_form_without_its_token_changes_nothing(care, desk_, child):
    for at in (f"/children/{child.id}/doses", f"/children/{child.id}/end", "/children/session", "/children/new"):
        answer = desk_.client.post(at, data={"doses": "BCG", "on": "2026-01-20", "state": "dead"})
        assert answer.status_code == 400, at
    assert fresh(care, child).state == "active"


# ---- a child's page


def test_a_childs_page_draws_her_calendar_in_shapes_and_words(care, desk_, child):
    with transaction(care.sessions) as db:
        staff = desk_.staff
        desk.give(db, care, staff, child.id, ["BCG"], BORN, key="a")
        desk.give(db, care, staff, child.id, ["PENTA1"], BORN + timedelta(days=20), key="b")
        desk.give(db, care, staff, child.id, ["PCV1"], None, key="c")
    page = desk_.see(f"/children/{child.id}")
    words = text_of(page)
    for kind in ("given", "invalid", "reported", "due", "not_yet", "too_old"):
        assert f'class="mark {kind}"' in page, kind
    assert "style=" not in page
    assert "Penta 1 – faite, ne compte pas (09/02/2026) – l’enfant était trop jeune" in words
    assert "À faire aujourd’hui : Penta 1 , VPO 1 , Pneumo 1 , Rota 1" in words
    assert "déclarée, sans carnet" in words
    assert f"Code {code(child)}" in words
    assert "care.viewed" in trail(care)


def test_doses_are_written_down_once_and_struck_with_a_reason(care, desk_, child):
    at = f"/children/{child.id}"
    form = {"token": FORM, "doses": ["BCG", "PENTA1"], "on": "10/03/2026", "source": "card"}
    assert desk_.post(f"{at}/doses", form).status_code == 303
    assert desk_.post(f"{at}/doses", form).status_code == 303
    given = doses(care, child)
    assert set(given) == {"BCG", "PENTA1"}
    assert (given["BCG"].valid, given["BCG"].on_time, given["BCG"].staff_id) == (True, False, desk_.account.id)
    strike = f"{at}/doses/{given['BCG'].id}/strike"
    assert "Écrivez pourquoi" in desk_.post(strike, {"why": " "}).text
    assert desk_.post(strike, {"why": "dose d’un autre enfant"}).status_code == 303
    assert set(doses(care, child)) == {"PENTA1"}
    page = text_of(desk_.see(at))
    assert "rayée dose d’un autre enfant" in page
    assert "Dose rayée (BCG)" in page
    assert desk_.post(f"{at}/doses", form).status_code == 303  # the browser's back button, and the form again
    assert set(doses(care, child)) == {"PENTA1"}
    assert trail(care).count("care.doses") == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"on": "31/02/2026"}, "Ce n’est pas une date"),
        ({"on": "12-13-2025"}, "Ce n’est pas une date"),
        ({"on": "2026-03-11"}, "est dans le futur"),
        ({"on": "2026-01-19"}, "avant la naissance"),
        ({"on": ""}, "Écrivez le jour où la dose a été donnée"),
        ({"doses": []}, "Cochez au moins une dose"),
        ({"doses": ["NOPE"]}, "Cochez au moins une dose"),
    ],
)
def test_a_dose_that_can_not_be_is_refused_in_a_sentence(care, desk_, child, form, said):
    told = {"token": FORM, "doses": ["BCG"], "on": "2026-03-10", "source": "card", **form}
    answer = desk_.post(f"/children/{child.id}/doses", told)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert doses(care, child) == {}


def test_what_the_family_tells_counts_for_nothing_and_is_shown(care, desk_, child):
    form = {"token": FORM, "doses": ["BCG"], "on": "2026-03-10", "source": "reported", "elsewhere": "y"}
    desk_.post(f"/children/{child.id}/doses", form)
    dose = doses(care, child)["BCG"]
    assert (dose.source, dose.given_on, dose.valid, dose.elsewhere) == ("reported", None, None, True)


def test_a_birth_date_put_right_changes_what_counts(care, desk_, child):
    with transaction(care.sessions) as db:
        desk.give(db, care, desk_.staff, child.id, ["PENTA1"], BORN + timedelta(days=40), key="a")
    assert doses(care, child)["PENTA1"].valid is False
    at = f"/children/{child.id}/edit"
    form = {"born_on": "2026-01-10", "sex": "F", "name": "Fanta", "village": str(WEST)}
    assert desk_.post(at, form).status_code == 303
    now = fresh(care, child)
    assert (now.born_on, now.village_id) == (date(2026, 1, 10), WEST)
    assert doses(care, child)["PENTA1"].valid is True
    for wrong, said in (
        ({"born_on": "2026-03-11"}, "est dans le futur"),
        ({"born_on": "1990-03-11"}, "plus de quinze ans"),
        ({"born_on": "31/02/2026"}, "Ce n’est pas une date"),
        ({"village": str(SOTUBA)}, "Choisissez un village"),
        ({"sex": "X"}, "Choisissez dans la liste"),
    ):
        answer = desk_.post(at, {**form, **wrong})
        assert answer.status_code == 422, wrong
        assert said in text_of(answer.text), wrong
    assert fresh(care, child).born_on == date(2026, 1, 10)
    with transaction(care.sessions) as db:
        event = db.scalars(select(CareEvent).where(CareEvent.what == "corrected")).one()
    assert (event.staff_id, set(event.details["fields"])) == (desk_.account.id, {"born_on", "village_id"})


def test_a_child_moves_to_another_centre_with_all_that_is_hers(care, desk_, child):
    with transaction(care.sessions) as db:
        db.add(Search(child_id=child.id, facility_id=SOTUBA, village_id=EAST, opened_on=TODAY, doses=["BCG"]))
    at = f"/children/{child.id}/move"
    assert "Aucun centre de santé ne s’appelle ainsi" in text_of(desk_.post(at, {"facility": "zzz"}).text)
    answer = desk_.post(at, {"facility": "1202"}, follow_redirects=True)
    assert "CSCom Boulkassoumbougou suit cet enfant" in answer.text
    now = fresh(care, child)
    assert (now.facility_id, now.village_id, now.state) == (BOULKA, None, "active")
    with transaction(care.sessions) as db:
        search = db.scalars(select(Search)).one()
        assert (search.closed_on, search.outcome) == (TODAY, "moved")
    assert desk_.get(f"/children/{child.id}").status_code == 404
    assert "Transféré à un autre centre" in Desk.of(care, "administrator").see(f"/children/{child.id}")


def test_a_closed_file_invites_to_nothing(care, desk_, child):
    with transaction(care.sessions) as db:
        waits = outbox.post(db, care, AWA, "Rappel", kind="reminder", key="r")
        told = {"child_id": child.id, "facility_id": SOTUBA, "due_on": BORN, "day": TODAY, "planned_for": TODAY}
        db.add(Reminder(**told, subject="vaccines", step=0, doses=["BCG"], message_id=waits.id))
    at = f"/children/{child.id}"
    assert "ce qui attendait est retiré" in desk_.see(f"{at}/end")
    assert desk_.post(f"{at}/end", {"state": "elsewhere"}).status_code == 422
    assert desk_.post(f"{at}/end", {"state": "dead"}).status_code == 303
    assert fresh(care, child).state == "dead"
    with transaction(care.sessions) as db:
        assert db.get_one(Message, waits.id).status == "cancelled"
    page = desk_.see(at)
    for words in ("Noter des doses", "À faire", "Prochaine visite", "Calendrier", "Corriger", "Encore à faire"):
        assert words not in page, words
    assert "Ce dossier a été clos le 10 mars 2026" in text_of(page)
    form = {"token": FORM, "doses": ["BCG"], "on": "2026-03-10", "source": "card"}
    desk_.post(f"{at}/doses", form)
    assert doses(care, child) == {}
    assert desk_.get(f"{at}/edit").status_code == 303


def test_reminders_are_shown_with_why_not_and_the_answer(care, desk_, child):
    with transaction(care.sessions) as db:
        late = db.get_one(Message, outbox.post(db, care, AWA, "Rappel", kind="reminder", key="r").id)
        late.status = "expired"
        told = {"child_id": child.id, "facility_id": SOTUBA, "due_on": BORN, "day": TODAY, "subject": "vaccines"}
        db.add(Reminder(**told, planned_for=TODAY, step=0, message_id=late.id, answer="cannot", answered_at=care.now()))
        db.add(Reminder(**told, planned_for=TODAY, step=7, why_not="stopped"))
    page = text_of(desk_.see(f"/children/{child.id}"))
    assert "le téléphone a quitté les rappels (STOP)" in page
    assert "il n’a pas pu partir à temps" in page
    assert "Réponse : elle ne peut pas venir" in page
    unsent = text_of(desk_.see("/children/unsent"))
    assert unsent.count(code(child)) == 2
    assert "le téléphone a quitté les rappels" in unsent
    assert code(child) not in desk_.see("/children/unsent?place=Sotuba+Ouest")


# ---- waiting, to be found


def test_what_families_began_is_confirmed(care, desk_, child):
    mother = nursery.pregnancy(care, date(2025, 10, 1), BINTA)
    with transaction(care.sessions) as db:
        db.get_one(Child, child.id).confirmed_on = None
        db.get_one(Pregnancy, mother.id).confirmed_on = None
    page = desk_.see("/children/waiting")
    assert code(child) in page
    assert code(mother) in page
    assert desk_.post(f"/children/{child.id}/confirm", {"back": "1"}).headers["Location"].endswith("/waiting")
    desk_.post(f"/children/pregnancies/{mother.id}/confirm")
    assert fresh(care, child).confirmed_on == fresh(care, mother).confirmed_on == TODAY
    assert "Rien n’attend" in desk_.see("/children/waiting")
    desk_.post(f"/children/{child.id}/confirm")
    assert trail(care).count("care.confirmed") == 2


def test_a_birth_told_by_her_mother_is_one_row_and_one_word(care, desk_):
    with transaction(care.sessions) as db:
        mother = nursery.mother_of(db, BINTA)
        told = Born(TODAY, SOTUBA, mother_id=mother.id, sex="F")
        born = births.register(db, care, told, by=mother.id, channel="ussd", key="own", confirmed=False).child
        hers = db.get_one(Pregnancy, born.pregnancy_id)
    page = desk_.see("/children/waiting")
    assert (code(born) in page, code(hers) in page) == (True, False)
    desk_.post(f"/children/{born.id}/confirm")
    assert fresh(care, born).confirmed_on == fresh(care, hers).confirmed_on == TODAY
    assert "Rien n’attend" in desk_.see("/children/waiting")


def test_children_to_be_found_by_village(care, desk_, child):
    far = nursery.child(care, BORN, BINTA, name="Moussa", sex="M", village_id=WEST)
    with transaction(care.sessions) as db:
        for kid, village, day in ((child, EAST, date(2026, 2, 1)), (far, WEST, date(2026, 3, 8))):
            db.add(Search(child_id=kid.id, facility_id=SOTUBA, village_id=village, opened_on=day, doses=["BCG"]))
    page = text_of(desk_.see("/children/missed"))
    assert "Sotuba Ouest CSCom Sotuba 1 8 mars 2026 1 0" in page
    only = desk_.see(f"/children/missed?village={WEST}")
    assert code(far) in only
    assert code(child) not in only
    with transaction(care.sessions) as db:
        search = db.scalars(select(Search).where(Search.child_id == far.id)).one()
    at = f"/children/missed/{search.id}"
    assert "Choisissez ce que l’enfant est devenu" in desk_.post(at, {"outcome": ""}, follow_redirects=True).text
    desk_.post(at, {"outcome": "seen"})
    assert "vu, l’enfant viendra" in text_of(desk_.see(f"/children/missed?village={WEST}"))
    desk_.post(at, {"outcome": "refused"})
    with transaction(care.sessions) as db:
        row = db.get_one(Search, search.id)
        assert (row.outcome, row.closed_on) == ("refused", TODAY)
    assert "Quelqu’un l’avait déjà noté" in desk_.post(at, {"outcome": "refused"}, follow_redirects=True).text
    assert Desk.of(care, "facility", places=[BAKON], name="Ailleurs").post(at, {"outcome": "seen"}).status_code == 404


# ---- mothers


def test_a_mothers_file_shows_her_visits_and_td(care, desk_):
    mother = nursery.pregnancy(care, date(2025, 10, 1))
    at = f"/children/pregnancies/{mother.id}"
    page = text_of(desk_.see(at))
    assert "Date prévue 8 juillet 2026" in page
    assert "22 semaines" in page
    form = {"on": "2026-03-10", "td": "TD1"}
    desk_.post(f"{at}/visit", form)
    assert "C’était déjà noté" in desk_.post(f"{at}/visit", form, follow_redirects=True).text
    page = text_of(desk_.see(at))
    assert "10 mars 2026 a eu lieu" in page
    assert "TD1 10 mars 2026" in page
    for day, said in (
        ("2026-03-11", "est dans le futur"),
        ("31/02/2026", "Ce n’est pas une date"),
        ("", "Écrivez le jour"),
    ):
        assert said in text_of(desk_.post(f"{at}/visit", {"on": day}).text), day
    assert desk_.post(f"{at}/end", {"state": "lost"}).status_code == 303
    page = desk_.see(at)
    assert "Ce dossier a été clos" in page
    assert "Noter une visite" not in page


def test_pregnancies_by_the_day_that_is_expected(care, desk_):
    early, late = nursery.pregnancy(care, date(2025, 6, 20)), nursery.pregnancy(care, date(2025, 12, 1), BINTA)
    over = nursery.pregnancy(care, date(2025, 5, 25), MOTHERS[2])
    page = desk_.see("/children/pregnancies")
    assert page.index(code(over)) < page.index(code(early)) < page.index(code(late))
    for state, seen in (("soon", early), ("overdue", over)):
        assert re.findall(r"pregnancies/(\d+)\"", desk_.see(f"/children/pregnancies?state={state}")) == [str(seen.id)]
    assert code(late) in desk_.see("/children/pregnancies?q=000102")
    assert code(early) not in desk_.see(f"/children/pregnancies?q={code(late)}")


# ---- registering


def new(**more):
    told = {"token": FORM, "facility": "CSCom Sotuba", "village": "Sotuba Est", "number": "", "mother": ""}
    return {**told, **more}


def test_a_child_is_registered_with_a_known_mother_and_a_new_one(care, desk_):
    form = new(born_on="2026-03-01", sex="F", name="Aïssa", number="70 00 01 01")
    page = desk_.post("/children/new", form, follow_redirects=True).text
    with transaction(care.sessions) as db:
        made = db.scalars(select(Child)).one()
        mother = db.scalars(select(Number).where(Number.number == AWA)).one().person_id
        assert (made.mother_id, made.village_id, made.pregnancy_id is not None) == (mother, EAST, True)
    assert f"Enregistré avec le code {codes.of(made.number)}" in text_of(page)
    assert "déjà enregistré" in desk_.post("/children/new", {**form, "token": "b" * 32}, follow_redirects=True).text
    form = new(token="c" * 32, born_on="2026-03-02", number="76 00 00 09", mother="Nana Diallo", carer="y")
    desk_.post("/children/new", form)
    with transaction(care.sessions) as db:
        carer = db.scalars(select(Person).where(Person.name == "Nana Diallo")).one()
        made = db.scalars(select(Child).order_by(Child.id.desc())).first()
        assert (made.carer_id, made.mother_id) == (carer.id, None)
    assert "Aïssa" in desk_.see(f"/people/{mother}")
    with transaction(care.sessions) as db:
        assert {e.staff_id for e in db.scalars(select(CareEvent).where(CareEvent.what == "registered"))} >= {
            desk_.account.id
        }


def test_a_girl_of_ten_is_registered_for_her_one_dose(care, desk_):
    form = new(born_on="2016-03-01", sex="F", number="70 00 01 01")
    page = desk_.post("/children/new", form, follow_redirects=True).text
    assert "Enregistré avec le code" in page
    with transaction(care.sessions) as db:
        made = db.scalars(select(Child).order_by(Child.id.desc())).first()
        assert giving.plan_of(db, care, made).doses["HPV"].due == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"born_on": "2026-03-11"}, "est dans le futur"),
        ({"born_on": "1990-01-01"}, "plus de quinze ans"),
        ({"born_on": "31/02/2026"}, "Ce n’est pas une date"),
        ({"born_on": "12-13-2025"}, "Ce n’est pas une date"),
        ({"born_on": ""}, "Écrivez le jour de la naissance"),
        ({"number": "", "mother": ""}, "Écrivez le numéro ou le nom de la mère"),
        ({"number": "12"}, "pas un numéro de téléphone"),
        ({"number": "76 00 00 09"}, "Écrivez aussi son nom"),
        ({"facility": "CSCom BAKON"}, "n’est pas l’un des vôtres"),
        ({"village": "zzz"}, "Choisissez un village"),
        ({"sex": "X"}, "Choisissez dans la liste"),
    ],
)
def test_a_child_that_can_not_be_is_refused_in_a_sentence(care, desk_, form, said):
    answer = desk_.post("/children/new", new(born_on="2026-03-01", sex="F", number="70 00 01 01") | form)
    assert answer.status_code == 422
    assert said in text_of(answer.text), text_of(answer.text)[-1500:]
    with transaction(care.sessions) as db:
        assert db.scalars(select(Child)).all() == []


def test_a_pregnancy_is_registered(care, desk_):
    for wrong, said in (
        ({}, "Écrivez le premier jour des dernières règles"),
        ({"last_period": "2026-03-11"}, "est dans le futur"),
        ({"last_period": "2025-01-11"}, "plus de 300 jours"),
        ({"due_on": "2028-01-11"}, "ne peut pas être la date prévue"),
    ):
        answer = desk_.post("/children/pregnancies/new", new(number="70 00 01 01") | wrong)
        assert answer.status_code == 422, wrong
        assert said in text_of(answer.text), wrong
    form = new(number="70 00 01 01", due_on="2026-09-01", about="y")
    page = desk_.post("/children/pregnancies/new", form, follow_redirects=True).text
    assert "Enregistré avec le code" in page
    with transaction(care.sessions) as db:
        made = db.scalars(select(Pregnancy)).one()
        assert (made.due_on, made.exact, made.village_id) == (date(2026, 9, 1), False, EAST)
