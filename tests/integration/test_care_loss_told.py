"""A family tells of a death or a loss from its own menu, without a code to know."""

from __future__ import annotations

from datetime import date

import pytest

from smsapp import people
from smsapp.db import transaction
from smsapp.vaccines import codes
from tests import nursery
from tests.handset import Handset
from tests.nursery import AWA, BINTA, MIDWIFE
from tests.village import settle

BORN, LAST = date(2026, 1, 20), date(2025, 12, 17)


@pytest.fixture
def awa(rt):
    settle(rt)
    nursery.staffed(rt)
    return Handset(rt, AWA)


def state(rt, file):
    with transaction(rt.sessions) as db:
        return db.get_one(type(file), file.id).state


def test_nothing_is_said_of_the_child_after_it_was_asked_once_more(awa):
    child, other = nursery.child(awa.rt, BORN), nursery.child(awa.rt, BORN, BINTA)
    awa.dial("2")
    asked, _ = awa.key("5")
    assert f"1. Enfant du 20/01/2026 ({codes.of(child.number)})\n0." in asked
    assert "Fanta" not in asked
    sure, _ = awa.key("1")
    assert "Est-ce bien cela ?\n1. Oui\n2. Non" in sure
    back, _ = awa.key("2")
    assert "Rien n'est changé." in back
    assert state(awa.rt, child) == "active"
    last, end = awa.key("5", "1", "1")
    assert last.startswith("C'est noté. Nous partageons votre peine.")
    assert end
    assert (state(awa.rt, child), state(awa.rt, other)) == ("dead", "active")


def test_so_it_is_of_a_pregnancy(awa):
    child, mother = nursery.child(awa.rt, BORN), nursery.pregnancy(awa.rt, LAST)
    awa.dial("2*5")
    awa.key("2", "1")
    assert (state(awa.rt, child), state(awa.rt, mother)) == ("active", "lost")


def test_on_a_shared_phone_it_says_of_whom(awa):
    child = nursery.child(awa.rt, BORN)
    with transaction(awa.rt.sessions) as db:
        people.add(db, awa.rt.now(), number=AWA, name="Nana Touré", language="fr", roles=["mother"])
    asked, _ = awa.dial("2*5")
    assert f"1. Mère, Enfant du 20/01/2026 ({codes.of(child.number)})" in asked


def test_her_visits_after_the_birth_are_not_shown_to_a_mother_who_has_lost_her_child(awa):
    Handset(awa.rt, MIDWIFE).say("NAISSANCE hier F 70000101 Fanta")
    assert "Prochaines visites" in awa.dial("2*1")[0]
    awa.key("00", "2", "5", "1", "1")
    assert "Prochaines visites" not in awa.dial("2*1")[0]
