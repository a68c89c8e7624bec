"""A mother whom no centre knows: she names hers, agrees to what is kept, and what she tells waits for its word."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from smsapp import people
from smsapp.db import transaction
from smsapp.people import Consent, Number, Person, Role
from smsapp.vaccines.tables import Child, Pregnancy
from tests import nursery
from tests.handset import STRANGER, Handset
from tests.nursery import ASC, AWA, MIDWIFE
from tests.village import CENTRAL, SOTUBA, settle

POSTER = "1201"  # Sotuba's
MENU = "2*1"


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def count(rt, *tables):
    with transaction(rt.sessions) as db:
        return tuple(db.scalar(select(func.count()).select_from(table)) for table in tables)


def known(rt, number=STRANGER):
    with transaction(rt.sessions) as db:
        return people.behind(db, number)


def only(rt, table):
    with transaction(rt.sessions) as db:
        return db.scalars(select(table)).one()


def test_she_becomes_a_person_of_the_centre_that_she_names_and_waits_for_its_word(care):
    phone = Handset(care, STRANGER)
    assert "numéro sur l'affiche" in phone.dial(MENU)[0]
    asked, _ = phone.key(POSTER)
    assert asked.startswith("Nous gardons votre numéro")
    assert known(care) == []
    phone.key("1", "Fatoumata", "1", "08/03/2026", "1")
    last, end = phone.key("Rokia")
    assert (last.startswith("Code "), end) == (True, True)
    assert "CSCom Sotuba va confirmer" in last
    [her] = known(care)
    assert (her.name, her.facility_id, her.roles, her.language) == ("Fatoumata", SOTUBA, ("mother",), "fr")
    child = only(care, Child)
    assert (child.mother_id, child.name, child.facility_id, child.confirmed_on) == (her.id, "Rokia", SOTUBA, None)
    consent = only(care, Consent)
    assert (consent.person_id, consent.topic, consent.given, consent.channel) == (her.id, "reminders", True, "ussd")
    assert Handset(care, MIDWIFE).arrived() == [
        "1 inscription à confirmer : Fatoumata. Menu Mères et enfants, A confirmer."
    ]
    assert phone.arrived() == []
    assert phone.dial("2")[0].startswith("Moi et mes enfants\n1. Mes prochaines visites")


def test_her_midwife_confirms_her(care):
    Handset(care, STRANGER).dial(f"{MENU}*{POSTER}*1*Fatoumata*2*3*cinq")
    assert only(care, Pregnancy).confirmed_on is None
    midwife = Handset(care, MIDWIFE)
    midwife.arrived()
    menu, _ = midwife.dial("1")
    line = next(row for row in menu.split("\n") if "confirmer" in row)
    assert "Fatoumata" in midwife.key(line[0])[0]
    midwife.key("1", "1", "1")
    assert only(care, Pregnancy).confirmed_on == care.local_now().date()
    assert len(Handset(care, STRANGER).arrived()) == 1


def test_who_does_not_agree_leaves_nothing(care):
    before = count(care, Person, Number, Consent)
    last, end = Handset(care, STRANGER).dial(f"{MENU}*{POSTER}*2")
    assert (last, end) == ("D'accord, nous ne gardons rien. Merci et bonne santé.", True)
    assert count(care, Person, Number, Consent, Child) == (*before, 0)


def test_by_text_she_tells_of_her_own_child_alone(care):
    phone = Handset(care, STRANGER)
    assert "pas connu comme agent" in phone.say("NAISSANCE hier F 70000102")[0]
    assert "affiche" in phone.say("NAISSANCE 08/03/2026 F 70009901 Rokia")[0]
    assert phone.say(POSTER)[0].startswith("Nous gardons votre numéro")
    assert phone.say("oui")[0].startswith("Votre prénom ?")
    assert count(care, Child) == (0,)
    assert "CSCom Sotuba va confirmer" in phone.say("Fatoumata")[0]
    child = only(care, Child)
    assert (child.name, child.sex, child.confirmed_on) == ("Rokia", "F", None)
    assert "CSCom Sotuba va confirmer" in phone.say("NAISSANCE 12/08/2023 M Moussa")[0], "once she is known, at once"
    with transaction(care.sessions) as db:
        told = db.execute(select(Child.name, Child.sex, Child.mother_id, Child.facility_id, Child.confirmed_on))
        assert ("Moussa", "M", child.mother_id, SOTUBA, None) in [tuple(row) for row in told]
    assert "pas connu comme agent" in phone.say("NAISSANCE hier F 70000102 Rokia")[0]
    assert count(care, Child) == (2,)
    assert "Moi et mes enfants" in phone.say("GROSSESSE 5 mois")[0]


def test_a_saver_whom_no_centre_knows_stays_who_she_is(care):
    with transaction(care.sessions) as db:
        saver = people.add(db, care.now(), number=STRANGER, name="Nana Touré", roles=["member"]).id
    Handset(care, STRANGER).dial(f"{MENU}*{POSTER}*1*Nana Touré*2*3*5")
    [her] = known(care)
    assert (her.id, her.facility_id, set(her.roles)) == (saver, SOTUBA, {"member", "mother"})
    assert only(care, Pregnancy).mother_id == saver


def test_somebody_else_at_a_savers_phone_is_herself(care):
    with transaction(care.sessions) as db:
        saver = people.add(db, care.now(), number=STRANGER, name="Nana Touré", roles=["member"]).id
    Handset(care, STRANGER).dial(f"{MENU}*{POSTER}*1*Fatoumata*2*3*5")
    assert {her.name: her.facility_id for her in known(care)} == {"Nana Touré": None, "Fatoumata": SOTUBA}
    assert only(care, Pregnancy).mother_id != saver


@pytest.mark.parametrize("role", ["officer", "national"])
def test_who_works_elsewhere_in_the_health_service_is_not_asked(care, role):
    with transaction(care.sessions) as db:
        people.add(db, care.now(), number=STRANGER, name="Docteur", roles=[role])
    phone = Handset(care, STRANGER)
    assert "Moi et mes enfants" not in phone.dial()[0]
    assert phone.say("NAISSANCE hier F")[0].startswith("Refus : ce numéro")


def test_a_number_to_which_nothing_can_be_sent_is_told_so(care):
    last, end = Handset(care, "+33612345678").dial(f"{MENU}*{POSTER}*1*Fatoumata")
    assert (last.startswith("Numéro invalide"), end) == (True, True)
    assert known(care, "+33612345678") == []


def test_what_she_may_not_do_stays_so(care):
    child = nursery.child(care, care.local_now().date(), AWA)
    phone = Handset(care, STRANGER)
    for text in (f"DECES {child.number}A", f"VACCIN {child.number}A BCG", f"CPN {child.number}A"):
        assert phone.say(text)[0].startswith("Refus : ce numéro")
    assert Handset(care, ASC).say("NAISSANCE hier F 70009901 Rokia")[0].startswith("Code ")
    assert [her.facility_id for her in known(care)] == [SOTUBA]
    assert CENTRAL != SOTUBA
    with transaction(care.sessions) as db:
        assert db.scalars(select(Role.role).join(Person).where(Person.id == known(care)[0].id)).all() == ["mother"]
