"""People in the console: what staff see, do, and are told."""

from __future__ import annotations

import csv
import html
import io
import itertools
import json
import re

import openpyxl
import pytest
from sqlalchemy import func, select

from smsapp import imports, outbox, people
from smsapp.db import transaction
from smsapp.handlers.console.people import finding
from smsapp.people import ROLES, Consent, Number, Person
from smsapp.staff import AuditEntry
from tests.desk import Desk
from tests.village import BAKON, SOTUBA, settle

AWA, ZOE = "+22370123456", "+22366123456"


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


@pytest.fixture
def desk(village):
    return Desk.of(village)


@pytest.fixture
def agent(village):
    return Desk.of(village, "facility", places=[SOTUBA])


def add(rt, name=None, number=None, facility_id=SOTUBA, language="fr", roles=("mother",)):
    with transaction(rt.sessions) as db:
        told = {"number": number, "name": name, "language": language, "facility_id": facility_id, "roles": roles}
        return people.add(db, rt.now(), **told).id


def said(page):
    """What a page says, without its tags."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def rows(page):
    return [said(row) for row in re.findall(r"<tr>.*?</tr>", page.partition("<tbody>")[2], re.DOTALL)]


def trail(rt, action):
    with transaction(rt.sessions) as db:
        return db.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)).all()


def count(rt, table=Person):
    with transaction(rt.sessions) as db:
        return db.scalar(select(func.count()).select_from(table))


# ---- finding


def test_people_are_found_and_shown(village, desk):
    add(village, "Awa N’Diaye", AWA, facility_id=BAKON, roles=["asc"], language="bm")
    [row] = rows(desk.see("/people?q=ndiaye"))
    assert row == "Awa N’Diaye +223 70 12 34 56 CSCom BAKON agent de santé communautaire (ASC) Bamanankan"
    for query in ("q=3456", "place=bakon", "role=asc", "q=awa&place=Bamako&role=asc&language=bm"):
        assert len(rows(desk.see(f"/people?{query}"))) == 1


def test_pages_follow_each_other_with_their_filters(village, desk):
    for n in range(55):
        add(village, f"Awa {n}")
    first = desk.see("/people?q=awa&role=mother")
    [after] = re.findall(r'href="([^"]*after=[^"]*)"', first)
    assert "q=awa" in after
    assert "role=mother" in after
    second = desk.see(html.unescape(after))
    assert (len(rows(first)), len(rows(second))) == (50, 5)
    assert "Retour à la première page" in said(second)


def test_nobody_found_says_what_to_try(village, desk):
    page = said(desk.see("/people?q=zzz&role=asc"))
    assert "Aucune personne trouvée" in page
    assert "quatre derniers chiffres" in page
    assert "tous les lieux" in page
    answer = desk.get("/people?place=Nulle+Part")
    assert answer.status_code == 422
    assert "Nulle Part" in said(answer.text)


def test_an_empty_service_says_how_people_come_in(rt):
    assert "Importer une liste" in said(Desk.of(rt).see("/people"))
    assert "Import a list" in said(Desk.of(rt, name="Ann", language="en").see("/people"))


def test_a_viewer_reads_and_changes_nothing(village):
    viewer = Desk.of(village, "viewer", places=[SOTUBA])
    page = viewer.see("/people/1")
    assert "/edit" not in page + viewer.see("/people")
    assert "export" not in viewer.see("/people")
    for address in ("/people/1/edit", "/people/new", "/people/1/access", "/people/imports", "/people/export.csv"):
        assert viewer.get(address).status_code == 403
    assert viewer.post("/people/1/forget", {"word": "OUBLIER"}).status_code == 403


# ---- taking along


def test_a_search_is_taken_along_as_a_file_that_runs_nothing(village, desk):
    awa = add(village, "=HYPERLINK(1)", AWA, facility_id=BAKON, roles=["asc", "mother"])
    with transaction(village.sessions) as db:
        db.add(Number(number=ZOE, person_id=awa, main=False, since=village.now()))
        people.join_group(db, "@Benkadi", [awa])
    answer = desk.get("/people/export.csv?role=asc")
    text = answer.data.decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert table[0][:2] == ["Nom", "Numéro de téléphone"]
    assert table[1][:3] == ["'=HYPERLINK(1)", AWA, ZOE]
    assert table[1][4:] == ["CSCom BAKON", "agent de santé communautaire (ASC); mère", "'@Benkadi"]
    assert "filename=personnes.csv" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(desk.get("/people/export.xlsx?role=asc").data))
    cells = list(book.active.iter_rows())[1]
    assert [cell.value for cell in cells[:3]] == ["=HYPERLINK(1)", AWA, ZOE]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}


def test_an_export_is_noted_without_the_name_that_was_searched(village, desk):
    add(village, "Awa Traoré", AWA)
    desk.get("/people/export.csv?q=awa+traore&role=mother&place=sotuba").get_data()
    [entry] = trail(village, "people.exported")
    assert entry.details == {"form": "csv", "role": "mother", "place": "sotuba", "searched": True}


def test_an_export_holds_one_owns_people_alone(village, agent):
    add(village, "Awa Loin", AWA, facility_id=BAKON)
    add(village, "Awa Près", ZOE)
    for form in ("csv", "xlsx"):
        body = agent.get(f"/people/export.{form}?q=awa").data
        text = (
            body.decode()
            if form == "csv"
            else str([[c.value for c in r] for r in openpyxl.load_workbook(io.BytesIO(body)).active])
        )
        assert "Près" in text
        assert "Loin" not in text


def test_what_is_too_long_for_a_workbook_goes_into_a_csv(village, desk, monkeypatch):
    monkeypatch.setattr(finding, "MOST_OF_A_WORKBOOK", 5)
    answer = desk.get("/people/export.xlsx", follow_redirects=True)
    assert "Prenez le CSV" in said(answer.text)
    assert len(desk.get("/people/export.csv").text.splitlines()) == 21


def test_an_export_is_read_back_by_an_import_and_changes_nothing(village, desk):
    every = add(village, "=Awa", AWA, roles=ROLES)
    with transaction(village.sessions) as db:
        people.join_group(db, "Benkadi", [1, 2])
        db.add(Number(number=ZOE, person_id=every, main=False, since=village.now()))
    english = Desk.of(village, name="Ann", language="en")
    for form, reader in itertools.product(("csv", "xlsx"), (desk, english)):
        raw = reader.get(f"/people/export.{form}").data
        with transaction(village.sessions) as db:
            row = imports.upload(db, village, desk.staff, f"personnes.{form}", raw)
            imports.begin_check(db, village, desk.staff, row)
        imports.work(village)
        with transaction(village.sessions) as db:
            row = imports.one(db, desk.staff, row.id)
        assert (row.rows, row.refused, row.new, row.known) == (21, 0, 0, 0)
        assert set(row.plan["columns"]) == {"name", "phone", "phone2", "language", "facility", "role", "groups"}


# ---- her page


def test_her_page_tells_all_and_is_noted(village, agent):
    awa = add(village, "Awa Traoré", AWA)
    add(village, "Tante Zoé", AWA)
    add(village, "Secrète Loin", AWA, facility_id=BAKON)
    with transaction(village.sessions) as db:
        outbox.post(db, village, AWA, "Bonjour Awa", kind="reminder", person_id=awa)
        people.leave(db, village.now(), AWA, "news", "sms")
        told = {"version": 1, "language": "fr", "channel": "ussd", "at": village.now()}
        db.add(Consent(person_id=awa, topic="survey", given=False, **told))
        people.join_group(db, "Benkadi", [awa])
    page = said(agent.see(f"/people/{awa}"))
    known = ["Awa Traoré", "+223 70 12 34 56", "partagé", "Tante Zoé", "1 personne d’un autre lieu"]
    for words in (*known, "quitté : nouvelles", "refusé", "Bonjour Awa", "Benkadi", "mère"):
        assert words in page
    assert "Secrète" not in page
    [entry] = trail(village, "people.viewed")
    assert (entry.subject, entry.facility_id) == (f"person:{awa}", SOTUBA)


def test_a_long_time_line_has_pages_and_is_noted_once(village, desk):
    awa = add(village, "Awa", AWA)
    with transaction(village.sessions) as db:
        for n in range(60):
            outbox.post(db, village, AWA, f"Message {n}", kind="reply", person_id=awa)
    first = desk.see(f"/people/{awa}")
    [after] = re.findall(r'href="([^"]*after=[^"]*)"', first)
    second = desk.see(html.unescape(after))
    texts = re.findall(r"Message \d+", first) + re.findall(r"Message \d+", second)
    assert sorted(texts) == sorted(f"Message {n}" for n in range(60))
    assert len(trail(village, "people.viewed")) == 1


# ---- editing


def test_somebody_is_added(village, agent):
    assert 'value="CSCom Sotuba"' in agent.see("/people/new")
    form = {"name": "Awa", "number": "70 12 34 56", "language": "bm", "facility": "sotuba", "roles": ["mother", "asc"]}
    answer = agent.post("/people/new", form, follow_redirects=True)
    assert "ajoutée" in said(answer.text)
    with transaction(village.sessions) as db:
        [awa] = people.behind(db, AWA)
    assert (awa.name, awa.language, awa.facility_id, set(awa.roles)) == ("Awa", "bm", SOTUBA, {"mother", "asc"})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"number": "7012"}, "pas un numéro de téléphone"),
        ({"number": "70123456/66123456"}, "deux numéros"),
        ({"facility": "Nulle Part"}, "Aucun centre de santé"),
        ({"facility": "BAKON"}, "pas l’un des vôtres"),
        ({"facility": ""}, "l’un de vos centres"),
        ({"name": "x" * 121}, "au plus 120"),
        ({"name": "", "number": ""}, "un nom ou un numéro"),
        ({"language": "xx"}, "dans la liste"),
        ({"roles": ["queen"]}, "dans la liste"),
    ],
)
def test_what_can_not_be_is_said_beside_its_field_and_nothing_is_lost(village, agent, wrong, why):
    form = {
        "name": "Awa Traoré",
        "number": "70 12 34 56",
        "language": "bm",
        "facility": "Sotuba",
        "roles": ["asc"],
    } | wrong
    before = count(village)
    answer = agent.post("/people/new", form)
    assert answer.status_code == 422
    assert why in said(answer.text)
    assert count(village) == before
    if "name" not in wrong:
        assert 'value="Awa Traoré"' in answer.text


def test_a_person_is_put_right(village, agent):
    awa = add(village, "Awa", AWA)
    page = agent.see(f"/people/{awa}/edit")
    [version] = re.findall(r'name="version"[^>]*value="([^"]*)"', page)
    form = {
        "name": "Awa Traoré",
        "language": "bm",
        "facility": "1201",
        "roles": ["asc"],
        "version": html.unescape(version),
    }
    answer = agent.post(f"/people/{awa}/edit", form, follow_redirects=True)
    assert "Nom : Awa → Awa Traoré" in said(answer.text)
    again = agent.post(f"/people/{awa}/edit", form)
    assert again.status_code == 422
    assert "vient de modifier" in said(again.text)
    [entry] = trail(village, "people.changed")
    assert entry.details == {"fields": "language, name, roles"}


def test_numbers_are_added_made_main_and_removed(village, desk):
    awa = add(village, "Awa", AWA)
    add(village, "Zoé", ZOE)
    page = said(desk.post(f"/people/{awa}/numbers", {"number": "66 12 34 56"}, follow_redirects=True).text)
    assert "partagé" in page
    for wrong, why in (("66123456", "déjà son numéro"), ("12", "numéro"), ("", "Écrivez un numéro")):
        assert why in said(desk.post(f"/people/{awa}/numbers", {"number": wrong}, follow_redirects=True).text)
    desk.post(f"/people/{awa}/numbers/main", {"number": ZOE})
    desk.post(f"/people/{awa}/numbers/remove", {"number": AWA})
    with transaction(village.sessions) as db:
        assert people.behind(db, ZOE)[0].id == awa
        assert people.behind(db, AWA) == []


@pytest.mark.parametrize("step", ["main", "remove"])
def test_a_number_that_can_not_be_finds_none(village, desk, step):
    awa = add(village, "Awa", AWA)
    assert desk.post(f"/people/{awa}/numbers/{step}", {"number": "+223\0"}).status_code == 303
    assert AWA in desk.see(f"/people/{awa}").replace(" ", "").replace("\u00a0", "")


def test_who_gives_her_person_a_number_of_another_place_reads_nothing_by_it(village, agent):
    """What was written before the other one was registered is tied to her number alone."""
    with transaction(village.sessions) as db:
        outbox.post(db, village, ZOE, "Avant tout", kind="reply")
    add(village, "Zoé", ZOE, facility_id=BAKON)
    awa = add(village, "Awa", AWA)
    agent.post(f"/people/{awa}/numbers", {"number": ZOE})
    page = said(agent.see(f"/people/{awa}"))
    assert "partagé" in page
    assert "Avant tout" not in page
    bina = add(village, "Bina", "+22366123457")
    with transaction(village.sessions) as db:
        outbox.post(db, village, "+22366123458", "Sans personne", kind="reply")
    agent.post(f"/people/{bina}/numbers", {"number": "66123458"})
    assert "Sans personne" in said(agent.see(f"/people/{bina}"))


# ---- merging


def test_two_records_are_merged_after_a_second_look(village, desk):
    awa = add(village, "Awa Traoré", AWA, language=None)
    other = add(village, "Traoré Awa", AWA, facility_id=BAKON, language="bm")
    assert "Traoré Awa" in said(desk.see(f"/people/{awa}/merge"))
    assert "Mère 7" in said(desk.see(f"/people/{awa}/merge?q=mere"))
    both = said(desk.see(f"/people/{awa}/merge?other={other}"))
    assert "CSCom BAKON" in both
    form = {"other": other, "name": "own", "language": "other", "facility_id": "other"}
    unsure = desk.post(f"/people/{awa}/merge", form)
    assert unsure.status_code == 422
    assert count(village) == 22
    sure = desk.post(f"/people/{awa}/merge", form | {"sure": "yes"}, follow_redirects=True)
    assert "n’en font plus qu’une" in said(sure.text)
    again = desk.post(f"/people/{awa}/merge", form | {"sure": "yes"}, follow_redirects=True)
    assert "plus rapide" in said(again.text)
    assert desk.get(f"/people/{other}").status_code == 404
    with transaction(village.sessions) as db:
        one = db.get(Person, awa)
        assert (one.name, one.language, one.facility_id) == ("Awa Traoré", "bm", BAKON)


@pytest.mark.parametrize("other", ["", "x", "1", "²", "9" * 30, "-1"])
def test_a_merge_with_nobody_is_no_merge(village, desk, other):
    assert desk.get(f"/people/1/merge?other={other}").status_code in {400, 404}
    assert desk.post("/people/1/merge", {"other": other, "sure": "yes"}).status_code in {400, 303}
    assert count(village) == 20


# ---- what the law asks for


def test_a_person_is_forgotten_by_a_word(village, desk):
    awa = add(village, "Awa", AWA)
    page = said(desk.see(f"/people/{awa}/forget"))
    assert "OUBLIER" in page
    wrong = desk.post(f"/people/{awa}/forget", {"word": "oui"})
    assert wrong.status_code == 422
    assert count(village) == 21
    done = desk.post(f"/people/{awa}/forget", {"word": " oublier "}, follow_redirects=True)
    assert "oubliée" in said(done.text)
    assert count(village) == 20
    assert desk.get(f"/people/{awa}").status_code == 404
    assert desk.post(f"/people/{awa}/forget", {"word": "OUBLIER"}).status_code == 404


def test_she_gets_what_is_kept_of_her(village, agent):
    awa = add(village, "Awa", AWA)
    with transaction(village.sessions) as db:
        outbox.post(db, village, AWA, "Bonjour Awa", kind="reply", person_id=awa)
    page = said(agent.see(f"/people/{awa}/access"))
    assert "Bonjour Awa" in page
    answer = agent.get(f"/people/{awa}/access.json")
    assert f"person-{awa}.json" in answer.headers["Content-Disposition"]
    told = json.loads(answer.text)
    assert told["tables"]["messages"][0]["text"] == "Bonjour Awa"
    assert len(trail(village, "people.access")) == 2


# ---- a list brought in, without any script

LIST = """Liste du mois;;
Tél;Nom;Langue
70 12 34 56;Awa Traoré;fr
2,237E+10;Zoé Diarra;fr
66123456;Oumou Keita;bm
12;Sitan;wolof
"""


def upload(desk, raw, name="liste.csv"):
    raw = raw.encode() if isinstance(raw, str) else raw
    return desk.post("/people/imports", {"file": (io.BytesIO(raw), name)}, content_type="multipart/form-data")


def test_a_list_is_brought_in_step_by_step(village, agent):
    place = upload(agent, LIST).headers["Location"]
    page = said(agent.see(place))
    for words in ("Awa Traoré", "+223 70 12 34 56", "CSCom Sotuba", "Les premières lignes"):
        assert words in page
    columns = {"heading": 2, "column-0": "phone", "column-1": "name", "column-2": "language", "facility": SOTUBA}
    answer = agent.post(f"{place}/columns", columns | {"check": "1"})
    assert answer.headers["Location"] == place
    assert "Rien n’est encore importé" in said(agent.see(place))
    progress = agent.get(f"{place}/progress")
    assert "HX-Refresh" not in progress.headers
    assert "<progress" in progress.text
    imports.work(village)
    assert agent.get(f"{place}/progress").headers["HX-Refresh"] == "true"
    refused = rows(agent.see(place).rpartition("<table")[2])
    for row, begins in zip(
        refused,
        (
            "4 Numéro de téléphone 2,237E+10 Le tableur a coupé le numéro",
            "6 Numéro de téléphone 12 Ce n’est pas un numéro",
            "6 Langue wolof Cette langue",
        ),
        strict=True,
    ):
        assert row.startswith(begins)
    assert count(village) == 20
    agent.post(f"{place}/confirm")
    imports.work(village)
    assert count(village) == 22
    assert "2 ajoutées" in said(agent.see(place))
    with transaction(village.sessions) as db:
        assert people.behind(db, AWA)[0].facility_id == SOTUBA


def test_one_row_is_said_as_one(village, agent):
    place = upload(agent, "Nom;Numéro\nAwa;70 12 34 56\nZoé;7012345\n".encode()).headers["Location"]
    preview = said(agent.see(place))
    assert "ligne refusée" in preview
    assert "refusées" not in preview
    columns = {"heading": 1, "column-0": "name", "column-1": "phone", "facility": SOTUBA}
    agent.post(f"{place}/columns", columns | {"check": "1"})
    imports.work(village)
    agent.post(f"{place}/confirm")
    imports.work(village)
    assert "1 ajoutée, 0 modifiée, 1 refusée." in said(agent.see(place))


def test_what_was_refused_is_taken_along(village, desk):
    place = upload(desk, LIST).headers["Location"]
    desk.post(f"{place}/columns", {"heading": 2, "column-0": "phone", "column-2": "language", "check": "1"})
    imports.work(village)
    text = desk.get(f"{place}/refused.csv").data.decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in table] == ["Ligne", "4", "6", "6"]
    book = openpyxl.load_workbook(io.BytesIO(desk.get(f"{place}/refused.xlsx").data))
    assert [row[0].value for row in book.active] == ["Ligne", 4, 6, 6]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "vide"),
        (b"%PDF-1.7", "texte"),
        (b"PK\x03\x04 and nothing more", "classeur"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "ancien"),
        (b"<html></html>", "page"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(village, desk, raw, why):
    answer = upload(desk, raw)
    assert answer.status_code == 422
    assert why in said(answer.text).casefold()
    assert count(village, imports.Import) == 0


def test_a_step_at_the_wrong_time_changes_nothing(village, desk):
    assert desk.post("/people/imports", {}).status_code == 422
    place = upload(desk, LIST).headers["Location"]
    for step in ("confirm", "columns", "confirm"):
        desk.post(f"{place}/{step}", {"column-0": "name", "check": "1"})
    imports.work(village)
    assert count(village) == 20
    desk.post(f"{place}/cancel")
    assert "abandonnée après 0 ligne" in said(desk.see(place))
    desk.post(f"{place}/columns", {"heading": 2, "column-0": "phone", "check": "1"})
    imports.work(village)
    assert count(village) == 20
