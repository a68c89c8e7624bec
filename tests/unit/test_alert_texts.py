"""What phones read of alerts: one part each, whatever the disease, and only what refuses has the words of a refusal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from smsapp.handlers.console.alerts.terms import OUTCOMES
from smsapp.i18n import Texts
from smsapp.segments import count, fold, search_key
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.escalations import CHAIN
from smsapp.surveillance.tables import RISKS

CONSOLE = Path(__file__).resolve().parents[2] / "smsapp/translations/fr/LC_MESSAGES/console.po"
LANGUAGES = ("fr", "bm", "en")
REFUSING = re.compile(r"\b(format|inconnue?|invalide?|incorrecte?|refus|erreur|unknown|error)\b")
LONGEST = {
    "name": "Abdramane",
    "number": 123456,
    "numbers": "123456, 123457…",
    "place": "Boulkassoumbougou",
    "at": "22/12 23:59",
}


@pytest.fixture(scope="module")
def texts():
    return Texts.load(LANGUAGES)


def mine(texts, language, *starts):
    return {key: text for key, text in texts.catalogues[language].items() if key.startswith(starts)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_what_refuses_says_so(texts, language):
    refusals = mine(texts, language, "refused.alert.")
    assert len(refusals) > 10
    assert [key for key, text in refusals.items() if not REFUSING.search(search_key(text))] == []
    others = mine(texts, language, "alert.", "alert_menu.", "alert_answer.")
    wrong = [key for key, text in others.items() if REFUSING.search(search_key(text))]
    assert [key for key in wrong if not key.endswith(".problem")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_workers_hear_each_step_in_one_part(texts, language):
    known = of_country("ML")
    steps = [text for key, text in mine(texts, language, "alert.worker.", "alert.heard.").items()]
    assert len(steps) == 10
    actions = [words.get(language, words["fr"]) for words in known.facts.actions.values()]
    outcomes = [texts.say(language, f"alert.outcome.{one}") for one in known.facts.outcomes]
    most = {
        "thanks": texts.say(language, "alert.thanks", name=LONGEST["name"]),
        "disease": max((one.name(language).partition(" (")[0] for one in known.all), key=len),
        "level": max((texts.say(language, f"alert.level.{level}") for level in CHAIN), key=len),
        "risk": max((texts.say(language, f"alert.risk.{risk}") for risk in RISKS), key=len),
        "action": max(actions, key=len),
        "outcome": max(outcomes, key=len),
        "report": texts.say(language, "alert.reports", numbers=LONGEST["numbers"]),
    }
    for text in steps:
        said = text
        for name, value in {**LONGEST, **most}.items():
            said = said.replace(f"{{{name}}}", str(value))
        assert "{" not in said
        assert count(fold(said)) == 1, said


def test_every_reason_and_fact_of_the_file_has_its_words(texts):
    facts = of_country("ML").facts
    for outcome in facts.outcomes:
        assert texts.find("en", f"alert.outcome.{outcome}")
    assert all(texts.find("en", f"alert_menu.confirmed.{fact}") for fact in facts.verification.facts)
    early = {words["early"] for words in facts.actions.values() if "early" in words}
    assert early <= set(facts.early_actions)


def test_an_alert_ends_in_the_same_words_for_the_console_and_for_phones(texts):
    """One list, in one order: what the country's file has."""
    known = of_country("ML").facts.outcomes
    assert list(OUTCOMES) == list(known)
    with CONSOLE.open("rb") as file:
        french = read_po(file, locale="fr")
    for outcome in known:
        said = str(french[OUTCOMES[outcome]._args[0]].string)
        assert said.replace("’", "'") == texts.say("fr", f"alert.outcome.{outcome}")
        assert OUTCOMES[outcome]._args[0] == texts.say("en", f"alert.outcome.{outcome}")
