"""Staff's keywords by SMS: refused at once to others, and never in the way of the next dialling."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from smsapp.conversations.sms import ANSWERS_AN_HOUR
from smsapp.db import transaction
from smsapp.people import Person
from smsapp.vaccines import codes, mothers
from smsapp.vaccines.tables import Child
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC, AWA
from tests.village import settle

STRANGER = "+22370009901"
FANTA = codes.of(1001)
ANOTHERS = "NAISSANCE 01/03/2026 F 70000102 Fanta"
WORDS = ("vaccin", "VACCIN 1001F BCG", ANOTHERS, "grossesse", "cpn", "cpon")


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    nursery.child(rt, date(2026, 1, 20))
    return rt


@pytest.mark.parametrize("word", WORDS)
def test_a_mother_is_sent_to_her_menu_and_nothing_stays_open(care, word):
    phone = Handset(care, AWA)
    [said] = phone.say(word)
    assert said.startswith("Refus : ce numéro n'est pas connu comme agent de santé.")
    assert "Moi et mes enfants" in said
    assert ("Inscrire mon enfant" in said) == (word == ANOTHERS)
    assert phone.dial()[0].startswith("Votre santé, votre voix")


@pytest.mark.parametrize("word", WORDS)
def test_a_stranger_is_sent_there_too(care, word):
    phone = Handset(care, STRANGER)
    [said] = phone.say(word)
    assert said.startswith("Refus : ce numéro n'est pas connu comme agent de santé.")
    assert "Moi et mes enfants" in said
    assert phone.dial()[0].startswith("Votre santé, votre voix")


@pytest.mark.parametrize("number", [" 70000101", ""])
def test_a_mother_tells_of_her_own_child_with_her_number_or_without(care, number):
    [said] = Handset(care, AWA).say(f"NAISSANCE 01/03/2026 F{number} Fanta")
    assert "CSCom Sotuba va confirmer" in said
    with transaction(care.sessions) as db:
        child = db.scalars(select(Child).order_by(Child.id.desc())).first()
        assert (child.name, child.sex, child.confirmed_on) == ("Fanta", "F", None)
        assert child.mother_id == nursery.mother_of(db, AWA).id


def test_who_of_several_at_a_phone_is_the_mother_is_asked(care):
    with transaction(care.sessions) as db:
        mothers.of_number(db, care, AWA, nursery.mother_of(db, AWA).facility_id, another=True, name="Kadia")
    phone = Handset(care, AWA)
    [asked] = phone.say("NAISSANCE 01/03/2026 F Fanta")
    assert asked.startswith("Qui etes-vous ?")
    line = next(row for row in asked.split("\n") if "Kadia" in row)
    assert "CSCom Sotuba va confirmer" in phone.say(line[0])[0]
    with transaction(care.sessions) as db:
        mother = select(Person.name).join(Child, Child.mother_id == Person.id).where(Child.name == "Fanta")
        assert db.scalar(mother.order_by(Child.id.desc()).limit(1)) == "Kadia"


def test_a_strangers_loss_is_for_her_centre_to_tell(care):
    said = Handset(care, STRANGER).say("deces")
    assert said == ["Refus : ce numéro n'est pas connu comme agent de santé. Demandez à votre CSCom."]


def test_a_form_that_stood_open_before_a_refusal_stays_open(care):
    phone = Handset(care, AWA)
    [question] = phone.say("AVIS")
    phone.say("vaccin")
    assert phone.say("1")[0] != question
    assert phone.dial()[0].startswith(("1/6", "2/6"))


def test_a_family_tells_of_its_loss_by_a_code_that_is_asked(care):
    phone = Handset(care, AWA)
    assert phone.say("deces")[0].startswith("Quel code ?")
    assert phone.say(FANTA)[0].startswith("C'est noté. Nous partageons votre peine.")


@pytest.mark.parametrize("word", ["VACCIN", "NAISSANCE", "GROSSESSE", "CPN", "CPON", "DECES"])
def test_a_workers_text_is_no_form_at_the_next_dial(care, word):
    phone = Handset(care, ASC)
    phone.say(word)
    assert phone.dial()[0].startswith("Vous n'aviez pas fini.")
    assert phone.key("2")[0].startswith("On recommence.\nVotre santé, votre voix")
    assert phone.dial()[0].startswith("Votre santé, votre voix")


@pytest.mark.parametrize("word", ["VACCIN", "CPN", "CPON", "DECES"])
def test_a_wrong_key_asks_again_where_she_goes_on(care, word):
    phone = Handset(care, ASC)
    phone.say(word)
    phone.dial()
    phone.key("1")
    screen, ends = phone.key("7")
    assert not ends
    assert "42L" in screen


def test_a_misspelt_keyword_with_a_code_is_no_answer(care):
    phone = Handset(care, ASC)
    assert phone.say(f"vacin {FANTA} vpo1 penta1 12/03/2026")[0].endswith(
        "Vouliez-vous écrire VACCIN ? Envoyez AIDE pour la liste."
    )
    for word in ("CPN", "NAISSANCE"):
        [question] = phone.say(word)
        assert "Vouliez-vous écrire VACCIN ?" in phone.say(f"vacin {FANTA.lower()} vpo0")[0]
        assert phone.say("x")[0] != question  # still heard by what was open
    assert phone.say(f"{FANTA} 10/03/2026") != []


def test_a_worker_of_no_group_is_told_where_a_dose_is_taken_back(care):
    [said] = Handset(care, ASC).say(f"ANNULE {FANTA}")
    assert said.startswith("Numéro inconnu dans un groupe d'épargne.")
    assert said.endswith("menu Mères et enfants, Autres, Corriger une dose.")
    assert "Corriger" not in Handset(care, STRANGER).say(f"ANNULE {FANTA}")[0]


def test_another_keyword_closes_what_was_asked_back(care):
    """Else the number that corrects the second would be taken for the mother's of the first."""
    phone = Handset(care, ASC)
    assert phone.say("NAISSANCE hier F 7600018")[0].startswith("Numéro invalide")
    [said] = phone.say("GROSSESSE bientot 76000180")
    assert said.startswith("NAISSANCE d'avant : rien n'est noté. Si besoin, renvoyez-le en entier.\nFormat : ")
    assert phone.say("76000180")[0].startswith("Merci, l'équipe du centre lira votre message.")
    with transaction(care.sessions) as db:
        assert db.scalar(select(func.count()).select_from(Child)) == 1


def test_the_same_keyword_again_puts_it_right_and_leaves_nothing_open(care):
    phone = Handset(care, ASC)
    phone.say("NAISSANCE hier F 7600018")
    assert phone.say("NAISSANCE hier F 76000180")[0].startswith("Code ")
    assert phone.say("76000191")[0].startswith("Merci, l'équipe du centre lira votre message.")
    with transaction(care.sessions) as db:
        assert db.scalar(select(func.count()).select_from(Child)) == 2


def test_a_workers_wrong_text_is_answered_at_the_end_of_a_long_session_too(care):
    phone = Handset(care, ASC)
    phone.answered(ANSWERS_AN_HOUR)
    phone.arrived()
    assert phone.say(f"VACCIN {FANTA} PANTA1")[0].startswith("Dose inconnue")
    mother = Handset(care, AWA)
    mother.answered(ANSWERS_AN_HOUR - 1)
    mother.arrived()
    assert len(mother.say("AIDE")) == 1
    assert mother.say("AIDE") == []
