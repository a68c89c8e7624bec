"""A coach at the console: a list with bad cells, a broadcast to phones, and what they answer."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.desks import COACH
from tests.e2e.phones import Simulator

pytestmark = pytest.mark.e2e

OWN, NAMELESS = "+22370990077", "+22370990078"  # nobody of the demonstration
IN_BAMBARA, IN_FRENCH = "+22370000211", "+22370000212"  # of the group Benkadi, which has thirteen numbers
FRENCH = "Bonjour {name}, la pesée des enfants est ce jeudi à 8 h au centre. Apportez le carnet et de l’eau."
BAMBARA = "I ni ce {name}, denw pesɛ bɛ kɛ alamisa. Na ni karinɛ ye."  # composed: needs a native reader
LIST = """\
Liste de la pesée;;;;;
Téléphone;Nom et prénom;Langue;Centre;Groupes;Rôle
76 54 32 01;Aïssata Keïta;français;CSCom BAKON;Pesée;mère
76 54 32 02;Ramata Dao;bambara;CSCom BAKON;Pesée;mère
2,2376E+10;Sali Sow;;CSCom BAKON;Pesée;
76 54 32 04 / 76 54 32 05;Nana Cissé;;CSCom BAKON;Pesée;
76 54 32 01;Aïssata Keïta;français;CSCom BAKON;Pesée;mère
=A3+5;Bintou Touré;;CSCom BAKON;Pesée;
"""


def test_a_list_with_bad_cells_is_imported(staff):
    with staff.desk(COACH) as desk:
        page = desk.page
        desk.open("/").go("Personnes")
        desk.follow("Importer une liste")
        file = {"name": "pesée.csv", "mimeType": "text/csv", "buffer": LIST.encode("utf-16")}
        page.get_by_label("Fichier").set_input_files(file)
        desk.press("Examiner le fichier")
        expect(page.get_by_label(re.compile("Nom et prénom"))).to_have_value("name")
        expect(page.get_by_role("row").filter(has_text="Ramata Dao")).to_contain_text("+223 76 54 32 02")
        expect(page.get_by_role("row").filter(has_text="deux numéros")).to_be_visible()
        assert desk.held_against() == []

        desk.press("Vérifier tout le fichier")
        confirm = page.get_by_role("button", name="Importer 2 lignes")
        expect(confirm).to_be_visible()  # once the worker has read it: the page comes anew by itself
        refused = page.get_by_role("row").filter(has=page.get_by_role("rowheader"))
        expect(refused).to_have_count(4)
        assert desk.held_against() == []
        with page.expect_download() as download:
            desk.follow("CSV")
        rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
        assert [row[0] for row in rows[1:]] == ["5", "6", "7", "8"]
        assert not any(cell.startswith("=") for row in rows for cell in row)

        confirm.click()
        desk.told("2 ajout")
        desk.go("Personnes")
        desk.search("Ramata Dao")
        expect(page.get_by_role("row").filter(has_text="76 54 32 02")).to_be_visible()


def test_a_broadcast_goes_out_and_an_answer_comes_in(staff, simulator: Simulator):
    own, bambara, french = simulator.open(OWN, IN_BAMBARA, IN_FRENCH)
    with staff.desk(COACH) as desk:
        page = desk.page
        page.clock.install()
        desk.open("/").go("Campagnes")
        desk.follow("Nouvelle campagne")
        page.get_by_text("Groupes et accord", exact=True).click()
        page.get_by_role("listbox", name=re.compile("^Groupes")).select_option(label="Benkadi")
        page.get_by_text("Numéros d’une liste", exact=True).click()
        page.get_by_role("textbox", name=re.compile("^Numéros")).fill(NAMELESS)
        preview = page.get_by_role("region", name="Qui elle atteint et ce qu’elle coûte")
        expect(preview.locator(".reach")).to_have_text("14 numéros")

        texts = {code: page.locator(f"textarea[lang={code}]") for code in ("fr", "bm")}
        texts["fr"].fill(FRENCH)
        texts["bm"].fill(BAMBARA)
        measure = preview.locator(".measure").first
        expect(measure).to_contain_text("GSM-7 · 1 SMS chacun")
        expect(preview).to_contain_text("{name} n’est pas connu pour 1 personne")
        expect(preview).to_contain_text("denw pesè bè kè alamisa")
        expect(preview.locator(".total")).to_contain_text("168")
        texts["fr"].press_sequentially(" ✓")
        expect(measure).to_contain_text("UCS-2 · 2 SMS chacun")
        expect(preview).to_contain_text("Cette lettre raccourcit chaque SMS et renchérit la campagne")
        expect(preview.locator(".total")).to_contain_text("264")  # the eight who read French
        assert desk.held_against() == []
        for _ in " ✓":
            texts["fr"].press("Backspace")
        page.get_by_label("Votre propre numéro").fill(OWN)
        desk.press("Envoyer un essai")
        desk.told("Un essai est en route")
        own.open_messages()
        own.has_tick("Bonjour Moussa Coach, la pesée", "✓✓")
        assert texts["fr"].input_value() == FRENCH

        desk.press("Relire et envoyer")
        desk.sees("Tel qu’il sera envoyé")
        desk.press("Envoyer à 14 numéros")
        desk.told("suivez la campagne sur cette page")
        finished = page.locator("#live").filter(has_text=re.compile("terminée.*14 / 14.*Remis\\s*14", re.DOTALL))
        desk.comes_by_itself(finished)
        bambara.open_messages()
        bambara.has_tick(re.compile("^I ni ce .+, denw pesè"), "✓✓")
        french.open_messages()
        french.has_tick(re.compile("^Bonjour .+, la pesée"), "✓✓")
        campaign = desk.path

        desk.go("Messages reçus")
        french.text("Oui, je viens avec deux enfants")
        thread = page.get_by_role("listitem").filter(has_text="je viens avec deux enfants")
        desk.comes_by_itself(thread)
        expect(thread).to_contain_text("après une campagne")
        thread.get_by_role("link").click()
        page.get_by_label("Votre réponse").fill("Merci, à jeudi !")
        desk.press("Envoyer")
        desk.told("Votre réponse est en route")
        french.has_tick("Merci, à jeudi", "✓✓")
        page.locator("#said .ours").filter(has_text="Merci, à jeudi").get_by_role("link").click()
        desk.heads(re.compile("^Message"))
        assert desk.held_against() == []
        desk.open(campaign)
        desk.sees("je viens avec deux enfants")
        assert desk.held_against() == []
