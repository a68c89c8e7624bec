"""Reports that come at the same moment: an alert is raised once, and every later one joins it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import func, select

from smsapp.db import transaction
from smsapp.surveillance import recording, reporters
from smsapp.surveillance.tables import Alert, AlertReport, AlertTold, CaseReport
from tests import outposts
from tests.outposts import ASC, ASC_2, FAR_ASC, HEAD, KOUROUBA, SALA, ZEGOUA, texts
from tests.village import COMMUNE_1, settle


@pytest.fixture
def posts(live_rt):
    settle(live_rt)
    outposts.settle(live_rt)
    return live_rt


def at_once(rt, *told):
    """Each (words, number, village) in a transaction of its own, all begun at the same moment."""
    begin = Barrier(len(told), timeout=5)

    def one(words, number, village_id):
        with transaction(rt.sessions) as db:
            sender = reporters.of_number(db, number)
            with suppress(BrokenBarrierError):
                begin.wait()
            return recording.record(
                db, rt, outposts.said(rt, words), sender, phone=number, channel="sms", village_id=village_id
            )

    with ThreadPoolExecutor(len(told)) as pool:
        return [done.result() for done in [pool.submit(one, *each) for each in told]]


def counts(rt):
    with transaction(rt.sessions) as db:
        return [db.scalar(select(func.count()).select_from(table)) for table in (Alert, AlertReport, AlertTold)]


def test_two_reports_of_one_village_raise_once_and_join_once(posts):
    done = at_once(posts, ("CAS ROUGEOLE F 3", ASC, KOUROUBA), ("CAS ROUGEOLE M 5", ASC_2, KOUROUBA))
    assert sorted((len(one.alerts), len(one.joined)) for one in done) == [(0, 1), (1, 0)]
    assert counts(posts) == [1, 2, 1]
    alert, line = texts(posts)[HEAD]
    assert alert.startswith("ALERTE")
    assert "encore 1 cas, 2 en tout (Kourouba)" in line


def test_eight_reports_of_a_district_raise_each_rule_and_place_once(posts):
    told = [(f"CAS ROUGEOLE F {n}", ASC if n % 2 else ASC_2, KOUROUBA if n % 2 else SALA) for n in range(1, 9)]
    done = at_once(posts, *told)
    raised = sorted(alert.episode.rpartition("/")[0] for one in done for alert in one.alerts)
    assert raised == [f"measles-outbreak/{COMMUNE_1}", f"measles/{KOUROUBA}", f"measles/{SALA}"]
    assert counts(posts)[:2] == [3, 16]


def test_the_same_report_twice_at_once_is_one(posts):
    done = at_once(posts, *[("CAS ROUGEOLE F 3", ASC, KOUROUBA)] * 3)
    assert sorted(one.new for one in done) == [False, False, True]
    assert len({one.report.id for one in done}) == 1
    with transaction(posts.sessions) as db:
        assert db.scalar(select(func.count()).select_from(CaseReport)) == 1


def test_a_cluster_of_two_districts_is_found_from_either_side(posts):
    outposts.move(posts, ZEGOUA, 12.67, -7.94)
    done = at_once(posts, ("CAS COQUELUCHE F 3", ASC, KOUROUBA), ("CAS COQUELUCHE M 4", FAR_ASC, ZEGOUA))
    assert sorted(len(one.alerts) for one in done) == [0, 1]
    assert counts(posts)[:2] == [1, 2]
