"""Reports in several messages and from borrowed phones: what belongs together, and whose code a number is."""

from __future__ import annotations

from datetime import date

import pytest

from smsapp.effects.cases_told import PRACTICE_WORDS, shortest
from smsapp.segments import fold, septets
from smsapp.surveillance import dialogue
from smsapp.surveillance.ages import Age
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.said import Correction, Decision, Missing, Report, Wrong
from smsapp.surveillance.villages import key_of
from tests.flowkit import TEXTS

DISEASES = of_country("ML")
TODAY = date(2026, 3, 10)


def heard(*texts):
    return dialogue.heard(texts, DISEASES, "fr", TODAY)


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("MOI 4821 CAS ROUGEOLE F 3", "4821", "CAS ROUGEOLE F 3"),
        ("moi:4821 1#1#2", "4821", "1#1#2"),
        ("Me 4821, case measles f 3", "4821", "case measles f 3"),
        ("@4821 99", "4821", "99"),
        ("@ 4821\n99", "4821", "99"),
        ("CAS ROUGEOLE F 3 MOI 4821", "4821", "CAS ROUGEOLE F 3"),
        ("1#1#2 @4821.", "4821", "1#1#2"),
        ("moi4821 ras", "4821", "ras"),
        ("MOI 4821", "4821", ""),
        ("CAS ROUGEOLE F 3", "", "CAS ROUGEOLE F 3"),
        ("4821 1#1#2", "", "4821 1#1#2"),
        ("MOI 482 CAS ROUGEOLE", "", "MOI 482 CAS ROUGEOLE"),
        ("MOI 48211 CAS", "", "MOI 48211 CAS"),
        ("MOI 0821 CAS", "0821", "CAS"),
        ("Moi je trouve cela cher", "", "Moi je trouve cela cher"),
        ("CORRIGE 1003 4 ANS", "", "CORRIGE 1003 4 ANS"),
        ("mimi 4821 est ma fille", "", "mimi 4821 est ma fille"),
        ("", "", ""),
    ],
)
def test_a_personal_code_has_its_word_before_it(text, code, rest):
    assert dialogue.borrowed(text) == (code, rest)


def test_me_alone_asks_for_the_code():
    assert [dialogue.asks_code(text) for text in ("MOI", " me ?", "moi!", "Moi aussi", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_answers_complete_a_report_in_their_order():
    assert heard("CAS").what == "disease"
    assert heard("CAS", "rougeole").what == "age"
    found = heard("CAS", "rougeole", "3 ans F")
    assert (found.disease, found.age, found.sex) == ("measles", Age.of(3, "years"), "female")
    assert heard("tnn f 5").what == "age_unit"
    assert heard("tnn f 5", "5 jours").age == Age.of(5, "days")
    assert heard("RETIRE", "1003") == Decision("withdraw", 1003)
    assert isinstance(heard("CORRIGE 1003"), Missing)
    assert isinstance(heard("CORRIGE 1003", "4 ans"), Correction)


def test_nothing_is_added_to_what_is_whole():
    assert heard("CAS ROUGEOLE F 3", "4 ans") == heard("CAS ROUGEOLE F 3")


@pytest.mark.parametrize(
    ("text", "village"),
    [
        ("rougeole f 3 kourouba", "kourouba"),
        ("Rougeole F 3 ans à Sala", "sala"),
        ("f 3 rougeole kourouba", "kourouba"),
    ],
)
def test_a_whole_report_needs_no_keyword_though_it_names_a_village(text, village):
    found = heard(text)
    assert isinstance(found, Report)
    assert found.village == village


@pytest.mark.parametrize("text", ["rougeole vaccin est fini au centre", "bonjour docteur"])
def test_a_sentence_is_no_report(text):
    assert heard(text) != Report("case", "measles")
    assert isinstance(heard(text), Wrong)


def test_a_number_that_can_be_no_age_is_an_alert():
    assert heard("f 1003 rougeole finie") == Decision("false", 1003, "rougeole finie")


def test_a_misspelt_disease_is_shown_and_not_taken():
    found = heard("rougole f 3")
    assert (found.key, found.values["meant"]) == ("disease_misspelt", "ROUGEOLE")


@pytest.mark.parametrize("language", ["fr", "bm", "en"])
def test_every_disease_s_advice_fits_in_one_part_with_its_number(language):
    for disease in DISEASES.all:
        for mark in ("", TEXTS.say(language, PRACTICE_WORDS) + " "):
            words = mark + shortest(TEXTS, language, 99_999, disease.advises(DISEASES.told_in(language)))
            assert septets(fold(words)) <= 160, (disease.key, words)


def test_a_village_is_the_same_in_any_spelling_of_case_accents_and_signs():
    assert key_of("Zégoua") == key_of("ZEGOUA ") == key_of("zé-goua")
    assert key_of("Zégoua") != key_of("Zégouan")
