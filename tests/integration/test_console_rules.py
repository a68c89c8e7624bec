"""The rules that alert in the console: read by all, tried out and kept by administrators, a version for each change."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from itertools import count

import pytest
from sqlalchemy import insert, select

from smsapp.db import transaction
from smsapp.handlers.console.alerts import rule_form, rule_words
from smsapp.staff.tables import AuditEntry
from smsapp.surveillance import rulebook, rules
from smsapp.surveillance.tables import CaseReport
from tests.desk import Desk, console_of
from tests.village import COMMUNE_1, KADIOLO, SOTUBA, settle

EACH = count()
OUTBREAK = "/surveillance/rules/measles-outbreak"
LOOSER = {"level": "epidemic", "within": "district", "cases": "3", "days": "30", "silence": "30", "upon": "0"}


@pytest.fixture
def desk(rt):
    settle(rt)
    return Desk.of(rt, "administrator", name=f"Compte {next(EACH)}")


def words(page):
    return re.sub(r"[\s\u00a0\u202f]+", " ", unescape(re.sub("<[^>]*>", " ", page)))


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def held(rt, key="measles-outbreak"):
    with transaction(rt.sessions) as db:
        return next((rule for rule in rulebook.current(db) if rule.key == key), None)


def reported(rt, *days_ago, district=COMMUNE_1):
    today = rt.local_now().date()
    row = {"kind": "case", "disease": "measles", "facility_id": SOTUBA, "district_id": district, "channel": "sms"}
    with transaction(rt.sessions) as db:
        for ago in days_ago:
            day = today - timedelta(days=ago)
            db.execute(insert(CaseReport), [row | {"counted_on": day, "week": day, "received_at": rt.now()}])


def test_the_rules_of_a_disease_in_plain_words(desk):
    page = words(re.sub("(?s)<select.*?</select>", "", desk.see("/surveillance/rules?disease=measles")))
    assert "Un cas dans un même village. À nouveau après 21 jours sans cela. alerte" in page
    assert "5 cas ou plus en 30 jours dans un même district. À nouveau après 30 jours sans cela. épidémie" in page
    assert "confirmés par le laboratoire" in page
    assert "Méningite" not in page
    assert "Ce sont les règles livrées" in page


def test_every_rule_of_the_release_is_said_and_read_again_from_its_form(rt):
    with console_of(rt).test_request_context(headers={"Accept-Language": "fr"}):
        for rule in rules.usual():
            said = rule_words.said(rule)
            assert said[-1] == "."
            assert not re.search("%[(]|cases|within|week ", said), said
            told = {name: str(v) if type(v) in (int, float) else v for name, v in rule_form.typed(rule).items()}
            assert rule_form.read(rule.key, rule.disease, rule.kind, told, rule) == rule


def test_only_administrators_change_them(rt, desk):
    del desk
    for role in ("programme", "surveillance", "viewer"):
        other = Desk.of(rt, role, name=f"Compte {next(EACH)}")
        assert "Modifier" not in words(other.see("/surveillance/rules"))
        assert other.get(OUTBREAK).status_code == 403
        assert other.post(OUTBREAK, LOOSER).status_code == 403


def test_what_it_would_have_raised_comes_before_it_is_kept(rt, desk):
    reported(rt, 200, 201, 202, 203, 204, 100, 101, 102)
    reported(rt, 20, 21, 22, district=KADIOLO)
    page = desk.post(OUTBREAK, LOOSER).text
    said = words(page)
    assert "Alertes de cette règle 3 De la règle en vigueur 1 Nouvelles avec elle 2 Qu’elle ne donne plus 0" in said
    assert re.search(r"Kadiolo nouveau 3 cas dans un même district en 30 jours", said)
    assert held(rt).cases == 5
    kept = LOOSER | {"save": "1", "tried": hidden(page, "tried"), "note": "guide de 2026"}
    assert desk.post(OUTBREAK, kept).status_code == 303
    assert held(rt).cases == 3
    assert "La règle est gardée." in words(desk.see("/surveillance/rules?disease=measles"))
    said = words(desk.see("/surveillance/rules/versions"))
    assert "guide de 2026 Rougeole épidémie 3 cas ou plus en 30 jours dans un même district." in said
    assert "Avant : épidémie 5 cas ou plus en 30 jours dans un même district." in said
    with transaction(rt.sessions) as db:
        assert "surveillance.rule_kept" in set(db.scalars(select(AuditEntry.action)))
        [version] = rulebook.history(db)
        assert (version.by, len(version.rules)) == (desk.staff.name, len(rules.usual()))


def test_what_was_not_tried_is_not_kept(rt, desk):
    page = desk.post(OUTBREAK, LOOSER).text
    other = LOOSER | {"cases": "2", "save": "1", "tried": hidden(page, "tried"), "note": "x"}
    answer = desk.post(OUTBREAK, other)
    assert answer.status_code == 422
    assert "Vous avez changé la règle depuis l’essai." in words(answer.text)
    assert desk.post(OUTBREAK, LOOSER | {"save": "1", "note": "x"}).status_code == 422
    assert held(rt).cases == 5


def test_a_change_says_why(rt, desk):
    page = desk.post(OUTBREAK, LOOSER).text
    answer = desk.post(OUTBREAK, LOOSER | {"save": "1", "tried": hidden(page, "tried"), "note": " "})
    assert (answer.status_code, held(rt).cases) == (422, 5)
    assert "Dites pourquoi" in words(answer.text)


def test_who_changes_rules_that_changed_meanwhile_is_told(rt, desk):
    page = desk.post(OUTBREAK, LOOSER).text
    with transaction(rt.sessions) as db:
        rulebook.save(db, rules.usual(), "une autre", None, rt.now())
    answer = desk.post(OUTBREAK, LOOSER | {"save": "1", "tried": hidden(page, "tried"), "note": "x"})
    assert (answer.status_code, held(rt).cases) == (422, 5)
    assert "Quelqu’un a changé les règles entre-temps" in words(answer.text)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"cases": "0"}, "« Au moins tant de cas » ne peut pas être 0 : un nombre entier de 1 à 10 000."),
        ({"cases": "cinq"}, "« Au moins tant de cas » ne peut pas être cinq : un nombre entier de 1 à 10 000."),
        ({"cases": ""}, "« Au moins tant de cas » manque."),
        ({"days": "366"}, "« En tant de jours » ne peut pas être 366 : un nombre entier de 1 à 365."),
        ({"silence": "7"}, "29 ou plus, aussi longtemps que la règle regarde en arrière."),
        ({"within": "km", "km": ""}, "« À moins de tant de kilomètres l’un de l’autre » manque."),
        ({"within": "km", "km": "-3"}, "ne peut pas être -3 : un nombre au-dessus de 0, jusqu’à 9 999."),
        ({"within": "rue"}, "« Où » : choisissez dans la liste."),
        ({"level": "panique"}, "« Niveau » : choisissez dans la liste."),
    ],
)
def test_a_rule_that_can_not_be_is_refused_with_its_reason(rt, desk, typed, reason):
    answer = desk.post(OUTBREAK, LOOSER | typed)
    assert answer.status_code == 422
    assert reason in words(answer.text)
    assert held(rt).cases == 5


def test_a_new_rule_with_a_comma_and_its_own_name(rt, desk):
    assert "Continuer" in desk.see("/surveillance/rules/new?disease=pertussis")
    assert "kilomètres" in desk.see("/surveillance/rules/new?disease=pertussis&kind=count")
    told = {"disease": "pertussis", "kind": "count", "level": "alert", "within": "km", "km": "2,5", "cases": "4"}
    told |= {"days": "10", "silence": "", "only": ["confirmed", "dead"], "upon": "0"}
    page = desk.post("/surveillance/rules/new", told).text
    assert "4 cas ou plus, chacun à moins de 2,5 km et de 10 jours d’un autre." in words(page)
    kept = told | {"save": "1", "tried": hidden(page, "tried"), "note": "essai"}
    assert desk.post("/surveillance/rules/new", kept).status_code == 303
    made = held(rt, "pertussis-count")
    assert (made.km, made.cases, made.only, made.silence) == (2.5, 4, ("confirmed", "dead"), 14)
    with transaction(rt.sessions) as db:
        assert len(rulebook.current(db)) == len(rules.usual()) + 1
    page = desk.post("/surveillance/rules/new", told | {"upon": "1"}).text
    assert desk.post("/surveillance/rules/new", {"disease": "gout", "kind": "count"}).status_code == 400


def test_a_rule_is_removed_with_a_reason_and_its_name_is_not_given_again(rt, desk):
    assert desk.post(f"{OUTBREAK}/remove", {"upon": "0"}).status_code == 303
    assert held(rt) is not None
    assert desk.post(f"{OUTBREAK}/remove", {"upon": "0", "note": "double"}).status_code == 303
    assert held(rt) is None
    assert desk.get(OUTBREAK).status_code == 404
    assert "retirée" in words(desk.see("/surveillance/rules/versions"))
    assert rule_form.fresh_key("measles", "outbreak", {rule.key for rule in rules.usual()}) == "measles-outbreak-2"


def test_a_name_that_is_no_rule_is_not_there(desk):
    assert desk.get("/surveillance/rules/nothing").status_code == 404
    assert desk.post("/surveillance/rules/nothing", LOOSER).status_code == 404
    assert desk.post(OUTBREAK, LOOSER | {"upon": "9" * 40, "cases": "9" * 5000}).status_code == 422
