"""The console in a real browser: a story for each role, from the door to what she came for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.desks import ADMIN, AGENT, CHOSEN, COACH, PASSWORD, SMALL, VIEWER, accept, invited, text_from

pytestmark = pytest.mark.e2e

SOTUBA, ELSEWHERE = "CSCom Sotuba", "CSCom Kadiolo Central"
OF_SOTUBA, OF_ELSEWHERE = "+22371000004", "+22371000120"


def the_place(service, name: str) -> int:
    [[place]] = service.rows("SELECT id FROM places WHERE name = %s", name)
    return place


def addresses_of(service, number: str, place: str) -> list[str]:
    """Of what the console shows of somebody."""
    [[person]] = service.rows("SELECT person_id FROM person_numbers WHERE number = %s", number)
    [[message]] = service.rows("SELECT max(id) FROM messages WHERE number = %s", number)
    return [
        f"/people/{person}",
        f"/people/{person}/edit",
        f"/inbox/{number}",
        f"/messages/{message}",
        f"/places/{the_place(service, place)}",
    ]


def move_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """With one key alone, as often as it takes."""
    for _ in range(60):
        page.keyboard.press(key)
        if wanted.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(f"{wanted} can not be reached by {key}")


def test_an_administrator_invites_a_colleague(staff):
    with staff.desk() as desk, staff.desk() as hers:
        desk.open("/").sign_in(ADMIN)
        link = invited(desk, "kadi@example.org", "Kadi Collègue", "Centre de santé", SOTUBA)
        assert desk.held_against() == []
        accept(hers, link)
        hers.sign_in("kadi@example.org", CHOSEN)
        expect(hers.page.get_by_role("link", name="Journal d’audit")).to_have_count(0)
        hers.open(link.removeprefix(desk.url))
        hers.heads("Ce lien n’est plus valable")
        hers.complaints.clear()  # the browser says that this page answered 410

        desk.go("Journal d’audit")
        rows = desk.page.get_by_role("row").filter(has_text="Kadi Collègue")
        for words in ("a invité", "s’est connecté"):
            expect(rows.filter(has_text=words).first).to_be_visible()


def test_a_facility_sees_only_its_own_people(staff, service):
    with staff.desk(AGENT) as desk:
        desk.open("/places")
        expect(desk.page.get_by_role("link", name=SOTUBA)).to_be_visible()
        expect(desk.page.get_by_role("link", name="CSCom")).to_have_count(1)
        assert [desk.get(path).status for path in addresses_of(service, OF_SOTUBA, SOTUBA)] == [200] * 5
        assert [desk.get(path).status for path in addresses_of(service, OF_ELSEWHERE, ELSEWHERE)] == [404] * 5
        assert [desk.get(path).status for path in ("/staff", "/staff/new", "/trail")] == [403] * 3

        desk.open("/people")
        desk.search("+223 71 00 01 20")
        desk.sees("Aucune personne trouvée")
        desk.search("71 00 00 04")
        expect(desk.page.get_by_role("row").filter(has_text="71 00 00 04")).to_be_visible()


def test_the_keyboard_alone_is_enough(staff, service):
    number = "+22371000006"
    with staff.desk() as desk:
        page = desk.page
        text_from(service, desk, number, "Bonjour, la pesée est quel jour ?")
        desk.open("/")
        expect(page.get_by_label("Adresse électronique")).to_be_focused()  # else the first letters go nowhere
        page.keyboard.type(AGENT)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        desk.heads("Accueil")
        move_to(page, page.get_by_role("link", name="Messages reçus"))
        page.keyboard.press("Enter")
        desk.heads("Messages reçus")

        shortcuts = page.get_by_role("button", name="Raccourcis clavier")  # is there as soon as they work
        expect(shortcuts).to_be_visible()
        move_to(page, page.locator(f"#t{number[1:]}"), "j")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"{number[1:]}$"))
        expect(shortcuts).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("r")
        expect(page.get_by_label("Votre réponse")).to_be_focused()  # else its letters would be shortcuts
        page.keyboard.type("Jeudi matin, avec le carnet.")
        move_to(page, page.get_by_role("button", name="Envoyer et marquer comme traité"))
        page.keyboard.press("Enter")
        desk.told("Votre réponse est en route.")
        expect(page.locator(f"#t{number[1:]}")).to_have_count(0)


def test_a_viewer_reads_and_changes_nothing(staff, service):
    with staff.desk(VIEWER) as desk:
        person, _, thread, *_ = addresses_of(service, OF_SOTUBA, SOTUBA)
        for path in ("/people", "/broadcasts", "/messages", person, thread):
            desk.open(path)
            offered = desk.page.get_by_role("main").locator("form[method=post], a[href$=new], a[href$=edit]")
            assert (path, offered.count()) == (path, 0)
        elsewhere = [path for path in addresses_of(service, OF_ELSEWHERE, ELSEWHERE) if "edit" not in path]
        assert [desk.get(path).status for path in elsewhere] == [404] * 4
        refused = {
            f"/inbox/{OF_SOTUBA}": {"text": "non", "key": "12345678901", "do": "send"},
            f"/inbox/{OF_SOTUBA}/done": {},
            f"{person}/edit": {"name": "Autre"},
            f"{person}/forget": {},
            "/broadcasts/new": {"text_fr": "non"},
            "/people/imports": {},
            "/staff/new": {},
        }
        assert {path: desk.post(path, form).status for path, form in refused.items()} == dict.fromkeys(refused, 403)


def test_a_shared_phone_without_scripts_does_it_all(staff, service, simulator):
    number = "+22371000008"
    [phone] = simulator.open(number)
    with staff.desk(java_script_enabled=False, viewport=SMALL) as desk:
        page = desk.page
        text_from(service, desk, number, "Le vaccin est gratuit ?")
        desk.open("/").sign_in(COACH)
        desk.go("Personnes")
        desk.search(number[4:])
        page.get_by_role("table").get_by_role("link").click()
        desk.sees("Le vaccin est gratuit ?")
        desk.follow("Fil de messages")
        page.get_by_label("Votre réponse").fill("Oui, tous les vaccins du calendrier.")
        desk.press("Seulement compter")
        desk.sees("1 SMS")
        desk.press("Envoyer et marquer comme traité")
        desk.told("Votre réponse est en route")

        desk.open("/broadcasts/new")
        page.get_by_text("Numéros d’une liste", exact=True).click()
        page.get_by_role("textbox", name=re.compile("^Numéros")).fill(f"{number}\n70 00 01")
        page.locator("textarea[lang=fr]").fill("Pesée jeudi à 8 h.")
        desk.press("Relire et envoyer")
        desk.told("Un numéro est illisible")
        page.get_by_role("textbox", name=re.compile("^Numéros")).fill("")
        desk.press("Relire et envoyer")
        desk.press("Envoyer à 1 numéro")
        desk.told("suivez la campagne sur cette page")
        phone.open_messages()
        phone.has_tick("Pesée jeudi à 8 h.", "✓✓")
        phone.has_tick("Oui, tous les vaccins", "✓✓")
