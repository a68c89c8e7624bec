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
from smsapp.savings.tables import Member
from tests.hamlet import found, kept_of, number_of
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
