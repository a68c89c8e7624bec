"""Alerts on the keypad: the list, what of it changes while somebody reads, and results of one report among several."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from smsapp.segments import fits_ussd
from smsapp.surveillance.tables import Alert, AlertAction, CaseReport
from tests import outposts
from tests.handset import Handset
from tests.outposts import ASC, ASC_2, FAR_HEAD, HEAD, OFFICER, SALA
from tests.village import settle


@pytest.fixture
def posts(rt, clock):
    """Measles in Kourouba (alert 1002) since three hours, cholera in Sala (1004) since now."""
    settle(rt)
    outposts.settle(rt)
    outposts.report(rt, "CAS ROUGEOLE F 3")
    clock.move(hours=3)
    outposts.report(rt, "CAS CHOLERA M 20", ASC_2, village_id=SALA)
    return rt


def opened(rt, number=HEAD):
    """Dial to the list, wherever it stands in the menu."""
    phone = Handset(rt, number)
    screen, _ = phone.dial()
    line = next(line for line in screen.split("\n") if line.endswith(("Alertes", "Alerts")))
    return phone, phone.key(line.split(".")[0])[0]


def test_whose_duty_they_are_sees_them_and_nobody_else(posts):
    assert "\n1. 1002 Rougeole, Kourouba, 3 h\n2. 1004 Choléra, Sala, 0 min\n" in opened(posts)[1]
    assert "2. 1004" in opened(posts, OFFICER)[1]
    assert opened(posts, FAR_HEAD)[1].startswith("No alert is open in your area.")
    assert "Alertes" not in Handset(posts, ASC).dial()[0]


def test_facts_and_a_day_make_it_real(posts, db):
    phone, _ = opened(posts)
    assert phone.key("1", "1", "1")[0].startswith("Refus : 2 faits au moins.")
    screen, _ = phone.key("1 2 4", "12/04/2026")
    assert screen.startswith("Date 12/04/2026 invalide")
    assert fits_ussd(screen)
    assert phone.key("07/03/2026")[0].startswith("Alerte 1002 : vraie, c'est noté.\nQuelle alerte ? (2 en cours)")
    alert = db.scalars(select(Alert).where(Alert.number == 1002)).one()
    assert (alert.state, alert.confirmed, f"{alert.emerged_on}") == ("verified", ["age", "date", "sign"], "2026-03-07")


def test_who_answers_meanwhile_is_told_to_the_other(posts, db):
    phone, _ = opened(posts)
    phone.key("1", "2")
    Handset(posts, OFFICER).say("V 1002")
    words, ends = phone.key("1")
    assert (words, ends) == (
        "Refus : l'alerte 1002 est notée vraie depuis le 10/03 13:00 par le district. "
        "Seul un niveau au-dessus peut changer cela.",
        True,
    )
    assert db.scalars(select(Alert.state).where(Alert.number == 1002)).one() == "verified"


def test_a_report_that_comes_meanwhile_moves_nothing_under_her_thumbs(posts, db):
    Handset(posts, HEAD).say("V 1002 08/03")
    phone, _ = opened(posts)
    phone.key("2", "2")
    outposts.report(posts, "CAS ROUGEOLE M 9")
    screen, _ = phone.key("1", "1")
    assert screen.startswith("Alerte 1002 : c'est noté.")
    actions = set(db.scalars(select(AlertAction.action)))
    assert actions == {"investigate", "investigation"}


def test_a_result_may_be_that_of_one_report(posts, db):
    Handset(posts, HEAD).say("V 1002 08/03")
    outposts.report(posts, "CAS ROUGEOLE M 9")
    phone, _ = opened(posts)
    screen, _ = phone.key("2", "3")
    assert screen.startswith(
        "Résultat de quel rapport ?\n1. Tous les rapports\n2. 1005 M 9 ans Kourouba\n3. 1001 F 3 ans Kourouba"
    )
    phone.key("2", "1", "1")
    lab = dict(db.execute(select(CaseReport.number, CaseReport.lab)).all())
    assert lab == {1001: None, 1003: None, 1005: "positive"}


def test_what_was_ticked_off_stands_behind_with_its_day(posts, db):
    Handset(posts, HEAD).say("V 1002 08/03")
    phone, _ = opened(posts)
    phone.key("2", "2", "1", "2")
    phone.key("2", "2", "1", "09/03/2026")
    screen, _ = phone.key("2", "2")
    assert screen.startswith("Quelle action ?\n1. Chercher d'autres cas")
    lines = screen
    for _ in range(4):
        lines += (page := phone.key("98")[0])
        assert fits_ussd(page)
    assert "Enqueter sur place (pas nécessaire)" in lines
    assert "Prélever et envoyer au laboratoire (09/03)" in lines
    rows = dict(db.execute(select(AlertAction.action, AlertAction.done_on)).all())
    assert rows["investigate"] is None


def test_an_alert_is_closed_once_that_was_asked_again(posts, db):
    Handset(posts, HEAD).say("V 1002 08/03")
    phone, _ = opened(posts)
    screen, _ = phone.key("2", "4")
    assert "1. Confirmée et terminée\n2. Terminée sans confirmation\n3. Transmise à d'autres" in screen
    screen, _ = phone.key("4")
    assert screen.startswith("1002 Rougeole, Kourouba : vraie. Fermer l'alerte ?")
    assert fits_ussd(screen)
    assert phone.key("2")[0].startswith("L'alerte n'est pas fermée.\nQuelle alerte ?")
    assert db.scalars(select(Alert.state).where(Alert.number == 1002)).one() == "verified"
    phone.key("2", "4", "4", "1")
    db.expire_all()
    alert = db.scalars(select(Alert).where(Alert.number == 1002)).one()
    assert (alert.state, alert.outcome) == ("closed", "discarded")


def test_what_is_known_stands_on_one_page_where_it_can(posts):
    phone, _ = opened(posts)
    screen, _ = phone.key("1", "3")
    assert screen.startswith(
        "1 cas depuis le 10/03. F 3 ans Kourouba 10/03 (Moussa +223 70 00 03 01). Prévenus : le responsable du centre. "
        "Sans réponse depuis 3 h.\n"
    )
    assert "98." not in screen
    assert fits_ussd(screen)


def test_as_many_reports_as_a_page_holds_are_told(posts):
    Handset(posts, HEAD).say("V 1002 08/03")
    for age in range(4, 7):
        outposts.report(posts, f"CAS ROUGEOLE F {age}")
    phone, _ = opened(posts)
    screen, _ = phone.key("2", "5")
    assert screen.startswith("4 cas depuis le 10/03. F 6 ans Kourouba 10/03 (Moussa +223 70 00 03 01); ")
    assert "autres." in screen
    assert "98." not in screen
    assert fits_ussd(screen)
