"""Births and pregnancies told by workers, by text and on the keypad: begun once, linked, or nothing changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select

from smsapp import people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Consent, Number, Person
from smsapp.vaccines import codes, mothers
from smsapp.vaccines.tables import Child, Pregnancy
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC, ASC_2, AWA, BINTA, EAST, FAR_ASC, MIDWIFE, WEST
from tests.village import CENTRAL, SOTUBA, settle

BORN = date(2026, 3, 8)
NEW = "+22370112233"


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def one(rt, what, *where):
    with transaction(rt.sessions) as db:
        return db.scalars(select(what).where(*where)).one()


def all_of(rt, what):
    with transaction(rt.sessions) as db:
        return db.scalars(select(what).order_by(what.id)).all()


def code(rt, what=Child):
    """As an answer names the first file."""
    return f"Code {codes.of(all_of(rt, what)[0].number)}"


def sent(rt, number):
    """All that this phone has got."""
    [gateway] = rt.gateways.values()
    return [text for to, text in gateway.sent if to == number]


def said(rt, text, number=ASC):
    """The one answer to a text."""
    [answer] = Handset(rt, number).say(text)
    return answer


def test_a_text_registers_a_child_and_her_mother(care):
    answer = said(care, "NAISSANCE 08/03/2026 F 70 11 22 33 Fanta")
    assert answer.startswith(f"{code(care)} : Fanta (F), 08/03/2026. Mère : +223 70 11 22 33. Prochaine visite : 1")
    child = one(care, Child)
    assert (child.born_on, child.sex, child.name, child.facility_id, child.village_id) == (
        BORN,
        "F",
        "Fanta",
        SOTUBA,
        EAST,
    )
    with transaction(care.sessions) as db:
        mother = db.scalars(select(Person).join(Number).where(Number.number == NEW)).one()
        assert (mother.id, mother.facility_id) == (child.mother_id, SOTUBA)
        after = db.scalars(select(Pregnancy)).one()
        assert (after.state, after.ended_on, after.due_on, after.id) == ("born", BORN, None, child.pregnancy_id)
        [consent] = db.scalars(select(Consent)).all()
        assert (consent.person_id, consent.topic, consent.given, consent.channel) == (
            mother.id,
            "reminders",
            True,
            "sms",
        )
    [welcome] = sent(care, NEW)
    assert welcome.startswith("CSCom Sotuba : ")
    assert "ARRET RAPPELS" in welcome
    assert not {"Fanta", "naissance", "enfant"} & set(welcome.replace(",", " ").split())


@pytest.mark.parametrize(
    ("typed", "sex"),
    [
        *((word, "F") for word in ("F", "1", "fille", "Fille,", "FÉMININ", "feminin", "girl", "Female", "musoman")),
        *((word, "M") for word in ("M", "2", "garçon", "garcon", "Masculin", "boy", "male", "cɛman")),
    ],
)
def test_girl_or_boy_is_said_in_many_words(care, typed, sex):
    assert f"Fanta ({sex})" in said(care, f"NAISSANCE 08/03/2026 {typed} 70 11 22 33 Fanta")


def test_the_same_child_told_again_keeps_her_code(care):
    first = said(care, "naissance 8/3/2026 F 70000101")
    again = said(care, "BIRTH 08.03.2026 f +22370000101 Fanta", MIDWIFE)
    assert first.startswith(code(care))
    assert again.startswith(f"Déjà inscrit. {code(care)} : Fanta (F)")
    assert said(care, "NAISSANCE 08/03/2026 F 70000101 FANTA").startswith("Déjà inscrit")
    boy, twin = said(care, "NAISSANCE 08/03/2026 M 70000101"), said(care, "NAISSANCE 08/03/2026 F 70000101 Awa")
    assert len({answer.split(" : ")[0] for answer in (first, boy, twin)}) == 3
    assert len({child.pregnancy_id for child in all_of(care, Child)}) == 1
    assert len(sent(care, AWA)) == 1  # one welcome for all of it


@pytest.mark.parametrize("only_shared", [True, False])
def test_names_of_another_centres_mothers_are_not_shown(care, only_shared):
    with transaction(care.sessions) as db:
        awa = nursery.mother_of(db, AWA)
        far = {"language": "fr", "roles": ["mother"], "number": AWA}
        for name, centre in (("Oumou", CENTRAL), ("Rokia", None)):
            people.add(db, care.now(), name=name, facility_id=centre, **far)
        listed = [name for _, name in mothers.listed(db, SOTUBA, AWA, only_shared=only_shared)]
        assert listed == [awa.name, "Rokia"]


def test_who_may_be_meant_is_read_of_the_typed_number_alone(care):
    with transaction(care.sessions) as db:
        for name, number in (("Rokia", BINTA), ("Oumou", AWA), ("Nana", AWA)):
            people.add(db, care.now(), name=name, number=number, facility_id=SOTUBA, language="fr", roles=["mother"])
    read = []

    def note(conn, cursor, statement, parameters, context, executemany):
        if "FROM persons JOIN person_numbers" in statement:
            read.append(cursor.rowcount)

    engine = care.sessions.kw["bind"]
    event.listen(engine, "after_cursor_execute", note)
    try:
        assert "Qui est la mère" in said(care, "NAISSANCE 08/03/2026 F 70000102")
    finally:
        event.remove(engine, "after_cursor_execute", note)
    assert max(read) == 2, "those of this number, and not all mothers of the centre"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NAISSANCE 12/03/2026 F 70000101", "Date invalide : 12/03/2026 est dans le futur. Ex. 07/03/2026"),
        ("NAISSANCE 12/03/1990 F 70000101", "Date invalide : né le 12/03/1990, il a plus de 5 ans. Ex. 07/03/2026"),
        ("NAISSANCE 31/02 F 70000101", "Date invalide. Ex. 12/03/2026"),
        ("NAISSANCE 12-13-2025 F 70000101", "Date invalide. Ex. 12/03/2026"),
        ("NAISSANCE 08/03/2026 X 70000101", "Sexe invalide. Ex. F"),
        ("NAISSANCE 08/03/2026 F 7000010", "Numéro invalide : 8 chiffres, du Mali. Ex. 70 00 01 01"),
        ("NAISSANCE 08/03/2026 F +33612345678", "Numéro invalide : 8 chiffres, du Mali. Ex. 70 00 01 01"),
        (
            "GROSSESSE 12/04/2026 70000101",
            "Date invalide : 12/04/2026 est dans le futur. Si c'est le terme : Ex. GROSSESSE terme 12/04/2026 70000101",
        ),
        (
            "GROSSESSE 12/03/2027 70000101",
            "Date invalide : 12/03/2027 est dans le futur. Ex. GROSSESSE 30/11/2025 70000101",
        ),
        (
            "GROSSESSE 12/03/2024 70000101",
            "Date invalide : 12/03/2024 est trop ancien (plus de 300 jours). Ex. GROSSESSE 30/11/2025 70000101",
        ),
        (
            "GROSSESSE bientot 70000101",
            "Format : une date, ou le nombre de mois. Ex. GROSSESSE 30/11/2025 70000101, ou GROSSESSE 5 mois 70000101",
        ),
        ("GROSSESSE 12 mois 70000101", "Nombre invalide : 12 mois (de 1 à 9). Ex. GROSSESSE 5 mois 70000101"),
        (
            "GROSSESSE terme 12/03/2027 70000101",
            "Date invalide : 12/03/2027 ne peut pas etre le terme. Ex. GROSSESSE terme 28/07/2026 70000101",
        ),
    ],
)
def test_what_can_not_be_is_said_and_nothing_changes(care, text, why):
    assert said(care, text).startswith(why)
    assert (all_of(care, Child), all_of(care, Pregnancy)) == ([], [])
    with transaction(care.sessions) as db:
        assert db.scalar(select(func.count()).select_from(Message).where(Message.kind == "reminder")) == 0


def test_a_stranger_and_a_mother_are_told_who_registers(care):
    for number in (AWA, "+22370009901"):
        assert "pas connu comme agent" in said(care, "NAISSANCE 08/03/2026 F 70000102", number)
        assert "pas connu comme agent" in said(care, "GROSSESSE 08/01/2026 70000102", number)
    assert all_of(care, Child) == []


def test_what_is_missing_is_asked_back_one_by_one(care):
    phone = Handset(care, ASC)
    [asked] = phone.say("NAISSANCE")
    assert "NAISSANCE 12/03/2026 F 70000101 Fanta" in asked
    assert phone.say("hier")[0].startswith("Fille ou garcon ?")
    assert phone.say("M")[0].startswith("Numéro de téléphone")
    assert phone.say("70 00 01 01")[0].startswith(code(care))
    assert one(care, Child).born_on == date(2026, 3, 9)


def test_a_name_where_the_mothers_number_should_stand_is_kept(care):
    phone = Handset(care, ASC)
    assert phone.say("NAISSANCE 08/03/2026 F Fanta") == ["Numéro de téléphone de la mère ?"]
    phone.say("70 00 01 01")
    assert one(care, Child).name == "Fanta"


def test_a_number_of_several_mothers_asks_whose_child_it_is(care):
    with transaction(care.sessions) as db:
        awa, binta = nursery.mother_of(db, AWA), nursery.mother_of(db, BINTA)
        db.add(Number(number=AWA, person_id=binta.id, main=False, since=care.now() + timedelta(seconds=1)))
    phone = Handset(care, ASC)
    [asked] = phone.say("NAISSANCE 08/03/2026 F 70000101")
    assert asked.splitlines() == ["Qui est la mère ?", "1. Mère 1", "2. Mère 2", "9. Une autre"]
    phone.say("2")
    phone.say("NAISSANCE 08/03/2026 M 70000101")
    assert phone.say("9") == ["Prénom de la mère ?"]
    phone.say("Kadia")
    girl, boy = all_of(care, Child)
    with transaction(care.sessions) as db:
        assert girl.mother_id == binta.id
        assert db.get_one(Person, boy.mother_id).name == "Kadia"
        assert boy.mother_id not in {awa.id, binta.id}


def test_on_the_keypad_a_grandmother_brings_him_up(care):
    phone = Handset(care, MIDWIFE)
    phone.dial()
    screen, _ = phone.key("1", _key(care, "care_birth"))
    assert screen.startswith("Date de naissance ?")
    phone.key("08/03/2026", "2", "Adama", "2")
    phone.key("70112233")
    screen, _ = phone.key("2")
    assert screen.startswith("Né où ?")
    screen, _ = phone.key("2")
    assert screen.startswith("Quel village ?")
    screen, end = phone.key("2")
    assert end
    assert screen.startswith(f"{code(care)} : Adama (M), 08/03/2026.")
    assert "Chez : +223 70 11 22 33." in screen
    assert "ARRET RAPPELS" in screen
    child = one(care, Child)
    assert (child.mother_id, child.born_at, child.village_id, child.pregnancy_id) == (None, "home", WEST, None)
    phone.arrived()
    assert len(sent(care, NEW)) == 1


def _key(rt, name):
    """The key of a line in the menu of a midwife."""
    return str([entry.goto for entry in rt.flows.live["care_menu"].entries].index(name) + 1)


def test_a_birth_ends_the_pregnancy_and_an_older_child_does_not(care):
    expected = nursery.pregnancy(care, date(2025, 6, 1))
    said(care, "NAISSANCE 08/03/2024 F 70000101 Oumou")
    assert one(care, Pregnancy).state == "active"
    said(care, "NAISSANCE 08/03/2026 F 70000101 Fanta", MIDWIFE)
    after = one(care, Pregnancy)
    assert (after.id, after.state, after.ended_on) == (expected.id, "born", BORN)
    oumou, fanta = all_of(care, Child)
    assert (oumou.pregnancy_id, fanta.pregnancy_id) == (None, expected.id)


def test_another_centre_s_child_is_not_begun_again(care):
    said(care, "NAISSANCE 08/03/2026 F 70000101")
    assert said(care, "NAISSANCE 08/03/2026 F 70000101", FAR_ASC).startswith("Refus : déjà suivi par un autre centre")
    assert len(all_of(care, Child)) == 1


@pytest.mark.parametrize(
    ("told", "due", "exact"),
    [
        ("01/11/2025", date(2026, 8, 8), True),
        ("terme 8/8/2026", date(2026, 8, 8), True),
        ("5 mois", date(2026, 7, 16), False),
        ("environ cinq mois", date(2026, 7, 16), False),
        ("about five months", date(2026, 7, 16), False),
        ("20 semaines", date(2026, 7, 28), False),
        ("kalo 5", date(2026, 7, 16), False),
    ],
)
def test_a_pregnancy_by_what_is_known_of_it(care, told, due, exact):
    answer = said(care, f"GROSSESSE {told} 70 00 01 01", ASC_2)
    assert answer.startswith(f"{code(care, Pregnancy)} : Mère, terme {due:%d/%m/%Y}. Prochaine visite : ")
    assert "gross" not in answer.lower()
    row = one(care, Pregnancy)
    assert (row.due_on, row.exact, row.village_id, row.state) == (due, exact, WEST, "active")
    assert said(care, "GROSSESSE 01/11/2025 70000101").startswith(f"Déjà inscrit. {code(care, Pregnancy)}")
    [welcome] = sent(care, AWA)
    assert "gross" not in welcome.lower()
