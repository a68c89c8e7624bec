"""Surveillance in the console: alerts and their clocks, what the staff answer, and what stands on the record."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.handlers.console.alerts import sentences
from smsapp.messages import Message
from smsapp.staff import AuditEntry
from smsapp.surveillance import verdicts
from smsapp.surveillance.rules import usual
from smsapp.surveillance.tables import Alert, AlertAction, AlertReport, AlertStep, CaseReport
from tests import outposts
from tests.desk import Desk, console_of
from tests.outposts import FAR_ASC, NEAR_ASC, STRANGER, ZEGOUA
from tests.village import BAMAKO, COMMUNE_1, KADIOLO, SOTUBA, settle

COUNT = count()  # of officers, who all have an address of their own


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def officer(rt, *places: int) -> Desk:
    return Desk.of(rt, "surveillance", name=f"Agent {next(COUNT)}", places=places or [COMMUNE_1])


def raised(rt, words: str = "CAS CHOLERA F 30", number: str = outposts.ASC, **more: Any) -> Alert:
    """The alert that a report raised."""
    [alert, *_] = outposts.report(rt, words, number, **more).alerts
    return alert


def now(db, alert: Alert) -> Alert:
    return db.scalars(select(Alert).where(Alert.id == alert.id), execution_options={"populate_existing": True}).one()


def plain(page: str) -> str:
    """Its words, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


# ---- the list


def test_an_alert_waits_with_its_clock_and_its_next_step(posts, clock):
    alert = raised(posts)
    clock.move(minutes=10)
    page = plain(officer(posts).see("/surveillance"))
    assert f"Choléra {alert.number}" in page
    assert "sans réponse depuis 10 min" in page
    assert "renvoyée aux mêmes personnes" in page
    assert "1 alerte attend une réponse" in page


def test_a_late_answer_is_marked(posts, clock):
    raised(posts)
    clock.move(hours=25)
    assert re.search(r'badge bad">\s*sans réponse depuis 1 jour 1 h', officer(posts).see("/surveillance"))


def test_each_sees_the_alerts_of_her_places(posts):
    near, far, beside = raised(posts), raised(posts, number=FAR_ASC, village_id=ZEGOUA), raised(posts, number=NEAR_ASC)
    own = {
        "facility": Desk.of(posts, "facility", places=[SOTUBA]),
        "district": officer(posts, COMMUNE_1),
        "other district": officer(posts, KADIOLO),
        "programme": Desk.of(posts, "programme"),
    }
    shown = {
        who: {a.id for a in (near, far, beside) if f">{a.number}<" in desk.see("/surveillance")}
        for who, desk in own.items()
    }
    assert shown == {
        "facility": {near.id},
        "district": {near.id, beside.id},
        "other district": {far.id},
        "programme": {near.id, far.id, beside.id},
    }
    assert own["facility"].get(f"/surveillance/{far.id}").status_code == 404


def test_an_alert_of_a_district_is_its_officers_and_no_single_centres(posts):
    alert = raised(posts)
    with transaction(posts.sessions) as db:
        row = now(db, alert)
        row.facility_id, row.within, row.place_id = None, "district", COMMUNE_1
    assert Desk.of(posts, "facility", places=[SOTUBA]).get(f"/surveillance/{alert.id}").status_code == 404
    assert officer(posts, COMMUNE_1).get(f"/surveillance/{alert.id}").status_code == 200
    assert officer(posts, BAMAKO).get(f"/surveillance/{alert.id}").status_code == 200
    assert officer(posts, KADIOLO).get(f"/surveillance/{alert.id}").status_code == 404


@pytest.mark.parametrize(
    ("filters", "there"),
    [
        ("", True),
        ("?state=verified", False),
        ("?state=all", True),
        ("?disease=measles", False),
        ("?disease=cholera&level=alert", True),
        ("?level=epidemic", False),
        ("?place=Kourouba", True),
        ("?place=Sala", False),
        ("?place=Commune+I", True),
        ("?state=nonsense&after=nonsense", True),
    ],
)
def test_alerts_are_filtered(posts, filters, there):
    alert = raised(posts)
    for address in ("/surveillance", "/surveillance/news"):
        assert (f">{alert.number}<" in officer(posts).see(address + filters)) is there


def test_a_place_that_is_none_is_said(posts):
    assert "Aucun lieu ne s’appelle « Paris »" in plain(officer(posts).see("/surveillance?place=Paris", 422))


def test_nothing_open_is_said_kindly(posts):
    assert "Aucune alerte n’attend de réponse" in officer(posts).see("/surveillance")


# ---- one alert


def test_an_alert_says_why_it_rose_and_who_was_told(posts):
    alert = raised(posts)
    page = plain(officer(posts).see(f"/surveillance/{alert.id}"))
    assert "1 cas dans un même village : un seul suffit à la déclencher." in page
    assert "Docteur Sangaré" in page
    assert "féminin, 30 ans" in page
    assert "Kourouba" in page
    assert "Moussa" in page
    assert "Keita" not in page  # her first name is enough


def test_a_reader_sees_no_patient(posts):
    alert = raised(posts)
    page = plain(Desk.of(posts, "viewer", places=[SOTUBA]).see(f"/surveillance/{alert.id}"))
    assert "Signalements comptés : &lt; 5 ; cas : &lt; 5." in page
    assert "1 cas" not in page
    assert "30 ans" not in page
    assert "Elle est réelle" not in page


def test_a_centre_reads_its_own_reports_and_counts_of_others(posts):
    alert = raised(posts)
    other = outposts.report(posts, "CAS CHOLERA M 47", NEAR_ASC).report
    with transaction(posts.sessions) as db:
        now(db, alert).within = "district"
        db.add(AlertReport(alert_id=alert.id, report_id=other.id, joined_at=posts.now()))
    own = plain(Desk.of(posts, "facility", places=[SOTUBA]).see(f"/surveillance/{alert.id}"))
    assert "féminin, 30 ans" in own
    assert "47 ans" not in own
    assert "cas : &lt; 5." in own
    for desk, there in ((Desk.of(posts, "programme"), False), (officer(posts), True)):
        page = plain(desk.see(f"/surveillance/{alert.id}"))
        assert ("30 ans" in page, "47 ans" in page, "Moussa" in page) == (there, there, there)


def test_the_staff_verify_at_the_level_of_their_account(posts):
    alert, desk = raised(posts), officer(posts)
    told = {"confirmed": ["sign", "age", "nonsense"], "since": "2026-01-01"}
    since = posts.local_now().date() - timedelta(days=2)
    assert desk.post(f"/surveillance/{alert.id}/verify", told | {"since": since.isoformat()}).status_code == 303
    with transaction(posts.sessions) as db:
        row = now(db, alert)
        assert (row.state, row.emerged_on, row.confirmed, row.next_step_at) == (
            "verified",
            since,
            ["age", "sign"],
            None,
        )
        step = db.scalars(select(AlertStep).where(AlertStep.what == "verified")).one()
        assert (step.account_id, step.person_id, step.channel) == (desk.account.id, None, "console")
        assert step.told["level"] == "district"
        noted = db.scalars(select(AuditEntry).where(AuditEntry.action == "surveillance.verified")).one()
        assert (noted.account_id, noted.subject) == (desk.account.id, f"alert:{alert.id}")
        assert any(f"{alert.number}" in (text or "") for text in db.scalars(select(Message.text)))


@pytest.mark.parametrize(
    ("role", "places", "level"),
    [
        ("facility", [SOTUBA], "facility"),
        ("surveillance", [COMMUNE_1], "district"),
        ("surveillance", [BAMAKO], "region"),
        ("programme", [], "national"),
    ],
)
def test_an_account_answers_at_its_level(posts, role, places, level):
    alert = raised(posts)
    Desk.of(posts, role, places=places).post(f"/surveillance/{alert.id}/dismiss", {"reason": "duplicate"})
    with transaction(posts.sessions) as db:
        step = db.scalars(select(AlertStep).where(AlertStep.what == "dismissed")).one()
        assert (step.told["level"], now(db, alert).reason) == (level, "duplicate")


def test_who_comes_second_reads_who_was_first(posts):
    alert = raised(posts)
    officer(posts).post(f"/surveillance/{alert.id}/dismiss", {"reason": "", "other": "autre village"})
    late = Desk.of(posts, "facility", places=[SOTUBA])
    late.post(f"/surveillance/{alert.id}/verify")
    page = plain(late.see(f"/surveillance/{alert.id}"))
    assert "Elle a déjà été jugée non réelle le" in page
    assert "(district)" in page
    assert "Raison : autre village" in page


def test_a_response_is_written_down_step_by_step(posts):
    alert, desk = raised(posts), officer(posts)
    at, today = f"/surveillance/{alert.id}", posts.local_now().date()
    desk.post(f"{at}/risk", {"risk": "high"})
    assert "Il faut d’abord que quelqu’un la juge réelle." in plain(desk.see(at))
    desk.post(f"{at}/verify")
    desk.post(f"{at}/risk", {"risk": "high"})
    desk.post(f"{at}/act", {"action": "rehydrate", "done_on": f"{today:%d/%m/%Y}"})
    desk.post(f"{at}/act", {"action": "coordination", "needless": "1"})
    desk.post(f"{at}/lab", {"result": "positive", "on": today.isoformat(), "report": ""})
    page = plain(desk.see(at))
    assert "Risque : élevé" in page
    assert "Pas nécessaire ici : Coordination en place" in page
    assert "Laboratoire : positif" in page
    desk.post(f"{at}/close", {"outcome": "confirmed_signal"})
    with transaction(posts.sessions) as db:
        row = now(db, alert)
        assert (row.state, row.risk, row.lab, row.outcome) == ("closed", "high", "positive", "confirmed_signal")
        done = {a.action: a.done_on for a in db.scalars(select(AlertAction))}
        assert done["rehydrate"] == today
        assert done["coordination"] is None
        deeds = db.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == f"alert:{alert.id}").order_by(AuditEntry.id)
        )
        kept = [deed for deed in deeds if deed != "surveillance.viewed"]
    assert kept == [f"surveillance.{what}" for what in ("verified", "assessed", "acted", "acted", "lab", "closed")]


def test_a_result_of_several_cases_says_of_which(posts):
    alert, desk = raised(posts), officer(posts)
    at, today = f"/surveillance/{alert.id}", posts.local_now().date()
    desk.post(f"{at}/verify")
    number = outposts.report(posts, "CAS CHOLERA M 30").report.number
    result = {"result": "positive", "on": today.isoformat()}
    desk.post(f"{at}/lab", result | {"report": ""})
    assert "Choisissez dans la liste." in plain(desk.see(at))
    desk.post(f"{at}/lab", result | {"report": str(number)})
    with transaction(posts.sessions) as db:
        rows = db.execute(select(CaseReport.number, CaseReport.lab).order_by(CaseReport.id)).all()
    assert [lab for _, lab in rows] == [None, "positive"]


@pytest.mark.parametrize("told", [{"done_on": "hier"}, {"done_on": "2999-01-01"}, {"done_on": "31/02/2026"}])
def test_a_day_that_can_not_be_is_refused(posts, told):
    alert, desk = raised(posts), officer(posts)
    desk.post(f"/surveillance/{alert.id}/verify")
    desk.post(f"/surveillance/{alert.id}/act", {"action": "rehydrate", **told})
    page = plain(desk.see(f"/surveillance/{alert.id}"))
    assert "par exemple" in page or "12/03/2026" in page
    with transaction(posts.sessions) as db:
        assert db.scalars(select(AlertAction).where(AlertAction.action == "rehydrate")).all() == []


def test_a_word_of_no_list_is_refused(posts):
    alert, desk = raised(posts), officer(posts)
    desk.post(f"/surveillance/{alert.id}/verify")
    assert desk.post(f"/surveillance/{alert.id}/risk", {"risk": "extreme"}).status_code == 400
    assert desk.post(f"/surveillance/{alert.id}/close", {"outcome": ""}).status_code == 400


# ---- an officer's account


def test_an_officer_sees_surveillance_and_nothing_of_anybodys_care(posts):
    desk = officer(posts)
    assert desk.get("/").headers["Location"] == "/surveillance"
    for closed in ("/people", "/inbox", "/messages", "/children", "/savings", "/staff", "/trail"):
        assert desk.get(closed).status_code == 403, closed
    page = desk.see("/surveillance")
    assert "/people" not in page
    assert desk.get("/account").status_code == 200


# ---- strangers


def test_a_strangers_signal_counts_once_somebody_keeps_it(posts):
    signal = outposts.report(posts, "CAS CHOLERA F 30", STRANGER, village_id=ZEGOUA).report
    there, elsewhere = officer(posts, KADIOLO), officer(posts, COMMUNE_1)
    assert f"s{signal.number}" in there.see("/surveillance/signals")
    assert f"s{signal.number}" not in elsewhere.see("/surveillance/signals")
    assert elsewhere.post(f"/surveillance/signals/{signal.id}", {"keep": "1"}).status_code == 404
    there.post(f"/surveillance/signals/{signal.id}", {"keep": "1"})
    with transaction(posts.sessions) as db:
        row = db.get_one(CaseReport, signal.id)
        assert row.standing == "counted"
        assert db.scalars(select(Alert.disease)).all() == ["cholera"]
        assert db.scalars(select(AuditEntry.subject).where(AuditEntry.action == "surveillance.kept")).all() == [
            f"report:{signal.id}"
        ]
    there.post(f"/surveillance/signals/{signal.id}", {"keep": "0"})
    assert "déjà jugé ce signal" in there.see("/surveillance/signals")


def test_a_signal_of_no_place_needs_a_centre(posts):
    signal = outposts.report(posts, "CAS CHOLERA F 30", STRANGER).report
    desk = Desk.of(posts, "programme")
    assert f"s{signal.number}" not in officer(posts).see("/surveillance/signals")
    desk.post(f"/surveillance/signals/{signal.id}", {"keep": "1", "centre": "999999"})
    assert "Choisissez le centre de santé" in desk.see("/surveillance/signals")
    desk.post(f"/surveillance/signals/{signal.id}", {"keep": "1", "centre": SOTUBA})
    with transaction(posts.sessions) as db:
        row = db.get_one(CaseReport, signal.id)
        assert (row.standing, row.facility_id, row.district_id) == ("counted", SOTUBA, COMMUNE_1)


def test_a_dismissed_signal_alerts_nobody(posts):
    signal = outposts.report(posts, "CAS CHOLERA F 30", STRANGER, village_id=ZEGOUA).report
    officer(posts, KADIOLO).post(f"/surveillance/signals/{signal.id}", {"keep": "0"})
    with transaction(posts.sessions) as db:
        assert db.get_one(CaseReport, signal.id).standing == "dismissed"
        assert db.scalars(select(Alert)).all() == []


# ---- why an alert rose

RATE = {"cases": 4, "days": 7, "population": 120_000, "rate": 3.333, "threshold_rate": 3, "threshold": 2}


@pytest.mark.parametrize(
    ("rule", "numbers", "sentence"),
    [
        ("measles", {"cases": 1, "days": 1, "threshold": 1}, "1 cas dans un même village : un seul suffit"),
        ("measles-outbreak", {"cases": 5, "days": 30, "threshold": 5}, "5 cas dans un même district en 30 jours"),
        ("covid-ari", {"cases": 3, "days": 7, "km": 10, "threshold": 3}, "3 cas dans un rayon de 10 km en 7 jours"),
        ("meningitis-alert", RATE, "4 cas dans un même district en 7 jours pour 120 000 habitants : 3,3 pour 100 000"),
        (
            "meningitis-alert",
            {"cases": 2, "days": 7, "population": 29_000, "threshold": 2},
            "pour une si petite population (29 000 habitants), elle se déclenche à partir de 2 cas",
        ),
        ("meningitis-alert", {"cases": 2, "days": 7, "threshold": 2}, "la population n’étant pas connue"),
        (
            "meningitis-doubling",
            {"cases": 8, "week": "2026W11", "before": [2, 4], "times": 2, "threshold": 4},
            "8 cas dans un même district cette semaine, après 2, 4 les semaines d’avant : chaque semaine au moins 2",
        ),
        (
            "malaria",
            {"cases": 30, "week": "2026W11", "before": [10, 12, 11], "times": 1.5, "threshold": 10},
            "après 10, 12, 11 les semaines d’avant : au moins 1,5 fois leur moyenne",
        ),
        ("malaria-ears", {"cases": 9, "statistic": "c2", "c2": 3.456, "threshold": 5}, "(EARS C2 : 3,46)"),
    ],
)
def test_an_alert_says_on_which_numbers_it_rose(rt, rule, numbers, sentence):
    [known] = [one for one in usual() if one.key == rule]
    alert = Alert(rule=rule, within=known.within, numbers=numbers)
    with console_of(rt).test_request_context(headers={"Accept-Language": "fr"}):
        told = re.sub(r"[\u00a0\u202f]", " ", sentences.why(alert, known))
        assert sentence in told
        assert "confirmés par le laboratoire" in sentences.only(next(one for one in usual() if one.only))


# ---- what happened


def _written() -> set[str]:
    """Every word that the record of alerts may hold, from the source that writes it."""
    at = {"note": 3, "record": 2, "changed": 3}
    found = set(verdicts.STEPS.values())
    for path in Path(verdicts.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "what":
                found |= {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
            if isinstance(node, ast.Call) and len(node.args) > (n := at.get(ast.unparse(node.func).split(".")[-1], 99)):
                found |= {one.value for one in node.args[n : n + 1] if isinstance(one, ast.Constant)}
    return found


def test_all_that_happens_to_an_alert_has_a_sentence(rt):
    written = _written()
    assert {"raised", "joined", "changed", "taken_back", "sent_again", "climbed", "risk", "lab", "closed"} <= written
    with console_of(rt).test_request_context(headers={"Accept-Language": "fr"}):
        said = {what: sentences.step(AlertStep(what=what, told={"report": 1007, "total": 2}), {}) for what in written}
        assert [what for what, words in said.items() if words == what] == []
        assert re.sub("\u00a0", " ", said["joined"]) == "Le signalement 1007 s’y est ajouté : 2 cas en tout"


def test_what_was_told_later_stands_below(posts):
    alert = raised(posts)
    outposts.report(posts, "CAS CHOLERA M 47")
    page = plain(officer(posts).see(f"/surveillance/{alert.id}"))
    assert "Ce qu’ils ont appris ensuite" in page
    assert "encore 1 cas" in page.split("Ce qu’ils ont appris ensuite")[1]
    assert "encore 1 cas" not in plain(Desk.of(posts, "programme").see(f"/surveillance/{alert.id}"))


def test_epidemics_stand_first_among_those_that_wait(posts, clock):
    high = raised(posts, number=FAR_ASC, village_id=ZEGOUA)
    clock.move(minutes=20)
    later = raised(posts)
    with transaction(posts.sessions) as db:
        now(db, high).level, now(db, later).level = "epidemic", "alert"
    page = Desk.of(posts, "programme").see("/surveillance")
    assert page.index(f"a{high.number}") < page.index(f"a{later.number}")
    words = plain(page)
    assert "2 alertes attendent une réponse (1 de niveau épidémie) ; aucune n’est vérifiée." in words
    assert "2 personnes, jusqu’à : district" in words


def test_a_quarter_is_taken_along_in_french(posts):
    alert, desk = raised(posts), officer(posts)
    desk.post(f"/surveillance/{alert.id}/verify")
    head, first, *_ = desk.get("/surveillance/7-1-7.csv").text.removeprefix("\ufeff").splitlines()
    assert head.split(";")[-1] == "Bloqué à"
    assert first.split(";")[1] == "Détection"
    assert "dans le délai : " in plain(desk.see("/surveillance/7-1-7"))


def test_a_curve_of_everything_leads_to_its_districts(posts):
    desk = Desk.of(posts, "programme")
    assert "place=Kadiolo&amp;kind=district" in desk.see("/surveillance/curve")
    raised(posts, "CAS ROUGEOLE F 3")
    assert "S11 2026 09/03/2026" in plain(desk.see("/surveillance/curve?disease=measles"))
    assert "De plus près" not in desk.see("/surveillance/curve?place=Kadiolo&kind=district")
