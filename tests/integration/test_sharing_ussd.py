"""The share-out on the keypad: seen by all, asked for by one officer, agreed to on two other phones."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from smsapp.db import transaction
from smsapp.savings import groups, ledger, verifying
from smsapp.savings.book import ShareOut
from smsapp.savings.ledger import Entry
from smsapp.savings.ledger import Line as Side
from smsapp.savings.tables import Group, Line, Meeting, Request
from smsapp.segments import fits_ussd
from tests.hamlet import TREASURERS_CARD, found, kept_of, number_of
from tests.handset import Handset, web
from tests.village import settle

PRESIDENT, SECRETARY, HAWA = 1, 2, 8
PIN = "1234"


@pytest.fixture(scope="module")
def kept():
    return kept_of(PIN)


@pytest.fixture
def group(rt, kept):
    settle(rt)
    group = found(rt, members=8, pin=kept)
    book(rt, group, "deposit", PRESIDENT, 40000)
    book(rt, group, "deposit", HAWA, 25000)
    book(rt, group, "fine", HAWA, 1003, "fines")
    return group


def book(rt, group, kind, card, francs, account="savings"):
    with transaction(rt.sessions) as db:
        member = groups.by_card(db, group.id, card)
        lines = [Side("cash", francs), Side(account, -francs, member.id)]
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, Entry(kind, lines, f"{kind}.{card}", "ussd"))


class Phone(Handset):
    """Goes by the words of an option, wherever it stands on the screen."""

    def type(self, *keys):
        screen, self.over = self.key(*keys)
        assert fits_ussd(screen)
        self.screen = screen
        return screen

    def pick(self, *words):
        for word in words:
            while not (found := re.search(rf"^(\d+)\. {re.escape(word)}", self.screen, re.MULTILINE)):
                self.type("98")
            self.type(found[1])
        return self.screen

    def open(self, *words):
        self.screen, _ = self.dial()
        self.pick("Mon groupe")
        self.type(PIN)
        return self.pick(*words)


@pytest.fixture
def phone(rt, group):
    client = web(rt)
    return lambda card: Phone(rt, number_of(card), client)


def shared(rt):
    with transaction(rt.sessions) as db:
        return db.scalars(select(ShareOut)).all()


def test_a_member_sees_her_part_and_goes_back(phone):
    hawa = phone(HAWA)
    assert hawa.open("Partage").startswith(
        "Si on partageait aujourd'hui, vous auriez 25 385 F : épargne 25 000 F, résultat 385 F, pret à rendre 0 F."
        " Le groupe : 66 000 F pour 2 membres."
    )
    assert "Partage" in hawa.type("1")


def test_an_officer_sees_the_whole_and_anybodys_part(phone):
    president = phone(PRESIDENT)
    assert president.open("Partage").startswith(
        "Partage ce jour : 66 000 F pour 2, résultat 1 003 F. Caisse sociale après : 3 F.\n1. Ma part"
    )
    assert "vous auriez 40 615 F" in president.pick("Ma part")
    assert "8. Hawa aurait 25 385 F" in president.type("0", "2", "8")
    assert "Carte inconnue" in president.type("0", "99")


def test_three_officers_share_out(rt, group, phone):
    president = phone(PRESIDENT)
    said = president.open("Partage", "Partage final")
    assert said.startswith("Lisez à haute voix : 66 000 F pour 2 membres, résultat 1 003 F, 3 F à la caisse sociale.")
    assert president.pick("Oui").startswith("Votre code secret ?")
    assert "Code incorrect" in president.type("9999")
    assert president.type(PIN).startswith("Demandé.")
    for card in (SECRETARY, TREASURERS_CARD):
        assert shared(rt) == []
        officer = phone(card)
        assert "66 000 F" in officer.open("Demandes")
        officer.pick("Partage final")
        officer.pick("Oui")
        officer.type(PIN)
    [done] = shared(rt)
    assert done.told["payouts"] == {"1": 40615, "8": 25385}
    assert any("25 385 F" in text for text in phone(HAWA).arrived())
    assert phone(HAWA).open("Partage").startswith("Partage refusé : le cycle du groupe est clos.")
    with transaction(rt.sessions) as db:
        assert verifying.verify(db, db.get_one(Group, group.id)) == 4


def test_a_loss_is_read_out_before_it_is_asked_for(rt, group, phone):
    with transaction(rt.sessions) as db:
        lines = [Side("cash", -2000), Side("expenses", 2000)]
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, Entry("expense", lines, "e", "ussd"))
    president = phone(PRESIDENT)
    assert president.open("Partage", "Partage final").startswith("ATTENTION, PERTE de 997 F :")
    assert president.pick("Non").startswith("Rien n'est partagé.")
    assert president.pick("Partage", "Partage final", "Oui").startswith("Votre code secret ?")
    assert president.type(PIN).startswith("Demandé.")
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Request)).one().details["loss"] == 997  # that one and no larger


def test_an_open_meeting_stands_in_the_way(rt, group, phone):
    with transaction(rt.sessions) as db:
        cycle_id = ledger.open_cycle(db, group.id).id
        told = {"cycle_id": cycle_id, "nth": 1, "held_on": rt.local_now().date(), "opened_at": rt.now()}
        db.add(Meeting(group_id=group.id, **told))
    said = phone(PRESIDENT).open("Partage", "Partage final")
    assert said.startswith("Partage refusé : une réunion est ouverte. Fermez-la d'abord.")
    assert "Partage ce jour : 66 000 F" in said


def test_a_new_session_asks_for_the_pin_before_it_shows_figures(phone):
    president = phone(PRESIDENT)
    president.open("Partage")
    screen, _ = president.dial()
    assert "66 000" not in screen
    assert "66 000 F" in president.type(PIN)


def test_practice_asks_nobody(rt, group, phone):
    president = phone(PRESIDENT)
    president.open()
    with transaction(rt.sessions) as db:
        db.execute(update(Line).values(practice=True))
    president.pick("Partage", "Partage final", "Oui")
    assert president.type(PIN).startswith("EXERCICE\nDemandé.")
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Request)).all() == []


def asked(phone):
    """The president asks for it, the secretary agrees, and the treasurer is about to."""
    president = phone(PRESIDENT)
    president.open("Partage", "Partage final", "Oui")
    president.type(PIN)
    secretary = phone(SECRETARY)
    secretary.open("Demandes", "Partage final", "Oui")
    secretary.type(PIN)
    treasurer = phone(TREASURERS_CARD)
    treasurer.open()
    return treasurer


def agree(treasurer):
    treasurer.pick("Demandes", "Partage final", "Oui")
    return treasurer.type(PIN)


def test_a_last_consent_to_another_sum_ends_what_was_asked_for(rt, group, phone):
    treasurer = asked(phone)
    book(rt, group, "fine", PRESIDENT, 4000, "fines")
    said = agree(treasurer)
    assert said.startswith("Partage refusé : le total est maintenant 69 995 F, pas 66 000 F comme demandé.")
    assert shared(rt) == []
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Request)).one().outcome == "expired"
    assert any("passé de 66 000 F a 69 995 F" in text.replace("à", "a") for text in phone(SECRETARY).arrived())


def test_a_practised_consent_ends_nothing(rt, group, phone):
    treasurer = asked(phone)
    book(rt, group, "fine", PRESIDENT, 4000, "fines")
    with transaction(rt.sessions) as db:
        db.execute(update(Line).where(Line.number == treasurer.number).values(practice=True))
    assert "Partage refusé" in agree(treasurer)
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Request)).one().outcome is None
    assert not any("passé de" in text for text in phone(SECRETARY).arrived())
