"""The twice-monthly contact: check-ins that mothers answer, families that workers see, and a mother's own wishes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from smsapp import people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number
from smsapp.vaccines import codes, contacts, workers
from smsapp.vaccines.promises import Contact, Wish
from smsapp.vaccines.tables import ClinicDay
from tests import nursery, reminded
from tests.handset import Handset
from tests.nursery import ASC, AWA, BINTA, EAST, HEAD, WEST
from tests.village import MOTHERS, SOTUBA, settle

BORN = date(2026, 1, 20)
TODAY = date(2026, 3, 10)
NEXT, WISHES = "2*1", "2*4"  # on the menus of a mother


@pytest.fixture
def awa(rt):
    settle(rt)
    nursery.staffed(rt)
    return Handset(rt, AWA)


@pytest.fixture
def fanta(awa):
    return nursery.child(awa.rt, BORN, name="Fanta")


def kept(rt):
    with rt.sessions() as db:
        return [(c.on, c.worker_id, c.well, c.visited) for c in db.scalars(select(Contact).order_by(Contact.id))]


def to(rt, number):
    with rt.sessions() as db:
        return list(db.scalars(select(Message.text).where(Message.number == number).order_by(Message.id)))


# ---- check-in


def test_two_answers_are_one_contact(awa, fanta):
    reminded.asked(awa.rt, fanta, day=TODAY, subject="check_in")
    assert awa.say("1")[0].startswith("Merci. Quelqu'un du centre est-il venu vous voir ces deux semaines ?\n1. Oui")
    assert awa.say("2") == ["Merci de votre réponse."]
    assert kept(awa.rt) == [(TODAY, None, True, False)]
    assert to(awa.rt, ASC) == []
    assert "lira votre message" in awa.say("1")[0]


def test_both_at_once(awa, fanta):
    reminded.asked(awa.rt, fanta, day=TODAY, subject="check_in")
    assert awa.say("1 1") == ["Merci de votre réponse."]
    assert kept(awa.rt) == [(TODAY, None, True, True)]


def test_a_child_that_is_not_well_is_told_on_at_once(awa, fanta):
    reminded.asked(awa.rt, fanta, day=TODAY, subject="check_in")
    assert awa.say("non")[0].startswith("Allez au centre maintenant avec l'enfant.")
    assert to(awa.rt, ASC) == ["Sotuba Est : Mère (1001F) dit que son enfant ne va pas bien. Voyez-la aujourd'hui."]
    assert kept(awa.rt) == [(TODAY, None, False, None)]
    assert awa.say("2") == ["Merci. Allez au centre sans attendre."]
    assert kept(awa.rt) == [(TODAY, None, False, False)]
    assert len(to(awa.rt, ASC)) == 1


def test_not_well_and_a_second_word_counts_for_the_second_question(awa, fanta):
    reminded.asked(awa.rt, fanta, day=TODAY, subject="check_in")
    awa.say("2 1")
    assert kept(awa.rt) == [(TODAY, None, False, True)]


# ---- families to see


def meet(rt, mother, days_ago, worker=True, visited=True):
    with transaction(rt.sessions) as db:
        asc = workers.of_number(db, ASC)
        on = TODAY - timedelta(days=days_ago)
        told = {"facility_id": SOTUBA, "village_id": EAST, "on": on, "visited": visited}
        db.add(Contact(mother_id=nursery.mother_of(db, mother).id, worker_id=asc.id if worker else None, **told))


def due(rt, number=ASC):
    with rt.sessions() as db:
        count, found = contacts.due(db, workers.of_number(db, number), TODAY)
        assert count == len(found)
        return [(family.person_id, family.last) for family in found]


def test_families_without_a_contact_for_fifteen_days_are_due_the_longest_first(awa):
    for mother in MOTHERS[:4]:
        nursery.child(awa.rt, BORN, mother)
    nursery.child(awa.rt, date(2025, 12, 1), MOTHERS[0], name="Ali")  # one family, two children
    nursery.pregnancy(awa.rt, date(2025, 12, 1), MOTHERS[4])
    nursery.child(awa.rt, BORN, MOTHERS[5], village_id=WEST)  # another worker's
    meet(awa.rt, MOTHERS[0], 15)
    meet(awa.rt, MOTHERS[1], 14)
    meet(awa.rt, MOTHERS[2], 40)
    meet(awa.rt, MOTHERS[3], 2, worker=False)  # her own word is no visit
    assert due(awa.rt) == [(4, None), (5, None), (3, TODAY - timedelta(days=40)), (1, TODAY - timedelta(days=15))]
    assert len(due(awa.rt, HEAD)) == 5  # the head sees the whole centre


def test_a_child_of_five_is_nobodys_visit_any_more(awa):
    made = nursery.child(awa.rt, date(2021, 3, 11))
    assert due(awa.rt) == [(made.mother_id, None)]
    with awa.rt.sessions() as db:
        assert contacts.due(db, workers.of_number(db, ASC), TODAY + timedelta(days=1)) == (0, [])


def test_a_worker_picks_a_family_and_says_how_it_is(awa):
    for mother in MOTHERS[:3]:
        nursery.child(awa.rt, BORN, mother)
    meet(awa.rt, MOTHERS[1], 20)
    asc = Handset(awa.rt, ASC, awa.client)
    assert families(asc)[0].startswith("Familles à voir : 3. Tapez 1 pour la liste, ou le code")
    shown, _ = asc.key("1")
    assert shown.startswith("3 sur 3. Laquelle ?\n1. Mère, Sotuba Est, jamais vue\n2. Mère")
    assert "3. Mère, Sotuba Est, 20 jours" in shown
    asked, _ = asc.key("3")
    assert asked.startswith("Comment va la famille ?\n1. Vue, tout va bien\n2. Un enfant est malade\n3. Personne")
    assert asc.key("1")[0].startswith("C'est noté. Merci.")
    with awa.rt.sessions() as db:
        worker = workers.of_number(db, ASC)
    assert kept(awa.rt)[-1] == (TODAY, worker.id, True, True)
    assert [person for person, _ in due(awa.rt)] == [1, 3]


def test_a_family_that_was_not_at_home_stays_on_the_list(awa, fanta):
    asc = Handset(awa.rt, ASC, awa.client)
    families(asc)
    assert asc.key("1", "1", "3")[0].startswith("C'est noté. La famille reste dans votre liste.")
    assert kept(awa.rt)[0][2:] == (None, False)
    assert due(awa.rt) == [(fanta.mother_id, None)]
    families(asc)
    assert asc.key("1", "1", "2")[0].startswith("C'est noté. Envoyez l'enfant au centre aujourd'hui.")
    assert due(awa.rt) == []
    assert families(asc)[0].startswith("Toutes vos familles ont été vues depuis 15 jours.")


def test_of_whom_nobody_met_births_that_are_near_and_babies_come_first(awa):
    nursery.child(awa.rt, date(2023, 3, 11), MOTHERS[0])
    nursery.pregnancy(awa.rt, TODAY - timedelta(weeks=20), MOTHERS[1])
    nursery.child(awa.rt, BORN, MOTHERS[2])
    nursery.pregnancy(awa.rt, TODAY - timedelta(weeks=37), MOTHERS[3])
    assert [person for person, _ in due(awa.rt)] == [3, 4, 1, 2]


def test_the_list_is_cut_and_says_so(awa, monkeypatch):
    monkeypatch.setattr(contacts.due, "__defaults__", (2,))
    for mother in MOTHERS[:3]:
        nursery.child(awa.rt, BORN, mother)
    asc = Handset(awa.rt, ASC, awa.client)
    assert families(asc)[0].startswith("Familles à voir : 3.")
    assert asc.key("1")[0].startswith("2 sur 3. Laquelle ?")


def test_a_family_is_named_by_a_code_even_where_it_was_met(awa, fanta):
    expected = nursery.pregnancy(awa.rt, TODAY - timedelta(weeks=20), BINTA)
    far = nursery.child(awa.rt, BORN, MOTHERS[2], village_id=WEST)
    meet(awa.rt, AWA, 2)
    asc = Handset(awa.rt, ASC, awa.client)
    for file in (fanta, expected):
        families(asc)
        assert asc.key(codes.of(file.number))[0].startswith("Comment va la famille ?")
        assert asc.key("1")[0].startswith("C'est noté. Merci.")
        meet(awa.rt, BINTA, 20)
        nursery.child(awa.rt, date(2025, 12, 1), MOTHERS[4])
    families(asc)
    assert asc.key(codes.of(far.number))[0].startswith("Famille inconnue dans votre liste.")
    assert asc.key("12")[0].startswith("Format : un code")
    assert [c[2:] for c in kept(awa.rt) if c[0] == TODAY] == [(True, True), (True, True)]


def families(phone):
    """Dial to the list of families to see, wherever it stands on the menu."""
    phone.dial("00")
    menu, _ = phone.dial("1")
    while "Familles" not in menu:
        menu, _ = phone.key("98")
    return phone.key(next(row for row in menu.split("\n") if "Familles" in row)[0])


# ---- her own


def test_next_visits_are_days_and_places(awa, fanta):
    shown, _ = awa.dial(NEXT)
    assert shown.startswith("Prochaines visites :\nmardi 10/03/2026, CSCom Sotuba")
    assert "Fanta" not in shown


def test_the_service_that_comes_to_her_village_is_named_by_the_village(awa, fanta):
    with transaction(awa.rt.sessions) as db:
        db.add(ClinicDay(facility_id=SOTUBA, village_id=EAST, service="vaccines", weekday=2))
        db.add(ClinicDay(facility_id=SOTUBA, service="vaccines", weekday=4))
    assert awa.dial(NEXT)[0].startswith("Prochaines visites :\nmercredi 11/03/2026, Sotuba Est")


def test_who_wished_it_reads_the_childs_name_but_not_on_a_shared_phone(awa, fanta):
    with transaction(awa.rt.sessions) as db:
        db.add(Wish(person_id=fanta.mother_id, frank=True))
    assert "Fanta : mardi 10/03/2026" in awa.dial(NEXT)[0]
    with transaction(awa.rt.sessions) as db:
        db.add(Number(number=AWA, person_id=nursery.mother_of(db, BINTA).id, main=False, since=awa.rt.now()))
    assert "Mère : mardi 10/03/2026" in awa.dial(NEXT)[0]


def test_several_children_are_told_apart_by_number_or_by_wish(awa, fanta):
    nursery.child(awa.rt, date(2025, 9, 1), name="Issa")
    shown, _ = awa.dial(NEXT)
    assert "1er enfant : mardi 10/03/2026" in shown
    assert "2e enfant : mardi 10/03/2026" in shown
    assert "Issa" not in shown
    with transaction(awa.rt.sessions) as db:
        db.add(Wish(person_id=fanta.mother_id, frank=True))
    assert "Issa : mardi 10/03/2026" in awa.dial(NEXT)[0]
    with transaction(awa.rt.sessions) as db:
        db.add(Number(number=AWA, person_id=nursery.mother_of(db, BINTA).id, main=False, since=awa.rt.now()))
    assert "Mère 2e enfant : mardi 10/03/2026" in awa.dial(NEXT)[0]


def test_a_mothers_own_visit_is_shown_likewise(awa):
    nursery.pregnancy(awa.rt, date(2025, 10, 20))
    assert awa.dial(NEXT)[0].startswith("Prochaines visites :\nlundi 06/04/2026, CSCom Sotuba")


def wish(rt):
    with rt.sessions() as db:
        return [(one.hour, one.frank) for one in db.scalars(select(Wish).order_by(Wish.person_id))]


def test_wishes_are_kept(awa, fanta):
    assert "Maintenant : N'importe quand" in awa.dial(f"{WISHES}*1")[0]
    assert awa.key("3")[0].startswith("C'est noté.")
    assert wish(awa.rt) == [(17, False)]
    assert "Qui ouvre ce téléphone les lira." in awa.dial(f"{WISHES}*2")[0]
    assert awa.key("1")[0].startswith("C'est noté : nos messages diront de quoi il s'agit.")
    assert wish(awa.rt) == [(17, True)]
    awa.dial(f"{WISHES}*2*2")
    assert wish(awa.rt) == [(17, False)]
    assert awa.dial(f"{WISHES}*3")[0].startswith("Pour recevoir nos messages sur un autre téléphone")


def test_a_shared_phone_stays_neutral(awa, fanta):
    with transaction(awa.rt.sessions) as db:
        db.add(Number(number=AWA, person_id=nursery.mother_of(db, BINTA).id, main=False, since=awa.rt.now()))
    assert awa.dial(f"{WISHES}*2")[0].startswith("Ce téléphone sert à plusieurs personnes")
    assert wish(awa.rt) == []


def test_no_more_reminders_leaves_the_rest(awa, fanta):
    awa.dial(f"{WISHES}*4*2")
    with awa.rt.sessions() as db:
        assert people.left(db, [AWA]) == set()
    assert awa.dial(f"{WISHES}*4*1")[0].startswith("C'est noté : plus de rappels. Pour revenir : DEBUT RAPPELS.")
    with awa.rt.sessions() as db:
        assert people.left(db, [AWA]) == {(AWA, "reminders")}
    assert "DEBUT RAPPELS" not in awa.say("DEBUT RAPPELS")[0]
    with awa.rt.sessions() as db:
        assert people.left(db, [AWA]) == set()
