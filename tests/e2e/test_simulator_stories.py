"""What people do with the phones of the simulator, from the page in a browser to the rows and workers behind it."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.e2e.phones import Simulator

QUESTIONS = ("1/6", "2/6", "3/6", "4/6", "5/6", "6/6")
DELIVERED, ARRIVED = "✓✓", "✓"
LOST, BUSY, AWAY = "Pris, mais réponse perdue", "Trop d’envois (429)", "Indisponible (503)"

pytestmark = pytest.mark.e2e


KEPT = """SELECT count(*) FROM survey_responses JOIN places ON places.id = facility_id
    WHERE survey = 'satisfaction' AND places.name = 'CSCom Sotuba'"""


def counted(service) -> int:
    """Answers from Sotuba, of all months."""
    results = json.loads(service.flask("surveys", "results", "--facility", "Sotuba", "--json"))
    return sum(month["n"] for month in results["months"])


def promised(service, phone) -> list[tuple]:
    """Status, tries and the gateway's id of every answer to a phone; her centre's reminders are beside the point."""
    asked = "SELECT status, attempts, external_id FROM messages WHERE kind = 'reply' AND number = %s"
    return service.rows(asked, phone.number)


def begin_survey(phone) -> None:
    phone.dial()
    phone.sees("1. Donner mon avis")
    phone.answer("1")
    phone.sees("D'accord ?")
    phone.answer("1")
    phone.sees(QUESTIONS[0])


def test_a_mother_answers_the_survey_on_the_keypad(simulator, service):
    [[before]] = service.rows(KEPT)
    [phone] = simulator.open("+22370000103")
    begin_survey(phone)
    for question in QUESTIONS:
        phone.sees(question)
        phone.answer("2")
    phone.sees("Votre avis est compté")
    expect(phone.reply).to_be_hidden()
    phone.button("OK").click()
    phone.sees_no_session()
    assert counted(service) == before + 1


def test_everything_works_by_keyboard_alone(simulator):
    [phone] = simulator.open("+22370000105")
    keyboard = simulator.page.keyboard
    keyboard.press("Tab")
    expect(phone.box).to_be_focused()
    keyboard.press("Enter")
    phone.sees("1. Donner mon avis")
    for words in ("D'accord ?", *QUESTIONS):
        keyboard.type("1")
        keyboard.press("Enter")
        phone.sees(words)
    keyboard.press("Escape")
    phone.sees_no_session()
    expect(phone.box).to_be_focused()

    for _ in range(10):
        keyboard.press("Tab")
        if phone.button("Messages").evaluate("button => button === document.activeElement"):
            break
    keyboard.press("Enter")
    keyboard.type("AIDE")
    keyboard.press("Control+Enter")
    phone.has_tick("AVIS : donner votre avis", DELIVERED)
    keyboard.press("Escape")
    expect(phone.button("Appel")).to_have_attribute("aria-pressed", "true")


def test_the_survey_by_sms_with_its_ticks(simulator):
    [phone] = simulator.open("+22370000107")
    simulator.reports("aucun")
    phone.open_messages()
    phone.text("AVIS")
    phone.has_tick(re.compile("^AVIS"), DELIVERED)  # the service took it
    phone.has_tick("D'accord ?", ARRIVED)  # on the phone, and nobody has reported so
    simulator.reports("normaux")
    phone.text("1")
    phone.has_tick(QUESTIONS[0], DELIVERED)
    phone.has_tick("D'accord ?", ARRIVED)
    phone.text("4")
    phone.has_tick(QUESTIONS[1], DELIVERED)


def test_a_cut_off_session_goes_on_at_its_question(browser, service):
    with Simulator.on(browser, service.url) as simulator:
        simulator.page.clock.install()  # for as long as this browser is there
        [phone] = simulator.open("+22370000111")
        begin_survey(phone)
        simulator.page.clock.fast_forward(31_000)
        phone.sees("délai dépassé")
        phone.button("OK").click()

        phone.dial()
        phone.sees(QUESTIONS[0])
        phone.answer("1")
        phone.sees(QUESTIONS[1])
        phone.button("Annuler").click()
        phone.sees_no_session()

        phone.dial()
        phone.sees(QUESTIONS[1])
        assert not simulator.complaints


def test_an_invitation_waits_unread(simulator, service):
    [phone] = simulator.open("+22370990009")  # to whom no centre writes
    expect(phone.unread).to_be_hidden()
    said = service.operate("surveys", "invite", "--facility", "Sotuba", "--numbers-file", "-", stdin="70 99 00 09\n")
    assert "1 invited" in said
    expect(phone.unread).to_have_text("✉ 1")
    expect(simulator.page).to_have_title(re.compile(r"^\(1\) "))
    phone.box.get_by_role("button", name="votre avis compte").click()
    phone.has_tick("votre avis compte", DELIVERED)
    expect(phone.unread).to_be_hidden()
    simulator.page.reload()
    phone.open_messages()
    phone.has_tick("votre avis compte", DELIVERED)
    expect(phone.unread).to_be_hidden()


def test_a_lost_answer_is_unknown_until_its_report(simulator, service):
    [phone] = simulator.open("+22370000113")
    simulator.reports("aucun")
    simulator.fault(LOST)
    phone.open_messages()
    phone.text("AIDE")
    phone.has_tick("AVIS : donner votre avis", ARRIVED)
    expect(simulator.page.locator(".faults .active")).to_have_text("· 1 en cours")  # only the reports are still off

    service.operate("outbox", "sweep", "--now")
    assert promised(service, phone) == [("unknown", 1, None)]
    [arrived] = [event for event in simulator.events(phone) if event["type"] == "mt"]

    report = {"id": arrived["id"], "status": "Success", "phoneNumber": phone.number, "networkCode": "99999"}
    body = urllib.parse.urlencode(report).encode()
    with urllib.request.urlopen(f"{service.url}/hooks/africastalking/dev/delivery", body, timeout=10) as answer:
        assert answer.status == 200
    assert promised(service, phone) == [("delivered", 1, arrived["id"])]


def test_what_was_not_taken_is_sent_again(simulator):
    busy, away = simulator.open("+22370000115", "+22370000117")
    simulator.fault(BUSY)
    simulator.fault(AWAY)
    for phone, text in ((busy, "AIDE"), (away, "AVIS")):
        phone.open_messages()
        phone.text(text)
    # Each request meets one trouble; the first try of either message has failed.
    phone_sees = {busy: "AVIS : donner votre avis", away: "D'accord ?"}
    for phone, words in phone_sees.items():
        phone.has_tick(words, DELIVERED)
        expect(phone.message(words)).to_have_count(1)
    expect(simulator.page.locator(".faults .active")).to_be_empty()


def test_a_mistyped_answer_says_why(simulator):
    [phone] = simulator.open("+22370000119")
    begin_survey(phone)
    phone.answer("7")
    phone.sees("Choix invalide")
    phone.sees(QUESTIONS[0])
    phone.answer("1")
    phone.sees(QUESTIONS[1])


def test_a_stranger_finds_her_centre_by_its_poster(simulator):
    simulator.open()
    page = simulator.page
    expect(page.get_by_role("group", name="Téléphone")).to_have_count(2)
    number = page.get_by_label("Ajouter un téléphone")
    number.fill("12")
    number.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Ce n’est pas un numéro")).to_be_visible()
    number.fill("70 99 00 01")
    number.press("Enter")
    phone = simulator.phone("+22370990001")
    expect(phone.box).to_be_focused()
    phone.dial()
    phone.sees("1. Donner mon avis")
    phone.answer("1")
    phone.sees("affiche")
    phone.answer("1201")
    phone.sees("D'accord ?")
    phone.answer("2")
    phone.sees("nous ne gardons rien")
    [complaint] = simulator.complaints  # the browser's own, on the number that was none
    assert "400" in complaint
    simulator.complaints.clear()
    phone.button("Enlever ce téléphone").click()
    expect(phone.box).to_have_count(0)
