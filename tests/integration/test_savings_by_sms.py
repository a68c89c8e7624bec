"""Savings and text messages: no PIN by SMS, no form behind a PIN by SMS, and what was booked is always answered."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, text

from smsapp import conversations
from smsapp.conversations.sms import ANSWERS_AN_HOUR
from smsapp.db import transaction
from smsapp.messages import MO, Message
from smsapp.savings.book import Posting
from tests.hamlet import TREASURER, found, kept_of
from tests.handset import MOTHER, Handset
from tests.village import settle

PIN = "1234"


@pytest.fixture(scope="module")
def kept():
    return kept_of(PIN)


@pytest.fixture
def phone(rt, kept):
    settle(rt)
    found(rt, pin=kept)
    return Handset(rt, TREASURER)


def open_form(phone):
    """A deposit that waits for its card."""
    phone.dial()
    return phone.key("2", PIN, "1")


def texts(rt):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Message).where(Message.direction == MO).order_by(Message.id)).all()


def never_a_code(phone):
    return phone.rt.texts.say("fr", "code_by_sms", service_code=phone.rt.settings.service_code)


# ---- no form behind a PIN


def test_a_form_behind_a_pin_is_not_gone_on_with_by_sms(phone, clock):
    assert "carte" in open_form(phone)[0]
    clock.move(hours=30)
    assert phone.dial()[0].startswith("Vous n'aviez pas fini.")
    [said] = phone.say("1")
    assert said.startswith(phone.rt.texts.say("fr", "unheard"))
    assert texts(phone.rt)[-1].status == "unheard"


@pytest.mark.parametrize("hours", [0, 3, 30])
def test_a_language_chosen_by_sms_does_not_show_it_either(phone, clock, hours):
    open_form(phone)
    clock.move(hours=hours)
    phone.dial()
    [said] = phone.say("LANGUE en")
    assert said == "Language: English."


def test_nobody_is_reminded_of_it_by_sms(phone, clock):
    open_form(phone)
    clock.move(minutes=6)
    conversations.nudge(phone.rt)
    assert phone.arrived() == []


def test_it_is_still_there_on_the_keypad(phone, clock):
    open_form(phone)
    clock.move(hours=30)
    phone.dial()
    phone.say("1")
    phone.say("1234")
    assert phone.dial()[0].startswith("Vous n'aviez pas fini.")
    phone.key("1")
    assert "carte" in phone.key(PIN)[0]


def test_a_survey_that_waits_above_a_long_silence_is_still_answered_by_sms(rt, clock):
    settle(rt)
    phone = Handset(rt, MOTHER)
    phone.dial()
    phone.key("1", "1", "2")
    clock.move(hours=30)
    assert phone.dial()[0].startswith("Vous n'aviez pas fini.")
    assert phone.say("1")[0].startswith("On continue.\n2/6")


# ---- no PIN


@pytest.mark.parametrize("words", ["1234", " 1234. ", "123456", "9999"])
@pytest.mark.parametrize("keys", [["2"], ["2", PIN], ["2", PIN, "1"]], ids=["door", "menu", "form"])
def test_a_code_sent_by_sms_is_answered_and_not_kept(phone, keys, words):
    phone.dial()
    phone.key(*keys)
    assert phone.say(words) == [never_a_code(phone)]
    [row] = texts(phone.rt)
    assert (row.text, row.status) == (None, "heard")
    with transaction(phone.rt.sessions) as db:
        kept = db.scalars(text("SELECT m::text FROM messages m UNION ALL SELECT t::text FROM threads t")).all()
    assert not any(re.search(rf"\b{words.strip(' .')}\b", row) for row in kept)


@pytest.mark.parametrize("words", ["123", "1234567", "12 mars 2026", "Bonjour"])
def test_other_words_are_not_taken_for_a_code(phone, words):
    open_form(phone)
    phone.say(words)
    assert texts(phone.rt)[-1].text == words


def test_four_digits_of_who_is_in_no_savings_form_are_kept(phone):
    phone.say("1234")
    assert texts(phone.rt)[-1].text == "1234"


# ---- what was booked is answered


def test_what_was_booked_is_answered_beyond_the_limit_and_a_refusal_is_not(phone):
    phone.answered(ANSWERS_AN_HOUR - 1)
    phone.arrived()
    assert len(phone.say("AIDE")) == 1
    [said] = phone.say("DEPOT 3 500")
    assert "Recu" in said
    assert phone.say("DEPOT 99 500") == []
    assert phone.say("SOLDE") == []
    assert phone.say("AIDE") == []
    with transaction(phone.rt.sessions) as db:
        assert db.scalar(select(func.count()).select_from(Posting)) == 1


def test_the_limit_is_over_after_an_hour(phone, clock):
    phone.answered(ANSWERS_AN_HOUR - 1)
    phone.arrived()
    assert len(phone.say("SOLDE")) == 1
    assert phone.say("SOLDE") == []
    clock.move(hours=2)
    assert len(phone.say("SOLDE")) == 1
