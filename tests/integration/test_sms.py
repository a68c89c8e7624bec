"""Text messages: each heard once, in order, answered within limits; STOP and languages by number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from smsapp import conversations, outbox, people
from smsapp.conversations import Conversation, sms
from smsapp.db import transaction
from smsapp.flows.catalogue import Catalogue
from smsapp.inbox.reading import lock
from smsapp.messages import MO, MT, Message
from smsapp.people import Consent, Number, Person
from smsapp.segments import count
from smsapp.surveys import Response
from tests.flowkit import LIVE, flow
from tests.handset import BINTA, MOTHER, STRANGER, Handset
from tests.village import BAKON, SOTUBA, settle

OTHER = "+22370009902"


@pytest.fixture
def phone(rt):
    settle(rt)
    return Handset(rt, MOTHER)


@pytest.fixture
def stranger(phone):
    return Handset(phone.rt, STRANGER, phone.client)


def messages(rt, *which):
    with rt.sessions() as db:
        return db.scalars(select(Message).where(*which).order_by(Message.id)).all()


def left(rt, *numbers):
    with rt.sessions() as db:
        return people.left(db, numbers)


# ---- hearing


def test_a_message_is_stored_as_it_came_before_it_is_heard(phone):
    phone.text("  AVIS\u200b 1201 \r\n", id="ATX1")
    [row] = messages(phone.rt)
    assert (row.direction, row.number, row.text, row.status) == (MO, MOTHER, "AVIS 1201", "received")
    assert (row.external_id, row.meta["to"], row.parts) == ("ATX1", "36223", 1)
    assert row.sent_at.isoformat() == "2026-03-10T10:00:00+00:00"


def test_a_repeated_callback_is_heard_and_answered_once(phone):
    for _ in range(5):
        phone.text("AVIS", id="ATX1")
    assert conversations.hear_waiting(phone.rt) == 1
    for _ in range(3):
        phone.text("AVIS", id="ATX1")
    assert conversations.hear_waiting(phone.rt) == 0
    assert len(phone.arrived()) == 1


NO_ID = {"from": MOTHER, "to": "36223", "text": "AIDE"}
DATED = {**NO_ID, "date": "2026-03-10 10:00:00"}


@pytest.mark.parametrize("form", [NO_ID, DATED, {**NO_ID, "id": "", "date": ""}, {**DATED, "id": "", "linkId": "L"}])
def test_a_repeat_without_an_id_is_heard_once(phone, clock, form):
    for _ in range(3):
        phone.post("sms", form)
        clock.move(minutes=1)
    assert conversations.hear_waiting(phone.rt) == 1
    assert len(phone.arrived()) == 1


def test_the_same_words_again_are_heard_where_time_went_by(phone, clock):
    phone.post("sms", NO_ID)
    clock.move(minutes=4, seconds=59)
    phone.post("sms", NO_ID)
    assert conversations.hear_waiting(phone.rt) == 1
    clock.move(seconds=2)
    phone.post("sms", NO_ID)
    assert conversations.hear_waiting(phone.rt) == 1


@pytest.mark.parametrize(
    "other", [{"from": BINTA}, {"to": "36224"}, {"text": "Aide"}, {"date": "2026-03-10 10:00:01"}, {"linkId": "M"}]
)
def test_what_differs_in_anything_is_another_text(phone, other):
    for form in (DATED, DATED | other, NO_ID):
        phone.post("sms", form)
    assert conversations.hear_waiting(phone.rt) == 3


def test_repeats_without_an_id_that_come_at_once_are_one(live_rt):
    settle(live_rt)
    phones = [Handset(live_rt, MOTHER) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda phone: phone.post("sms", NO_ID), phones))
    assert len(messages(live_rt, Message.direction == MO)) == 1


def test_an_answer_without_an_id_is_sealed(phone):
    """Tried with all the answers that there are, its key tells nobody which one it was."""
    phone.say("AVIS")
    phone.post("sms", {**NO_ID, "text": "1"})
    row = messages(phone.rt, Message.direction == MO)[-1]
    assert row.key.startswith("sealed:africastalking:")
    assert MOTHER[1:] not in row.key


def test_one_number_is_heard_in_the_order_it_wrote(phone):
    for text in ("AVIS", "oui", "1", "2", "3", "4", "0", "1"):
        phone.text(text)
    assert conversations.hear_waiting(phone.rt) == 8
    [row] = responses(phone.rt)
    assert row.answers == {"respect": 1, "explained": 2, "wait": 3, "money": 4, "clean": None, "again": 1}
    questions = messages(phone.rt, Message.direction == MT)
    assert [m.text.split(" ")[0] for m in questions[1:7]] == ["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"]


def test_a_worker_begins_with_whom_nobody_has_in_hand(live_rt):
    settle(live_rt)
    first, second = Handset(live_rt, MOTHER), Handset(live_rt, BINTA)
    for phone in (first, second, first):
        phone.text("AIDE")
    with transaction(live_rt.sessions) as db:
        lock(db, MOTHER)
        assert sms.waiting(live_rt) == (2, BINTA)
        assert sms.waiting(live_rt, {2}) == (1, MOTHER)  # there is nobody else: it waits for its turn
    assert sms.waiting(live_rt) == (1, MOTHER)
    assert sms.waiting(live_rt, {1, 2, 3}) is None


def test_two_workers_hear_each_message_once_and_in_order(live_rt):
    settle(live_rt)
    phones = [Handset(live_rt, f"+223700001{n:02}") for n in range(1, 7)]
    for text in ("AVIS", "1", "1", "2", "3", "4", "0", "1"):
        for phone in phones:
            phone.text(text)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(conversations.hear_waiting, [live_rt] * 4))
    rows = responses(live_rt)
    assert [row.answers["wait"] for row in rows] == [3] * 6
    assert {m.status for m in messages(live_rt, Message.direction == MO)} == {"heard"}
    assert len(messages(live_rt, Message.direction == MT)) == 6 * 8


def test_an_answer_is_kept_without_its_words(phone):
    for text in ("AVIS", "oui", "Plutôt oui"):
        phone.say(text)
    asked, agreed, answered = messages(phone.rt, Message.direction == MO)
    assert asked.text == "AVIS"
    assert (agreed.text, answered.text) == (None, None)
    assert answered.meta["answered"] == "satisfaction"


@pytest.mark.parametrize("text", ["Je veux parler à quelqu'un du centre", "trop cher", "Merci Awa."])
def test_a_sentence_in_the_middle_goes_to_the_staff_and_the_question_stays(phone, text):
    phone.say("AVIS")
    [answer] = phone.say(text)
    assert answer.startswith("Merci, l'équipe du centre lira votre message.")
    assert "D'accord ?" in answer
    [row] = messages(phone.rt, Message.status == "unheard")
    assert row.text == text
    assert phone.say("oui")[0].startswith("1/6")


@pytest.mark.parametrize("text", ["12", "1 2", "ok ok", "peutêtre"])
def test_a_slip_is_answered_with_the_reason_and_nobody_reads_it(phone, text):
    phone.say("AVIS")
    assert phone.say(text)[0].startswith("Choix invalide.\n6 questions")
    assert messages(phone.rt, Message.status == "unheard") == []


def test_a_message_that_makes_us_fail_is_given_to_the_staff_and_holds_up_nobody(phone, monkeypatch):
    other = Handset(phone.rt, BINTA, phone.client)
    real = conversations.sms.command

    def broken(text):
        if text == "poison":
            raise RuntimeError("a bug")
        return real(text)

    monkeypatch.setattr(conversations.sms, "command", broken)
    phone.text("poison")
    other.text("AIDE")
    conversations.hear_waiting(phone.rt)
    assert len(other.arrived()) == 1
    for _ in range(3):
        conversations.hear_waiting(phone.rt)
    [row] = messages(phone.rt, Message.number == MOTHER, Message.direction == MO)
    assert (row.status, row.attempts) == ("unheard", 3)
    [said] = phone.arrived()
    assert said.startswith("Le service a un souci.")
    assert phone.say("AIDE")[0].startswith("AVIS : ")


def test_a_survey_begun_by_ussd_is_finished_by_sms(phone, clock):
    phone.dial()
    phone.key("1", "1", "2")
    clock.move(minutes=6)
    conversations.nudge(phone.rt)
    assert "2/6" in phone.arrived()[0]
    for text in ("1", "4", "4", "1"):
        phone.say(text)
    assert phone.say("1")[0].startswith("Merci !")
    [row] = responses(phone.rt)
    assert (row.answers["respect"], row.channel, row.facility_id) == (2, "sms", SOTUBA)


def test_a_short_answer_after_a_day_is_asked_about_and_a_sentence_is_not(phone, clock):
    phone.say("AVIS")
    clock.move(hours=25)
    [kept] = phone.say("merci pour tout ce que vous faites")
    assert kept.startswith("Merci, l'équipe")
    assert phone.say("1")[0].startswith("Vous n'aviez pas fini.")
    assert phone.say("1")[0].startswith("On continue.\n6 questions")


# ---- who writes


@pytest.mark.parametrize("text", ["AIDE", "help", "Aide.", "LANGUE", "LANGUE en", "avis", "STOP", "DEBUT"])
def test_every_sender_gets_an_answer_known_or_not(stranger, text):
    assert len(stranger.say(text)) == 1


def test_the_language_is_kept_for_a_number_that_nobody_knows(stranger):
    assert stranger.say("LANGUAGE en") == ["Language: English."]
    assert stranger.say("AIDE")[0].startswith("SURVEY: give your opinion")
    assert stranger.dial()[0].startswith("Your health, your voice")
    with stranger.rt.sessions() as db:
        assert db.scalar(select(func.count()).where(Number.number == STRANGER)) == 0
        assert people.language_of(db, STRANGER) == "en"


def test_the_language_of_a_phone_that_two_people_share_is_the_phones(phone):
    with transaction(phone.rt.sessions) as db:
        people.add(db, phone.rt.now(), number=MOTHER, name="Sa fille", language="fr")
    phone.say("LANGUE bm")
    with phone.rt.sessions() as db:
        assert people.language_of(db, MOTHER) == "bm"
        assert {p.language for p in people.behind(db, MOTHER)} == {"fr"}


def test_a_stranger_becomes_a_person_without_a_name_once_she_agrees(stranger):
    stranger.say("AVIS 1301")
    with stranger.rt.sessions() as db:
        assert people.behind(db, STRANGER) == []
    stranger.say("oui")
    with stranger.rt.sessions() as db:
        [person] = people.behind(db, STRANGER)
        [consent] = db.scalars(select(Consent).where(Consent.person_id == person.id))
    assert (person.name, person.facility, person.language) == (None, "CSCom BAKON", "fr")
    assert (consent.topic, consent.given, consent.channel, consent.language) == ("survey", True, "sms", "fr")
    assert (consent.version, consent.at) == (people.CONSENT_VERSION, stranger.rt.now())


def test_of_a_stranger_who_declines_nothing_is_kept(stranger):
    stranger.say("AVIS 1301")
    assert stranger.say("non")[0].startswith("D'accord, nous ne gardons rien.")
    with stranger.rt.sessions() as db:
        assert people.behind(db, STRANGER) == []
        assert db.scalar(select(func.count()).select_from(Consent)) == 0
        assert db.get(Conversation, STRANGER).state is None


def test_a_known_mother_who_declines_is_written_down(phone):
    phone.say("AVIS")
    phone.say("2")
    with phone.rt.sessions() as db:
        assert people.declined(db, [MOTHER, BINTA], "survey") == {MOTHER}
    phone.say("AVIS")
    phone.say("1")
    with phone.rt.sessions() as db:
        assert people.declined(db, [MOTHER], "survey") == set()


# ---- limits


def test_what_no_flow_takes_is_answered_four_times_an_hour_and_kept_every_time(stranger, clock):
    for n in range(10):
        answers = stranger.say(f"une phrase que personne n'attend {n}")
        assert len(answers) == (1 if n < 4 else 0)
    assert len(messages(stranger.rt, Message.status == "unheard")) == 10
    assert len(stranger.say("AIDE")) == 1
    clock.move(hours=1, minutes=1)
    assert len(stranger.say("encore une phrase que personne n'attend")) == 1


def test_the_limit_is_each_numbers_own(stranger):
    for n in range(5):
        stranger.say(f"une phrase que personne n'attend {n}")
    assert len(Handset(stranger.rt, OTHER, stranger.client).say("et moi alors, personne ne m'entend")) == 1


def test_keywords_right_or_wrong_are_answered_up_to_sixty_an_hour(stranger):
    words = ["AIDE", "AVSI", "LANGUE", "hepl"]
    for n in range(70):
        stranger.text(words[n % 4])
    conversations.hear_waiting(stranger.rt)
    answers = messages(stranger.rt, Message.direction == MT)
    assert len(answers) == 60
    assert {m.status for m in messages(stranger.rt, Message.direction == MO)} == {"heard"}


def test_two_machines_fall_silent(stranger):
    """Whatever we say comes back as a text: within the hour it ends."""
    words, said = "bonjour", 0
    for _ in range(80):
        answers = stranger.say(words)
        if not answers:
            break
        words, said = answers[0], said + 1
    assert said <= 64


def test_an_answer_is_of_use_for_hours_only(stranger, clock):
    stranger.text("AIDE")
    conversations.hear_waiting(stranger.rt)
    clock.move(hours=7)
    assert stranger.arrived() == []
    [row] = messages(stranger.rt, Message.direction == MT)
    assert row.status == "expired"


# ---- an opinion beside the keyword


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("AVIS l'accueil était très mauvais, on m'a demandé de l'argent", "6 questions"),
        ("Avis trop cher", "6 questions"),
        ("AVIS 1301 trop cher", "6 questions"),
        ("AVIS 9999 trop cher", "Centre inconnu."),
    ],
)
def test_a_sentence_after_the_keyword_is_read_by_the_staff_and_the_survey_begins(phone, text, question):
    [said] = phone.say(text)
    thanks, asked = said.split("\n", 1)
    assert thanks.startswith("Merci, l'équipe du centre lira votre message.")
    assert asked.startswith(question)
    [row] = messages(phone.rt, Message.status == "unheard")
    assert row.text == text
    if question == "6 questions":
        assert phone.say("oui")[0].startswith("1/6")


def test_a_stranger_who_says_something_is_asked_for_her_centre(stranger):
    [said] = stranger.say("AVIS l'accueil était très mauvais")
    assert "Quel est le numéro sur l'affiche" in said
    assert len(messages(stranger.rt, Message.status == "unheard")) == 1


@pytest.mark.parametrize("text", ["AVIS Bakon", "AVIS1301", "AVIS 1301 merci", "avis cscom bakon"])
def test_a_centre_is_known_by_what_people_call_it(phone, text):
    assert phone.say(text)[0].startswith("6 questions")
    for answer in ("1", *"114411"):
        phone.say(answer)
    [row] = responses(phone.rt)
    assert row.facility_id == BAKON
    assert messages(phone.rt, Message.status == "unheard") == []


# ---- STOP and START


def test_stop_and_start_for_everything_and_for_one_topic(phone):
    assert phone.say("STOP")[0].startswith("C'est noté : vous ne recevrez plus nos messages.")
    assert left(phone.rt, MOTHER) == {(MOTHER, "*")}
    assert phone.say("début")[0].startswith("Bienvenue :")
    assert left(phone.rt, MOTHER) == set()
    assert "avis sur le centre" in phone.say("arret avis")[0]
    phone.say("STOP rappels")
    assert left(phone.rt, MOTHER) == {(MOTHER, "survey"), (MOTHER, "reminders")}
    phone.say("START survey")
    assert left(phone.rt, MOTHER) == {(MOTHER, "reminders")}


def test_who_leaves_a_topic_that_there_is_not_is_told_that_she_left_everything(phone):
    [said] = phone.say("ARRET recettes")
    assert said.startswith("C'est noté : plus aucun message de nous. Le sujet recettes n'existe pas")
    assert all(topic in said for topic in ("AVIS", "RAPPELS", "NOUVELLES"))
    assert count(said) == 1
    with phone.rt.sessions() as db:
        assert people.left(db, [MOTHER]) == {(MOTHER, people.EVERYTHING)}
    assert phone.say("ARRET avis")[0].startswith("C'est noté : plus de messages pour")


def test_a_sentence_that_begins_with_stop_is_a_stop_and_is_read(phone):
    [said] = phone.say("ARRETEZ de m'envoyer des messages svp")
    assert said == "C'est noté : vous ne recevrez plus nos messages. Pour revenir, envoyez DEBUT."
    assert left(phone.rt, MOTHER) == {(MOTHER, "*")}
    assert [row.text for row in messages(phone.rt, Message.status == "unheard")] == [
        "ARRETEZ de m'envoyer des messages svp"
    ]


def test_where_any_words_are_an_answer_a_sentence_that_begins_with_stop_is_one(phone):
    asked = flow("{flow: asked, keywords: {fr: [DITES]}, by_sms: yes, nodes: [{ask: what, type: text}, {end: bye}]}")
    flows = Catalogue.of([*LIVE.live.values(), asked])
    phone = Handset(replace(phone.rt, flows=flows), MOTHER)
    for words, has_left in (("Arrêt du traitement depuis trois jours", set()), ("STOP", {(MOTHER, "*")})):
        phone.say("DITES")
        phone.say(words)
        assert left(phone.rt, MOTHER) == has_left


@pytest.mark.parametrize("words", ["STOP", "ARRET AVIS"])
def test_a_survey_is_not_gone_on_with_after_a_stop(phone, words):
    for text in ("AVIS", "oui", "1"):
        phone.say(text)
    phone.say(words)
    [said] = phone.say("2")
    assert said.startswith("Merci, l'équipe du centre lira votre message. Vous pouvez aussi envoyer")
    assert phone.dial()[0].startswith("Votre santé")


def test_a_survey_goes_on_after_another_topic_was_left_and_after_help(phone):
    for text in ("AVIS", "oui"):
        phone.say(text)
    phone.say("ARRET RAPPELS")
    [said] = phone.say("AIDE")
    assert said.startswith("AVIS : ")
    assert said.splitlines()[-6] == "1/6 L'accueil était-il respectueux ?"
    assert phone.say("1")[0].startswith("2/6")


def test_a_keypad_that_still_shows_the_question_is_told_after_a_stop_by_sms(phone):
    phone.dial()
    phone.key("1", "1", "1")
    phone.say("STOP")
    assert phone.key("2")[0].startswith("Votre santé")


def test_stop_twice_is_stop(phone):
    assert phone.say("STOP") == phone.say("stop")
    assert left(phone.rt, MOTHER) == {(MOTHER, "*")}


def test_one_topic_again_after_everything(phone):
    phone.say("STOP rappels")
    phone.say("STOP")
    phone.say("DEBUT avis")
    assert left(phone.rt, MOTHER) == {(MOTHER, "reminders")}


def test_stop_holds_for_all_numbers_of_one_who_alone_has_them(phone):
    with transaction(phone.rt.sessions) as db:
        for own in (MOTHER, BINTA):
            for known in people.behind(db, own):
                db.add(
                    Number(
                        number=OTHER if own == MOTHER else STRANGER,
                        person_id=known.id,
                        main=False,
                        since=phone.rt.now(),
                    )
                )
        people.add(db, phone.rt.now(), number=BINTA, name="Une autre, au même téléphone")
    phone.say("STOP")
    Handset(phone.rt, BINTA, phone.client).say("STOP")
    assert left(phone.rt, MOTHER, OTHER, BINTA, STRANGER) == {(MOTHER, "*"), (OTHER, "*"), (BINTA, "*")}
    Handset(phone.rt, OTHER, phone.client).say("START")
    assert left(phone.rt, MOTHER, OTHER, BINTA) == {(BINTA, "*")}


def test_stop_holds_what_was_planned_and_not_what_she_asks_for(phone):
    with transaction(phone.rt.sessions) as db:
        for kind in ("invitation", "broadcast", "reminder", "alert"):
            outbox.post(db, phone.rt, MOTHER, kind, kind=kind, due=phone.rt.now() + timedelta(minutes=1))
    phone.say("STOP")
    phone.rt.now.move(minutes=2)
    assert phone.arrived() == ["alert"]
    assert phone.say("AVIS")[0].startswith("6 questions")
    with phone.rt.sessions() as db:
        assert db.scalar(select(func.count()).where(Message.status == "cancelled", Message.reason == "stop")) == 3


def test_stop_by_the_operator_is_everything(phone):
    answer = phone.post("opt-out", {"senderId": "AFYA", "phoneNumber": MOTHER})
    assert (answer.status_code, answer.data) == (200, b"")
    assert left(phone.rt, MOTHER) == {(MOTHER, "*")}


def responses(rt):
    with rt.sessions() as db:
        return db.scalars(select(Response).order_by(Response.id)).all()


def test_a_name_is_never_said_back(phone):
    with phone.rt.sessions() as db:
        name = db.scalar(select(Person.name).where(Person.facility_id == SOTUBA).limit(1))
    for text in ("AIDE", "AVIS", "1", "2", name, "STOP"):
        assert all(name not in said for said in phone.say(text))


def test_a_conversation_that_is_over_is_no_value_to_the_database(phone, clock):
    """JSON's null would be a conversation that is open for ever."""
    phone.say("AVIS")
    phone.say("non")
    Handset(phone.rt, BINTA, phone.client).say("AVIS")
    clock.move(days=8)
    conversations.tidy(phone.rt)
    with phone.rt.sessions() as db:
        assert db.scalar(select(func.count()).where(Conversation.state.is_not(None))) == 0
        assert list(conversations.broken_conversations(db, phone.rt)) == []
