"""Reports of cases are written down once each, where they belong."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from smsapp.surveillance.weeks import Week
from tests import outposts
from tests.outposts import ASC_2, KOUROUBA, SALA, STRANGER
from tests.village import COMMUNE_1, SOTUBA, settle
from workers import jobs


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def test_a_report_is_written_where_its_worker_is(posts):
    made = outposts.report(posts, "CAS ROUGEOLE F 3")
    row = made.report
    assert (made.new, row.number, row.standing, row.kind) == (True, 1001, "counted", "case")
    assert (row.disease, row.sex, row.age_count, row.age_unit) == ("measles", "female", 3, "years")
    assert (row.village_id, row.facility_id, row.district_id) == (KOUROUBA, SOTUBA, COMMUNE_1)


def test_the_same_report_within_ten_minutes_is_one(posts, clock):
    first = outposts.report(posts, "CAS ROUGEOLE F 3").report
    again = outposts.report(posts, "rougeole 3 ans fille")
    assert (again.new, again.report.id) == (False, first.id)
    assert outposts.report(posts, "CAS ROUGEOLE M 3").new
    assert outposts.report(posts, "CAS ROUGEOLE F 3", ASC_2, village_id=SALA).new
    clock.move(minutes=10)
    assert outposts.report(posts, "CAS ROUGEOLE F 3").new


def test_a_strangers_report_is_a_signal(posts):
    made = outposts.report(posts, "CAS ROUGEOLE F 3", STRANGER)
    assert (made.report.standing, made.report.facility_id, made.alerts) == ("signal", None, ())
    assert not outposts.report(posts, "CAS ROUGEOLE F 3", STRANGER).new


@pytest.mark.parametrize(
    ("day", "monday"),
    [(9, 2), (11, 2), (12, 2), (15, 2), (16, 9)],  # from Monday to Sunday, and the next Monday
)
def test_nothing_to_report_speaks_of_the_week_before(posts, clock, day, monday):
    clock.at = datetime(2026, 3, day, 10, 0, tzinfo=UTC)
    assert outposts.report(posts, "99").report.week == date(2026, 3, monday)
    assert outposts.report(posts, "CAS ROUGEOLE F 3").report.week == Week.of(clock.at.date()).monday


def test_a_week_that_is_named_is_another_report(posts, clock):
    clock.at = datetime(2026, 3, 15, 10, 0, tzinfo=UTC)
    for words, monday in (("99", 2), ("99 S11", 9), ("99 S10", 2)):
        assert outposts.report(posts, words).report.week == date(2026, 3, monday)
    assert not outposts.report(posts, "RAS").new


def test_what_texts_cause_leaves_before_more_is_heard(rt, monkeypatch):
    heard, order = iter([3, 2, 0]), []
    monkeypatch.setattr(jobs, "runtime", lambda: rt)
    monkeypatch.setattr(jobs.conversations, "hear_waiting", lambda *_: order.append("hear") or next(heard))
    monkeypatch.setattr(jobs.outbox, "deliver", lambda *_, **__: order.append("deliver"))
    jobs.hear()
    assert order == ["hear", "deliver", "hear", "deliver", "hear"]
