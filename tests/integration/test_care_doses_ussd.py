"""Doses, slips and visits on the keypad: all that is due as one choice, and every screen one page where it can be."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.vaccines import codes, giving
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.tables import Attended, CareEvent, Child, Dose
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC, BINTA, MIDWIFE, WEST
from tests.village import CENTRAL, settle

TODAY = date(2026, 3, 10)
BORN = date(2026, 1, 20)
FANTA, SECOND, THIRD = codes.of(1001), codes.of(1002), codes.of(1003)
DUE = "1. Toutes : PENTA1, VPO1, PNEUMO1, ROTA1\n2. PENTA1\n3. VPO1\n4. PNEUMO1\n5. ROTA1"


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


@pytest.fixture
def fanta(care):
    made = nursery.child(care, BORN)
    with transaction(care.sessions) as db:
        child = db.get_one(Child, made.id, with_for_update=True)
        giving.give(db, care, child, ["BCG", "OPV0"], BORN, Giver("console"), key="birth")
    return made


def booked(rt):
    with transaction(rt.sessions) as db:
        chosen = select(Dose).where(Dose.struck_at.is_(None), Dose.channel == "ussd").order_by(Dose.id)
        return [(dose.code, dose.given_on, dose.elsewhere) for dose in db.scalars(chosen)]


def opened(rt, flow, number=ASC):
    """A phone at the first question of a flow, by its line in the menu."""
    phone = Handset(rt, number)
    screen, _ = phone.dial()
    above = ["care_menu", "care_more"] if rt.texts.find("fr", f"care_more.{flow}") else ["care_menu"]
    for menu, name in pairwise(["main", *above, flow]):
        title = rt.texts.say("fr", f"{menu}.{name}")
        line = next(line for line in screen.split("\n") if line.endswith(f". {title}"))
        screen, _ = phone.key(line.split(".")[0])
    return phone, screen


def test_all_that_is_due_is_the_first_choice(care, fanta):
    phone, screen = opened(care, "care_doses")
    assert screen.startswith("Code de l'enfant ? Ou 1 : enfants attendus")
    assert phone.key("1")[0].startswith(f"Attendus :\n1. Fanta {FANTA}")
    assert phone.key("1")[0].startswith(f"Fanta {FANTA}. Doses données ?\n{DUE}")
    assert phone.key("1")[0].startswith("Date des doses ? Tapez 1, ou ex. 12/03/2026\n1. Aujourd'hui")
    phone.key("1")
    assert phone.key("1")[0].startswith(f"Noter pour Fanta {FANTA} : PENTA1, VPO1, PNEUMO1, ROTA1, le 10/03/2026 ?")
    said, end = phone.key("1")
    assert (said, end) == (
        f"Noté Fanta {FANTA} : PENTA1, VPO1, PNEUMO1, ROTA1 le 10/03/2026. Prochain RDV : 07/04/2026.",
        True,
    )
    assert booked(care) == [(code, TODAY, False) for code in ("PENTA1", "OPV1", "PCV1", "ROTA1")]
    phone.hop("*".join(phone.typed))  # the gateway asks again
    assert len(booked(care)) == 4


def test_some_of_it_on_another_day_elsewhere(care, fanta):
    phone, _ = opened(care, "care_doses", MIDWIFE)
    phone.key(FANTA.lower())
    screen, _ = phone.key("2 5", "09/03/2026", "2")
    assert screen.startswith(f"Noter pour Fanta {FANTA} : PENTA1, ROTA1, le 09/03/2026, ailleurs ?")
    assert phone.key("1")[0].startswith("Noté")
    assert booked(care) == [(code, date(2026, 3, 9), True) for code in ("PENTA1", "ROTA1")]


def test_a_slip_on_the_way_is_said_and_books_nothing(care, fanta):
    nursery.child(care, BORN, BINTA, facility_id=CENTRAL, village_id=None)
    phone, _ = opened(care, "care_doses")
    for typed, reason in (
        ("PENTA1", "Format : un code a des chiffres et une lettre. Ex. 42L"),
        ("1001Z", "Code incorrect : 1001Z."),
        (SECOND, f"Refus : le code {SECOND} est suivi par un autre centre."),
    ):
        assert phone.key(typed)[0].startswith(reason)
    phone.key(FANTA)
    for typed, reason in (
        ("7", "Numéro inconnu : 7. Tapez un numéro de la liste. Ex. 1"),
        ("PANTA1", "Dose inconnue : PANTA1. Vouliez-vous PENTA1 ? Ex. PENTA1\n"),
        ("penta un", "Dose inconnue : PENTA UN. Vouliez-vous PENTA1 ? Ex. PENTA1\n"),
        ("xyz", "Dose inconnue : XYZ. Ex. PENTA1\n"),
        ("penta1, 12/03/2026 vpo1", "Format : le nom de chaque dose, et rien d'autre. Ex. PENTA1\n"),
        ("HEPB0", "Dose inconnue ici : HEPB0 n'est pas au calendrier du pays. Ex. PENTA1\n"),
        ("TD1", f"Code incorrect : {FANTA} est un enfant."),
    ):
        assert phone.key(typed)[0].startswith(reason)
    phone.key("penta1, vpo1")
    for typed, reason in (
        ("31/02", "Date incorrecte. Ex. 12/03/2026"),
        ("12-13-2025", "Date incorrecte. Ex. 12/03/2026"),
        ("11/03/2026", "Date invalide : 11/03/2026 est dans le futur. Ex. 12/03/2026"),
        ("01/01/1990", "Date invalide : 01/01/1990 est avant la naissance (20/01/2026). Ex. 12/03/2026"),
    ):
        assert phone.key(typed)[0].startswith(reason)
    assert phone.key("1", "1", "2") == ("Rien n'est noté.", True)
    assert booked(care) == []


def test_nothing_due_says_when_the_next_is(care, fanta):
    young = nursery.child(care, TODAY - timedelta(days=20), BINTA, name="Issa")
    with transaction(care.sessions) as db:
        child = db.get_one(Child, young.id, with_for_update=True)
        giving.give(db, care, child, ["BCG", "OPV0"], child.born_on, Giver("console"), key="birth2")
    phone, _ = opened(care, "care_doses")
    screen, _ = phone.key(SECOND)
    assert screen.startswith(f"Issa {SECOND} : rien à donner aujourd'hui. Prochain RDV : 01/04/2026.")
    phone.key("HPV", "1", "1")
    assert "HPV ne compte pas (trop jeune)" in phone.key("1")[0]


def test_each_worker_expects_the_children_of_her_villages(care, fanta):
    nursery.child(care, BORN - timedelta(days=90), BINTA, name="Issa", village_id=WEST)
    nursery.child(care, BORN, BINTA, name="Nana", village_id=None)
    assert opened(care, "care_doses")[0].key("1")[0].split("\n")[1:2] == [f"1. Fanta {FANTA}"]
    lines = opened(care, "care_doses", MIDWIFE)[0].key("1")[0].split("\n")
    assert [line[3:] for line in lines[1:4]] == [f"Fanta {FANTA}", f"Nana {THIRD}", f"Issa {SECOND}"]


def test_nobody_expected_is_said(care):
    assert opened(care, "care_doses")[0].key("1")[0].startswith("Refus : aucun enfant attendu aujourd'hui.")


def test_a_dose_of_a_wrong_child_is_struck_out(care, fanta):
    phone, _ = opened(care, "care_correct")
    assert phone.key(FANTA)[0].startswith(f"Refus : aucune dose de {FANTA} notée par téléphone")
    Handset(care, ASC).say(f"VACCIN {FANTA} PENTA1 VPO1")
    phone, _ = opened(care, "care_correct", MIDWIFE)
    assert phone.key(FANTA)[0].startswith(
        f"Fanta {FANTA}. Quelle dose rayer ?\n1. VPO1 10/03/2026\n2. PENTA1 10/03/2026"
    )
    assert phone.key("3")[0].startswith("Numéro inconnu : 3.")
    assert phone.key("2", "1")[0].startswith(f"Rayer PENTA1 10/03/2026 de Fanta {FANTA} ?")
    assert phone.key("1") == (f"Rayé : PENTA1 10/03/2026, Fanta {FANTA}.", True)
    with transaction(care.sessions) as db:
        [struck] = db.scalars(select(Dose).where(Dose.struck_at.is_not(None)))
        assert (struck.code, struck.struck_why) == ("PENTA1", "child")
        [event] = db.scalars(select(CareEvent).where(CareEvent.what == "dose_struck"))
        assert (event.by, event.details["dose"]) == (nursery.mother_of(db, MIDWIFE).id, "PENTA1")
        assert giving.plan_of(db, care, db.get_one(Child, fanta.id)).doses["PENTA1"].given is None


def test_td_of_a_mother_is_struck_out_and_the_next_one_counts(care):
    nursery.pregnancy(care, date(2025, 11, 1))
    Handset(care, ASC).say(f"VACCIN {FANTA} TD1 TD2 01/03/2026")
    phone, _ = opened(care, "care_correct")
    phone.key(FANTA)
    assert phone.key("2", "3")[0].startswith(f"Rayer TD1 01/03/2026 de Mère {FANTA} ?")
    assert phone.key("1") == (f"Rayé : TD1 01/03/2026, Mère {FANTA}.", True)
    with transaction(care.sessions) as db:
        states = {dose.code: (dose.valid, dose.struck_why) for dose in db.scalars(select(Dose))}
        assert states == {"TD1": (True, "date"), "TD2": (True, None)}


def test_a_visit_before_birth_with_td(care):
    nursery.pregnancy(care, date(2025, 10, 1))
    phone, _ = opened(care, "care_visit")
    assert phone.key(FANTA)[0].startswith(f"CPN, Mère {FANTA}. Date ? Tapez 1, ou ex. 12/03/2026\n1. Aujourd'hui")
    assert phone.key("01/09/2025")[0].startswith("Date invalide : 01/09/2025 est avant cette grossesse (01/10/2025).")
    assert phone.key("1")[0].startswith(f"Vaccin Td donné ce jour à Mère {FANTA} ? Ce serait TD1.\n1. Oui\n2. Non")
    assert phone.key("1")[0].startswith(f"Noter CPN et TD1 de Mère {FANTA}, le 10/03/2026 ?")
    said, end = phone.key("1")
    assert said.startswith(f"Noté Mère {FANTA} : CPN 2, le 10/03/2026. Prochaine CPN : ")
    assert said.endswith(f"Noté Mère {FANTA} : TD1 le 10/03/2026. Naissance pas encore protégée.")
    assert end
    with transaction(care.sessions) as db:
        assert [(one.kind, one.on, one.channel) for one in db.scalars(select(Attended))] == [
            ("antenatal", TODAY, "ussd")
        ]
        assert [dose.code for dose in db.scalars(select(Dose))] == ["TD1"]
    phone, _ = opened(care, "care_visit")
    assert phone.key(FANTA, "1", "2")[0].startswith(f"Noter CPN de Mère {FANTA}, le 10/03/2026 ?")
    assert phone.key("1")[0].startswith(f"Déjà noté Mère {FANTA} : CPN du 10/03/2026.")
