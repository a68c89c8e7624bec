"""One mother's births and pregnancies, one after the other: no file takes in what is another one's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.vaccines import codes
from smsapp.vaccines.tables import CareEvent, Child, Pregnancy
from tests import nursery
from tests.handset import Handset
from tests.nursery import ASC
from tests.village import settle

LAST = date(2025, 8, 1)
DUE = date(2026, 5, 8)


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def said(rt, text):
    [answer] = Handset(rt, ASC).say(text)
    return answer


def all_of(rt, what):
    with transaction(rt.sessions) as db:
        return db.scalars(select(what).order_by(what.id)).all()


def on(clock, day):
    clock.at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("born", "told", "states"),
    [
        (DUE + timedelta(days=5), 50, ["born"]),  # told late
        (DUE + timedelta(days=290), 300, ["moved", "born"]),
        (DUE + timedelta(days=62), 65, ["moved", "born"]),
    ],
)
def test_a_birth_of_another_pregnancy_leaves_the_overdue_one(care, clock, born, told, states):
    nursery.pregnancy(care, LAST)
    on(clock, DUE + timedelta(days=told))
    assert said(care, f"NAISSANCE {born:%d/%m/%Y} F 70000101 Fanta").startswith("Code")
    files = all_of(care, Pregnancy)
    assert [file.state for file in files] == states
    assert [(file.ended_on, file.look_on is None) for file in files if file.state == "born"] == [(born, False)]
    assert all_of(care, Child)[0].pregnancy_id == files[-1].id
    noted = [event.what for event in all_of(care, CareEvent) if event.pregnancy_id == files[0].id]
    assert ("overdue" in noted) is (states[0] == "moved")


@pytest.mark.parametrize(("days", "states"), [(42, ["active"]), (43, ["moved", "active"])])
def test_a_pregnancy_told_after_an_overdue_one_is_new(care, clock, days, states):
    nursery.pregnancy(care, LAST)
    on(clock, DUE + timedelta(days=days))
    said(care, f"GROSSESSE {DUE:%d/%m/%Y} 70000101")
    assert [file.state for file in all_of(care, Pregnancy)] == states


@pytest.mark.parametrize(("when", "taken"), [("10/03/2026", False), ("1 mois", False), ("27/03/2026", True)])
def test_a_worker_reads_that_a_pregnancy_would_begin_just_after_a_birth(care, clock, when, taken):
    nursery.child(care, date(2026, 2, 27))
    on(clock, date(2026, 3, 28) if taken else date(2026, 3, 20))
    answer = said(care, f"GROSSESSE {when} 70000101")
    assert answer.startswith("Code")
    assert ("Attention : une naissance est notée le 27/02/2026." in answer) is not taken
    assert len(all_of(care, Pregnancy)) == 1


@pytest.mark.parametrize(
    ("born", "taken"),
    [("07/03/2026", True), ("08/03/2026", True), ("04/03/2026", False), ("20/10/2025", False), ("05/10/2025", True)],
)
def test_a_worker_reads_that_the_same_mother_has_a_child_of_nearly_that_day(care, born, taken):
    child = nursery.child(care, date(2026, 3, 7), name="Fanta Diallo")
    answer = said(care, f"NAISSANCE {born} F 70000101 Awa")
    assert answer.startswith("Code")
    known = f"Attention : meme mère que Fanta {codes.of(child.number)}, 07/03/2026."
    assert (known in answer) is not taken
    assert len(answer) <= 160
    assert len(all_of(care, Child)) == 2
