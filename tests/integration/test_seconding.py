"""What leaves the box needs more than one word, or is told at once: differences, expenses, money given back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.refusals import Refused
from smsapp.savings import box, deposits, groups, ledger, meetings, verifying
from smsapp.savings.book import Posting
from smsapp.savings.box import Booking
from smsapp.savings.tables import Group, Meeting, Member
from tests.hamlet import TREASURER, cards, found, kept_of, number_of
from tests.handset import Handset
from tests.village import settle

CLOSE = ("8", "1")
LOST = "3"


@pytest.fixture(scope="module")
def pin():
    return kept_of("1234")


@pytest.fixture
def group(rt, pin):
    settle(rt)
    return found(rt, pin=pin, social=100)


@pytest.fixture
def treasurer(rt, group):
    """At her table: all are there, and each brought 500 F."""
    phone = Handset(rt, TREASURER)
    phone.dial()
    phone.key("2", "1234", "2", "1", "1", "1", "2", "tous 500", "1")
    return phone


def pins_of(rt, group, kept, *but):
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.group_id == group.id, Member.card.not_in(but)).values(pin=kept))


def booked(rt, group, *kinds):
    with transaction(rt.sessions) as db:
        chosen = select(Posting).where(Posting.group_id == group.id, Posting.kind.in_(kinds)).order_by(Posting.id)
        return db.scalars(chosen).all()


def is_open(rt, group):
    with transaction(rt.sessions) as db:
        return meetings.current_id(db, group.id) is not None


def held(rt, group, account="cash"):
    with transaction(rt.sessions) as db:
        verifying.verify(db, db.get_one(Group, group.id))
        return ledger.total(db, group.id, account)


def told(rt, like):
    """Whom a text of this kind was sent to, and the words."""
    with transaction(rt.sessions) as db:
        rows = db.execute(select(Message.number, Message.sent_text).where(Message.sent_text.contains(like)))
        return dict(rows.all())


OTHERS = {number_of(card) for card in range(1, 8)}  # every officer but the treasurer


def test_a_difference_needs_the_pin_of_a_counter(rt, group, treasurer):
    assert treasurer.key(*CLOSE, "10", "10", LOST)[0].startswith(
        "10 F : il manque 6 490 F (Perdu).\nUn autre responsable doit etre d'accord. Sa carte (3, 4) ?"
    )
    for card in ("13", "1", "99", "0x"):  # herself, an officer who does not count, nobody
        assert treasurer.key(card)[0].startswith("Carte inconnue. Tapez une de ces cartes : 3, 4"), card
    assert treasurer.key("4")[0].startswith("4. Coumba : si vous etes d'accord, tapez votre code secret.")
    assert treasurer.key("9999")[0].startswith("Code incorrect. Essais qui restent : 4.")
    assert (is_open(rt, group), held(rt, group), told(rt, "manque")) == (True, 6500, {})
    assert cards(rt, group)[3].wrong_pins == 1
    assert treasurer.key("1234")[0].startswith("Réunion 1 fermée. Caisse 10 F. Écart noté, recu ")
    [posting] = booked(rt, group, "difference")
    assert posting.reason == "Perdu, cartes 13 et 4"
    assert (is_open(rt, group), held(rt, group), held(rt, group, "differences")) == (False, 10, -6490)
    texts = told(rt, "il manque")
    assert set(texts) == OTHERS
    said = f"caisse comptée 10 F, il manque 6 490 F (Perdu). Noté par cartes 13 et 4, recu {posting.receipt}."
    assert all(said in text and len(text) <= 160 for text in texts.values())


def test_where_no_counter_is_there_another_officer_agrees(rt, group, treasurer, pin):
    pins_of(rt, group, None, 13, 1)
    assert "Sa carte (1) ?" in treasurer.key(*CLOSE, "10", "10", LOST)[0]
    pins_of(rt, group, pin, 13, 1)
    treasurer.key("00", "2", "1234", "2", "1", "2", "3 4", "1")
    assert is_open(rt, group)


def test_the_counters_who_are_away_are_not_asked(rt, group):
    phone = Handset(rt, TREASURER)
    phone.dial()
    phone.key("2", "1234", "2", "1", "2", "3 4", "1")
    assert "Sa carte (1, 2, 5, 6, 7) ?" in phone.key(*CLOSE, "10", "10", LOST)[0]


def test_a_group_of_one_pin_books_less_than_a_share_alone(rt, group, treasurer):
    pins_of(rt, group, None, 13)
    assert treasurer.key(*CLOSE, "6000", "6000", LOST)[0].startswith("6 000 F : il manque 500 F (Perdu).\nOn note")
    assert treasurer.key("1")[0].startswith("Refusé : à partir de 500 F, il faut l'accord d'un autre responsable")
    assert (is_open(rt, group), held(rt, group)) == (True, 6500)
    assert treasurer.key("2")[0].startswith("La réunion reste ouverte.")
    assert treasurer.key(*CLOSE, "6001", "6001", LOST, "1")[0].startswith("Réunion 1 fermée. Caisse 6 001 F.")
    assert [posting.reason for posting in booked(rt, group, "difference")] == ["lost"]
    assert set(told(rt, "il manque 499 F (Perdu). Noté par carte 13")) == OTHERS


def test_practice_takes_any_pin_and_tells_nobody(rt, group, treasurer):
    treasurer.key("9", "1", "1", "0")
    assert treasurer.key(*CLOSE, "10", "10", LOST, "3", "0000")[0].startswith("EXERCICE\nRéunion 1 fermée.")
    assert treasurer.key("7", "1", "2", "6000", "1", "3", "0000")[0].startswith("EXERCICE\nNoté : 6 000 F")
    assert (is_open(rt, group), held(rt, group), told(rt, "manque"), told(rt, "6 000")) == (True, 6500, {}, {})
    assert cards(rt, group)[2].wrong_pins == 0


def test_what_is_spent_is_told_at_once(rt, group, treasurer):
    assert treasurer.key("7", "1", "2", "1000", "1")[0].startswith("Noté : 1 000 F, recu ")
    [posting] = booked(rt, group, "expense")
    texts = told(rt, "Dépense du groupe, 1 000 F. Noté par carte 13")
    assert set(texts) == OTHERS
    assert all(f"ANNULE {posting.receipt}" in text and len(text) <= 160 for text in texts.values())
    treasurer.key("7", "3", "400", "1")
    treasurer.key("7", "4", "300", "1")
    assert set(told(rt, "Rendu à l'extérieur, 300 F. Noté par carte 13")) == OTHERS
    treasurer.key("5", "tous 100", "1")
    treasurer.key("7", "2", "1", "200", "1")
    texts = told(rt, "Aide de la caisse sociale, 200 F. Noté par carte 13")
    assert set(texts) == OTHERS
    assert not any("Santé" in text for text in texts.values())


def test_more_than_a_quarter_needs_a_second_pin_in_parts_too(rt, group, treasurer):
    assert treasurer.key("7", "1", "2", "1626", "1")[0].startswith(
        "Dépense du groupe, Transport, 1 626 F\nC'est beaucoup"
    )
    assert treasurer.key("3", "9999")[0].startswith("Code incorrect.")
    assert (booked(rt, group, "expense"), told(rt, "1 626")) == ([], {})
    assert treasurer.key("1234")[0].startswith("Noté : 1 626 F, recu ")
    assert [posting.reason for posting in booked(rt, group, "expense")] == ["cartes 13 et 3"]
    assert set(told(rt, "1 626 F. Noté par cartes 13 et 3")) == OTHERS
    assert treasurer.key("7", "1", "2", "1", "1")[0].startswith("Dépense du groupe, Transport, 1 F\nC'est beaucoup")


def test_a_quarter_of_a_day_goes_by_one_word(rt, group, treasurer):
    for amount in ("1000", "625"):  # 1 625 F of 6 500 F
        assert treasurer.key("7", "1", "2", amount, "1")[0].startswith("Noté : "), amount
    assert "C'est beaucoup" in treasurer.key("7", "1", "2", "1", "1")[0]


def test_no_form_is_needed_to_be_refused(rt, group, treasurer):
    """The rule is the book's own: a flow that forgot to ask gets nothing."""
    with transaction(rt.sessions) as db:
        who = groups.of_number(db, TREASURER)[0]
        for agreed in (None, who):
            by = Booking(who, "x", "ussd", meetings.current_id(db, group.id), agreed)
            for spend in (
                lambda by=by: box.expense(db, rt, by, 1626, "transport"),
                lambda by=by: box.social_use(db, rt, by, 1626, "health"),
            ):
                with pytest.raises(Refused) as no:
                    spend()
                assert no.value.key == "savings.needs_second"


def test_a_deposit_never_lands_in_a_meeting_that_was_closed(rt, group, treasurer):
    with transaction(rt.sessions) as db:
        meeting_id = meetings.current_id(db, group.id)
    assert treasurer.key(*CLOSE, "6500", "6500")[0].startswith("Réunion 1 fermée.")
    with transaction(rt.sessions) as db:
        who = groups.of_number(db, TREASURER)[0]
        with pytest.raises(Refused) as no:
            deposits.deposit(db, rt, who, 3, 500, key="late", channel="ussd", meeting_id=meeting_id)
    assert no.value.key == "savings.no_meeting"
    with transaction(rt.sessions) as db:
        late = select(func.count()).select_from(Posting).join(Meeting, Meeting.id == Posting.meeting_id)
        assert db.scalar(late.where(Posting.key == "late")) == 0
    assert held(rt, group) == 6500
