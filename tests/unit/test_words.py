"""The words that a text message may begin with, and the service's own texts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from babel.core import Locale
from babel.localedata import locale_identifiers

from smsapp import flowcheck
from smsapp.flows import render
from smsapp.flows.catalogue import Catalogue
from smsapp.flows.nodes import Say
from smsapp.flows.state import Problem
from smsapp.i18n import Texts, fields, language_name
from smsapp.segments import count, fold
from smsapp.words import Command, Vocabulary, close_to, command, keyword
from tests import flowkit
from tests.flowkit import LIVE, TEXTS, flow

COMMANDS = {
    "STOP": Command("stop"),
    "stop": Command("stop"),
    " Stop. ": Command("stop"),
    "ARRÊT": Command("stop"),
    "arret": Command("stop"),
    "Arreter": Command("stop"),
    "arrêter!": Command("stop"),
    "FIN": Command("stop"),
    "fin avis": Command("stop", ("avis",), "survey"),
    "FIN mars 2026": None,
    "Fin de traitement": None,
    "début mars": None,
    "stop merci madame": Command("stop", ("merci", "madame")),
    "ARRET avis": Command("stop", ("avis",), "survey"),
    "Stop survey please dear people": Command("stop", ("survey", "please", "dear", "people"), "survey"),
    "STOP rappels": Command("stop", ("rappels",), "reminders"),
    "DEBUT": Command("start"),
    "Début news": Command("start", ("news",), "news"),
    "START": Command("start"),
    "AIDE": Command("help"),
    "Help": Command("help"),
    "LANGUE": Command("language"),
    "LANGUE fr": Command("language", ("fr",), "fr"),
    "langue Français": Command("language", ("Français",), "fr"),
    "LANGUAGE en": Command("language", ("en",), "en"),
    "LANGUE xx": Command("language", ("xx",)),
    "KAN bamanankan": Command("language", ("bamanankan",), "bm"),
    "": None,
    "   ": None,
    "bonjour": None,
    "1": None,
    "stop de nous faire attendre": Command("stop", ("de", "nous", "faire", "attendre")),
    "ARRETEZ de m'envoyer des messages svp": Command("stop", ("de", "m'envoyer", "des", "messages", "svp")),
    "debut de mes douleurs hier soir": None,
    "Dèmè": Command("help"),
    "dɛmɛ": Command("help"),
    "DABILA": Command("stop"),
    "Dabila AVIS": Command("stop", ("AVIS",), "survey"),
    "dabila ka an makɔnɔ": None,
    "Langue de boeuf pour le repas": None,
    "aide moi je suis malade": None,
    "STOPPER": None,
}


@pytest.mark.parametrize("text", COMMANDS)
def test_command(text):
    assert command(text) == COMMANDS[text]


@pytest.mark.parametrize(
    ("text", "in_sentence"),
    [
        ("STOP", False),
        ("stop merci madame", False),
        ("Stop survey please dear people", False),
        ("STOP DE M'ECRIRE TOUS LES JOURS", True),
        ("AIDE", False),
    ],
)
def test_a_stop_that_begins_a_sentence_is_one_where_nothing_else_takes_the_words(text, in_sentence):
    assert command(text).in_sentence is in_sentence


def test_a_language_goes_by_its_code_once_it_has_a_catalogue(tmp_path):
    (tmp_path / "wo" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "wo" / "LC_MESSAGES" / "phone.po").touch()
    known = Vocabulary.read(translations=tmp_path).languages
    assert (known["wo"], known["bambara"], known.get("bm")) == ("wo", "bm", None)
    assert {"fr", "bm", "en"} <= set(Vocabulary.read().languages)


KEYWORDS = {
    "AVIS": Command("flow", (), "satisfaction"),
    "avis 1201": Command("flow", ("1201",), "satisfaction"),
    "Avis#1201": Command("flow", ("1201",), "satisfaction"),
    "AVIS1201": Command("flow", ("1201",), "satisfaction"),
    "avis1201 merci": Command("flow", ("1201", "merci"), "satisfaction"),
    "Survey": Command("flow", (), "satisfaction"),
    "AVISÉ": None,
    "mon avis": None,
    "1201 avis": None,  # its keyword comes first
    "DEPOT 3 1500": Command("flow", ("3", "1500"), "savings_depot"),
    "DEPOT3 1500": Command("flow", ("3", "1500"), "savings_depot"),
    "3 1500 dépôt": Command("flow", ("3", "1500"), "savings_depot"),
    "deposit": Command("flow", (), "savings_depot"),
    "mon dépôt": None,
    "SOLDE": Command("flow", (), "savings_balance"),
    "balance?": Command("flow", (), "savings_balance"),
    "NON 27K": Command("flow", ("27K",), "savings_non"),
    "non merci": None,  # something to say, not a receipt
    "NON": None,
    "oui 27 k": Command("flow", ("27", "k"), "savings_oui"),
    "Oui": None,
    "#": None,
    "": None,
}


@pytest.mark.parametrize("text", KEYWORDS)
def test_keyword(text):
    assert keyword(text, LIVE.live) == KEYWORDS[text]


MEANT = {"AVSI": "AVIS", "avi": "AVIS", "Surveyy 12": "SURVEY", "aidee": "AIDE", "ARET": "ARRET", "Langu fr": "LANGUE"}
MEANT |= {
    "NAISANCE hier F 76 00 01 05 Awa": "NAISSANCE",
    "Grossese 5 mois 76000105": "GROSSESSE",
    "depo 3 15 4 5": "DEPOT",
}
NOT_MEANT = ["", "1", "av", "bonjour", "merci beaucoup", "avi tu vas bien", "12345", "Salimata", "fin mars 2026"]
NOT_MEANT += ["enfin j'ai payé 3000 francs", "Aider moi s'il vous plait 76000105", "avi tu vas bien 2 fois"]


@pytest.mark.parametrize("text", [*MEANT, *NOT_MEANT])
def test_close_to(text):
    assert close_to(text, LIVE.live) == MEANT.get(text)


def test_a_keyword_that_is_a_command_or_of_two_flows_is_refused():
    one = flow("{flow: one, keywords: {fr: [VISITE]}, nodes: [{end: bye}]}")
    two = flow("{flow: two, keywords: {en: [visité], fr: [stop]}, nodes: [{end: bye}]}")
    found = [p for p in flowcheck.problems(Catalogue.of([one, two]), TEXTS) if "keyword" in p]
    assert found == ["two: keyword VISITE is already that of one", "two: keyword STOP is already that of a command"]


# Every text of the service is either a refusal and says so, or is none and does not sound like one.

REFUSALS = re.compile(r"^(problem|refused)\.|\.problem$|^(language_usage|language_unknown|keyword\.close)$")


@pytest.mark.parametrize("language", TEXTS.languages)
def test_refusals_say_so_and_nothing_else_does(language):
    for key, text in TEXTS.catalogues[language].items():
        assert bool(flowcheck.REFUSAL.search(text)) == bool(REFUSALS.search(key)), (key, text)


@pytest.mark.parametrize("language", TEXTS.languages)
def test_where_a_format_is_meant_there_is_an_example(language):
    for key, text in TEXTS.catalogues[language].items():
        if "format" in text.casefold():
            assert re.search(r"ex[ae]mple ?:|\bex\. |e\.g\. |misali ?:", text.casefold()), (key, text)


@pytest.mark.parametrize("language", TEXTS.languages[1:])
def test_a_translation_fills_in_the_same_values(language):
    for key, text in TEXTS.catalogues[language].items():
        assert fields(text) == fields(TEXTS.catalogues["fr"][key]), key


def test_every_text_is_there_in_every_language_and_bambara_waits_for_review():
    for language in ("bm", "en"):
        assert TEXTS.missing(language) == []
        assert set(TEXTS.catalogues[language]) <= set(TEXTS.catalogues["fr"])
    assert TEXTS.unreviewed["bm"] == frozenset(TEXTS.catalogues["bm"])
    assert TEXTS.unreviewed["fr"] == TEXTS.unreviewed["en"] == frozenset()


def test_a_missing_text_is_said_in_the_default_language():
    lacking = {key: text for key, text in TEXTS.catalogues["bm"].items() if key != "satisfaction.nowhere"}
    texts = replace(TEXTS, catalogues={**TEXTS.catalogues, "bm": lacking})
    assert texts.say("bm", "satisfaction.nowhere") == TEXTS.say("fr", "satisfaction.nowhere")
    assert [note for note in flowcheck.notes(LIVE, texts) if "fall back" in note] == [
        "bm: 1 texts fall back to fr: satisfaction.nowhere"
    ]
    assert TEXTS.say(None, "sorry") == TEXTS.say("xx", "sorry") == TEXTS.say("fr", "sorry")
    with pytest.raises(KeyError):
        TEXTS.say("fr", "no such text")


SAID = ("stopped", "started", "language_", "help_sms", "unheard", "kept", "keyword.close", "topic.", "nudge")


@pytest.mark.parametrize("key", [key for key in TEXTS.catalogues["fr"] if key.startswith((*SAID, "problem."))])
def test_commands_are_answered_in_bambara_in_no_more_parts(key):
    told = {"codes": "fr, bm, en", "service_code": "*384*223#", "typed": "DEPOTEMENT12345", "meant": "NAISSANCE"}
    told |= {"asked": "wolof du Senegal 123", "topic": "hakilinaw dogotoroso kan"}
    french, bambara = (count(fold(TEXTS.say(language, key, **told))) for language in ("fr", "bm"))
    assert key in TEXTS.catalogues["bm"]
    assert bambara <= french == 1


@pytest.mark.parametrize("language", TEXTS.languages)
def test_a_reason_above_a_question_turns_no_page(language):
    words = flowkit.words(language)
    for form in LIVE.live.values():
        for screen in flowcheck.screens(form, language):
            reason = Problem("choice", screen.key if form.kind == "form" else "")
            if isinstance(form.by_name.get(screen.key), Say):
                continue  # any key goes on
            if not screen.end and render.page_count(screen, language, words) == 1:
                assert render.page_count(replace(screen, problem=reason), language, words) == 1, screen.at


def test_a_language_without_texts_is_refused():
    with pytest.raises(OSError):
        Texts.load(("fr", "qqq"))


def test_languages_by_their_own_names():
    assert [language_name(code) for code in ("fr", "en")] == ["Français", "English"]
    assert language_name("bm")
    assert language_name("fr_ML") == "Français"
    assert language_name("qqq") == "Qqq"


def test_languages_are_called_what_unicode_says():
    codes = [code for code in locale_identifiers() if "_" not in code]
    assert len(codes) > 300
    told = {code: (Locale.parse(code).get_display_name(code) or code).capitalize() for code in codes}
    ours = {code: name for code in told if (name := language_name(code)) != told[code]}
    assert ours == {"bm": "Bamanankan"}  # as its texts call it


def test_this_release_is_sound_and_says_what_waits():
    assert flowcheck.problems(LIVE, TEXTS) == []
    notes = list(flowcheck.notes(LIVE, TEXTS))
    assert any(note.startswith("bm:") and "native speaker" in note for note in notes)


def test_a_language_that_does_not_name_itself_is_a_problem():
    texts = replace(
        TEXTS, languages=("fr", "wo"), catalogues={**TEXTS.catalogues, "wo": {"language_set": "Làkk : wolof."}}
    )
    assert [p for p in flowcheck.problems(LIVE, texts) if p.startswith("wo:")] == [
        "wo: text language.done is missing, which says which language it is"
    ]


UNSOUND = {
    "{flow: f, nodes: [{end: bye, effects: [no.such]}]}": "f: no effect is called no.such",
    "{flow: f, needs: [nothing], nodes: [{end: bye}]}": "f: no fact is called nothing",
    "{flow: f, nodes: [{ask: q, type: choice, choices: [a]}]}": "f: text q.a is missing",
}


@pytest.mark.parametrize("source", UNSOUND)
def test_a_flow_that_can_not_run_is_found(source):
    assert UNSOUND[source] in flowcheck.problems(Catalogue.of([flow(source)]), TEXTS)


BAD_TEXTS = {
    "q: Erreur de caisse ?": "f.q in fr uses 'Erreur', which means a refusal",
    "q.problem: Encore une fois.": "f.q.problem in fr does not say that it refuses",
    "q: Bonjour {somebody}": "f: a text in fr shows {somebody}",
    f"q: {'beaucoup de mots ' * 60}": "pages on USSD",
}


@pytest.mark.parametrize("texts", BAD_TEXTS)
def test_a_text_that_misleads_or_does_not_fit_is_found(texts):
    form = flow("{flow: f, by_sms: yes, nodes: [{ask: q, type: text}]}", texts)
    assert any(BAD_TEXTS[texts] in problem for problem in flowcheck.problems(Catalogue.of([form]), TEXTS))


def test_a_question_of_too_many_parts_is_found():
    form = flow("{flow: f, by_sms: yes, nodes: [{ask: q, type: text}]}", f"q: {'mots ' * 65}")
    assert "f.q in fr: 3 parts by SMS" in flowcheck.problems(Catalogue.of([form]), TEXTS)


def test_consent_says_the_same_in_every_language():
    """What is kept and how, that her number is kept apart, and that she may stop."""
    said = {language: TEXTS.find(language, "satisfaction.consent") for language in ("fr", "bm", "en")}
    for words in (("numéro à part", "arrêter"), ("number apart", "stop"), ("nimɔrɔ bɛ mara a danma", "dabila")):
        assert any(all(word in text for word in words) for text in said.values()), said
    assert "satisfaction.consent" in TEXTS.unreviewed["bm"]
