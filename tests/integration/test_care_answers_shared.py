"""A text that spoke to several families on one shared phone: whom the answer is about is asked, and only they count."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert, select

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number, Person
from smsapp.vaccines import registering
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import CareEvent, Dose
from tests import nursery, reminded
from tests.handset import Handset
from tests.nursery import ASC, AWA, EAST
from tests.village import SOTUBA, settle

FANTA, OUMOU = date(2026, 1, 20), date(2026, 1, 27)  # six weeks old on 03/03 and on 10/03, the tests' today
DAY, CARD = date(2026, 3, 12), "10/03/2026"
WHO = "Qui ?\n1. Mère\n2. Nana\n3. Toutes"


@pytest.fixture
def awa(rt):
    settle(rt)
    nursery.staffed(rt)
    return Handset(rt, AWA)


@pytest.fixture
def both(awa):
    """Awa's child and Nana's, who has no phone of her own; one text tells of both."""
    first = nursery.child(awa.rt, FANTA)
    with transaction(awa.rt.sessions) as db:
        told = {"name": "Nana Touré", "language": "fr", "facility_id": SOTUBA, "created_at": awa.rt.now()}
        nana = db.scalars(insert(Person).returning(Person.id), [told]).one()
        db.add(Number(number=AWA, person_id=nana, main=False, since=awa.rt.now()))
        db.flush()
        born = Born(OUMOU, SOTUBA, mother_id=nana, sex="F", name="Oumou", village_id=EAST)
        second = registering.child(db, awa.rt, born, by=None, channel="console", key="test:nana")
    reminded.asked(awa.rt, first, second, day=DAY, doses=("PENTA1", "OPV1"))
    return first, second


def answers(rt):
    with rt.sessions() as db:
        return list(db.scalars(select(Reminder.answer).order_by(Reminder.id)))


def whose(rt):
    with rt.sessions() as db:
        return {dose.child_id for dose in db.scalars(select(Dose))}


def test_who_comes_is_the_one_that_is_meant(awa, both):
    assert awa.say("1") == [WHO]
    assert answers(awa.rt) == [None, None]
    assert awa.say("2") == ["Merci Nana. Nous vous attendons le 12/03/2026."]
    assert answers(awa.rt) == [None, "coming"]


def test_all_of_them_come_where_all_are_meant(awa, both):
    awa.say("je viens")
    assert awa.say("toutes") == ["Merci Mère et Nana. Nous vous attendons le 12/03/2026."]
    assert answers(awa.rt) == ["coming", "coming"]


def test_a_mother_comes_with_all_her_children(awa):
    children = nursery.child(awa.rt, FANTA), nursery.child(awa.rt, OUMOU, name="Ali")
    reminded.asked(awa.rt, *children, day=DAY, doses=("PENTA1",))
    assert awa.say("1") == ["Merci. Nous vous attendons le 12/03/2026."]
    assert answers(awa.rt) == ["coming", "coming"]


def test_done_counts_for_the_family_that_is_meant_alone(awa, both):
    assert awa.say("2") == [WHO]
    assert awa.say("2") == ["Merci Nana. Quelle date sur la carte ? Ex. 12/03/2026\n0. Je n'ai pas la carte"]
    assert awa.say(CARD) == [f"C'est noté pour le {CARD}. Merci Nana."]
    assert answers(awa.rt) == [None, "done"]
    assert whose(awa.rt) == {both[1].id}
    assert awa.say("2")[0].startswith("Merci Mère. Quelle date")  # nobody else is left to be meant


def test_a_date_in_the_same_text_waits_until_it_is_known_who_is_meant(awa, both):
    assert awa.say(f"2 {CARD}") == [WHO]
    assert (whose(awa.rt), answers(awa.rt)) == (set(), [None, None])
    assert awa.say("Nana") == [f"C'est noté pour le {CARD}. Merci Nana."]
    assert whose(awa.rt) == {both[1].id}


def test_all_of_them_are_booked_where_all_are_meant(awa, both):
    awa.say(f"2 {CARD}")
    assert awa.say("3") == [f"C'est noté pour le {CARD}. Merci Mère et Nana."]
    assert (whose(awa.rt), answers(awa.rt)) == ({child.id for child in both}, ["done", "done"])


def test_a_date_that_can_not_be_for_her_ends_the_question_and_books_nothing(awa, both):
    awa.say("2 05/03/2026")
    assert awa.say("2") == ["Date invalide : possible à partir du 10/03/2026, pas dans le futur. Ex. 12/03/2026"]
    assert (whose(awa.rt), answers(awa.rt)) == (set(), [None, None])
    assert awa.say("2") == [WHO]


def test_who_can_not_come_is_the_one_that_is_meant(awa, both):
    assert awa.say("3") == [WHO]
    assert answers(awa.rt) == [None, None]
    assert awa.say("2")[0].startswith("C'est compris Nana. Pouvez-vous venir le 13/03/2026 ?")
    assert awa.say("1") == ["Merci Nana. Nous vous attendons le 13/03/2026."]
    assert answers(awa.rt) == [None, "cannot"]
    with awa.rt.sessions() as db:
        [moved] = db.scalars(select(CareEvent.child_id).where(CareEvent.what == "other_day"))
    assert moved == both[1].id


def test_of_each_family_that_can_not_come_her_worker_hears(awa, both):
    for said in ("3", "3", "2"):
        awa.say(said)
    assert answers(awa.rt) == ["cannot", "cannot"]
    with awa.rt.sessions() as db:
        told = list(db.scalars(select(Message.text).where(Message.number == ASC).order_by(Message.id)))
    assert ["Mère (" in told[0], "Nana (" in told[1], len(told)] == [True, True, 2]


def test_the_same_by_keypad(awa, both):
    awa.dial("2*2")
    asked, _ = awa.key("2")
    assert asked.startswith(WHO)
    named, _ = awa.key("2")
    assert named.startswith("Merci Nana. Quelle date sur la carte ?")
    back, _ = awa.key("9")
    assert back.startswith(WHO)
    named, _ = awa.key("1")
    assert named.startswith("Merci Mère. Quelle date")
    noted, _ = awa.key(CARD)
    assert noted.startswith(f"C'est noté pour le {CARD}. Merci Mère.")
    assert (whose(awa.rt), answers(awa.rt)) == ({both[0].id}, ["done", None])


def test_two_of_one_first_name_are_told_apart(awa, both):
    with transaction(awa.rt.sessions) as db:
        db.get_one(Person, both[1].mother_id).name = "Mère Touré"
        whole = db.get_one(Person, both[0].mother_id).name
    assert awa.say("2") == [f"Qui ?\n1. {whole}\n2. Mère Touré\n3. Toutes"]
