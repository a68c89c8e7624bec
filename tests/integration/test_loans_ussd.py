"""Loans on the keypad: asked for, agreed to on other phones, repaid, overdue and written off; practice does nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from smsapp.db import transaction
from smsapp.savings import groups, ledger, loans
from smsapp.savings.book import Posting
from smsapp.savings.ledger import Entry
from smsapp.savings.ledger import Line as Side
from smsapp.savings.tables import Line, Request
from smsapp.segments import fits_ussd
from tests.hamlet import TREASURERS_CARD, found, kept_of, number_of
from tests.handset import Handset, web
from tests.village import settle

PRESIDENT, KEY, HAWA, KADIA = 1, 5, 8, 9
PIN = "1234"


@pytest.fixture(scope="module")
def kept():
    return kept_of(PIN)


@pytest.fixture
def group(rt, kept):
    settle(rt)
    group = found(rt, charge=50, pin=kept)
    with transaction(rt.sessions) as db:
        for card, francs in ((HAWA, 5000), (KADIA, 45000)):
            member = groups.by_card(db, group.id, card)
            lines = [Side("cash", francs), Side("savings", -francs, member.id)]
            entry = Entry("deposit", lines, f"d{card}", "ussd")
            ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)
    return group


@pytest.fixture
def phone(rt, group):
    """The phones of the group, by card."""
    client = web(rt)
    return lambda card: Phone(rt, number_of(card), client)


class Phone(Handset):
    """Goes by the words of an option, wherever it stands on the screen."""

    def open(self) -> str:
        self.dial()
        self.pick("Mon groupe")
        return self.type(PIN)

    def type(self, *keys: str) -> str:
        screen, self.over = self.key(*keys)
        assert fits_ussd(screen)
        self.seen = screen
        return screen

    def dial(self, text: str = "") -> tuple[str, bool]:
        self.seen, over = super().dial(text)
        return self.seen, over

    def pick(self, *labels: str) -> str:
        for label in labels:
            while (row := re.search(rf"^(\d+)\. {label}", self.seen, re.MULTILINE)) is None:
                assert "\n98. " in self.seen, self.seen
                self.type("98")
            self.type(row[1])
        return self.seen


def told(rt, group, account):
    with transaction(rt.sessions) as db:
        return ledger.total(db, group.id, account)


def ask(keeper, card=HAWA, francs="15000"):
    keeper.open()
    keeper.pick("Pr.ts", "Demander un pr.t")
    return keeper.type(str(card), francs, "1")


def agree(officer):
    officer.open()
    officer.pick("Demandes", "Pr.t", "Oui")
    return officer.type(PIN)


def lend(rt, group, francs=15000):
    """Behind the phones' back: what comes before it has a test of its own."""
    with transaction(rt.sessions) as db:
        member = groups.by_card(db, group.id, HAWA)
        loans.lend(db, rt, member, francs, key="loan", channel="ussd", entered_by=None)


def open_requests(rt):
    with transaction(rt.sessions) as db:
        return len(db.scalars(select(Request).where(Request.outcome.is_(None))).all())


def test_a_loan_is_asked_for_read_back_agreed_to_and_paid_out(rt, group, phone):
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts")
    assert keeper.pick("Demander un pr.t").startswith("Pret pour quelle carte ?")
    assert keeper.type("8").startswith("Quel montant")
    read_back = keeper.type("15000")
    assert "à 8. Hawa : 15 000 F, à rendre pour le 10/06/2026, frais 750 F par mois." in read_back
    assert keeper.type("1").startswith("C'est demandé. Deux responsables vont répondre.\nPrets")
    for officer in (PRESIDENT, KEY):
        assert told(rt, group, "loans") == 0
        agree(phone(officer))
    assert told(rt, group, "loans") == 15000


def test_who_says_no_asks_for_nothing(rt, group, phone):
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts", "Demander un pr.t")
    assert keeper.type("8", "15000", "2").startswith("Rien n'est demandé.")
    assert open_requests(rt) == 0


def test_a_member_asks_for_herself_from_her_own_phone(rt, group, phone):
    hers = phone(HAWA)
    hers.open()
    assert "Remboursement" not in hers.pick("Demander un pr.t")
    assert "à 8. Hawa : 3 000 F" in hers.type("3000")
    hers.type("1")
    agree(phone(PRESIDENT))
    agree(phone(KEY))
    assert told(rt, group, "loans") == 3000


AMOUNTS = {
    "00000": "invalide",
    "-5": "invalide",
    "1.500": "invalide",
    "2,5": "invalide",
    "mille": "invalide",
    "15OO": "invalide",
    "10000000000000": "invalide",
    "15001F": "refusé : 15 000 F au plus, 3 fois l'épargne de 5 000 F",
    "999999999": "refusé",
}


def test_an_amount_that_can_not_be_is_one_plain_sentence(rt, group, phone):
    hers = phone(HAWA)
    hers.open()
    hers.pick("Demander un pr.t")
    for typed, words in AMOUNTS.items():
        reason, question = hers.type(typed).splitlines()[:2]
        assert words in reason
        assert "Quel montant" in question
    assert open_requests(rt) == 0


def test_a_card_of_nobody_is_asked_again(rt, group, phone):
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts", "Demander un pr.t")
    assert keeper.type("77").startswith("Carte inconnue")
    keeper.type("0")
    keeper.pick("Remboursement")
    assert keeper.type("9").startswith("Refusé : 9. Kadia n'a rien à rembourser.")


def test_a_repayment_is_read_back_with_the_charge_and_the_rest(rt, group, phone):
    lend(rt, group)
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts", "Remboursement")
    assert keeper.type("8").startswith("8. Hawa doit 15 750 F, dont 750 F de frais.")
    assert keeper.type("15751").startswith("Montant refusé : 8. Hawa doit 15 750 F en tout.")
    assert keeper.type("5750").startswith("8. Hawa paie 5 750 F, dont 750 F de frais. Reste 10 000 F.")
    said = keeper.type("1")
    with transaction(rt.sessions) as db:
        posting = db.scalars(select(Posting).where(Posting.kind == "repayment")).one()
    assert said.startswith(f"Noté : 5 750 F. Recu {posting.receipt}. Reste 10 000 F.")
    assert (told(rt, group, "loans"), told(rt, group, "charges")) == (10000, 750)


def test_the_same_repayment_again_is_asked_about(rt, group, phone):
    lend(rt, group)
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts", "Remboursement")
    keeper.type("8", "1000", "1")
    keeper.pick("Remboursement")
    assert keeper.type("8", "1000").startswith("Déjà noté à 10:00 : 8. Hawa, 1 000 F. Encore un autre ?")
    assert keeper.type("2").startswith("Rien n'est noté.")
    assert told(rt, group, "loans") == 14750
    keeper.pick("Remboursement")
    keeper.type("8", "1000", "1")
    assert keeper.type("1").startswith("Noté : 1 000 F.")
    assert told(rt, group, "loans") == 13750


def test_a_dropped_line_goes_on_after_the_pin_and_books_once(rt, group, phone):
    lend(rt, group)
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts", "Remboursement")
    keeper.type("8", "1000")
    keeper.dial()
    assert "code secret pour continuer" in keeper.seen
    assert "8. Hawa paie 1 000 F" in keeper.type(PIN)
    keeper.type("1")
    assert told(rt, group, "loans") == 14750


def test_overdue_loans_are_listed_for_officers(rt, group, phone, clock):
    lend(rt, group)
    president = phone(PRESIDENT)
    president.open()
    assert president.pick("Pr.ts", "Pr.ts en retard").startswith("Aucun pret en retard.")
    clock.at += timedelta(days=93)
    president.open()
    assert "Remboursement" not in president.pick("Pr.ts")
    assert president.pick("Pr.ts en retard").startswith("En retard :\n8. Hawa 18 000 F, 10/06/2026")


def test_a_debt_is_written_off_by_officers_together(rt, group, phone):
    lend(rt, group)
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts", "Effacer un pr.t")
    assert keeper.type("8").startswith("8. Hawa doit encore 15 000 F. Le groupe perd cet argent.")
    keeper.type("1")
    agree(phone(PRESIDENT))
    assert told(rt, group, "losses") == 0
    agree(phone(KEY))
    assert (told(rt, group, "losses"), told(rt, group, "loans")) == (15000, 0)


def test_practice_asks_for_nothing_and_books_nothing(rt, group, phone):
    lend(rt, group)
    keeper = phone(TREASURERS_CARD)
    keeper.open()
    keeper.pick("Pr.ts")
    with transaction(rt.sessions) as db:
        db.execute(update(Line).values(practice=True))
    keeper.pick("Remboursement")
    assert keeper.type("8", "1000", "1").startswith("EXERCICE\nNoté : 1 000 F.")
    keeper.pick("Demander un pr.t")
    assert keeper.type("9", "2000", "1").startswith("EXERCICE\nC'est demandé.")
    assert told(rt, group, "loans") == 15000
    assert open_requests(rt) == 0
