"""Figures of days: the same as a count of everything, whatever came late, whoever counted, and whoever looks."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain, repeat
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update

from smsapp import figures, scopes
from smsapp.db import transaction
from smsapp.figures import counting, crowd, domains, satisfaction, service, spending, traffic
from smsapp.figures.tables import CountedDay, DayFigure
from smsapp.messages import HEARD, STATUSES, GatewayState, Message
from smsapp.people import Number as PersonNumber
from smsapp.people import Person
from smsapp.periodic import PeriodicRun
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.surveys import Response
from tests.village import BAKON, BAMAKO, BOULKA, CENTRAL, KADIOLO, SOTUBA, settle
from workers import jobs

NOW = datetime(2026, 3, 10, 10, tzinfo=UTC)  # where the tests' clock stands
LOOKED_AT = (domains.SURVEYS, domains.MESSAGES, domains.PEOPLE)  # another domain's counts have tests of their own
PLACES = (None, SOTUBA, BOULKA, BAKON, CENTRAL)


@pytest.fixture(autouse=True)
def _few_days(monkeypatch):
    """Each day costs a test some milliseconds."""
    monkeypatch.setattr(counting, "LEAST_DAYS", 10)


def message(at=NOW, **more):
    row = {
        "direction": "mt",
        "number": "+22370000101",
        "gateway": "africastalking",
        "status": "delivered",
        "parts": 1,
        "created_at": at,
        "due_at": at,
        "facility_id": SOTUBA,
        "cost": Decimal(12),
        "currency": "XOF",
    }
    return row | more


def write(rt, *rows):
    with transaction(rt.sessions) as db:
        return db.scalars(insert(Message).returning(Message.id), list(rows)).all()


def count(rt, **more):
    """As the schedule has it done, in a slot of its own; the days of what is looked at in this file."""
    with transaction(rt.sessions) as db:
        db.execute(delete(PeriodicRun))
    return figures.count_days(rt, **({"seconds": 600, "parts": LOOKED_AT} | more))  # however busy the machine is


def by_day(rt, scope=EVERYWHERE, since=date(2026, 1, 1)):
    with transaction(rt.sessions) as db:
        return traffic.by_day(db, rt, scope, since)


def by_month(rt, scope=EVERYWHERE, since=date(2025, 1, 1)):
    with transaction(rt.sessions) as db:
        return traffic.by_month(db, rt, scope, since)


def answered(rt, n, facility=SOTUBA, month=date(2026, 3, 1), score=80.0, items=("respect",)):
    rows = [
        {
            "id": uuid.uuid4(),
            "survey": "satisfaction",
            "revision": "r",
            "facility_id": facility,
            "month": month,
            "channel": "sms",
            "language": "fr",
            "answers": dict.fromkeys(items, 1),
            "score": score,
        }
        for _ in range(n)
    ]
    with transaction(rt.sessions) as db:
        db.execute(insert(Response), rows)


def came(rt, scope=EVERYWHERE, since=date(2026, 3, 1)):
    with transaction(rt.sessions) as db:
        return satisfaction.came(satisfaction.noted(db, rt, scope, since))


# ---- the same as a count of everything

MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "created_at": st.datetimes(datetime(2026, 2, 25), datetime(2026, 3, 10, 9)).map(
                lambda at: at.replace(tzinfo=UTC)
            ),
            "facility_id": st.sampled_from(PLACES),
            "parts": st.integers(1, 3),
            "told": st.sampled_from([(None, None), (Decimal(12), "XOF"), (Decimal("0.8"), "KES"), (Decimal(0), None)]),
            "status": st.sampled_from([("mt", s) for s in STATUSES] + [("mo", s) for s in HEARD]),
        }
    ),
    max_size=30,
)


def counted_by_hand(rt, rows, scope, key):
    """The plainest way to say what the figures mean."""
    found = {}
    for row in rows:
        if not scope.covers(row["facility_id"]):
            continue
        at = row["created_at"].astimezone(rt.settings.timezone).date()
        had = found.setdefault(key(at), {"in": 0, "out": Counter(), "told": 0, "parts": 0, "others": Counter()})
        mo = row["direction"] == "mo"
        had["in"] += mo
        had["out"][row["status"]] += not mo
        if row["cost"] is None:
            had["parts"] += row["parts"] * (row["status"] in {"sending", "sent", "delivered", "unknown"})
        elif row["currency"] == "XOF":
            had["told"] += row["cost"]
        elif row["cost"]:
            had["others"][row["currency"]] += row["cost"]
    return found


def as_by_hand(seen):
    return {
        at: {
            "in": t.received,
            "out": Counter(t.out),
            "told": t.cost.told,
            "parts": t.cost.estimated / 12,
            "others": Counter(t.cost.others),
        }
        for at, t in seen.items()
    }


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drawn=MESSAGES, zone=st.sampled_from(["Africa/Bamako", "Asia/Kathmandu", "America/St_Johns"]))
def test_figures_are_what_one_counts_by_hand(rt, drawn, zone):
    counting.LEAST_DAYS = 14
    rt = replace(rt, settings=replace(rt.settings, timezone=ZoneInfo(zone)))
    with transaction(rt.sessions) as db:
        for table in (Message, DayFigure, CountedDay):
            db.execute(delete(table))
    rows = [
        message()
        | {k: row[k] for k in ("created_at", "facility_id", "parts")}
        | dict(zip(("cost", "currency"), row["told"], strict=True))
        | dict(zip(("direction", "status"), row["status"], strict=True))
        for row in drawn
    ]
    if rows:
        write(rt, *rows)
    count(rt)
    for scope in (EVERYWHERE, Scope(frozenset({SOTUBA})), Scope(frozenset({BOULKA, CENTRAL})), Scope(frozenset())):
        assert as_by_hand(by_day(rt, scope)) == counted_by_hand(rt, rows, scope, lambda at: at)
        assert as_by_hand(by_month(rt, scope)) == counted_by_hand(rt, rows, scope, lambda at: at.replace(day=1))


def test_an_empty_database_has_figures_of_nothing(rt):
    assert (by_day(rt), by_month(rt)) == ({}, {})
    assert count(rt) == counting.LEAST_DAYS + 1
    assert (by_day(rt), by_month(rt), sum(came(rt).values())) == ({}, {}, 0)
    with transaction(rt.sessions) as db:
        assert service.oldest_due(db, rt.now()) is None
        assert service.held_up(db) == []
        assert satisfaction.scores(db, EVERYWHERE, "satisfaction", [date(2026, 3, 1)]) == []


# ---- whose day it is


def test_a_day_and_a_month_begin_at_midnight_where_the_people_live(rt):
    at = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    write(rt, message(at))
    count(rt)
    assert (list(by_day(rt)), list(by_month(rt))) == ([date(2026, 2, 28)], [date(2026, 2, 1)])  # Bamako
    lagos = replace(rt, settings=replace(rt.settings, timezone=ZoneInfo("Africa/Lagos")))
    with transaction(rt.sessions) as db:
        db.execute(delete(DayFigure))
        db.execute(delete(CountedDay))
    count(lagos)
    assert (list(by_day(lagos)), list(by_month(lagos))) == ([date(2026, 3, 1)], [date(2026, 3, 1)])


def test_today_is_shown_as_it_is_and_not_as_it_was_counted(rt):
    [first] = write(rt, message(status="sent"))
    count(rt)
    write(rt, message(direction="mo", status="heard", cost=None), message())
    with transaction(rt.sessions) as db:
        db.execute(update(Message).where(Message.id == first).values(status="failed"))
    today = by_day(rt)[date(2026, 3, 10)]
    assert (today.received, dict(today.out)) == (1, {"failed": 1, "delivered": 1})
    assert by_month(rt)[date(2026, 3, 1)] == today


def test_a_day_with_too_much_is_shown_as_it_was_counted(rt, monkeypatch):
    monkeypatch.setattr(traffic, "LIVE_UP_TO", 1)
    write(rt, message(), message())
    count(rt)
    write(rt, message())
    assert by_day(rt)[date(2026, 3, 10)].written == 2


# ---- late, twice, at once, after an outage


@pytest.mark.parametrize("days_ago", [1, 3, 10, 39])
def test_a_report_that_comes_late_corrects_its_day(rt, clock, days_ago):
    at = NOW - timedelta(days=days_ago)
    [late] = write(rt, message(at, status="sent", cost=None, currency=None))
    count(rt)
    assert dict(by_day(rt)[at.date()].out) == {"sent": 1}
    assert by_day(rt)[at.date()].cost.estimated == 12
    with transaction(rt.sessions) as db:
        told = {"status": "delivered", "cost": Decimal(14), "currency": "XOF"}
        db.execute(update(Message).where(Message.id == late).values(told))
    clock.move(hours=25)
    count(rt)
    assert dict(by_day(rt)[at.date()].out) == {"delivered": 1}
    assert (by_day(rt)[at.date()].cost.told, by_day(rt)[at.date()].cost.estimated) == (14, 0)


def test_a_day_is_counted_a_last_time_and_then_left_alone(rt, clock, monkeypatch):
    monkeypatch.setattr(counting, "LEAST_DAYS", 45)
    count(rt)
    clock.move(days=20)
    assert count(rt) == 20 + 20 + 20  # new ones, those of which something may still be told, and those for a last time
    clock.move(minutes=5)
    assert count(rt) == counting.OPEN_DAYS
    clock.move(days=200)
    assert count(rt) == 200 + 40


def test_a_month_that_is_settled_becomes_one_sum(rt, clock, monkeypatch):
    monkeypatch.setattr(counting, "LEAST_DAYS", 120)
    rows = [message(NOW - timedelta(days=n), facility_id=place) for n in range(0, 120, 3) for place in PLACES]
    write(rt, *rows)
    count(rt)
    for _ in range(2):
        for scope in (EVERYWHERE, Scope(frozenset({BOULKA, CENTRAL}))):
            by_hand = counted_by_hand(rt, rows, scope, lambda at: at.replace(day=1))
            assert as_by_hand(by_month(rt, scope)) == by_hand
        clock.move(minutes=5)
        count(rt)
    days = sorted(at for at in by_day(rt, since=date(2025, 1, 1)) if at < date(2026, 1, 31))
    assert [at for at in days if at.month != 1] == [date(2025, 11, 1), date(2025, 12, 1)]
    assert len(days) > 10  # January's may still change
    with transaction(rt.sessions) as db:
        assert db.scalar(select(func.min(CountedDay.day))) == date(2026, 1, 1)


def test_what_has_gone_leaves_no_figure(rt):
    write(rt, message(facility_id=SOTUBA), message(facility_id=BAKON))
    count(rt)
    with transaction(rt.sessions) as db:
        db.execute(delete(Message).where(Message.facility_id == BAKON))
    count(rt.at(NOW + timedelta(minutes=5)))
    with transaction(rt.sessions) as db:
        left = db.execute(
            select(DayFigure.facility_id, DayFigure.measure, DayFigure.n).where(
                DayFigure.measure.startswith("messages")
            )
        ).all()
    assert sorted(left) == [
        (facility, m, 1) for facility in (-1, SOTUBA) for m in ("messages.cost.XOF", "messages.out.delivered")
    ]


def test_whoever_rings_it_is_done_once_in_five_minutes(rt, clock):
    write(rt, message())
    assert figures.count_days(rt) > 0
    clock.move(minutes=4)
    assert figures.count_days(rt) == 0
    clock.move(minutes=1)
    assert figures.count_days(rt) == counting.OPEN_DAYS


def test_a_run_is_bounded_and_the_next_ones_make_up_for_it(rt, clock):
    write(rt, message(NOW - timedelta(days=90)))
    assert count(rt, seconds=0) == 0
    stops = chain([False, False], repeat(True))
    assert count(rt, stop=lambda: next(stops)) == 2 * counting.DAYS_AT_ONCE
    assert by_month(rt) == {}
    clock.move(minutes=5)
    assert count(rt) == 91 - 20 + counting.OPEN_DAYS
    assert by_month(rt)[date(2025, 12, 1)].written == 1


def test_days_on_which_nobody_counted_are_counted_when_somebody_does(rt, clock):
    count(rt)
    for day in range(1, 30):
        write(rt, *[message(NOW + timedelta(days=day))] * day)
    clock.move(days=30)
    count(rt)
    assert {at: t.written for at, t in by_day(rt).items()} == {
        (NOW + timedelta(days=day)).date(): day for day in range(1, 30)
    }


def test_two_that_count_at_once_count_no_day_twice(live_rt, monkeypatch):
    monkeypatch.setattr(counting, "LEAST_DAYS", 45)
    rt, chance = live_rt, random.Random(1)
    rows = [
        message(NOW - timedelta(hours=chance.randrange(1000)), facility_id=chance.choice(PLACES)) for _ in range(500)
    ]
    write(rt, *rows)
    with transaction(rt.sessions) as db:
        counting._open_days(db, rt, NOW.date())
    begin, done = threading.Barrier(4), []

    def work():
        begin.wait()
        done.append(counting._count_due(rt, NOW, NOW.date(), time.monotonic() + 30, lambda: False, figures.domains.ALL))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), sum(done)) == (4, counting.LEAST_DAYS + 1)
    assert as_by_hand(by_day(rt, since=date(2025, 1, 1))) == counted_by_hand(rt, rows, EVERYWHERE, lambda at: at)


def test_the_job_counts(rt, monkeypatch):
    monkeypatch.setattr(jobs, "runtime", lambda: rt)
    write(rt, message(NOW - timedelta(days=2)))
    jobs.count_days()
    assert by_day(rt)[date(2026, 3, 8)].written == 1


# ---- answers, of which only the month is kept


def test_answers_are_told_by_the_day_though_they_carry_none(rt, clock):
    settle(rt)
    told = {}
    for n in (3, 0, 5, 1):
        if n:
            answered(rt, n)
        told[clock().date()] = n
        count(rt)
        clock.move(days=1)
    answered(rt, 2)
    found = came(rt)
    assert {day: found[day] for day in told if day > NOW.date()} == {d: n for d, n in told.items() if d > NOW.date()}
    assert found[clock().date()] == 2  # not counted yet
    assert sum(found.values()) == 11


def test_answers_of_a_scope_are_its_own(rt, clock):
    settle(rt)
    answered(rt, 4, SOTUBA)
    count(rt)
    clock.move(days=1)
    answered(rt, 3, BAKON)
    count(rt)
    sotuba, bakon = Scope(frozenset({SOTUBA})), Scope(frozenset({BAKON}))
    assert [came(rt, scope)[date(2026, 3, 11)] for scope in (EVERYWHERE, sotuba, bakon)] == [3, 0, 3]
    assert [sum(came(rt, scope).values()) for scope in (EVERYWHERE, sotuba, bakon)] == [7, 4, 3]


def test_answers_of_the_last_minutes_of_a_month_belong_to_it(rt, clock):
    settle(rt)
    clock.at = datetime(2026, 3, 31, 23, 58, tzinfo=UTC)
    answered(rt, 2)
    count(rt)
    answered(rt, 1)
    clock.move(minutes=7)
    answered(rt, 5, month=date(2026, 4, 1))
    count(rt)
    with transaction(rt.sessions) as db:
        noted = satisfaction.noted(db, rt, EVERYWHERE, date(2026, 3, 1))
    assert satisfaction.by_month(noted) == {date(2026, 3, 1): 3, date(2026, 4, 1): 5}
    assert satisfaction.came(noted)[date(2026, 4, 1)] == 5


def test_in_the_end_only_the_month_is_kept(rt, clock, monkeypatch):
    monkeypatch.setattr(counting, "LEAST_DAYS", 0)
    monkeypatch.setattr(counting, "SETTLING_DAYS", 8)
    monkeypatch.setattr(satisfaction, "DAYS_KEPT", 5)
    settle(rt)
    for _ in range(40):
        answered(rt, 1, month=clock().date().replace(day=1))
        count(rt)
        clock.move(days=1)
    here = DayFigure.measure == satisfaction.SO_FAR, DayFigure.facility_id == SOTUBA
    with transaction(rt.sessions) as db:
        days = db.scalars(select(DayFigure.day).where(*here).order_by(DayFigure.day)).all()
        noted = satisfaction.noted(db, rt, EVERYWHERE, date(2026, 3, 1))
    assert days == [date(2026, 3, 31), *(date(2026, 4, 13) + timedelta(days=n) for n in range(6))]
    assert satisfaction.by_month(noted) == {date(2026, 3, 1): 22, date(2026, 4, 1): 18}


def test_people_are_counted_where_they_are_too_many_to_wait_for(rt, clock, monkeypatch):
    settle(rt)
    count(rt)
    clock.move(days=1)
    count(rt)
    with transaction(rt.sessions) as db:
        db.execute(delete(PersonNumber))
        db.execute(delete(Person).where(Person.id < 11))
    with transaction(rt.sessions) as db:
        assert crowd.by_facility(db, EVERYWHERE) == {SOTUBA: 10}
        monkeypatch.setattr(crowd, "LIVE_UP_TO", 9)
        assert crowd.by_facility(db, Scope(frozenset({SOTUBA, BAKON}))) == {SOTUBA: 20}
        assert crowd.by_facility(db, Scope(frozenset({BAKON}))) == {}
        assert len(db.scalars(select(DayFigure.day).where(DayFigure.measure == crowd.KNOWN).distinct()).all()) == 1


def test_a_centre_with_nine_answers_is_in_no_score(rt):
    settle(rt)
    answered(rt, 10, SOTUBA, score=90.0)
    answered(rt, 9, BAKON, score=10.0)
    count(rt)
    with transaction(rt.sessions) as db:
        scores = satisfaction.scores(db, EVERYWHERE, "satisfaction", satisfaction.latest(NOW.date()))
        here = satisfaction.scores(db, Scope(frozenset({BAKON})), "satisfaction", [date(2026, 3, 1)])
    assert [(s.facility_id, s.month, s.n, s.rate.percent) for s in scores] == [(SOTUBA, date(2026, 3, 1), 10, 90.0)]
    assert here == []
    assert satisfaction.together(scores).percent == 90.0


# ---- the service itself


def test_the_oldest_due_message_is_found_in_any_queue_and_priority(rt):
    ages = [("bulk", 7, 5), ("replies", 0, 40), ("bulk", 3, 90), ("replies", 1, -60)]
    write(rt, *[message(status="queued", queue=q, priority=p, due_at=NOW - timedelta(minutes=m)) for q, p, m in ages])
    write(rt, message(status="sent", queue="bulk", due_at=NOW - timedelta(days=9)))
    with transaction(rt.sessions) as db:
        assert service.oldest_due(db, NOW) == NOW - timedelta(minutes=90)
        assert service.oldest_due(db, NOW - timedelta(minutes=91)) is None


def test_gateways_that_stand_still_are_told(rt):
    with transaction(rt.sessions) as db:
        db.add(GatewayState(gateway="africastalking", paused_at=NOW, reason="no balance"))
        db.add(GatewayState(gateway="other", troubled_at=NOW, reason="no route"))
        db.add(GatewayState(gateway="third", resumed_at=NOW))
    with transaction(rt.sessions) as db:
        held = service.held_up(db)
    assert [(h.gateway, h.paused, h.since, h.reason) for h in held] == [
        ("africastalking", True, NOW, "no balance"),
        ("other", False, NOW, "no route"),
    ]


def test_a_month_may_cost_more_than_its_budget(rt):
    rt = replace(rt, settings=replace(rt.settings, monthly_budget=100))
    write(rt, *[message(NOW - timedelta(days=n), cost=Decimal(40)) for n in range(3)])
    write(rt, message(NOW - timedelta(days=15), cost=Decimal(7777)))  # last month's
    count(rt)
    with transaction(rt.sessions) as db:
        cost = traffic.by_month(db, rt, EVERYWHERE, NOW.date())[date(2026, 3, 1)].cost
        spent, here = spending.spent(rt, EVERYWHERE, cost), spending.spent(rt, Scope(frozenset({SOTUBA})), cost)
    assert (spent.cost.francs, spent.percent, spent.over) == (120, 120, True)
    assert spent.projected == round(Decimal(120) * 31 / (9 + Decimal(10) / 24))
    assert (here.budget, here.percent) == (None, None)  # the budget is the whole service's


def test_a_region_sees_its_centres(rt):
    settle(rt)
    write(rt, *[message(facility_id=place) for place in PLACES])
    count(rt)
    with transaction(rt.sessions) as db:
        bamako, kadiolo = scopes.at(db, [BAMAKO]), scopes.at(db, [KADIOLO])
    assert [by_day(rt, scope)[NOW.date()].written for scope in (EVERYWHERE, bamako, kadiolo)] == [5, 3, 1]


# ---- plans


def plan(db, statement):
    compiled = statement.compile(db.connection(), compile_kwargs={"literal_binds": True})
    return "\n".join(db.scalars(text(f"EXPLAIN {compiled}")))


def test_every_query_has_its_index(live_rt, monkeypatch):
    monkeypatch.setattr(counting, "LEAST_DAYS", 45)
    with transaction(live_rt.sessions) as db:
        db.execute(text("TRUNCATE messages CASCADE"))  # indexes keep what earlier tests deleted
    rows = [message(NOW - timedelta(hours=n), number=f"+2237{n:07}", facility_id=n % 50) for n in range(2000)]
    write(live_rt, *rows)
    count(live_rt)
    with transaction(live_rt.sessions) as db:
        db.execute(text("ANALYZE"))
        db.execute(text("SET LOCAL enable_seqscan = off"))
        day = figures.Day(date(2026, 3, 1), NOW.date(), live_rt.settings.timezone)
        [counted] = traffic.count(day)
        assert "ix_messages_created_at" in plan(db, counted.rows.params(counted.values))
        [so_far, scores] = satisfaction.count(figures.Day(date(2026, 3, 10), NOW.date(), live_rt.settings.timezone))
        assert "ix_survey_responses_facility_month" in plan(db, so_far.rows.params(so_far.values))
        assert "ix_survey_responses_facility_month" in plan(db, scores.rows.params(scores.values))
        assert db.scalar(select(func.count(DayFigure.day))) > 1000
