"""What the first page says of savings groups: what members brought, and which groups somebody should look at."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from smsapp import figures
from smsapp.db import transaction
from smsapp.figures.domains import savings
from smsapp.figures.tables import TOTAL, DayFigure
from smsapp.savings import ledger
from smsapp.savings.book import Dispute
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Group
from tests.desk import Desk
from tests.hamlet import cards, found
from tests.village import CENTRAL, SOTUBA, settle


@pytest.fixture(autouse=True)
def _few_days(monkeypatch):
    monkeypatch.setattr(figures.counting, "LEAST_DAYS", 10)


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt, members=3)


def put(rt, group, key, francs=1500, days_ago=0, account="savings", kind="deposit"):
    member, day = cards(rt, group)[0], rt.local_now().date() - timedelta(days=days_ago)
    lines = [Line("cash", francs), Line(account, -francs, member.id)]
    with transaction(rt.sessions) as db:
        return ledger.book(db, rt.now(), day, group.id, Entry(kind, lines, key, "ussd"))


def see(desk):
    """The words of the first page."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub("<[^>]*>", " ", desk.see("/")))


def counted(rt):
    with transaction(rt.sessions) as db:
        rows = select(DayFigure.facility_id, DayFigure.day, DayFigure.n, DayFigure.amount)
        return {
            (at, day): (n, int(much))
            for at, day, n, much in db.execute(rows.where(DayFigure.measure == "savings.brought"))
        }


def test_contributions_are_counted_by_day_and_place(rt, group):
    away = found(rt, members=1, kind="tontine", phones=False, facility_id=CENTRAL, name="Niéta")
    put(rt, group, "a")
    put(rt, group, "b", 500)
    put(rt, group, "c", 700, days_ago=1)
    put(rt, group, "f", 250, account="fines", kind="fine")
    put(rt, away, "d", 2500, account="pot", kind="round")
    wrong = put(rt, group, "e", 2000)
    with transaction(rt.sessions) as db:
        back = ledger.reversal(db, wrong, key="r", channel="ussd", entered_by=None, reason="trompée")
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, back)
    figures.count_days(rt)
    today = rt.local_now().date()
    assert counted(rt) == {
        (SOTUBA, today): (2, 2000),
        (CENTRAL, today): (1, 2500),
        (TOTAL, today): (3, 4500),
        (SOTUBA, today - timedelta(days=1)): (1, 700),
        (TOTAL, today - timedelta(days=1)): (1, 700),
    }


def test_the_first_page_tells_what_was_brought_as_it_is_now(rt, group):
    put(rt, group, "a", 700, days_ago=1)
    figures.count_days(rt)
    put(rt, group, "b")
    desk = Desk.of(rt, "facility", places=[SOTUBA], language="en")
    words = "Contributions to savings groups 1,500 FCFA today, 1 contribution 2,200 FCFA this week, 2 contributions"
    assert words in see(desk)
    away = Desk.of(rt, "facility", places=[CENTRAL], name="Une autre", language="en")
    assert "Contributions" not in see(away)


def test_groups_that_somebody_should_look_at_are_a_link_away(rt, group):
    desk = Desk.of(rt, "programme", language="en")
    assert "open dispute" not in see(desk)
    posting = put(rt, group, "a")
    with transaction(rt.sessions) as db:
        told = {"posting_id": posting.id, "group_id": group.id, "member_id": cards(rt, group)[0].id}
        db.add(Dispute(**told, opened_at=rt.now()))
        db.get_one(Group, group.id).every_days = 7
        late = rt.local_now().date() - timedelta(days=12)
        # A cycle never changes: this one began anew, earlier.
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(text("UPDATE savings_cycles SET started_on = :late"), {"late": late})
    page = see(desk)
    assert "1 savings group has an open dispute" in page
    assert "1 savings group did not meet when due" in page
    for state in ("dispute", "missed"):
        assert f'href="/savings?state={state}"' in desk.see("/")
        assert "Benkadi" in desk.see(f"/savings?state={state}")
    away = Desk.of(rt, "viewer", places=[CENTRAL], language="en")
    assert "savings group" not in see(away)


def test_a_day_is_found_by_its_index(rt, group):
    put(rt, group, "a")
    day = figures.Day(rt.local_now().date(), rt.local_now().date(), rt.settings.timezone)
    with transaction(rt.sessions) as db:
        db.execute(text("SET LOCAL enable_seqscan = off"))
        # As nobody has looked at the table yet: of a table known to have one row every index is as good.
        db.execute(text("DELETE FROM pg_statistic WHERE starelid = 'savings_postings'::regclass"))
        db.execute(text("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relname = 'savings_postings'"))
        [count] = savings.count(day)
        statement = count.rows.params(count.values).compile(db.connection(), compile_kwargs={"literal_binds": True})
        assert "ix_savings_postings_day" in "\n".join(db.scalars(text(f"EXPLAIN {statement}")))
