"""Cases by text: what is written down of each, by whom, where, and what is refused without a trace."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.segments import fits_ussd
from smsapp.surveillance import reporters, training
from smsapp.surveillance.phrasing import fits as fits_one_part
from smsapp.surveillance.tables import Alert
from tests import outposts
from tests.handset import Handset
from tests.outposts import ASC, ASC_2, HEAD, KOUROUBA, SALA, STRANGER, TIENFALA, ZEGOUA, person_id, rows, told
from tests.village import MOTHERS, SOTUBA, settle

REFUSES = ("format", "inconnu", "invalide", "incorrect", "refus", "erreur")


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def alerts(rt):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Alert).order_by(Alert.id)).all()


def code_of(rt, number):
    with transaction(rt.sessions) as db:
        return reporters.code_of(db, person_id(rt, number))


def practise(rt, number, since):
    with transaction(rt.sessions) as db:
        training.switch(db, person_id(rt, number), since)


def test_a_case_is_hers_of_her_village_and_stands_on_her_message(posts):
    [said] = Handset(posts, ASC).say("CAS ROUGEOLE F 3")
    [row] = rows(posts)
    assert said.startswith(f"Rapport {row.number} : Rougeole F 3 ans, Kourouba. Merci. Gardez l'enfant")
    assert (row.reporter_id, row.phone, row.channel) == (person_id(posts, ASC), ASC, "sms")
    assert (row.village_id, row.facility_id, row.standing) == (KOUROUBA, SOTUBA, "counted")
    with transaction(posts.sessions) as db:
        assert db.get(Message, row.message_id).text == "CAS ROUGEOLE F 3"


@pytest.mark.parametrize(
    ("text", "disease", "sex", "age", "count", "village"),
    [
        ("1#1#2", "measles", "male", "five_or_more", 1, KOUROUBA),
        ("10*2*2", "neonatal_death", "female", "five_or_more", 1, KOUROUBA),
        ("Rougeole fille 8 mois", "measles", "female", "under_five", 1, KOUROUBA),
        ("2 cas de cholera", "cholera", None, None, 2, KOUROUBA),
        ("rougeole f 3 SALA", "measles", "female", "under_five", 1, SALA),
        ("cas 1#1#2 tienfala", "measles", "male", "five_or_more", 1, TIENFALA),
        ("3 F rougeole djoumanzana", "measles", "female", "under_five", 1, 221),
        ("20", "death_cluster", None, None, 2, KOUROUBA),
        ("1#1#0#2#0", "measles", None, None, 3, KOUROUBA),
    ],
)
def test_words_and_codes_are_understood_as_people_write_them(posts, text, disease, sex, age, count, village):
    Handset(posts, ASC).say(text)
    [row] = rows(posts)
    told = (row.disease, row.sex, row.age_group, row.count, row.village_id)
    assert told == (disease, sex, age, count, village)


@pytest.mark.parametrize(("typed", "said_back"), [("le 9", "09/03"), ("05/03", "05/03"), ("hier", "09/03")])
def test_the_day_that_was_understood_is_said_back(posts, typed, said_back):
    [said] = Handset(posts, ASC).say(f"CAS ROUGEOLE F 3 {typed}")
    [row] = rows(posts)
    assert f"{row.since:%d/%m}" == said_back
    assert said.startswith(f"Rapport {row.number} : Rougeole F 3 ans, Kourouba, début {said_back}. ")
    assert fits_one_part(said)


@pytest.mark.parametrize("first", [True, False])
def test_what_can_not_be_right_is_refused_and_leaves_nothing(posts, first):
    """A case is asked for what it lacks, and told what is wrong; half of the list for each of two numbers."""
    bad = ["1#1", "1#3#1", "1#1#3", "1#1*2", "1 # 1 # 2", "01#1#2", "0#1#1", "44", "44#1#1"]
    worse = [
        "CAS ROUGEOLE 9999 CAS",
        "CAS CHOLERA M 300",
        "CAS CHOLERA M 30 demain",
        "rougole f 3",
        "20#1#1",
        "CAS XYZ",
    ]
    phone = Handset(posts, ASC)
    for text in bad if first else worse:
        [said] = phone.say(text)
        assert any(word in said.lower() for word in REFUSES), (text, said)
        assert "Ex. " in said
        assert "\n" not in said
    assert rows(posts) == []


def test_the_same_case_twice_is_told_and_counts_once(posts, clock):
    phone = Handset(posts, ASC)
    phone.say("CAS ROUGEOLE F 3")
    assert phone.say("rougeole fille 3 ans")[0].startswith("Déjà noté : rapport 1001.")
    assert len(rows(posts)) == 1
    clock.move(minutes=11)
    assert phone.say("CAS ROUGEOLE F 3")[0].startswith("Rapport 1")
    assert len(rows(posts)) == 2


def test_an_answer_with_a_letter_and_an_age_is_no_word_on_an_alert(posts):
    phone = Handset(posts, ASC)
    assert phone.say("CAS ROUGEOLE")[0].startswith("Rapport 1001 noté. Rougeole : quel age ?")
    phone.say("F 3")
    [row] = rows(posts)
    assert (row.sex, row.age_count) == ("female", 3)


def test_a_number_is_a_code_only_where_nothing_is_asked(posts):
    phone = Handset(posts, ASC)
    phone.say("CAS ROUGEOLE")
    phone.say("20")
    [row] = rows(posts)
    assert (row.disease, row.age_count) == ("measles", 20)


def test_another_whole_report_drops_what_is_asked_of_the_one_before(posts):
    phone = Handset(posts, ASC)
    for text in ("CHOLERA M 40", "CAS CHOLERA M 41", "3#1#2"):
        assert ": quel age ?" in phone.say("CAS ROUGEOLE")[0]
        assert "Rougeole" not in phone.say(text)[0]
    phone.say("5 ans")
    assert [row.age_count for row in rows(posts) if row.disease == "measles"] == [None]


def test_a_case_is_written_down_and_told_before_the_rest_is_asked(posts):
    """Whoever never answers has reported it all the same."""
    phone, head = Handset(posts, ASC_2), Handset(posts, HEAD)
    [asked] = phone.say("1#1#2")
    assert asked.startswith("Kunnafoni 1001")
    [row] = rows(posts)
    assert (row.village_id, row.standing) == (None, "counted")
    assert told(posts, HEAD)[0].startswith("ALERTE 1002 Rougeole : 1 cas, M 5 ans et plus, CSCom Sotuba.")
    phone.say("sala")
    assert [(one.village_id, one.standing) for one in rows(posts)] == [(SALA, "counted")]
    assert told(posts, HEAD)[1:] == ["Alerte 1002 : c'est à Sala, 1 cas en tout."]
    assert [alert.place_id for alert in alerts(posts)] == [SALA]
    assert "Sala" in head.say("?1002")[0]


def test_a_case_sent_again_without_its_village_counts_once(posts):
    phone = Handset(posts, ASC_2)
    for text in ("1#1#2", "1#1#2", "sala", "1#1#2", "sala", "CAS ROUGEOLE", "CAS ROUGEOLE", "3 ans", "sala"):
        phone.say(text)
    assert [(row.village_id, row.standing) for row in rows(posts)] == [(SALA, "counted")] * 2
    for text in ("1#1#2", "tienfala"):
        phone.say(text)
    assert [row.village_id for row in rows(posts)] == [SALA, SALA, TIENFALA]


def test_the_age_that_is_told_later_may_make_it_one_that_was_sent_before(posts):
    phone = Handset(posts, ASC)
    for text in ("CAS ROUGEOLE F 3", "CAS ROUGEOLE F", "3 ans"):
        last = phone.say(text)
    assert any("rapport 1001" in words for words in last)
    assert [row.number for row in rows(posts) if row.standing == "counted"] == [1001]


def test_a_village_that_is_not_known_is_asked_and_never_guessed(posts):
    phone = Handset(posts, ASC_2)
    for wrong in ("CAS PALU M 3 Salaa", "Sal", "9", "Zegoua"):
        assert phone.say(wrong)
        assert [row.village_id for row in rows(posts)] == [None]
    phone.say("tienfala")
    assert [row.village_id for row in rows(posts)] == [TIENFALA]
    phone.say("CAS PALU M 4")
    phone.say("3")
    assert rows(posts)[-1].village_id is None
    assert ZEGOUA not in {row.village_id for row in rows(posts)}


def test_a_week_without_cases_in_which_she_reported_some_is_said(posts, clock):
    phone = Handset(posts, ASC)
    phone.say("CAS PALU M 20 HIER")
    assert "Attention" not in phone.say("99")[0]  # of the week before: she told of it in this one
    phone.say("CAS ROUGEOLE 4 CAS F")
    clock.at = datetime(2026, 3, 16, 9, tzinfo=UTC)
    assert phone.say("99") == [
        "Rapport 1005 : aucun cas, semaine du 09/03 au 15/03. Attention : vous y avez signalé 5 cas (rapport 1003). "
        "Zéro par oubli ? RETIRE 1005"
    ]
    assert [row.standing for row in rows(posts)] == ["counted"] * 4
    Handset(posts, ASC).say("RETIRE 1001")
    screen, _ = _week(Handset(posts, ASC))
    assert screen.startswith("Aucun cas du 09/03 au 15/03. Attention : vous y avez signalé 4 cas. Envoyer ?")
    assert fits_ussd(screen)
    assert "Attention" not in _week(Handset(posts, ASC_2))[0]


def _week(phone):
    """Dial to the week without cases."""
    phone.dial()
    phone.key("2")
    return phone.key("2")


def test_a_number_that_is_none_of_hers_has_an_example_of_what_she_wanted(posts):
    phone = Handset(posts, ASC)
    assert phone.say("RETIRE 2571") == ["Numéro 2571 inconnu dans votre centre. Ex. RETIRE 1003"]
    assert phone.say("CORRIGE 2571 F") == ["Numéro 2571 inconnu dans votre centre. Ex. CORRIGE 1003 4 ANS"]


def test_a_week_without_cases_is_that_before_and_an_open_question_waits(posts):
    phone = Handset(posts, ASC)
    [age] = phone.say("CAS ROUGEOLE")
    [said] = phone.say("99")
    assert said.startswith("Rapport 1003 : aucun cas, semaine du 02/03 au 08/03.")
    assert said.endswith(age)
    _, row = rows(posts)
    assert (row.kind, row.week) == ("zero", date(2026, 3, 2))


@pytest.mark.parametrize("number", [STRANGER, MOTHERS[0]])
def test_others_are_heard_and_told_nothing_that_is_for_workers(posts, number):
    phone = Handset(posts, number)
    for text in ("CAS ROUGEOLE", "2#1#1 Zegoua"):
        [said] = phone.say(text)
        assert said.startswith("Merci. Rapport 1")
        assert not {"Rougeole", "rougeole", "TDR"} & set(said.split())
    assert [(row.standing, row.reporter_id) for row in rows(posts)] == [("signal", None)] * 2
    assert rows(posts)[1].village_id == ZEGOUA
    assert phone.say("RAS")[0].startswith("Refus")
    for text in ("20", "99", "rougeole f 3", "RETIRE 1001"):
        assert "Merci, l'équipe du centre lira" in phone.say(text)[0] or phone.say(text) == []
    assert len(rows(posts)) == 2
    with transaction(posts.sessions) as db:
        assert db.scalar(select(func.count(Alert.id))) == 0


def test_a_phone_that_is_no_worker_s_reports_ten_times_a_day(posts):
    phone = Handset(posts, STRANGER)
    for age in range(10):
        phone.say(f"CAS ROUGEOLE {age + 1}")
    assert phone.say("CAS ROUGEOLE 20")[0].startswith("Refus : trop de rapports")
    assert len(rows(posts)) == 10


def test_from_a_borrowed_phone_her_code_says_who_she_is(posts):
    phone, code = Handset(posts, STRANGER), code_of(posts, ASC)
    assert phone.say(f"MOI {code} CAS ROUGEOLE")[0].startswith("Rapport 1001 noté. Rougeole : quel age ?")
    phone.say("3 ans")
    [row] = rows(posts)
    assert (row.reporter_id, row.phone, row.village_id) == (person_id(posts, ASC), STRANGER, KOUROUBA)
    own = Handset(posts, ASC, phone.client)
    with transaction(posts.sessions) as db:
        assert [m.text for m in db.scalars(select(Message).where(Message.key == f"borrowed:{row.id}"))] == [
            f"Rapport {row.number} envoyé avec votre code depuis un autre téléphone. "
            f"Ce n'était pas vous ? Envoyez RETIRE {row.number}"
        ]
    assert own.say(f"RETIRE {row.number}")[-1] == f"Rapport {row.number} retiré, il ne compte plus."
    wrong = str(int(code) % 9000 + 1000)
    assert phone.say(f"@{wrong} 1#1#1")[0].startswith(f"Code {wrong} inconnu.")


def test_practice_alerts_nobody_and_hides_no_true_case(posts):
    practise(posts, ASC, posts.now())
    phone = Handset(posts, ASC)
    [said] = phone.say("CAS FHV F 30")
    assert said.startswith("EXERCICE")
    assert "vous appelle" not in said.partition(" En vrai : ")[0]
    assert Handset(posts, HEAD, phone.client).arrived() == []
    practise(posts, ASC, None)
    assert phone.say("CAS FHV F 30")[0].startswith("Rapport ")
    assert [row.standing for row in rows(posts)] == ["training", "counted"]
    with transaction(posts.sessions) as db:
        assert db.scalar(select(func.count(Alert.id))) >= 1


def test_she_and_her_head_put_a_report_right_and_nobody_else(posts):
    phone = Handset(posts, ASC)
    phone.say("CAS PALU F 3")
    other = Handset(posts, ASC_2, phone.client)
    assert "inconnu" in other.say("CORRIGE 1001 4 ANS")[0].lower() or "refus" in other.say("RETIRE 1001")[0].lower()
    assert Handset(posts, HEAD, phone.client).say("CORRIGE 1001 4 ANS SALA") == [
        "Rapport 1001 corrigé : Paludisme F 4 ans."
    ]
    [row] = rows(posts)
    assert (row.age_count, row.village_id, len(row.history)) == (4, SALA, 1)
    assert phone.say("RETIRE 1001") == ["Rapport 1001 retiré, il ne compte plus."]
    assert rows(posts)[0].standing == "withdrawn"


WORDS = st.sampled_from(
    [
        "CAS",
        "ROUGEOLE",
        "F",
        "3",
        "1#1#2",
        "99",
        "RAS",
        "MOI",
        "4821",
        "@",
        "#",
        "*",
        "CORRIGE",
        "RETIRE",
        "1001",
        "?",
        "V",
        "Kourouba",
        "ans",
        "0",
        "00",
        "98",
        "²",
        "ɲ",
        "hier",
        "99999999999",
    ]
)


@pytest.fixture
def phone(posts):
    return Handset(posts, ASC)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=6).map(" ".join)))
def test_any_text_at_all_is_answered(phone, clock, text):
    clock.move(minutes=61)  # past the limits of an hour
    said = phone.say(text)
    assert said
    assert "souci" not in said[-1]


def test_codes_can_not_be_guessed(posts):
    """After five that nobody has even a right one is refused for a day."""
    phone, code = Handset(posts, STRANGER), code_of(posts, ASC)
    wrong = [str(n) for n in range(1000, 9999) if str(n) != code][:5]
    assert all("inconnu" in phone.say(f"MOI {one}")[0] for one in wrong)
    assert phone.say(f"@{code} 1#1#1")[0].startswith("Code refusé : trop d'essais")
    assert rows(posts) == []


def test_whatever_is_done_with_her_code_is_told_to_her(posts):
    own, phone, code = Handset(posts, ASC), Handset(posts, STRANGER), code_of(posts, ASC)
    own.say("CAS ROUGEOLE F 3")
    phone.say(f"@{code} RETIRE 1001")
    phone.say(f"MOI {code}")
    with transaction(posts.sessions) as db:
        told = db.scalars(select(Message.text).where(Message.number == ASC, Message.key.like("code:%"))).all()
    assert told == ["Votre code a servi sur un autre téléphone. Ce n'était pas vous ? Prévenez votre CSCom."] * 2


def test_an_answer_that_comes_twice_is_no_disease(posts):
    """`6` is an age, and the card's number of Ebola."""
    phone = Handset(posts, ASC)
    for text in ("CAS RAGE", "6"):
        phone.say(text)
    assert phone.say("6") == ["C'est déjà noté, merci."]
    assert phone.say("3")[0].startswith("Format")
    assert [row.disease for row in rows(posts)] == ["dog_bite_rabies"]


def test_a_number_alone_is_a_code_where_nothing_was_said_before(posts, clock):
    phone = Handset(posts, ASC)
    phone.say("1")
    clock.move(minutes=11)
    phone.say("20")
    assert [row.disease for row in rows(posts)] == ["measles", "death_cluster"]


@pytest.mark.parametrize("typed", ["Sala", "1", "c'est a Sala", "village de Sala merci", "1. Sala", "1 sala"])
def test_a_village_is_heard_in_a_sentence(posts, typed):
    phone = Handset(posts, ASC_2)
    phone.say("CAS ROUGEOLE F 3")
    phone.say(typed)
    assert [row.village_id for row in rows(posts)] == [SALA]


@pytest.mark.parametrize("typed", ["F 3 Kadiolo", "F 3 Sala", "M 4 ANS SALA", "V 3 Sala"])
def test_another_patient_where_a_village_is_asked_is_answered_by_the_form(posts, typed):
    """Nobody of the team has to read it; the question stays."""
    phone = Handset(posts, ASC_2)
    [question] = phone.say("CAS ROUGEOLE F 3")
    [said] = phone.say(typed)
    assert said.startswith("Format : ")
    assert said.endswith(question.partition("\n")[2])
    assert [row.village_id for row in rows(posts)] == [None]
    phone.say("2")
    assert [row.village_id for row in rows(posts)] == [TIENFALA]


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("CORRIGE 1001 F 4", "Kunnafoni 1001 latilenna"),
        ("CORRIGE LE 1001 F 4", "Kunnafoni 1001 latilenna"),
        ("RETIRE 12X", "Nim"),
        ("CORRIGE 123 F 4", "Nim"),
    ],
)
def test_putting_right_is_heard_while_a_village_is_asked(posts, typed, begins):
    phone = Handset(posts, ASC_2)
    phone.say("CAS ROUGEOLE F 3")
    [said] = phone.say(typed)
    assert said.startswith(begins)
    assert "\n1. Sala\n" in said
    phone.say("Sala")
    assert rows(posts)[0].village_id == SALA
