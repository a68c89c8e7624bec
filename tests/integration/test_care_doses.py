"""Doses by text: booked all or none, answered in one part, and nothing that was not named exactly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from smsapp import conversations
from smsapp.db import transaction
from smsapp.messages import MT, Message
from smsapp.refusals import Refused
from smsapp.segments import count
from smsapp.vaccines import codes, giving_reported
from smsapp.vaccines.tables import Attended, Child, Dose, Pregnancy
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC, ASC_2, AWA, BINTA, FAR_ASC, HEAD, MIDWIFE
from tests.village import CENTRAL, settle

TODAY = date(2026, 3, 10)
BORN = date(2026, 1, 20)  # seven weeks old: her first visit is due
FANTA, SECOND = codes.of(1001), codes.of(1002)


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


@pytest.fixture
def fanta(care):
    return nursery.child(care, BORN)


def booked(rt, **which):
    with transaction(rt.sessions) as db:
        chosen = select(Dose).filter_by(**which).where(Dose.struck_at.is_(None)).order_by(Dose.id)
        return [(dose.code, dose.given_on) for dose in db.scalars(chosen)]


def say(rt, text, number=ASC):
    [answer] = Handset(rt, number).say(text)
    assert count(answer) == 1
    return answer


def test_doses_of_today_and_the_next_visit(care, fanta):
    said = say(care, f"VACCIN {FANTA} PENTA1 VPO1 pneumo1, ROTA1")
    assert said == f"Noté Fanta {FANTA} : PENTA1, VPO1, PNEUMO1, ROTA1 le 10/03/2026. Prochain RDV : 11/03/2026."
    assert booked(care) == [(code, TODAY) for code in ("PENTA1", "OPV1", "PCV1", "ROTA1")]
    with transaction(care.sessions) as db:
        dose = db.scalars(select(Dose)).first()
        assert (dose.channel, dose.valid, dose.on_time) == ("sms", True, True)
        assert dose.recorded_by == nursery.mother_of(db, ASC).id


def test_told_twice_is_booked_once(care, fanta):
    say(care, f"VACCIN {FANTA} PENTA1 VPO1 09/03/2026")
    assert say(care, f"vaccine {FANTA} vpo1 penta1 bcg hier").startswith(
        f"Noté Fanta {FANTA} : BCG le 09/03/2026. Déjà noté : VPO1, PENTA1."
    )
    assert len(booked(care)) == 3
    assert say(care, f"VACCIN {FANTA} BCG 09/03/2026").startswith(f"Déjà noté Fanta {FANTA} : BCG le 09/03/2026.")
    assert len(booked(care)) == 3


@pytest.mark.parametrize("doses", ["PENTA1 2 3", "PENTA1, 2, 3", "PCV1/2/3", "VPO0 1 2"])
def test_doses_in_a_row_are_no_day_and_book_nothing(care, fanta, doses):
    said = say(care, f"VACCIN {FANTA} {doses}")
    assert said == f"Format : chaque dose par son nom. Ex. VACCIN {FANTA} PENTA1 PENTA2"
    assert booked(care) == []


@pytest.mark.parametrize("doses", ["PENTA3 ?", "PENTA3?", "PENTA3 VPO3 ?", "PENTA3 le 09/03/2026 ？", "PENTA3 ؟"])
def test_a_question_books_nothing(care, fanta, doses):
    said = say(care, f"VACCIN {FANTA} {doses}")
    assert said == f"Format : une question ne note rien. Pour noter : Ex. VACCIN {FANTA} PENTA3"
    assert booked(care) == []


@pytest.mark.parametrize("on", ["٢0/11/2025", "10/0٣/2026", "٠٩/٠٣/2026"])
def test_digits_of_two_scripts_are_no_day(care, fanta, on):
    wanted = "Chiffres invalides : écrivez-les tous de la meme facon. Ex. 12/03/2026"
    assert say(care, f"VACCIN {FANTA} PENTA1 {on}") == wanted
    assert booked(care) == []
    assert "PENTA1 le 09/03/2026" in say(care, f"VACCIN {FANTA} PENTA1 ٠٩/٠٣/٢٠٢٦")


def test_the_same_message_is_heard_once(care, fanta):
    phone = Handset(care, ASC)
    for _ in range(2):
        phone.text(f"VACCIN {FANTA} PENTA1", id="once")
    assert len(phone.say("AIDE")) == 2
    assert booked(care) == [("PENTA1", TODAY)]


def test_a_dose_that_does_not_count_is_booked_and_its_repeat_told(care, fanta):
    early = BORN + timedelta(days=35)
    said = say(care, f"VACCIN {FANTA} PENTA1 ROTA1 {early:%d/%m/%Y}")
    assert "PENTA1, ROTA1 ne comptent pas (trop jeune) : à refaire dès le 24/03/2026." in said
    assert say(care, f"VACCIN {FANTA} BCG 20/01/2026") != say(care, f"VACCIN {FANTA} BCG")
    assert len(booked(care, code="BCG")) == 2
    assert "BCG ne compte pas (une autre compte déjà)" in say(care, f"VACCIN {FANTA} BCG 21/01/2026")
    assert "hors du calendrier" in say(care, f"VACCIN {FANTA} PALU1")


CAN_NOT_BE = [
    ("PANTA1", "Dose inconnue : PANTA1. Vouliez-vous PENTA1 ? Ex. VACCIN {code} PENTA1"),
    ("penta un", "Dose inconnue : PENTA UN. Vouliez-vous PENTA1 ? Ex. VACCIN {code} PENTA1"),
    ("PENTA 1", "Dose inconnue : PENTA 1. Vouliez-vous PENTA1 ? Ex. VACCIN {code} PENTA1"),
    ("HEPB", "Dose inconnue : HEPB. Ex. VACCIN {code} PENTA1"),
    ("VPO1 PANTA1 12/02/2026", "Dose inconnue : PANTA1. Vouliez-vous PENTA1 ? Ex. VACCIN {code} PENTA1"),
    ("VIT A", "Dose inconnue : VIT A. Ex. VACCIN {code} PENTA1"),
    ("VPI2", "Dose inconnue ici : VPI2 n'est pas au calendrier du pays. Ex. VACCIN 42L PENTA1"),
    ("TD1", "Code incorrect : {code} est un enfant. Ex. 42L"),
    ("PENTA1 31/02", "Date incorrecte : 31/02. Ex. 12/03/2026"),
    ("PENTA1 12-13-2025", "Date incorrecte : 12-13-2025. Ex. 12/03/2026"),
    ("PENTA1 11/03/2026", "Date invalide : 11/03/2026 est dans le futur. Ex. 12/03/2026"),
    ("PENTA1 03/05/1990", "Date invalide : 03/05/1990 est avant la naissance (20/01/2026). Ex. 12/03/2026"),
    ("12/02/2026 PENTA1", "Format : la date vient à la fin. Ex. VACCIN {code} PENTA1 12/03/2026"),
    ("", "Format : VACCIN, le code, puis les doses. Ex. VACCIN {code} PENTA1"),
]


def test_what_can_not_be_is_one_sentence_and_changes_nothing(care, fanta):
    for text, answer in CAN_NOT_BE:
        assert say(care, f"VACCIN {FANTA} {text}") == answer.format(code=FANTA)
    assert booked(care) == []


def test_codes_of_nobody_of_others_and_of_ended_files(care, fanta):
    nursery.child(care, BORN, BINTA, facility_id=CENTRAL, village_id=None)
    assert say(care, "VACCIN PENTA1 1001") == "Format : un code a des chiffres et une lettre. Ex. 42L"
    assert say(care, "VACCIN 1001Z PENTA1").startswith("Code incorrect : 1001Z.")
    assert say(care, f"VACCIN {codes.of(999)} PENTA1").startswith("Code inconnu : ")
    assert say(care, f"VACCIN {SECOND} PENTA1").startswith(f"Refus : le code {SECOND} est suivi par un autre centre.")
    assert say(care, f"VACCIN {FANTA} PENTA1", FAR_ASC).startswith("Refus : le code")
    assert say(care, f"VACCIN {FANTA} PENTA1", AWA).startswith("Refus : ce numéro n'est pas connu")
    with transaction(care.sessions) as db:
        db.get_one(Child, fanta.id).state = "dead"
    assert say(care, f"VACCIN {FANTA} PENTA1").startswith("Refus : ce dossier est clos. Une erreur ?")
    assert booked(care) == []


def test_the_keyword_alone_shows_how(care, fanta):
    assert "VACCIN 42L PENTA1 VPO1 12/03/2026" in say(care, "VACCIN")
    assert say(care, f"{FANTA} PANTA1") == f"Dose inconnue : PANTA1. Vouliez-vous PENTA1 ? Ex. VACCIN {FANTA} PENTA1"
    say(care, "VACCIN")
    assert say(care, f"{FANTA} PENTA1").startswith("Noté Fanta")


def test_letters_that_a_text_lacks_are_left_out(care):
    nursery.child(care, BORN, name="ߝߊ߲ߕߊ")
    assert say(care, f"VACCIN {FANTA} BCG").startswith(f"Noté {FANTA} : BCG le 10/03/2026.")
    assert say(care, f"VACCIN {FANTA} ߝߊ߲ߕߊ") == f"Dose inconnue : ?. Ex. VACCIN {FANTA} PENTA1"


def test_many_doses_fit_one_text(care):
    nursery.child(care, date(2024, 1, 1), name="Bintou-Aminata-Fatoumata Traoré")
    every = (
        "BCG VPO0 VPO1 VPO2 VPO3 PENTA1 PENTA2 PENTA3 PNEUMO1 PNEUMO2 PNEUMO3 ROTA1 ROTA2 ROTA3 VPI1 RR1 VAA MENA RR2"
    )
    assert "19 doses" in say(care, f"VACCIN {FANTA} {every} 05/02/2025")
    assert len(booked(care)) == 19


NEAR = "PENTA1 penta 1 PANTA1 VPO 0 BCG TD1 RR1 un 31/02 12/02/2026 hier demain et 1001 1001Z 2 # ?"
words = st.one_of(st.sampled_from([*NEAR.split(), FANTA, SECOND]), st.text(max_size=6))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=7).map(" ".join))
def test_any_text_after_the_keyword_has_an_answer(care, text):
    with transaction(care.sessions) as db:
        if db.scalar(select(Child).limit(1)) is None:
            nursery.child(care, BORN)
    before = booked(care)
    answers = Handset(care, ASC).say(f"VACCIN {text}")
    new = booked(care)[len(before) :]
    assert answers
    assert not new or answers[0].startswith("Noté")


def test_two_workers_at_once_book_each_dose_once(live_rt):
    settle(live_rt)
    nursery.staffed(live_rt)
    nursery.child(live_rt, BORN)
    mother = nursery.pregnancy(live_rt, date(2025, 11, 1), BINTA)
    phones = [Handset(live_rt, number) for number in (ASC, MIDWIFE, ASC_2, HEAD)]
    for phone in phones:
        phone.text(f"VACCIN {FANTA} PENTA1 VPO1")
        phone.text(f"VACCIN {codes.of(mother.number)} TD1")
        phone.text(f"CPN {codes.of(mother.number)}")
    with ThreadPoolExecutor(len(phones)) as pool:
        list(pool.map(lambda _: conversations.hear_waiting(live_rt), phones))
    conversations.hear_waiting(live_rt)
    assert sorted(booked(live_rt)) == [("OPV1", TODAY), ("PENTA1", TODAY), ("TD1", TODAY)]
    with transaction(live_rt.sessions) as db:
        assert len(db.scalars(select(Attended)).all()) == 1
        answers = db.scalars(select(Message.text).where(Message.direction == MT)).all()
        assert len(answers) == 12
        assert sum(answer.startswith("Noté") for answer in answers) == 3


# ---- mothers


def test_td_of_a_mother_follows_what_she_had(care):
    nursery.pregnancy(care, date(2025, 11, 1))
    first = say(care, f"VACCIN {FANTA} TD1 02/03/2026")
    assert first == f"Noté Mère {FANTA} : TD1 le 02/03/2026. Naissance pas encore protégée."
    soon = say(care, f"VACCIN {FANTA} VAT2")
    assert "TD2 ne compte pas (trop tot après la précédente) : à refaire dès le 30/03/2026. Naissance pas" in soon
    assert say(care, f"VACCIN {FANTA} TD1 02/03/2026").startswith("Déjà noté")
    assert "TD1 ne compte pas (une autre compte déjà). Naissance pas" in say(care, f"VACCIN {FANTA} TD1 03/03/2026")
    assert say(care, f"VACCIN {FANTA} PENTA1") == f"Code incorrect : {FANTA} n'est pas un enfant. Ex. 42L"
    assert say(care, f"VACCIN {FANTA} TD3 01/01/1950") == "Date incorrecte : 01/01/1950. Ex. 12/03/2026"
    with transaction(care.sessions) as db:
        assert [(d.code, d.valid) for d in db.scalars(select(Dose).order_by(Dose.id))] == [
            ("TD1", True),
            ("TD2", False),
            ("TD1", False),
        ]


def test_a_worker_learns_when_a_birth_is_protected_and_after_it_nothing_of_that(care):
    mother = nursery.pregnancy(care, date(2025, 7, 1))  # due on 07/04/2026
    assert say(care, f"VACCIN {FANTA} TD1 01/02/2026").endswith("Naissance pas encore protégée.")
    assert say(care, f"VACCIN {FANTA} TD2 01/03/2026").endswith("TD2 le 01/03/2026. Naissance protégée.")
    with transaction(care.sessions) as db:
        db.get_one(Pregnancy, mother.id).state = "born"
    assert say(care, f"VACCIN {FANTA} TD2 01/03/2026") == f"Déjà noté Mère {FANTA} : TD2 le 01/03/2026."


def counts(rt):
    with transaction(rt.sessions) as db:
        return {dose.code: dose.valid for dose in db.scalars(select(Dose).where(Dose.mother_id.is_not(None)))}


@pytest.mark.parametrize(
    "texts", [("TD5 TD4 TD3 TD2 TD1",), ("TD1 TD2 TD3 TD4 TD5",), ("TD3", "TD5 TD4", "TD2", "TD1")]
)
def test_one_td_counts_a_day_in_whatever_order_they_are_told(care, texts):
    nursery.pregnancy(care, date(2025, 11, 1))
    said = [say(care, f"VACCIN {FANTA} {text}") for text in texts]
    assert counts(care) == {"TD1": True, "TD2": False, "TD3": False, "TD4": False, "TD5": False}
    assert "pas (trop tot après la précédente) : à refaire dès le 07/04/2026." in said[-1]


def test_td_without_the_one_before_it_waits_for_the_time_of_both(care):
    nursery.pregnancy(care, date(2025, 11, 1))
    say(care, f"VACCIN {FANTA} TD1 01/11/2025")
    assert "TD3 ne compte pas" in say(care, f"VACCIN {FANTA} TD3 01/03/2026")
    say(care, f"VACCIN {FANTA} TD2 02/03/2026")
    assert "TD1 ne compte pas (une autre compte déjà)" in say(care, f"VACCIN {FANTA} TD1 03/03/2026")


def test_an_earlier_dose_told_later_says_which_counts_no_more(care):
    nursery.pregnancy(care, date(2025, 11, 1))
    say(care, f"VACCIN {FANTA} TD2 05/03/2026")
    said = say(care, f"VACCIN {FANTA} TD1 01/03/2026")
    assert said.startswith(f"Noté Mère {FANTA} : TD1 le 01/03/2026. TD2 ne compte pas (trop tot après la précédente)")
    assert "Déjà" not in said


def test_a_visit_before_birth_counts_once_a_day(care):
    nursery.pregnancy(care, date(2025, 10, 1))
    assert say(care, f"CPN {FANTA} 01/01/2026").startswith(
        f"Noté Mère {FANTA} : CPN 1, le 01/01/2026. Prochaine CPN : "
    )
    assert say(care, f"ANC {FANTA}").startswith(f"Noté Mère {FANTA} : CPN 2, le 10/03/2026.")
    assert say(care, f"CPN {FANTA} hier et demain") == "Date incorrecte : HIER ET DEMAIN. Ex. 12/03/2026"
    assert say(care, f"CPN {FANTA} 10/03/2026").startswith(f"Déjà noté Mère {FANTA} : CPN du 10/03/2026.")
    assert say(care, f"CPN {FANTA} 30/09/2025").startswith("Date invalide : 30/09/2025 est avant cette grossesse")
    assert say(care, f"CPN {FANTA} 12/03/2026").startswith("Date invalide : 12/03/2026 est dans le futur.")
    assert say(care, f"CPON {FANTA}") == f"Refus : pas encore de naissance notée pour {FANTA}. Ex. CPN {FANTA}"
    with transaction(care.sessions) as db:
        assert len(db.scalars(select(Attended)).all()) == 2


def test_a_visit_before_birth_is_the_one_of_its_window_in_any_order(care):
    nursery.pregnancy(care, date(2025, 8, 1))
    assert "CPN 3, le 06/03/2026" in say(care, f"CPN {FANTA} 06/03/2026")
    assert "CPN 1, le 01/10/2025" in say(care, f"CPN {FANTA} 01/10/2025")
    assert "CPN, le 07/03/2026, en plus de la CPN 3 du 06/03/2026." in say(care, f"CPN {FANTA} 07/03/2026")
    assert "CPN, le 01/12/2025, hors des périodes prévues." in say(care, f"CPN {FANTA} 01/12/2025")


def test_a_visit_after_birth_goes_by_either_code(care):
    mother = nursery.pregnancy(care, date(2025, 5, 20))
    with transaction(care.sessions) as db:
        mother = db.merge(mother)
        mother.state, mother.ended_on = "born", date(2026, 3, 2)
    nursery.child(care, date(2026, 3, 2), pregnancy_id=mother.id)
    nursery.child(care, date(2026, 3, 2), BINTA)
    assert say(care, f"CPON {SECOND} 03/03/2026").startswith(f"Noté Mère {FANTA} : CPoN 1, le 03/03/2026.")
    assert say(care, f"PNC {FANTA}").startswith(f"Noté Mère {FANTA} : CPoN 3, le 10/03/2026.")
    assert say(care, f"CPON {FANTA} 01/03/2026").startswith("Date invalide : 01/03/2026 est avant la naissance")
    assert say(care, f"CPN {FANTA}") == f"Refus : la naissance de {FANTA} est déjà notée. Ex. CPON {FANTA}"
    assert say(care, f"CPON {codes.of(1003)}").startswith("Code incorrect : la mère de")
    assert say(care, f"VACCIN {FANTA} TD1").startswith("Noté Mère")


def test_what_a_mother_tells_counts_with_a_date_alone(care, fanta):
    with transaction(care.sessions) as db:
        told = {"number": AWA, "channel": "sms"}
        assert len(giving_reported.report(db, care, fanta, ["PENTA1", "OPV1"], TODAY, key="a", **told)) == 2
        assert [d.code for d in giving_reported.report(db, care, fanta, ["PENTA1", "BCG"], None, key="b", **told)] == [
            "BCG"
        ]
        states = {d.code: (d.source, d.valid, d.recorded_by) for d in db.scalars(select(Dose))}
        assert states["PENTA1"] == ("card", True, fanta.mother_id)
        assert states["BCG"] == ("reported", None, fanta.mother_id)
        for number, codes_, why in ((BINTA, ["BCG"], "care.code_unknown"), (AWA, ["IPV2"], "care.dose_not_used")):
            with pytest.raises(Refused) as no:
                giving_reported.report(db, care, fanta, codes_, TODAY, number, "c", channel="sms")
            assert no.value.key == why
