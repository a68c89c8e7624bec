"""A meeting on the keypad: dropped and taken up again, led by two at once, practised, and fast enough for thirty."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.savings import ledger, meetings, verifying
from smsapp.savings.book import Balance, Posting, PostingLine
from smsapp.savings.tables import Consent, Group, Line, Loan, Meeting, Member, Request
from tests.counting import statements
from tests.hamlet import TREASURER, cards, found, kept_of, number_of
from tests.handset import Handset
from tests.village import settle

SECRETARY = number_of(2)
MEETING = ("2", "1234", "2")  # from the main menu


@pytest.fixture(scope="module")
def pin():
    return kept_of("1234")


@pytest.fixture
def group(rt, pin):
    settle(rt)
    return found(rt, pin=pin, social=100, fine=250)


def dialled(rt, number, *keys):
    phone = Handset(rt, number)
    phone.dial()
    return phone, phone.key(*keys)[0]


@pytest.fixture
def treasurer(rt, group):
    return dialled(rt, TREASURER, *MEETING)[0]


def held(rt, group, account, member=None):
    with transaction(rt.sessions) as db:
        return ledger.total(db, group.id, account, member and member.id)


def verified(rt, group):
    with transaction(rt.sessions) as db:
        return verifying.verify(db, db.get_one(Group, group.id))


def test_what_was_dropped_goes_on_at_the_same_member(rt, group, treasurer):
    treasurer.key("1", "1", "1")  # all are there
    treasurer.key("2", "1-3 500", "1")
    assert treasurer.key("3")[0].startswith("4. Coumba, épargne 0 F.")
    treasurer.key("2")
    assert treasurer.dial()[0].startswith("Votre code secret")
    assert "4. Coumba : 1 000 F, épargne 1 000 F" in treasurer.key("1234")[0]
    assert "5. Djeneba" in treasurer.key("1")[0]
    with transaction(rt.sessions) as db:
        db.execute(update(Line).values(practice=False))
    treasurer.dial()
    treasurer.key("1234", "00")  # left for good: the book still knows who comes next
    assert treasurer.key("2", "1234", "2", "3")[0].startswith("5. Djeneba")
    assert verified(rt, group) == 4


def test_two_who_lead_at_once_book_for_whom_they_saw(rt, group, treasurer):
    treasurer.key("1", "1", "1")
    secretary, _ = dialled(rt, SECRETARY, *MEETING)
    treasurer.key("3", "2")
    assert secretary.key("3")[0].startswith("1. Fatoumata")
    assert secretary.key("1", "1")[0].startswith("1. Fatoumata 500 F")
    assert treasurer.key("1")[0].startswith("Refusé : elle est absente, ou c'est déjà noté.")
    fatoumata, awa = cards(rt, group)[:2]
    assert (held(rt, group, "savings", fatoumata), held(rt, group, "savings", awa)) == (500, 0)


def test_nothing_is_booked_where_she_says_no(rt, group, treasurer):
    treasurer.key("1", "1", "1")
    for keys in (
        ("2", "tous 500", "2"),
        ("3", "1", "2", "9"),
        ("5", "tous 100", "2"),
        ("6", "7", "1", "250", "2"),
        ("7", "3", "5000", "2"),
        ("9", "2", "1", "3", "5000", "2", "0"),
    ):
        assert "Réunion" in treasurer.key(*keys)[0], keys
    assert verified(rt, group) == 0


def test_what_does_not_fit_gets_one_sentence(rt, group, treasurer):
    for keys, reason in (
        (("8",), "Refusé : ouvrez d'abord la réunion"),
        (("3",), "Refusé : ouvrez d'abord la réunion"),
        (("2", "tous 500"), "Refusé : ouvrez d'abord la réunion"),
        (("0", "1", "2", "14"), "Carte inconnue : 14"),
        (("Awa",), "Format incorrect : awa."),
        (("0", "0", "6", "14"), "Carte inconnue : 14"),
        (("7", "1", "0.5"), "Montant invalide."),
        (("mille",), "Montant invalide."),
        (("-5",), "Montant invalide."),
        (("0F",), "Montant invalide."),
        (("10000000000000",), "Montant invalide."),
    ):
        assert treasurer.key(*keys)[0].startswith(reason), keys
    assert verified(rt, group) == 0


def test_a_difference_keeps_the_meeting_open_until_it_is_explained(rt, group, treasurer):
    treasurer.key("1", "1", "1")
    treasurer.key("2", "1-3 500", "1")
    treasurer.key("8", "1", "1500", "1000")
    differs = treasurer.key("1400", "1400")[0]
    assert differs.startswith("Deux fois 1 400 F. Caisse et livre diffèrent. Pourquoi ?")
    assert "1 500" not in differs
    assert treasurer.key("5")[0].startswith("La réunion reste ouverte.")
    with transaction(rt.sessions) as db:
        assert meetings.current_id(db, group.id)
    assert treasurer.key("8", "1", "1400", "1400", "3")[0].startswith("1 400 F : il manque 100 F (Perdu).")
    assert treasurer.key("4", "1234")[0].startswith("Réunion 1 fermée. Caisse 1 400 F.")
    with transaction(rt.sessions) as db:
        assert meetings.current_id(db, group.id) is None
        assert meetings.opening(db, group.id).closed == 1400
    Handset(rt, SECRETARY).say("DEPOT 8 500")
    assert "Caisse 1 400 F, depuis 500 F, soit 1 900 F." in dialled(rt, TREASURER, *MEETING, "1", "1")[1]
    assert verified(rt, group) == 5


COUNTED = (Posting, PostingLine, Balance, Message, Loan, Request, Consent, Meeting)


def rows(rt):
    with transaction(rt.sessions) as db:
        return {table.__tablename__: db.scalar(select(func.count()).select_from(table)) for table in COUNTED}


def test_practice_leaves_nothing_behind(rt, group, treasurer):
    before = rows(rt)
    assert treasurer.key("9", "1", "1")[0].startswith("EXERCICE\nRien de ce que vous tapez ne compte.")
    treasurer.key("0")
    for keys, seen in (
        (("1", "2", "7 9", "1"), "Réunion 1 ouverte."),
        (("2", "tous 500 -8", "1"), "Noté : 12 membres, 6 000 F."),
        (("3", "2", "1"), "1. Fatoumata 1 000 F, recu 1"),
        (("5", "tous 100", "1"), "Caisse sociale : 1 300 F"),
        (("6", "7 9", "1", "250", "1"), "Amendes : 500 F"),
        (("7", "3", "5000", "1"), "Noté : 5 000 F"),
        (("9", "2", "1", "3", "5000", "1", "0"), "Réunion"),
        (("8", "1", "500", "500", "3", "4", "0000"), "Réunion 1 fermée. Caisse 500 F. Écart noté"),
    ):
        assert treasurer.key(*keys)[0].startswith(f"EXERCICE\n{seen}"), keys
    treasurer.key("0")
    assert treasurer.key("1", "3", "1500", "1")[0].startswith("EXERCICE\n")  # one deposit
    assert rows(rt) == before
    assert verified(rt, group) == 0
    assert treasurer.arrived() == []


def test_practice_goes_on_after_a_drop_and_ends_when_she_says_so(rt, group, treasurer):
    treasurer.key("9", "1", "1", "0", "1", "1")
    treasurer.dial()
    assert treasurer.key("1234")[0].startswith("EXERCICE\n")
    assert treasurer.key("1")[0].startswith("EXERCICE\nRéunion 1 ouverte.")
    with transaction(rt.sessions) as db:
        assert meetings.current_id(db, group.id) is None
    assert treasurer.key("9", "1", "2")[0].startswith("Fin de l'exercice")
    assert treasurer.key("0", "1", "1", "1")[0].startswith("Réunion 1 ouverte.")
    with transaction(rt.sessions) as db:
        assert meetings.current_id(db, group.id)


def test_her_pin_given_anew_ends_practice(rt, group, treasurer):
    treasurer.key("9", "1", "1", "00")
    assert treasurer.key("2", "1234", "2", "1", "1", "1")[0].startswith("Réunion 1 ouverte.")


def test_the_paper_book_is_brought_along_until_a_meeting_is_closed(rt, group, treasurer):
    paper = ("9", "2")
    assert treasurer.key(*paper, "1", "3", "5000", "1")[0].startswith("Noté : 5 000 F, recu 1")
    treasurer.key("2", "1", "3")
    assert treasurer.key("5100", "1")[0].startswith("Montant invalide : une part vaut 500 F.")
    assert held(rt, group, "savings") == 5000
    treasurer.key("00", *MEETING, "1", "1", "1", "8", "1", "5000", "5000")
    assert treasurer.key(*paper, "1")[0].startswith("Refusé : une réunion a été fermée ici")


def asked(rt, call):
    """What a call gives back, and how often it asked the database."""
    with rt.sessions() as db, statements(db, each=False) as said:
        return call(), len(said)


def test_a_batch_for_thirty_asks_the_database_no_more_than_one_for_two(rt, group, treasurer):
    """It stays under a second: on an idle machine it takes a fifth of one."""
    with transaction(rt.sessions) as db:
        persons = [m.person_id for m in db.scalars(select(Member).where(Member.group_id == group.id))]
        for card in range(14, 31):
            told = {"group_id": group.id, "card": card, "person_id": persons[card % 13]}
            db.add(Member(**told, number=f"+2237000{card:04}", joined_on=rt.local_now().date()))
    treasurer.key("1", "1", "1")
    treasurer.key("2", "1-2 500")
    _, few = asked(rt, lambda: treasurer.key("1"))
    treasurer.key("2", "tous 500")
    (screen, _), many = asked(rt, lambda: treasurer.key("1"))
    assert screen.startswith("Noté : 28 membres, 14 000 F.")
    assert many <= few + 2
    with transaction(rt.sessions) as db:
        assert db.scalar(select(func.count()).where(Message.kind == "receipt")) == 32
        kept = select(Message.sent_text).where(Message.number == TREASURER, Message.sent_text.contains("28 x"))
        assert db.scalars(kept).one().startswith("Benkadi : épargne, 28 x 500 F = 14 000 F le 10/03/2026. Recus ")
    assert verified(rt, group) == 30
