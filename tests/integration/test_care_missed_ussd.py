"""A worker's list of children to find on the keypad, and what becomes of each answer."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.vaccines import searching
from smsapp.vaccines.promises import Reminder, Search
from smsapp.vaccines.tables import Child, Dose
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC, ASC_2, AWA, BINTA, EAST, HEAD, WEST
from tests.village import SOTUBA, settle

TODAY = date(2026, 3, 10)
WHAT = {"seen": "1", "moved": "2", "refused": "3", "died": "4", "vaccinated": "5"}


@pytest.fixture
def care(rt, clock):
    """Fanta and Issa of the east and Moussa of the west are looked for since today."""
    settle(rt)
    nursery.staffed(rt)
    clock.at = datetime(2026, 1, 20, 10, 0, tzinfo=UTC)
    for name, village_id, number in (("Fanta", EAST, AWA), ("Issa", EAST, AWA), ("Moussa", WEST, BINTA)):
        nursery.child(rt, date(2026, 1, 19), number, name=name, village_id=village_id)
    clock.at = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    assert searching.open_searches(rt, TODAY) == 3
    return rt


def to_list(rt, number=ASC):
    """Dial to the list, wherever it stands in the menu."""
    phone = Handset(rt, number)
    screen, _ = phone.dial("1")
    while "Enfants à retrouver" not in screen:
        screen, _ = phone.key("98")
    line = next(line for line in screen.split("\n") if line.endswith("Enfants à retrouver"))
    return phone, phone.key(line.split(".")[0])[0]


def listed(screen):
    return [line.split(". ")[1] for line in screen.split("\n") if line[0] in "123456" and "/" in line]


def searches(db):
    db.expire_all()
    return db.scalars(select(Search).order_by(Search.id)).all()


def test_a_worker_sees_her_villages_and_the_head_the_centre(care):
    assert listed(to_list(care)[1]) == ["Fanta Sotuba Est, depuis le 10/03/26", "Issa Sotuba Est, depuis le 10/03/26"]
    assert listed(to_list(care, ASC_2)[1]) == ["Moussa Sotuba Ouest, depuis le 10/03/26"]
    assert len(listed(to_list(care, HEAD)[1])) == 3
    assert "Enfants à retrouver" not in Handset(care, AWA).dial("1")[0]


def test_a_child_seen_stays_until_she_is_vaccinated(care, db):
    phone, _ = to_list(care)
    assert phone.key("1", WHAT["seen"])[0].startswith("C'est noté : vu")
    assert (searches(db)[0].outcome, searches(db)[0].closed_on) == ("seen", None)
    assert len(listed(to_list(care)[1])) == 2


def test_the_list_comes_again_with_whom_was_seen_at_its_end(care):
    phone, screen = to_list(care)
    _, issa = listed(screen)
    again, ends = phone.key("1", WHAT["seen"])
    assert (listed(again), ends) == ([issa, "Fanta Sotuba Est, vu le 10/03/26"], False)
    assert listed(phone.key("1", WHAT["died"], "2")[0]) == listed(again)
    assert listed(phone.key("1", WHAT["moved"], "1")[0]) == listed(again)[1:]
    assert len(listed(to_list(care, HEAD)[1])) == 2
    assert listed(to_list(care, HEAD)[1])[-1] == "Fanta Sotuba Est, vu le 10/03/26"


def test_the_last_of_the_list_leads_to_the_menu(care, db):
    phone, _ = to_list(care, ASC_2)
    screen, ends = phone.key("1", WHAT["moved"], "1")
    assert screen.startswith("C'est noté : la famille est partie.\nCSCom Sotuba")
    assert not ends


def test_the_doses_are_booked_with_the_day_of_the_card(care, db):
    phone, _ = to_list(care)
    asked, _ = phone.key("1", WHAT["vaccinated"])
    assert asked.startswith("Fanta 1001F : date sur le carnet ?")
    for bad in ("12-13-2025", "31/02/2026", "01/04/2026", "18/01/2026"):
        screen, _ = phone.key(bad)
        assert "Ex." in screen.split("\n")[0], bad
        assert db.scalars(select(Dose)).all() == []
    assert phone.key("05/03/2026")[0].startswith("Fanta 1001F. Recus : BCG")
    said, _ = phone.key("1")
    assert said.startswith("Noté Fanta 1001F : ")
    booked = db.execute(select(Dose.code, Dose.given_on, Dose.source, Dose.recorded_by)).all()
    assert {(day, source) for _, day, source, _ in booked} == {(date(2026, 3, 5), "card")}
    assert "BCG" in {code for code, *_ in booked}
    [first, *_] = searches(db)
    assert (first.outcome, first.closed_on) == ("vaccinated", TODAY)
    assert booked[0].recorded_by == first.outcome_by
    assert listed(to_list(care)[1]) == ["Issa Sotuba Est, depuis le 10/03/26"]


def test_some_of_the_doses_leave_the_search_open(care, db):
    row = searches(db)[0]
    row.doses = ["BCG", "PENTA1", "PCV1"]
    child = db.get_one(Child, row.child_id)
    child.born_on = date(2025, 12, 1)
    db.commit()
    phone, _ = to_list(care)
    phone.key("1", WHAT["vaccinated"], "1")
    shown, _ = phone.key("2")
    assert shown.startswith("Lesquels ?")
    assert "2. PENTA1" in shown
    assert phone.key("9")[0].startswith("Réponse invalide")
    phone.key("1 2")
    assert {dose.code for dose in db.scalars(select(Dose))} == {"BCG", "PENTA1"}
    assert searches(db)[0].closed_on is None
    phone, _ = to_list(care)
    phone.key("1", WHAT["vaccinated"])
    assert phone.key("1")[0].startswith("Fanta 1001F. Recus : PNEUMO1 ?")


@pytest.mark.parametrize(("what", "state", "outcome"), [("moved", "moved", "moved"), ("died", "dead", "died")])
def test_an_end_is_asked_twice_and_silences_the_family(care, db, what, state, outcome):
    child = db.get_one(Child, searches(db)[0].child_id)
    with transaction(care.sessions) as own:
        waits = outbox.post(own, care, AWA, "Rappel", kind="reminder", key="r")
        told = {"child_id": child.id, "facility_id": SOTUBA, "due_on": TODAY, "day": TODAY, "planned_for": TODAY}
        own.add(Reminder(**told, subject="vaccines", step=0, doses=[], message_id=waits.id))
    phone, _ = to_list(care)
    phone.key("1", WHAT[what])
    assert phone.key("2")[0].startswith("Rien n'a été changé.")
    assert (searches(db)[0].outcome, db.get_one(Child, child.id).state) == (None, "active")
    phone, _ = to_list(care)
    said, _ = phone.key("1", WHAT[what], "1")
    assert said.startswith("C'est noté")
    assert not any(word in said.split("\n")[0].lower() for word in ("vaccin", "fanta"))
    first = searches(db)[0]
    assert (first.outcome, first.closed_on) == (outcome, TODAY)
    assert (db.get_one(Child, child.id).state, db.get_one(Message, waits.id).status) == (state, "cancelled")


def test_what_a_worker_was_refused_is_the_heads_to_end(care, db):
    phone, _ = to_list(care)
    phone.key("2", WHAT["refused"])
    assert listed(to_list(care)[1]) == ["Fanta Sotuba Est, depuis le 10/03/26"]
    head, screen = to_list(care, HEAD)
    assert listed(screen)[1] == "Issa Sotuba Est, depuis le 10/03/26"
    assert searches(db)[1].closed_on is None
    head.key("2", WHAT["refused"])
    assert (searches(db)[1].outcome, searches(db)[1].closed_on) == ("refused", TODAY)
    assert searching.open_searches(care, TODAY) == 0
    assert len(listed(to_list(care, HEAD)[1])) == 2


def test_whom_somebody_else_found_meanwhile_is_refused(care, db):
    phone, _ = to_list(care)
    phone.key("1")
    searches(db)[0].closed_on = TODAY
    db.commit()
    said, end = phone.key(WHAT["seen"])
    assert (said, end) == ("Refus : cet enfant n'est plus à retrouver.", True)
    assert searches(db)[0].outcome is None


def test_an_empty_list_says_so(care, db):
    for row in searches(db):
        row.closed_on = TODAY
    db.commit()
    assert to_list(care)[1].startswith("Bravo, aucun enfant à retrouver.")
