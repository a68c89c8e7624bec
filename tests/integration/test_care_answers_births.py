"""What mothers answer when they are asked whether they have given birth."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number
from smsapp.vaccines import asked, births_told, codes, reminding, waiting
from smsapp.vaccines.promises import Reminder, Wish
from smsapp.vaccines.tables import CareEvent, Child, Pregnancy
from tests import nursery, reminded
from tests.handset import Handset
from tests.nursery import ASC, AWA, HEAD, MIDWIFE
from tests.village import SOTUBA, settle

TODAY = date(2026, 3, 10)
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
        reminding.remind(awa.rt)
        outbox.deliver(awa.rt, "bulk")
    asked = [text for text in to(awa.rt, AWA) if "du nouveau" in text]
    assert asked == [reminded.TEXTS["born"]] * 3
    with awa.rt.sessions() as db:
        of_births = select(Reminder.step, Reminder.planned_for, Reminder.answer).where(Reminder.subject == "born")
        rows = db.execute(of_births.order_by(Reminder.id)).all()
    assert [tuple(row) for row in rows] == [
        (7, TODAY, "coming"),
        (14, date(2026, 3, 17), "coming"),
        (21, date(2026, 3, 24), "coming"),
    ]


def asked_again(rt, clock):
    """The steps at which she is asked for the second time and later."""
    for _ in range(30):
        clock.move(days=1)
        reminding.remind(rt)
    with rt.sessions() as db:
        again = Reminder.subject == "born", Reminder.step > 7
        return db.scalars(select(Reminder.step).where(*again).order_by(Reminder.id)).all()


def test_the_question_is_asked_again_on_the_phone_and_in_the_words_of_that_day(awa, clock):
    awa.say("2")
    with transaction(awa.rt.sessions) as db:
        mother = nursery.mother_of(db, AWA)
        db.add(Wish(person_id=mother.id, frank=True))
        db.execute(update(Number).where(Number.number == AWA).values(number="+22370112277"))
    clock.move(days=7)
    reminding.remind(awa.rt)
    [text] = to(awa.rt, "+22370112277")
    assert "accouch" in text
    with awa.rt.sessions() as db:
        use_by = db.scalar(select(Message.use_by).where(Message.number == "+22370112277"))
    assert use_by.date() == date(2026, 3, 17)


def test_not_yet_by_text_and_by_keypad_is_said_once(awa, clock):
    assert awa.dial("2*2")[0].startswith("Notre dernier message :\nAvez-vous du nouveau ?\n1. Oui")
    awa.say("2")
    awa.key("2")
    awa.dial("2*2")
    assert asked_again(awa.rt, clock) == [14]


def test_both_conversations_open_at_once_ask_again_once(awa, clock):
    awa.dial("2*2")
    with transaction(awa.rt.sessions) as db:
        births_told.not_yet(db, awa.rt, asked.last(db, asked.sent(db, awa.rt, AWA), asked.BORN))
    awa.key("2")
    assert asked_again(awa.rt, clock) == [14]


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
    assert awa.say("1") == ["Merci. Ce message est clos."]
    assert children(awa.rt) == []


# ---- a worker tells of the same birth


def sms(rt, text):
    [answer] = Handset(rt, ASC).say(text)
    return answer


def waits(rt):
    """Whether anybody still waits for the midwife's word."""
    with rt.sessions() as db:
        return bool(waiting.of_centre(db, SOTUBA))


@pytest.mark.parametrize("day", ["08/03/2026", "09/03/2026", "07/03/2026"])
def test_a_worker_who_tells_of_the_same_birth_confirms_it_and_knows_its_day(awa, day):
    for text in ("1", "8 mars", "1"):
        awa.say(text)
    [mothers] = children(awa.rt)
    assert waits(awa.rt)
    answer = sms(awa.rt, f"NAISSANCE {day} F 70000101 Fanta")
    assert answer.startswith(f"Déjà inscrit. Code {codes.of(mothers.number)} : Fanta (F), {day}")
    [child] = children(awa.rt)
    assert (child.name, f"{child.born_on:%d/%m/%Y}", child.confirmed_on) == ("Fanta", day, TODAY)
    mother = pregnancy(awa.rt)
    assert (mother.ended_on, mother.confirmed_on) == (child.born_on, TODAY)
    assert not waits(awa.rt)


def test_twins_without_names_become_those_of_whom_a_worker_tells(awa):
    for text in ("1", "8 mars", "3"):
        awa.say(text)
    first, second = (codes.of(child.number) for child in children(awa.rt))
    assert sms(awa.rt, "NAISSANCE 09/03/2026 F 70000101 Fanta").startswith(f"Déjà inscrit. Code {first} : Fanta")
    assert sms(awa.rt, "NAISSANCE 09/03/2026 F 70000101 Awa").startswith(f"Déjà inscrit. Code {second} : Awa")
    assert sms(awa.rt, "NAISSANCE 09/03/2026 F 70000101 Fanta").startswith(f"Déjà inscrit. Code {first} : Fanta")
    assert [(child.name, child.confirmed_on) for child in children(awa.rt)] == [("Fanta", TODAY), ("Awa", TODAY)]
    assert {child.born_on for child in children(awa.rt)} == {date(2026, 3, 9)}
    assert not waits(awa.rt)


def test_a_worker_who_does_not_know_the_twins_names_confirms_one_after_the_other(awa):
    for text in ("1", "8 mars", "4"):
        awa.say(text)
    told = [sms(awa.rt, "NAISSANCE 08/03/2026 M 70000101") for _ in range(2)]
    assert told[0] != told[1]
    assert [(child.name, child.confirmed_on) for child in children(awa.rt)] == [("1", TODAY), ("2", TODAY)]


def test_a_boy_where_she_told_of_a_girl_is_her_twin_and_one_of_another_month_is_none(awa):
    for text in ("1", "8 mars", "1"):
        awa.say(text)
    assert sms(awa.rt, "NAISSANCE 08/03/2026 M 70000101").startswith("Code")
    assert "Attention : meme mère que" in sms(awa.rt, "NAISSANCE 08/02/2026 F 70000101")
    assert len(children(awa.rt)) == 3


def test_what_a_worker_confirmed_keeps_its_day(awa):
    sms(awa.rt, "NAISSANCE 08/03/2026 F 70000101 Fanta")
    assert sms(awa.rt, "NAISSANCE 09/03/2026 F 70000101 Fanta").startswith("Code")
    assert [child.born_on.day for child in children(awa.rt)] == [8, 9]
