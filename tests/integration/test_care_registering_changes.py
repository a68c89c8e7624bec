"""Files in other hands: mothers who register themselves, families that move, mistakes put right, and losses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number, Person
from smsapp.vaccines import codes, desk, ending, families, files, moving, reminding, workers
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import CareEvent, Child, Pregnancy
from tests import nursery
from tests.desk import Desk
from tests.handset import Handset
from tests.nursery import ASC, AWA, BINTA, EAST, FAR_ASC, HEAD, MIDWIFE
from tests.village import CENTRAL, SOTUBA, settle

BORN = date(2026, 3, 8)
OLDER = date(2026, 1, 15)


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def sent(rt, number):
    Handset(rt, number).arrived()
    [gateway] = rt.gateways.values()
    return [text for to, text in gateway.sent if to == number]


def walk(rt, number, flow, *typed, phone=None):
    """Through the main menu to a flow, and what is typed there; the last screen."""
    phone = phone or Handset(rt, number)
    screen, _ = phone.dial()
    texts = rt.texts
    for name in flow:
        line = next(row for row in screen.splitlines() if row.endswith(_folded(texts, name)))
        screen, _ = phone.key(line.split(".")[0])
        while "98. " in screen and name is not flow[-1] and _folded(texts, flow[flow.index(name) + 1]) not in screen:
            screen, _ = phone.key("98")
    for text in typed:
        screen, _ = phone.key(text)
    return screen


def _folded(texts, key):
    return texts.say("fr", key).replace("À", "A").replace("ç", "c")


def code(file):
    return codes.of(file.number)


def fresh(rt, what, id):
    with transaction(rt.sessions) as db:
        return db.get_one(what, id)


def promised(rt, child, number=AWA):
    """A reminder that waits for the evening."""
    with transaction(rt.sessions) as db:
        due = rt.now() + timedelta(hours=3)
        waits = outbox.post(db, rt, number, "Rappel", kind="reminder", key=f"r{child.id}", due=due)
        told = {"facility_id": SOTUBA, "due_on": BORN, "day": BORN, "planned_for": BORN, "message_id": waits.id}
        whose = {"child_id": child.id} if isinstance(child, Child) else {"pregnancy_id": child.id}
        db.add(Reminder(**told, **whose, subject="vaccines" if isinstance(child, Child) else "antenatal", step=0))
        return waits.id


THIRD = "+22370000103"  # in French, as the first
MINE = ("main.my_care", "my_care.my_care_child")
MORE = ("main.care_menu", "care_menu.care_more")


def test_a_mother_registers_herself_and_her_midwife_confirms(care):
    screen = walk(care, AWA, MINE, "1", "08/03/2026", "1", "Fanta")
    assert "CSCom Sotuba va confirmer" in screen
    with transaction(care.sessions) as db:
        child = db.scalars(select(Child)).one()
        assert (child.confirmed_on, child.name, child.facility_id) == (None, "Fanta", SOTUBA)
    walk(care, THIRD, MINE, "2", "3", "5")
    assert sent(care, MIDWIFE) == ["1 inscription à confirmer : Mère. Menu Mères et enfants, A confirmer."]
    assert sent(care, AWA) == []
    walk(care, MIDWIFE, ("main.care_menu", "care_menu.care_confirm"), "1", "1", "1")
    confirmed = fresh(care, Child, child.id)
    assert (confirmed.confirmed_on, confirmed.village_id) == (care.local_now().date(), EAST)
    assert fresh(care, Pregnancy, child.pregnancy_id).confirmed_on == care.local_now().date()
    assert len(sent(care, AWA)) == 1
    walk(care, MIDWIFE, ("main.care_menu", "care_menu.care_confirm"), "1", "2")
    with transaction(care.sessions) as db:
        assert db.scalars(select(Pregnancy.state).where(Pregnancy.state != "born")).all() == ["moved"]
    assert "A confirmer" not in walk(care, MIDWIFE, ("main.care_menu",)), "nobody waits any more"
    assert sent(care, THIRD) == []


def test_what_a_mother_told_is_confirmed_by_a_text_of_her_worker(care):
    walk(care, AWA, MINE, "1", "08/03/2026", "1", "1")
    [answer] = Handset(care, ASC).say("NAISSANCE 08/03/2026 F 70000101 Fanta")
    with transaction(care.sessions) as db:
        child = db.scalars(select(Child)).one()
        assert answer.startswith(f"Déjà inscrit. Code {code(child)}")
        assert (child.confirmed_on, child.name) == (care.local_now().date(), "Fanta")


@pytest.mark.parametrize("typed", ["31/02", "12-13-2025", "12/04/2026", "08/03/1990"])
def test_a_mother_s_impossible_date_is_asked_again(care, typed):
    screen = walk(care, AWA, MINE, "1", typed)
    assert screen.startswith("Date invalide")
    assert "Ex. " in screen
    assert "Date de naissance ?" in screen


@pytest.mark.parametrize("number", [ASC, AWA])
def test_a_loss_is_told_once_and_nothing_names_her_again(care, number):
    child, twin = nursery.child(care, BORN, name="Fanta"), nursery.child(care, BORN, name="Awa")
    waits = promised(care, child)
    for _ in range(2):
        [answer] = Handset(care, number).say(f"DECES {code(child)}")
        assert answer == "C'est noté. Nous partageons votre peine. Plus aucun message ne sera envoyé à ce sujet."
    with transaction(care.sessions) as db:
        assert (db.get_one(Child, child.id).state, db.get_one(Message, waits).status) == ("dead", "cancelled")
        assert [one.id for one in files.children_of(db, AWA)] == [twin.id]
        assert len(db.scalars(select(CareEvent).where(CareEvent.what == "dead")).all()) == 1
    assert fresh(care, Child, twin.id).state == "active"
    [again] = Handset(care, ASC).say("NAISSANCE 08/03/2026 F 70000101 Fanta")
    assert "Fanta" not in again
    assert again.startswith("Refus")


def test_a_loss_of_what_was_expected_by_keypad_asks_once(care):
    mother = nursery.pregnancy(care, date(2025, 11, 1))
    waits = promised(care, mother)
    more = (*MORE, "care_more.care_loss")
    assert "Rien n'est change" in walk(care, ASC, more, code(mother), "2").replace("é", "e")
    assert fresh(care, Pregnancy, mother.id).state == "active"
    walk(care, ASC, more, code(mother), "1")
    assert fresh(care, Pregnancy, mother.id).state == "lost"
    assert fresh(care, Message, waits).status == "cancelled"


@pytest.mark.parametrize(
    ("number", "why"),
    [(BINTA, "Code inconnu"), ("+22370009901", "Refus : ce numéro"), (FAR_ASC, "Refus : le code")],
)
def test_nobody_else_ends_a_file(care, number, why):
    child = nursery.child(care, BORN)
    [answer] = Handset(care, number).say(f"DECES {code(child)}")
    assert answer.startswith(why)
    assert "VACCIN" not in answer
    assert Handset(care, ASC).say("DECES 1042Z")[0].startswith("Code incorrect")
    assert Handset(care, ASC).say("DECES hier")[0].startswith("Format")
    assert fresh(care, Child, child.id).state == "active"


def test_a_family_moves_and_another_centre_takes_over(care):
    child = nursery.child(care, OLDER)
    waits = promised(care, child)
    arrives = (*MORE, "care_more.care_arrives")
    assert "Fanta" not in walk(care, FAR_ASC, arrives, code(child))
    assert walk(care, FAR_ASC, (), "15/01/2026").startswith("Fanta")
    walk(care, FAR_ASC, (), "1")
    taken = fresh(care, Child, child.id)
    assert (taken.facility_id, taken.village_id, taken.state) == (CENTRAL, None, "active")
    assert fresh(care, Message, waits).status == "cancelled"
    with transaction(care.sessions) as db:
        assert db.scalars(select(Reminder)).all() == []
    assert sent(care, HEAD) == [f"Code {code(child)} : suivi maintenant par CSCom Kadiolo Central."]
    assert "deja a votre centre" in _plain(walk(care, FAR_ASC, arrives, code(child)))
    walk(care, FAR_ASC, (), "00")
    walk(care, FAR_ASC, (*MORE, "care_more.care_moved"), code(child), "1")
    assert fresh(care, Child, child.id).state == "moved"
    assert len(sent(care, AWA)) == 1, "her new centre says who writes"
    walk(care, MIDWIFE, arrives, code(child), "15 janvier", "1", "1")
    back = fresh(care, Child, child.id)
    assert (back.facility_id, back.state, back.ended_on, back.village_id) == (SOTUBA, "active", None, EAST)
    assert back.seek_on is not None


def test_the_console_moves_a_file_as_a_phone_does(care):
    made = nursery.child(care, BORN)
    staff = Desk.of(care).staff
    with transaction(care.sessions) as db:
        child = db.get_one(Child, made.id, with_for_update=True)
        assert desk.transfer(db, care, staff, child, CENTRAL)
        assert db.get_one(Person, made.mother_id).facility_id == CENTRAL
        texts = dict(db.execute(select(Message.number, Message.text)).all())
    assert codes.of(made.number) in texts[HEAD]
    assert "Kadiolo Central" in texts[AWA]


def test_of_the_months_away_nothing_is_reminded(care, clock):
    made = nursery.child(care, care.local_now().date())
    with transaction(care.sessions) as db:
        child = db.get_one(Child, made.id, with_for_update=True)
        ending.end(db, care, child, "moved", by=None, channel="sms")
    clock.move(days=200)
    with transaction(care.sessions) as db:
        asc = workers.of_number(db, ASC)
        moving.arrive(db, care, asc, codes.of(made.number), EAST, channel="sms")
        assert families.since(db.get_one(Child, made.id)) == care.local_now().date()
    clock.move(days=1)
    reminding.remind(care)
    with transaction(care.sessions) as db:
        assert db.scalars(select(Reminder).where(Reminder.why_not == "outage")).all() == []


def test_a_code_alone_gives_neither_a_name_nor_the_file(care, clock):
    child = nursery.child(care, OLDER)
    arrives = (*MORE, "care_more.care_arrives")
    screen = walk(care, FAR_ASC, arrives, code(child), "14/01/2026")
    assert screen.startswith(f"Refus : la carte {code(child)} dit autre chose.\nDate sur la carte")
    assert walk(care, FAR_ASC, (), "70000101").startswith("Format : une date")
    assert walk(care, FAR_ASC, (), "31/02").startswith("Format : une date")
    assert "dit autre chose" in walk(care, FAR_ASC, (), "16/01/2026")
    assert walk(care, FAR_ASC, (), "17/01/2026").startswith("Refus : 3 essais faux pour ce code.")
    assert walk(care, FAR_ASC, arrives, code(child), "15/01/2026").startswith("Refus : 3 essais faux pour ce code.")
    assert fresh(care, Child, child.id).facility_id == SOTUBA
    with care.sessions() as db:
        assert len(db.scalars(select(CareEvent).where(CareEvent.what == "arrival_refused")).all()) == 3
    clock.move(days=1, seconds=1)
    assert walk(care, FAR_ASC, arrives, code(child), "15/01/2026").startswith("Fanta")


@pytest.mark.parametrize("typed", ["70000101", "08/08/2026", "01/11/2025"])
def test_a_pregnancy_is_taken_over_by_a_day_of_its_card_or_the_number_of_the_mother(care, typed):
    mother = nursery.pregnancy(care, date(2025, 11, 1))
    arrives = (*MORE, "care_more.care_arrives")
    assert "dit autre chose" in walk(care, FAR_ASC, arrives, code(mother), "70000102")
    walk(care, FAR_ASC, (), typed, "1")
    assert fresh(care, Pregnancy, mother.id).facility_id == CENTRAL


def test_who_left_and_is_told_of_again_is_the_same_child(care):
    Handset(care, ASC).say("NAISSANCE 08/03/2026 F 70000101 Fanta")
    with transaction(care.sessions) as db:
        child = db.scalars(select(Child)).one()
        mother = db.get_one(Pregnancy, child.pregnancy_id)
        for file in (child, mother):
            ending.end(db, care, file, "moved", by=None, channel="ussd")
    [answer] = Handset(care, FAR_ASC).say("NAISSANCE 08/03/2026 F 70000101 Fanta")
    assert answer.startswith("Refus : déjà suivi par un autre centre")
    [answer] = Handset(care, ASC).say("NAISSANCE 08/03/2026 F 70000101 Fanta")
    assert answer.startswith(f"Déjà inscrit. Code {code(child)}")
    assert fresh(care, Child, child.id).state == "active"
    walk(care, FAR_ASC, (*MORE, "care_more.care_arrives"), code(mother), "08/03/2026", "1")
    after = fresh(care, Pregnancy, mother.id)
    assert (after.state, after.ended_on, after.facility_id) == ("born", BORN, CENTRAL)


def _plain(text):
    return text.replace("é", "e").replace("à", "a")


def test_somebody_else_brings_her_up(care):
    child = nursery.child(care, OLDER)
    walk(care, ASC, (*MORE, "care_more.care_carer"), code(child), "70112233", "Sitan")
    with transaction(care.sessions) as db:
        carer = db.scalars(select(Number).where(Number.number == "+22370112233")).one()
    assert fresh(care, Child, child.id).carer_id == carer.person_id
    assert len(sent(care, "+22370112233")) == 1
    walk(care, ASC, (*MORE, "care_more.care_carer"), code(child), "70000101", "1")
    assert fresh(care, Child, child.id).carer_id is None


def test_mistakes_are_put_right_and_the_plan_follows(care):
    child = nursery.child(care, OLDER)
    waits = promised(care, child)
    right = (*MORE, "care_more.care_right")
    assert walk(care, ASC, right, code(child), "1", "12/04/2026").startswith("Date invalide")
    assert fresh(care, Message, waits).status == "queued"
    screen = walk(care, ASC, (), "25/01/2026")
    assert screen.startswith("Corrigé. Prochaine visite : 10/03/2026")
    walk(care, ASC, right, code(child), "2", "2")
    walk(care, ASC, right, code(child), "3", "Adama")
    changed = fresh(care, Child, child.id)
    assert (changed.born_on, changed.sex, changed.name) == (date(2026, 1, 25), "M", "Adama")
    assert fresh(care, Message, waits).status == "cancelled"
    mother = nursery.pregnancy(care, date(2025, 11, 1))
    walk(care, ASC, right, code(mother), "1", "01/12/2025")
    assert fresh(care, Pregnancy, mother.id).due_on == date(2026, 9, 7)
    assert "n'est pas un enfant" in walk(care, ASC, right, code(mother), "2", "1")
    assert fresh(care, Pregnancy, mother.id).state == "active"


def test_who_confirms_what_a_colleague_has_answered_is_not_asked_again(care):
    walk(care, AWA, MINE, "1", "08/03/2026", "1", "Fanta")
    walk(care, THIRD, MINE, "1", "08/03/2026", "1", "Nana")
    confirm = ("main.care_menu", "care_menu.care_confirm")
    phone = Handset(care, MIDWIFE)
    assert "Quel village ?" in walk(care, MIDWIFE, confirm, "1", "1", phone=phone)
    walk(care, HEAD, confirm, "1", "2")
    assert phone.key("1") == ("Refus : déjà fait, cette mère n'attend plus.", True)


def test_who_strikes_a_dose_that_a_colleague_struck_is_not_asked_again(care):
    child = nursery.child(care, OLDER)
    Handset(care, ASC).say(f"VACCIN {code(child)} PENTA1")
    correct = (*MORE, "care_more.care_correct")
    walk(care, ASC, correct, code(child), "1", "1")
    walk(care, MIDWIFE, correct, code(child), "1", "1", "1")
    assert walk(care, ASC, (), "1") == "Refus : cette dose est déjà rayée."
