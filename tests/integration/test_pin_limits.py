"""The limits of a PIN hold whatever comes at once, and what a locked PIN holds back elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from smsapp.db import transaction
from smsapp.messages import MT, Message
from smsapp.savings import pins
from smsapp.savings.book import Posting
from smsapp.savings.tables import Member
from tests.hamlet import TREASURER, TREASURERS_CARD, found, kept_of, number_of
from tests.handset import Handset, web
from tests.village import settle

PIN = "1111"
KEPT = kept_of(PIN)
HERS = (number_of(8),)


def group_of(rt):
    settle(rt)
    return found(rt, pin=KEPT, members=8)


def member(rt, card=8):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Member).where(Member.card == card)).one()


def alter(rt, card, **values):
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.card == card).values(**values))


def at_once(rt, guesses, numbers=HERS):
    """Each guess dialled in a session of its own, all at the same time; the first words of each screen."""
    plain = web(rt).application
    phones = [Handset(rt, numbers[n % len(numbers)], plain.test_client()) for n in range(len(guesses))]
    with ThreadPoolExecutor(len(guesses)) as pool:
        seen = list(pool.map(lambda phone, pin: phone.dial(f"2*{pin}")[0], phones, guesses))
    return Counter(re.split(r"\n|jusqu", screen)[0].strip() for screen in seen)


WRONG = [f"{pin}" for pin in range(2000, 2020)]
LOCKED = "Code refusé : trop d'essais. Le service bloque ce code"


@pytest.mark.parametrize("numbers", [HERS, [number_of(8), "+22370000299"]])
def test_of_many_guesses_at_once_five_are_looked_at(live_rt, monkeypatch, numbers):
    group_of(live_rt)
    alter(live_rt, 8, next_number="+22370000299")  # a second phone on which her PIN may be given
    looked, real = [], pins.same
    monkeypatch.setattr(pins, "same", lambda *told: looked.append(told) or real(*told))
    seen = at_once(live_rt, WRONG, numbers)
    assert len(looked) == 5
    assert seen == {f"Code incorrect. Essais qui restent : {left}.": 1 for left in (4, 3, 2, 1)} | {LOCKED: 16}
    assert (member(live_rt).wrong_pins, member(live_rt).pin_locks) == (0, 1)
    with transaction(live_rt.sessions) as db:
        told = db.scalar(select(func.count()).where(Message.direction == MT, Message.text.contains("carte 8")))
    assert told == 8  # the officers, once each


def test_the_last_try_is_one_guess_not_sixteen(live_rt, monkeypatch):
    group_of(live_rt)
    alter(live_rt, 8, wrong_pins=4)
    looked, real = [], pins.same
    monkeypatch.setattr(pins, "same", lambda *told: looked.append(told) or real(*told))
    at_once(live_rt, [*WRONG[:15], PIN])
    now = member(live_rt)
    assert len(looked) == (6 if PIN in looked[0] else 1)  # the right one forgets the four before
    assert now.pin_locked_until == live_rt.now() + timedelta(minutes=30)
    assert now.pin_locks == 1


def test_a_pin_is_checked_before_an_effect_can_have_written_anything(rt):
    asked = [ask for flow in rt.flows.live.values() for ask in flow.asks if ask.type == "pin"]
    assert len(asked) > 5
    assert all(len(ask.effects) <= 1 for ask in asked)


def test_the_right_pin_is_refused_once_the_lock_is_set(live_rt):
    group_of(live_rt)
    alter(live_rt, 8, wrong_pins=4)
    assert at_once(live_rt, ["9999"]) == {LOCKED: 1}
    assert at_once(live_rt, [PIN] * 4) == {LOCKED: 4}


# ---- by SMS the number is who she is; while her PIN is locked somebody else may have the phone


def test_while_her_pin_is_locked_she_books_nothing_by_text(rt, clock):
    group = group_of(rt)
    treasurer = Handset(rt, TREASURER)
    [booked] = treasurer.say("DEPOT 8 500")
    receipt = re.search(r"\d+[A-Z]", booked)[0]
    before = postings(rt, group)
    alter(rt, TREASURERS_CARD, pin_locked_until=rt.now() + timedelta(minutes=30))
    held = "Refusé : trop d'essais. Votre code secret est bloqué jusqu'à 10:30."
    for words in ("DEPOT 3 500", f"ANNULE {receipt}", f"ANNULE {receipt} montant faux", "SOLDE"):
        assert treasurer.say(words) == [held], words
    assert postings(rt, group) == before
    assert "500 F" in Handset(rt, number_of(2)).say("DEPOT 3 500")[0]  # the secretary still writes
    clock.at += timedelta(minutes=30)
    assert "caisse 1 000 F" in treasurer.say("SOLDE")[0]
    assert len(treasurer.say("DEPOT 4 500")) == 1
    assert postings(rt, group) == before + 2


def test_a_lock_while_she_is_asked_for_the_reason_holds_too(rt):
    group = group_of(rt)
    treasurer = Handset(rt, TREASURER)
    receipt = re.search(r"\d+[A-Z]", treasurer.say("DEPOT 8 500")[0])[0]
    treasurer.say(f"ANNULE {receipt}")
    alter(rt, TREASURERS_CARD, pin_locked_until=rt.now() + timedelta(minutes=30))
    assert "bloqué jusqu'à 10:30" in treasurer.say("montant faux")[0]
    assert postings(rt, group) == 1


def test_of_several_members_with_one_number_only_the_locked_one_is_silent(rt):
    group_of(rt)
    alter(rt, 7, number=number_of(8), pin_locked_until=rt.now() + timedelta(minutes=30))
    phone = Handset(rt, number_of(8))
    assert phone.say("SOLDE") == ["Benkadi, carte 8 : épargne 0 F (0 parts)."]
    alter(rt, 8, pin_locked_until=rt.now() + timedelta(minutes=90))
    assert "bloqué jusqu'à" in phone.say("SOLDE")[0]


def postings(rt, group):
    with transaction(rt.sessions) as db:
        return db.scalar(select(func.count()).where(Posting.group_id == group.id))


# ---- what a shared phone shows before any PIN


def test_a_shared_phone_shows_cards_and_no_group(rt):
    group_of(rt)
    tontine = found(rt, pin=KEPT, members=8, kind="tontine", name="Sabali", phones=False)
    with transaction(rt.sessions) as db:
        hers = Member.group_id == tontine.id, Member.card.in_([7, 8])
        db.execute(update(Member).where(*hers).values(number=number_of(8)))
    phone = Handset(rt, number_of(8))
    screen, _ = phone.dial("2")
    assert screen.split("\n")[1:4] == ["1. Carte 8", "2. Carte 7", "3. Carte 8"]
    assert "Sabali" not in screen
    assert "Benkadi" not in screen
    assert "Sabali, 8." in phone.dial(f"2*3*{PIN}")[0]
    assert "Benkadi, 8." in phone.dial(f"2*1*{PIN}")[0]


def test_where_a_phone_serves_one_no_card_is_shown_before_the_pin(rt):
    group_of(rt)
    phone = Handset(rt, number_of(3))
    assert "arte" not in phone.dial("2")[0]
    screen, _ = phone.dial(f"2*{PIN}")
    line = re.search(r"^(\d+)\. Code et", screen, re.MULTILINE)
    assert line, screen
    assert "code actuel" in phone.key(line[1], "1")[0]
    screen, _ = phone.dial()
    assert "code secret pour continuer" in screen
    assert "arte" not in screen
