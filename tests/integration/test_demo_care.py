"""The demonstration's children and mothers: what the programme changed shows in them, and nothing late is sent."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select, text

from smsapp.people import Number
from smsapp.vaccines import codes, escalating, files, giving, registering, searching, workers
from smsapp.vaccines.planning import MISSED
from smsapp.vaccines.promises import Contact, Search
from smsapp.vaccines.registering import Born
from smsapp.vaccines.reminding import running as reminding
from smsapp.vaccines.tables import Attended, Child, Dose, Pregnancy
from tests import nursery
from tests.nursery import ASC, FAR_ASC, HEAD
from tests.village import MOTHERS

HAD = """
SELECT avg((EXISTS (SELECT FROM doses d WHERE d.child_id = c.id AND d.code = :code AND d.valid))::int)
FROM children c WHERE c.born_on BETWEEN :first AND :last
AND (:of = '' OR EXISTS (SELECT FROM doses d WHERE d.child_id = c.id AND d.code = :of AND d.valid))
"""


@pytest.fixture
def loaded(demo_rt):
    return demo_rt


@pytest.fixture
def db(loaded):
    with loaded.sessions() as db:
        yield db


def rate(db, code, first, last, of=""):
    told = {"code": code, "first": date.fromisoformat(first), "last": date.fromisoformat(last), "of": of}
    return float(db.scalar(text(HAD), told))


def test_the_programme_shows_in_what_children_had(db):
    """Today is 10 March 2026."""
    assert 0.5 < rate(db, "BCG", "2024-06-01", "2025-02-28") < 0.64
    assert 0.84 < rate(db, "BCG", "2025-11-01", "2026-02-28") < 0.98
    assert 0.3 < rate(db, "MR1", "2024-06-01", "2024-08-31", of="BCG") < 0.6
    assert 0.68 < rate(db, "MR1", "2025-02-01", "2025-05-15", of="BCG") < 0.95


def test_there_are_about_nine_hundred_children_and_all_that_belongs_to_them(db):
    tables = (Child, Pregnancy, Search, Contact)
    counts = {table: db.scalar(select(func.count()).select_from(table)) for table in tables}
    assert 850 < counts[Child] < 950
    assert counts[Pregnancy] > counts[Child]
    assert counts[Search] > 150
    assert counts[Contact] > 500
    told = db.execute(select(Dose.source, Dose.valid, Dose.reason).distinct()).all()
    assert {("reported", None, ""), ("card", False, "too_young"), ("card", True, "")} <= {tuple(row) for row in told}
    kinds = dict(db.execute(select(Attended.kind, func.count()).group_by(Attended.kind)).all())
    assert kinds["antenatal"] > 2000
    assert kinds["postnatal"] > 500


def test_doses_are_judged_as_the_service_judges_them(db, loaded):
    chosen = db.scalars(select(Child).where(Child.state == "active").order_by(Child.id)).all()[::30]
    before = dict(db.execute(select(Dose.id, func.concat(Dose.valid, Dose.reason, Dose.on_time))).all())
    for child in chosen:
        giving.settle(db, loaded, child)
    assert len(chosen) > 25
    assert before == dict(db.execute(select(Dose.id, func.concat(Dose.valid, Dose.reason, Dose.on_time))).all())


def pregnancies_of(db, number):
    hers = select(Pregnancy).join(Number, Number.person_id == Pregnancy.mother_id)
    return db.scalars(hers.where(Number.number == number, Pregnancy.state == "active")).all()


def test_the_mothers_of_the_readme(db, loaded):
    today = loaded.local_now().date()
    [due], [missed] = (files.children_of(db, number) for number in MOTHERS[:2])
    plans = giving.plans_of(db, loaded, [due, missed])
    assert (codes.of(due.number), {dose.code for dose in plans[due.id].open}) == (
        codes.of(1001),
        {"PENTA2", "OPV2", "PCV2", "ROTA2"},
    )
    assert {dose.due for dose in plans[due.id].open} == {today}
    assert {dose.code for dose in plans[missed.id].open if dose.state == MISSED} == {"MR1", "YF", "MENA"}
    search = db.scalars(select(Search).where(Search.child_id == missed.id)).one()
    assert (search.closed_on, search.outcome) == (None, None)
    [pregnancy] = pregnancies_of(db, MOTHERS[2])
    assert (today - pregnancy.last_period).days == 27 * 7
    for number in MOTHERS:
        assert files.children_of(db, number) or pregnancies_of(db, number), number


def test_workers_have_villages_and_every_village_a_worker(db):
    asc, far, head = (workers.of_number(db, number) for number in (ASC, FAR_ASC, HEAD))
    assert (len(asc.villages), len(far.villages), head.villages) == (2, 2, ())
    for facility_id, village_id in db.execute(select(Child.facility_id, Child.village_id).distinct()):
        assert workers.answering(db, facility_id, village_id)
        assert workers.at(db, facility_id, workers.HEAD)


def test_a_start_sends_few_texts_and_nothing_late(db, loaded):
    today = loaded.local_now().date()
    for table in (Child, Pregnancy):
        assert db.scalar(select(func.count()).where(table.look_on < today)) == 0
    assert searching.open_searches(loaded, today) == 0
    assert escalating.escalate(loaded, today) == 0
    told = reminding.remind(loaded, today)
    assert 0 < told.texts < 10
    assert told.not_sent["outage"] == 0
    assert reminding.remind(loaded, today).texts == 0


def test_the_next_code_follows(db, loaded):
    last = db.scalar(select(func.max(Child.number)))
    mother = nursery.mother_of(db, MOTHERS[0])
    born = Born(loaded.local_now().date(), mother.facility_id, mother_id=mother.id)
    new = registering.child(db, loaded, born, by=None, channel="console", key="new")
    assert new.number > last
