"""Texts without a keyword that a domain claims: they come whole, and what was open stays open."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from smsapp.effects import CLAIMS
from smsapp.flows.catalogue import Catalogue
from smsapp.flows.loader import compile_flow
from tests.handset import Handset
from tests.village import settle

FLOW = """
flow: shout
spec: 1
keywords: {fr: [HO]}
claims: shouting
coded: [words]
by_sms: yes
nodes:
  - ask: words
    type: text
  - ask: why
    type: choice
    choices: [fun, need]
    relevant: contains(${words}, '?')
  - end: done
"""
FORM = """
flow: market
spec: 1
keywords: {fr: [PANIER]}
by_sms: yes
nodes:
  - ask: count
    type: integer
  - end: done
"""
TEXTS = {
    "words": "Quoi ?",
    "why": "Pourquoi ?",
    "why.fun": "Pour rire",
    "why.need": "Besoin",
    "done": "Entendu : {words}",
}


@pytest.fixture
def heard(rt, monkeypatch):
    """A domain of signs; what it was told of the open question."""
    told = []

    def shouting(caller, text, opened):
        told.append(opened and (opened.flow, opened.ask.name))
        return text.startswith(("!", "~~")) or (text == "7" and opened is None)

    monkeypatch.setitem(CLAIMS, "shouting", shouting)
    shout = compile_flow(yaml.load(FLOW, Loader=yaml.BaseLoader), {"fr": TEXTS}, "fr")
    texts = {"fr": {"count": "Combien ?", "done": "Merci : {count}"}}
    market = compile_flow(yaml.load(FORM, Loader=yaml.BaseLoader), texts, "fr")
    rt = replace(rt, flows=Catalogue.of([*rt.flows.live.values(), shout, market]))
    settle(rt)
    return Handset(rt), told


def test_a_claimed_text_comes_whole_with_its_signs(heard):
    phone, _ = heard
    assert phone.say("!1#1#2  là") == ["Entendu : !1#1#2 là"]
    assert phone.say("~~1#2") == ["Entendu : ~~1#2"]


def test_a_keyword_of_such_a_flow_comes_with_its_text(heard):
    phone, _ = heard
    assert phone.say("ho 1#1#2") == ["Entendu : ho 1#1#2"]


def test_what_is_open_is_asked_again_below_the_answer(heard):
    phone, told = heard
    assert phone.say("panier") == ["Combien ?"]
    assert phone.say("!là") == ["Entendu : !là\nCombien ?"]
    assert told == [("market", "count")]
    assert phone.say("12") == ["Merci : 12"]


def test_a_claim_may_leave_an_answer_to_the_open_question(heard):
    phone, told = heard
    assert phone.say("7") == ["Entendu : 7"]
    phone.say("panier")
    assert phone.say("7") == ["Merci : 7"]
    assert told == [None, ("market", "count")]


def test_its_own_question_is_asked_first_and_then_the_other(heard):
    phone, _ = heard
    phone.say("panier")
    assert phone.say("!quoi?")[0].startswith("Pourquoi ?")
    assert phone.say("2") == ["Entendu : !quoi?"]


def test_a_form_on_the_keypad_stays_open_beside_it(heard):
    phone, _ = heard
    before, _ = phone.dial("1")
    assert phone.say("!là")[0].startswith("Entendu : !là")
    assert phone.dial()[0] == before


def test_keywords_and_commands_come_first(heard):
    phone, told = heard
    phone.say("AIDE")
    phone.say("panier")
    assert told == []
