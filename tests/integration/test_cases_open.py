"""Cases of which something is still unknown: what is written down of them at once, and what they are not taken for."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.segments import fold
from tests import outposts
from tests.desk import Desk
from tests.handset import Handset
from tests.outposts import ASC, ASC_2, HEAD, KOUROUBA, SALA, STRANGER, rows, told
from tests.village import SOTUBA, settle


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def test_the_first_alert_names_the_village_though_the_age_is_still_asked(posts):
    phone = Handset(posts, ASC_2)
    phone.say("CAS ROUGEOLE Sala")
    assert [row.village_id for row in rows(posts)] == [SALA]
    assert [", Sala. V " in words for words in told(posts, HEAD)] == [True]


def test_two_villages_that_are_not_known_are_two_reports(posts):
    phone = Handset(posts, ASC)
    for text in ("CAS MALNUTRITION F 1 Kadiolo", "CAS MALNUTRITION F 1 Tiongui", "CAS MALNUTRITION F 1"):
        phone.say(text)
    assert len(rows(posts)) == 3
    for text in ("CAS MALNUTRITION F 1 tiongui", "CAS MALNUTRITION F 1 Kadiolo"):
        assert phone.say(text)[0].startswith("Déjà noté")
    assert len(rows(posts)) == 3


def test_a_village_that_another_report_left_open_is_asked_for_again(posts):
    phone = Handset(posts, ASC_2)
    for text in ("LANGUE FR", "CAS ROUGEOLE F 3", "CAS CHOLERA M 30"):
        phone.say(text)
    first, second = rows(posts)
    [said] = phone.say("1")
    assert said == (
        f"Rapport {second.number} : Sala. Merci. "
        f"Rapport {first.number} : encore sans village. Ex. CORRIGE {first.number} Sala"
    )
    phone.say(f"CORRIGE {first.number} Sala")
    assert [row.village_id for row in rows(posts)] == [SALA, SALA]
    phone.say("CAS ROUGEOLE M 8")
    assert "encore" not in phone.say("2")[0]


def test_what_was_asked_long_before_is_not_asked_again(posts, clock):
    phone = Handset(posts, ASC_2)
    phone.say("CAS ROUGEOLE F 3")
    clock.move(minutes=11)
    phone.say("CAS CHOLERA M 30")
    assert "CORRIGE" not in phone.say("1")[0]


@pytest.mark.parametrize(
    ("text", "count", "died"),
    [
        ("CAS DECES MATERNEL 25", 1, 1),
        ("10#2#1", 1, 1),
        ("10#1#0#2#0", 3, 3),
        ("20", 2, 2),
        ("CAS DECES GROUPES 5 morts", 5, 5),
        ("CAS CHOLERA 3 morts", 3, 3),
        ("CAS CHOLERA 4 cas 3 morts", 4, 3),
        ("CAS CHOLERA 4 cas", 4, 0),
        ("CAS CHOLERA 5 cas 2 décès", 5, 2),
        ("CAS CHOLERA M 30 DECEDE", 1, 1),
        ("CAS EBOLA F 25 DCD", 1, 1),
        ("CAS 6 M 30 MORT", 1, 1),
    ],
)
def test_who_is_reported_dead_is_counted_among_the_dead(posts, text, count, died):
    phone = Handset(posts, ASC)
    phone.say(text)
    assert [(row.count, row.died) for row in rows(posts)] == [(count, died)]
    if count > 1 and "#" not in text:
        phone.say("CORRIGE 1001 2 CAS")
        assert [(row.count, row.died) for row in rows(posts)] == [(2, min(died, 2))]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("CAS CHOLERA M 30 DECEDE Kourouba", "Rapport 1001 : Choléra M 30 ans, décès : 1"),
        ("CAS CHOLERA 4 cas 2 morts Kourouba", "Rapport 1001 : Choléra 4 cas, décès : 2"),
    ],
)
def test_the_answer_names_the_dead(posts, text, begins):
    [said] = Handset(posts, ASC).say(text)
    assert said.startswith(fold(begins))


@pytest.mark.parametrize("text", ["CAS 6 boeufs", "CAS 6 chevaux mort", "CAS 3 hyènes mortes", "CAS 3 toux"])
def test_a_number_before_what_is_no_village_is_no_disease(posts, text):
    phone = Handset(posts, ASC)
    [said] = phone.say(text)
    assert "mot inconnu" in said
    assert rows(posts) == []
    assert told(posts, HEAD) == []
    phone.say("CAS 3 Kourouba")
    assert [(row.disease, row.village_id) for row in rows(posts)] == [("cholera", KOUROUBA)]


def test_a_death_that_is_a_disease_of_the_list_is_no_death_of_care(posts):
    phone = Handset(posts, ASC)
    phone.say("décès maternel kourouba")
    phone.say("Décès néonatal Kourouba")
    assert [(row.disease, row.village_id) for row in rows(posts)] == [
        ("maternal_death", KOUROUBA),
        ("neonatal_death", KOUROUBA),
    ]
    for text in ("DECES", "DECES 1042K", "DECES NEONATAL 1042K"):
        phone.say(text)
    Handset(posts, STRANGER, phone.client).say("deces maternel kourouba")
    assert len(rows(posts)) == 2


def test_a_code_of_zeros_is_answered_as_an_unknown_one(posts):
    [said] = Handset(posts, STRANGER).say("MOI 0001 CAS MENINGITE M 12")
    assert said.startswith("Code 0001 inconnu")
    assert rows(posts) == []


def test_her_code_is_told_whatever_is_asked_of_a_case(posts):
    phone = Handset(posts, ASC)
    phone.say("CAS ROUGEOLE")
    assert phone.say("MOI")[0].startswith("Votre code : ")
    phone.say("3 ans")
    assert [row.age_count for row in rows(posts)] == [3]


@pytest.mark.parametrize("text", ["CAS ROUGEOLE F 3 " + "A" * 10_000, "1#1#2 " + "kayes " * 2_000])
@pytest.mark.parametrize("number", [ASC, STRANGER])
def test_a_text_that_is_too_long_is_refused_and_asks_nothing(posts, number, text):
    phone = Handset(posts, number)
    assert phone.say(text) == ["Format : un message de 900 lettres au plus. Ex. CAS ROUGEOLE F 3"]
    assert rows(posts) == []
    assert phone.say("bonjour")[0].startswith("Merci, l'équipe du centre lira votre message")


def test_an_answer_that_is_too_long_is_told_so(posts):
    phone = Handset(posts, ASC)
    phone.say("CAS")
    assert phone.say("A" * 10_000)[0].startswith("Format : un message de 900 lettres au plus. Ex. CAS ROUGEOLE F 3\n")


@pytest.mark.parametrize("by", [ASC_2, HEAD])
def test_a_report_that_is_taken_back_is_not_asked_for_its_village(posts, by):
    phone = Handset(posts, ASC_2)
    phone.say("CAS PALU F 4")
    [said] = Handset(posts, by, phone.client).say("RETIRE 1001")
    assert said.endswith(("retiré, il ne compte plus.", "a tè jate tugun."))  # of two languages, and nothing is asked
    assert "\n" not in said
    if by == HEAD:
        [said] = phone.say("1")
        assert "1. Sala" not in said
    assert "1. Sala" not in phone.say("1")[0]
    assert [(row.standing, row.village_id) for row in rows(posts)] == [("withdrawn", None)]


def test_another_report_that_is_taken_back_leaves_the_question_open(posts):
    phone = Handset(posts, ASC_2)
    phone.say("CAS PALU F 5 Sala")
    phone.say("CAS PALU F 4")
    assert "1. Sala" in phone.say("RETIRE 1001")[0]
    phone.say("1")
    assert [(row.standing, row.village_id) for row in rows(posts)] == [("withdrawn", SALA), ("counted", SALA)]


def test_words_that_name_no_village_are_answered_that_no_name_is_wanted(posts):
    phone = Handset(posts, ASC)
    [said] = phone.say("CAS méningite Adama Traore 12 ans")
    assert "\nN'écrivez jamais le nom du malade. Rapport 1001 : quel village ?" in said
    assert "nom du malade" not in phone.say("x")[0]
    phone.say("1")
    [said] = phone.say("CAS palu Adama Traore")
    assert said.startswith("Rapport 1003 noté. N'écrivez jamais le nom du malade. Paludisme : quel age ?")
    for text in ("CAS palu F 4 kourouba", "CAS palu F 5"):
        assert "nom du malade" not in phone.say(text)[0]
    assert not any("adama" in words.lower() for words in told(posts, HEAD))


@pytest.mark.parametrize(("role", "reads"), [("administrator", True), ("programme", False), ("facility", False)])
def test_what_was_written_of_a_case_is_read_by_those_who_have_the_list(posts, role, reads):
    phone = Handset(posts, ASC)
    phone.say("CAS méningite Adama Traore 12 ans")
    phone.say("quand vient le vaccin de la rougeole au village")
    with transaction(posts.sessions) as db:
        first = db.scalars(select(Message.id).where(Message.direction == "mo").order_by(Message.id)).first()
        answer = db.scalars(select(Message.id).where(Message.reply_to == first)).one()
    desk = Desk.of(posts, role, places=[SOTUBA] if role == "facility" else [])
    for page in ("/messages", f"/messages/{first}", f"/messages/{answer}", f"/inbox/{ASC}"):
        shown = desk.see(page)
        assert ("Adama" in shown) == reads, page
        assert ("Signalement d’un cas" in shown) != reads, page
    assert "quand vient le vaccin" in desk.see("/messages")  # nobody has understood it: somebody has to
