"""What mothers answer when they are asked whether they have given birth."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.vaccines import asked, births_told
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import CareEvent, Child, Pregnancy
from tests import nursery, reminded
from tests.handset import Handset
from tests.nursery import AWA, HEAD, MIDWIFE
from tests.village import settle

DUE = date(2026, 3, 3)
LAST_PERIOD = date(2025, 5, 27)


@pytest.fixture
def awa(rt):
    settle(rt)
    nursery.staffed(rt)
    made = nursery.pregnancy(rt, LAST_PERIOD)
    with transaction(rt.sessions) as db:
        db.get_one(Pregnancy, made.id).registered_on = date(2025, 9, 1)
    reminded.asked(rt, made, day=DUE, subject="born", step=7)
    return Handset(rt, AWA)


def pregnancy(rt):
    with rt.sessions() as db:
        return db.scalars(select(Pregnancy)).one()


def children(rt):
    with rt.sessions() as db:
        return db.scalars(select(Child).order_by(Child.id)).all()


def to(rt, number):
    with rt.sessions() as db:
        return list(db.scalars(select(Message.text).where(Message.number == number).order_by(Message.id)))


def test_a_birth_begins_the_childs_file_and_the_midwife_hears_of_it(awa):
    assert awa.say("1") == ["Merci ! Quel jour ? Ex. 12/03/2026\n0. La sage-femme m'appelle"]
    assert awa.say("5 mars")[0].startswith("Une fille ou un garcon ?\n1. Une fille")
    assert children(awa.rt) == []
    assert awa.say("1")[0].startswith("Félicitations")
    [child] = children(awa.rt)
    mother = pregnancy(awa.rt)
    assert (child.born_on, child.sex, child.name, child.confirmed_on) == (date(2026, 3, 5), "F", None, None)
    assert (child.mother_id, child.pregnancy_id, child.village_id) == (mother.mother_id, mother.id, mother.village_id)
    assert (mother.state, mother.ended_on, mother.look_on) == ("born", date(2026, 3, 5), date(2026, 3, 10))
    assert to(awa.rt, MIDWIFE) == ["Sotuba Est : Mère (1001F) dit une naissance le 05/03, enfants : 1. À confirmer."]
    assert to(awa.rt, HEAD) == []


@pytest.mark.parametrize(
    ("typed", "sexes", "names"), [("3", "FF", ["1", "2"]), ("4", "MM", ["1", "2"]), ("5", "FM", [None, None])]
)
def test_twins_are_two_children_of_one_pregnancy(awa, typed, sexes, names):
    for text in ("1", "hier", typed):
        awa.say(text)
    found = children(awa.rt)
    assert ("".join(child.sex for child in found), [child.name for child in found]) == (sexes, names)
    assert len({child.pregnancy_id for child in found}) == 1
    assert "enfants : 2" in to(awa.rt, MIDWIFE)[0]


@pytest.mark.parametrize("typed", ["12/03/2026", "31/02", "12-13-2025", "05/03/1990", "31/08/2025"])
def test_a_day_that_can_not_be_is_asked_again(awa, typed):
    awa.say("1")
    assert awa.say(typed)[0].startswith("Date invalide : du 01/09/2025 à aujourd'hui. Ex. 12/03/2026\nMerci ! Quel")
    assert children(awa.rt) == []


def test_the_midwife_may_call_instead(awa):
    awa.say("1")
    assert awa.say("0") == ["C'est noté. La sage-femme vous appellera."]
    assert to(awa.rt, MIDWIFE) == ["Sotuba Est : Mère (1001F) demande que vous l'appeliez."]
    assert (children(awa.rt), pregnancy(awa.rt).state) == ([], "active")


def test_without_a_midwife_the_head_hears_it(awa):
    with transaction(awa.rt.sessions) as db:
        nursery.mother_of(db, MIDWIFE).facility_id = None
    awa.say("1")
    awa.say("0")
    assert len(to(awa.rt, HEAD)) == 1


def test_who_has_not_yet_is_asked_again_in_a_week_and_twice_at_most(awa, clock):
    for _ in range(3):
        assert awa.say("2")[0].startswith("Merci. Si quelque chose vous inquiète")
        clock.move(days=7)
        outbox.deliver(awa.rt, "bulk")
    asked = [text for text in to(awa.rt, AWA) if "du nouveau" in text]
    assert asked == [reminded.TEXTS["born"]] * 3
    with awa.rt.sessions() as db:
        rows = db.execute(select(Reminder.step, Reminder.day, Reminder.answer).order_by(Reminder.id)).all()
    assert [tuple(row) for row in rows] == [
        (7, DUE, "coming"),
        (14, date(2026, 3, 17), "coming"),
        (21, date(2026, 3, 24), "coming"),
    ]


def test_not_yet_by_text_and_by_keypad_is_said_once(awa):
    assert awa.dial("2*2")[0].startswith("Notre dernier message :\nAvez-vous du nouveau ?\n1. Oui")
    awa.say("2")
    awa.key("2")
    awa.dial("2*2")
    with awa.rt.sessions() as db:
        assert len(db.scalars(select(Reminder)).all()) == 2


def test_both_conversations_open_at_once_ask_again_once(awa):
    awa.dial("2*2")
    with transaction(awa.rt.sessions) as db:
        births_told.not_yet(db, awa.rt, asked.last(db, awa.rt, AWA, asked.BORN))
    awa.key("2")
    with awa.rt.sessions() as db:
        assert len(db.scalars(select(Reminder)).all()) == 2


def test_after_anything_else_nothing_more_is_said_and_the_midwife_goes_to_see_her(awa):
    awa.say("2")  # a text waits for next week
    mother = pregnancy(awa.rt)
    reminded.asked(awa.rt, mother, day=DUE, subject="born", step=8)
    told = awa.say("3")
    assert told == ["Merci de nous l'avoir dit. Nous pensons à vous. Une personne du centre viendra vous voir."]
    with awa.rt.sessions() as db:
        assert db.scalars(select(Message.id).where(Message.number == AWA, Message.status == "queued")).all() == []
        assert [e.what for e in db.scalars(select(CareEvent).order_by(CareEvent.id))][-1] == "lost"
    mother = pregnancy(awa.rt)
    assert (mother.state, mother.look_on) == ("lost", None)
    assert to(awa.rt, MIDWIFE) == ["Sotuba Est : passez voir Mère (1001F) dès que possible, merci."]
    assert "lira votre message" in awa.say("1")[0]  # the question is closed too


def test_what_the_midwife_wrote_meanwhile_closes_the_question(awa):
    awa.say("1")
    with transaction(awa.rt.sessions) as db:
        db.scalars(select(Pregnancy)).one().state = "born"
    awa.say("hier")
    assert awa.say("1") == ["Réponse invalide : ce message est clos."]
    assert children(awa.rt) == []
