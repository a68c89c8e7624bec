"""What mothers answer to a reminder by SMS: coming, done with a date or without, not able to come."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from smsapp import conversations
from smsapp.conversations import Conversation
from smsapp.db import transaction
from smsapp.messages import MO, Message
from smsapp.vaccines import ending, giving, searching
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.reminding import running as reminding
from smsapp.vaccines.tables import Attended, CareEvent, Child, Dose
from tests import nursery, reminded
from tests.counting import statements
from tests.handset import Handset
from tests.nursery import ASC, AWA
from tests.village import settle

BORN = date(2026, 1, 20)
DAY = date(2026, 3, 12)  # a Thursday, two days after the tests' today
SIX_WEEKS = ("OPV1", "PENTA1", "PCV1", "ROTA1")
TOO_EARLY = "Date invalide : possible à partir du 03/03/2026, pas dans le futur"


@pytest.fixture
def awa(rt):
    settle(rt)
    nursery.staffed(rt)
    return Handset(rt, AWA)


@pytest.fixture
def fanta(awa):
    child = nursery.child(awa.rt, BORN, name="Fanta")
    reminded.asked(awa.rt, child, day=DAY, doses=SIX_WEEKS)
    return child


def answers(rt):
    with rt.sessions() as db:
        return list(db.scalars(select(Reminder.answer).order_by(Reminder.id)))


def doses(rt):
    with rt.sessions() as db:
        chosen = select(Dose).order_by(Dose.id)
        return {(d.child_id, d.code): (d.source, d.given_on, d.valid) for d in db.scalars(chosen)}


def to(rt, number):
    with rt.sessions() as db:
        return list(db.scalars(select(Message.text).where(Message.number == number).order_by(Message.id)))


def last_heard(rt):
    with rt.sessions() as db:
        return db.scalars(select(Message).where(Message.direction == MO).order_by(Message.id.desc())).first()


def test_coming_is_thanked_with_the_day(awa, fanta):
    assert awa.say("1") == ["Merci. Nous vous attendons le 12/03/2026."]
    assert answers(awa.rt) == ["coming"]
    assert awa.say("je viens") == ["Merci. Nous vous attendons le 12/03/2026."]
    assert doses(awa.rt) == {}


def test_done_asks_for_the_date_on_the_card_and_books_the_visits_doses(awa, fanta):
    [asked] = awa.say("2")
    assert asked == "Merci. Quelle date sur la carte ? Ex. 12/03/2026\n0. Je n'ai pas la carte"
    assert answers(awa.rt) == [None]
    for typed in ("31/02", "12-13-2025", "demain", "19/01/2026", "20/01/2026", "02/03/2026"):
        [again] = awa.say(typed)
        assert again.startswith(f"{TOO_EARLY}. Ex. 12/03/2026\nMerci. Quelle date")
    assert doses(awa.rt) == {}
    assert awa.say("06/03/2026") == ["C'est noté pour le 06/03/2026. Merci."]
    assert doses(awa.rt) == {(fanta.id, code): ("card", date(2026, 3, 6), True) for code in SIX_WEEKS}
    assert answers(awa.rt) == ["done"]
    with awa.rt.sessions() as db:
        assert giving.plan_of(db, awa.rt, db.get_one(Child, fanta.id)).doses["PENTA2"].due == date(2026, 4, 3)
        assert db.scalar(select(Dose.recorded_by).limit(1)) == fanta.mother_id


def test_one_text_says_it_all(awa, fanta):
    assert awa.say("2 6 mars 2026") == ["C'est noté pour le 06/03/2026. Merci."]
    assert len(doses(awa.rt)) == 4


def test_a_date_that_can_not_be_keeps_the_question_open(awa, fanta):
    assert awa.say("2 12/03/2026")[0].startswith("Date invalide")
    assert doses(awa.rt) == {}
    assert awa.say("hier") == ["C'est noté pour le 09/03/2026. Merci."]


def test_without_the_card_it_is_reported_and_does_not_count(awa, fanta):
    awa.say("2")
    assert awa.say("0") == ["C'est noté. Apportez la carte à votre prochaine visite."]
    assert set(doses(awa.rt).values()) == {("reported", None, None)}
    assert answers(awa.rt) == ["done"]


def test_one_text_about_two_children_is_one_answer_for_both(awa):
    old, young = nursery.child(awa.rt, BORN, name="Fanta"), nursery.child(awa.rt, date(2026, 1, 27), name="Ali")
    reminded.asked(awa.rt, old, young, day=DAY, doses=("PENTA1",))
    awa.say("2")
    assert awa.say("01/03/2026")[0].startswith(TOO_EARLY)
    assert doses(awa.rt) == {}
    awa.say("10/03/2026")
    assert doses(awa.rt) == {(child.id, "PENTA1"): ("card", DAY.replace(day=10), True) for child in (old, young)}
    assert answers(awa.rt) == ["done", "done"]


def test_who_can_not_come_is_offered_the_next_clinic_day(awa, fanta):
    [offered] = awa.say("3")
    assert offered == "C'est compris. Pouvez-vous venir le 13/03/2026 ?\n1. Oui\n2. Non"
    assert answers(awa.rt) == ["cannot"]
    assert awa.say("1") == ["Merci. Nous vous attendons le 13/03/2026."]
    with awa.rt.sessions() as db:
        [noted] = db.scalars(select(CareEvent).where(CareEvent.what == "other_day"))
    day, visit = "2026-03-13", {"subject": "vaccines", "due_on": "2026-03-12"}
    assert (noted.child_id, noted.details) == (fanta.id, {"day": day, **visit})
    assert to(awa.rt, ASC) == []


def test_on_the_day_that_she_chose_she_hears_of_it_once(awa, clock):
    nursery.child(awa.rt, BORN)
    [first] = after(awa, clock, 1)  # on the 11th, of that day
    assert first.startswith("CSCom Sotuba : pour etre à jour, rendez-vous aujourd'hui mercredi 11/03.")
    assert "12/03/2026" in awa.say("3")[0]
    awa.say("1")
    assert after(awa, clock, 0) == []
    [again] = after(awa, clock, 1, 0)
    assert again.startswith("CSCom Sotuba : pour etre à jour, rendez-vous aujourd'hui jeudi 12/03.")
    assert "Pouvez-vous venir le 13/03/2026" in awa.say("3")[0]
    awa.say("1")
    assert len(after(awa, clock, 1)) == 1
    weekly = [text for text in after(awa, clock, 6, 1, 1) if "attendons encore" in text]
    assert len(weekly) == 1, "a week after the day that she chose last"


def test_who_can_not_on_that_day_either_is_called_on_once(awa, fanta):
    awa.say("3")
    assert awa.say("2") == ["C'est noté. Votre agent de santé vous appellera ou passera vous voir."]
    [told] = to(awa.rt, ASC)
    assert told == "Sotuba Est : Mère (1001F) ne peut pas venir au centre. Passez la voir, merci."
    awa.say("3")
    awa.say("2")
    assert len(to(awa.rt, ASC)) == 1


def test_the_second_time_for_one_visit_her_worker_hears_of_it(awa, fanta, clock):
    awa.say("3")
    awa.say("1")
    clock.move(days=9)
    reminded.asked(awa.rt, fanta, day=date(2026, 3, 20), due_on=DAY, doses=SIX_WEEKS, step=7)
    assert to(awa.rt, ASC) == []
    [offered] = awa.say("3")
    assert "23/03/2026" in offered  # a Monday: the 21st is a Saturday
    assert len(to(awa.rt, ASC)) == 1


def test_a_child_of_no_village_is_the_midwifes(awa):
    child = nursery.child(awa.rt, BORN, village_id=None)
    reminded.asked(awa.rt, child, day=DAY)
    awa.say("3")
    awa.say("2")
    assert to(awa.rt, ASC) == []
    assert to(awa.rt, nursery.MIDWIFE)[0].startswith("CSCom Sotuba : Mère (1001F)")


def test_a_mothers_visit_is_noted_likewise(awa):
    mother = nursery.pregnancy(awa.rt, date(2025, 10, 1))
    reminded.asked(awa.rt, mother, day=DAY, subject="antenatal")
    assert awa.say("2 05/03/2026") == ["C'est noté pour le 05/03/2026. Merci."]
    with awa.rt.sessions() as db:
        [visit] = db.scalars(select(Attended))
    assert (visit.pregnancy_id, visit.kind, visit.on) == (mother.id, "antenatal", date(2026, 3, 5))


def test_an_old_reminder_takes_no_answer(awa, fanta, clock):
    clock.move(days=10, minutes=1)
    assert "l'équipe du centre lira votre message" in awa.say("1")[0]
    assert answers(awa.rt) == [None]


def test_the_reminder_of_somebody_else_takes_no_answer(awa, fanta):
    other = Handset(awa.rt, nursery.BINTA, awa.client)
    other.say("1")
    assert answers(awa.rt) == [None]


def test_a_closed_file_takes_no_answer_and_a_question_about_it_ends(awa, fanta):
    awa.say("2")
    with transaction(awa.rt.sessions) as db:
        ending.end(db, awa.rt, db.get_one(Child, fanta.id), "dead", by=None, channel="ussd")
    assert awa.say("06/03/2026") == ["Merci. Ce message est clos."]
    assert doses(awa.rt) == {}
    awa.say("1")
    assert last_heard(awa.rt).status == "unheard"


def test_a_sentence_with_the_answer_is_read_by_a_person_too(awa, fanta):
    assert awa.say("1 mais mon mari est malade")[0].startswith("Merci. Nous vous attendons")
    assert (answers(awa.rt), last_heard(awa.rt).status) == (["coming"], "unheard")
    awa.say("1 merci")
    assert last_heard(awa.rt).status == "heard"


def test_a_sentence_is_no_answer(awa, fanta):
    for text in ("C'est trop cher", "je", "4", "Il y a 2 malades"):
        awa.say(text)
    assert answers(awa.rt) == [None]


def test_the_reminders_of_the_service_are_answered_so_and_end_with_done(awa, clock):
    nursery.child(awa.rt, BORN)
    [text] = after(awa, clock, 1)
    assert "rendez-vous aujourd'hui mercredi 11/03. Répondez 1 je viens, 2 déjà fait" in text
    assert awa.say("2")[0].startswith("Merci. Quelle date sur la carte ?")
    assert awa.say("10/03/2026")[0].startswith("C'est noté pour le 10/03/2026")
    assert {dose[:2] for dose in doses(awa.rt).values()} == {("card", date(2026, 3, 10))}
    told = after(awa, clock, 7, 21)
    assert not any("attendons encore" in text for text in told), told


def test_done_without_a_word_on_the_card_is_not_done_and_the_reminders_go_on(awa, clock):
    nursery.child(awa.rt, BORN)
    after(awa, clock, 1)
    for said in ("2", "00", "3", "2"):
        awa.say(said)
    assert "done" not in answers(awa.rt)
    assert [text for text in after(awa, clock, 7) if "attendons encore" in text]


def test_who_came_late_and_tells_of_an_old_date_is_reminded_of_what_is_due_since(awa, clock):
    nursery.child(awa.rt, date(2025, 10, 1))
    after(awa, clock, 1)
    assert awa.say("2 12/01/2026") == ["C'est noté pour le 12/01/2026. Merci."]
    assert [text for text in after(awa, clock, 1, 7) if "attendons encore" in text]


def test_after_she_can_not_a_bare_done_is_not_done_either(awa, fanta):
    for said in ("3", "2", "2", "3"):  # she can not, not on the other day either; then it is done, and no date
        awa.say(said)
    assert answers(awa.rt) == ["cannot"]
    assert doses(awa.rt) == {}


def test_done_without_a_card_is_not_asked_for_again_and_her_worker_looks_at_the_card(awa, clock):
    nursery.child(awa.rt, BORN)
    after(awa, clock, 1)
    awa.say("2")
    awa.say("0")
    told, opened = [], {}
    for days in (1, 6, 19, 1, 1):  # the days of the later texts among them
        told += after(awa, clock, days)
        today = awa.rt.local_now().date()
        opened[today] = searching.open_searches(awa.rt, today)
    assert not any("rendez-vous" in text or "attendons encore" in text for text in told), told
    assert [day for day, some in opened.items() if some] == [date(2026, 4, 7)]  # four weeks after she was registered
    asc = Handset(awa.rt, ASC, awa.client)
    asc.dial("1")
    asc.key("5")
    screen, _ = asc.key("1")
    assert screen.startswith("Fanta 1001F (dit fait, voyez le carnet) : qu'avez-vous appris ?"), screen


def after(phone, clock, *days):
    """What the reminders say when so many days have gone by each time."""
    told = []
    for count in days:
        clock.move(days=count)
        reminding.remind(phone.rt)
        told += phone.arrived()
    return told


# ---- beside a form that is open by SMS


def test_an_open_survey_keeps_its_answers_from_an_older_reminder(awa, fanta, clock):
    clock.move(minutes=5)
    awa.say("AVIS")
    assert awa.say("1")[0].startswith("1/6")
    assert answers(awa.rt) == [None]


def test_a_reminder_that_came_later_takes_the_answer_and_the_survey_goes_on(awa, clock):
    awa.say("AVIS")
    awa.say("1")
    clock.move(minutes=5)
    child = nursery.child(awa.rt, BORN)
    reminded.asked(awa.rt, child, day=DAY)
    clock.move(minutes=5)
    [thanks] = awa.say("1")
    assert thanks.startswith("Merci. Nous vous attendons le 12/03/2026.\n1/6 L'accueil")
    assert awa.say("1")[0].startswith("2/6")
    assert answers(awa.rt) == ["coming"]


def test_the_survey_comes_back_after_a_longer_answer_too(awa, clock):
    awa.say("AVIS")
    awa.say("1")
    clock.move(minutes=5)
    child = nursery.child(awa.rt, BORN)
    reminded.asked(awa.rt, child, day=DAY, doses=("PENTA1",))
    clock.move(minutes=5)
    assert awa.say("2")[0].startswith("Merci. Quelle date")
    assert awa.say("0")[0].startswith("C'est noté. Apportez la carte à votre prochaine visite.\n1/6")
    assert awa.say("1")[0].startswith("2/6")


def test_the_text_that_asked_last_has_the_answer(awa, fanta, clock):
    clock.move(hours=2)
    reminded.asked(awa.rt, fanta, day=DAY, subject="check_in")
    assert awa.say("1")[0].startswith("Merci. Quelqu'un du centre")
    assert answers(awa.rt) == [None, "done"]


@pytest.mark.parametrize("name", ["savings_door", "my_care_wishes"])
def test_a_form_for_the_keypad_stays_where_it_was(awa, fanta, name):
    """It is gone on with by keypad alone: the answer to a reminder neither enters it nor ends it."""
    door = awa.rt.flows.live[name].revision
    with transaction(awa.rt.sessions) as db:
        state = [{"flow": door, "run": "r.1"}]
        db.add(Conversation(number=AWA, state=state, turn=3, channel="ussd", heard_at=awa.rt.now()))
    assert awa.say("1") == ["Merci. Nous vous attendons le 12/03/2026."]
    with awa.rt.sessions() as db:
        assert db.get_one(Conversation, AWA).state == state


def test_what_does_not_answer_the_last_text_answers_none_before_it(awa, fanta, clock):
    """A no to a reminder is not the child's not being well."""
    reminded.asked(awa.rt, fanta, day=DAY, subject="check_in")
    clock.move(hours=2)
    reminded.asked(awa.rt, fanta, day=DAY, due_on=BORN)
    awa.say("non")
    assert answers(awa.rt) == [None, None, None]
    assert last_heard(awa.rt).status == "unheard"


# ---- by keypad


def test_the_same_by_keypad(awa, fanta):
    asked, _ = awa.dial("2*2")
    assert asked.startswith("Notre dernier message :\nRendez-vous du 12/03/2026, CSCom Sotuba. Votre réponse ?")
    thanked, _ = awa.key("1")
    assert thanked.startswith("Merci. Nous vous attendons le 12/03/2026.")
    assert answers(awa.rt) == ["coming"]


def test_what_is_sent_twice_is_booked_once(awa, fanta):
    awa.text("2 06/03/2026", id="ATX1")
    awa.say("2 06/03/2026")
    with awa.rt.sessions() as db:
        assert db.scalar(select(func.count()).select_from(Dose)) == 4


def test_an_answer_is_heard_in_few_statements(awa, fanta, db):
    awa.text("1")
    with statements(db) as asked:
        conversations.hear_waiting(awa.rt)
    said = [statement for statement in asked if "SAVEPOINT" not in statement]
    assert answers(awa.rt) == ["coming"]
    assert sum("care_reminders.planned_for >" in statement for statement in said) == 1  # for all kinds of texts
    assert 10 < len(said) <= 25
