"""Cohorts: who is of age, who has the dose, and who is left out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from smsapp.db import transaction
from smsapp.vaccines import cohorts, giving, registering
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.cohorts import CohortFigure
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.measures import of_age
from smsapp.vaccines.registering import Born
from smsapp.vaccines.schedule import Span
from smsapp.vaccines.tables import Attended, Child, Pregnancy
from tests import nursery
from tests.village import SOTUBA, settle

TODAY = date(2026, 3, 10)  # of the tests' clock
BY = Giver("console")
MONTH = date(2024, 12, 1)


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def born(rt, on, name, **doses):
    """A child of this day, and what she was given by days of age."""
    made = nursery.child(rt, TODAY, name=name)
    with transaction(rt.sessions) as db:
        child = db.get_one(Child, made.id)
        child.born_on = on
        for place, (code, days) in enumerate(doses.items()):
            giving.give(db, rt, child, [code], on + timedelta(days=days), BY, key=f"{name}{place}")
    return made


def figures(rt, month=MONTH):
    with transaction(rt.sessions) as db:
        cohorts.recount(db, rt, [SOTUBA])
        row = db.scalar(
            select(CohortFigure).where(CohortFigure.month == month).execution_options(populate_existing=True)
        )
        return (row.children, row.figures) if row else None


def test_each_measure_has_its_own_children(care):
    day = date(2024, 12, 10)  # fifteen months old today
    born(care, day, "Awa", BCG=10, PENTA1=42, PENTA2=70, PENTA3=98, MR1=280)
    born(care, day, "Issa", BCG=40, PENTA1=60)
    born(care, day, "Sira")
    born(care, date(2024, 12, 11), "Moussa", BCG=1)  # one day too young for the second dose of measles
    children, told = figures(care)
    assert children == 4
    assert told["cover.BCG"] == [3, 4]
    assert told["time.BCG"] == [2, 4]
    assert told["cover.PENTA3"] == [1, 4]
    assert told["dropout.PENTA1.PENTA3"] == [1, 2]
    assert told["dropout.BCG.MR1"] == [1, 3]
    assert told["cover.MR2"] == [0, 3]
    assert told["dropout.MR1.MR2"] == [0, 1]
    assert told["zero"] == [2, 4]
    assert told["full"] == [0, 4]


def test_who_left_before_the_age_and_who_waits_for_her_centre_are_in_no_figure(care):
    gone, waits = born(care, date(2024, 12, 10), "Awa", BCG=1), born(care, date(2024, 12, 10), "Issa", BCG=1)
    with transaction(care.sessions) as db:
        left = {"state": "dead", "ended_on": date(2025, 2, 1)}
        db.execute(update(Child).where(Child.id == gone.id).values(left))
        db.execute(update(Child).where(Child.id == waits.id).values(confirmed_on=None))
    children, told = figures(care)
    assert (children, told["cover.BCG"], told["cover.PENTA1"], told["cover.PENTA3"]) == (1, [1, 1], [0, 1], [0, 0])


def test_mothers_count_in_the_month_in_which_they_gave_birth(care):
    made = nursery.pregnancy(care, TODAY - timedelta(days=270))
    day = date(2026, 1, 10)
    with transaction(care.sessions) as db:
        row = db.get_one(Pregnancy, made.id)
        row.state, row.due_on, row.ended_on = "born", day, day
        told = {"pregnancy_id": row.id, "recorded_at": care.now(), "channel": "console"}
        start = day - TERM
        before = [("antenatal", start + timedelta(weeks=n)) for n in (12, 24, 30, 36)]
        for kind, on in [*before, ("postnatal", day + timedelta(days=3)), ("postnatal", day + timedelta(days=42))]:
            db.add(Attended(**told, kind=kind, on=on))
        one = Born(day, SOTUBA, mother_id=row.mother_id, born_at="centre", pregnancy_id=row.id)
        registering.child(db, care, one, by=None, channel="console", key="b")
    children, told = figures(care, date(2026, 1, 1))
    assert children == 1
    assert {name: told[name] for name in ("antenatal4", "postnatal", "postnatal6", "births")} == {
        "antenatal4": [1, 1],
        "postnatal": [1, 1],
        "postnatal6": [1, 1],
        "births": [1, 1],
    }


@pytest.mark.parametrize(
    ("weeks", "n"),
    [
        ((16.9, 20, 29, 42.9), 1),  # the edges of the windows
        ((12, 17, 24, 30, 36), 1),  # one more, between two of them, takes nothing away
        ((12, 18, 30, 36), 0),
        ((39, 39.2, 39.4, 39.6), 0),  # four days of one week
        ((12, 13, 24, 30), 0),
    ],
)
def test_four_visits_are_one_in_each_window(care, weeks, n):
    made = nursery.pregnancy(care, TODAY - timedelta(days=295))
    with transaction(care.sessions) as db:
        row = db.get_one(Pregnancy, made.id)
        row.state, row.ended_on = "born", TODAY
        told = {"pregnancy_id": row.id, "recorded_at": care.now(), "channel": "console", "kind": "antenatal"}
        days = {row.due_on - TERM + timedelta(days=int(7 * week)) for week in weeks}
        db.add_all(Attended(**told, on=on) for on in days)
    assert figures(care, TODAY.replace(day=1))[1]["antenatal4"] == [n, 1]


@pytest.mark.parametrize(("days", "n"), [(41, 0), (42, 1), (49, 1), (50, 0)])
def test_a_visit_of_the_sixth_week_has_the_window_of_its_reminder(care, days, n):
    made = nursery.pregnancy(care, TODAY - timedelta(days=290))
    with transaction(care.sessions) as db:
        row = db.get_one(Pregnancy, made.id)
        row.state, row.ended_on = "born", TODAY - timedelta(days=60)
        on = row.ended_on + timedelta(days=days)
        db.add(Attended(pregnancy_id=row.id, kind="postnatal", on=on, recorded_at=care.now(), channel="console"))
    assert figures(care, date(2026, 1, 1))[1]["postnatal6"] == [n, 1]


def test_a_cohort_that_is_empty_now_goes(care):
    made = born(care, date(2024, 12, 10), "Awa")
    assert figures(care)
    with transaction(care.sessions) as db:
        db.get_one(Child, made.id).born_on = date(2025, 1, 10)
    assert figures(care) is None


@pytest.mark.parametrize(
    ("age", "today", "last"),
    [
        (Span("months", 9), date(2026, 2, 28), date(2025, 5, 31)),
        (Span("months", 9), date(2026, 2, 27), date(2025, 5, 27)),
        (Span("weeks", 6), date(2026, 3, 10), date(2026, 1, 27)),
        (Span("months", 12), date(2025, 2, 28), date(2024, 2, 29)),
    ],
)
def test_the_last_birth_that_is_of_age(age, today, last):
    assert of_age(age, today).last == last
