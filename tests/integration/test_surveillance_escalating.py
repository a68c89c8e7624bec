"""Alerts that nobody answers: sent again, then from level to level, each step once and on the record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select, update

from smsapp.cli import surveillance as command
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Role
from smsapp.surveillance import alerts
from smsapp.surveillance.escalating import Escalated, escalate
from smsapp.surveillance.tables import Alert, AlertStep, AlertTold
from tests import outposts
from tests.outposts import (
    FAR_ASC,
    FAR_HEAD,
    FAR_OFFICER,
    HEAD,
    NATIONAL,
    NEAR_ASC,
    OFFICER,
    REGIONAL,
    report,
    texts,
)
from tests.village import settle

AGAIN = "Rougeole : 1 cas, F 3 ans, Kourouba. V 1002 = vrai, F 1002 = faux, ?1002 = détails."


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def after(rt, **by):
    """What a run does so long after now."""
    return escalate(rt, rt.now() + timedelta(**by))


def record(db):
    db.expire_all()
    told = db.execute(select(AlertStep.what, AlertStep.told["level"].astext).order_by(AlertStep.id))
    return [(what, level) for what, level in told]


def test_an_alert_climbs_by_the_table_once_a_step(posts, db):
    [alert] = report(posts, "CAS ROUGEOLE F 3").alerts
    assert after(posts, minutes=29) == Escalated()
    assert after(posts, minutes=30) == Escalated(again=1, texts=1)
    assert after(posts, minutes=119) == Escalated()
    for hours, level in ((2, OFFICER), (4, REGIONAL), (6, NATIONAL)):
        assert after(posts, hours=hours) == Escalated(climbed=1, texts=1)
        assert after(posts, hours=hours) == Escalated()
        there = AGAIN.replace("Kourouba", "Kourouba (CSCom Sotuba)")  # they have several centres
        assert texts(posts)[level] == [f"Sans réponse depuis {hours} h. ALERTE 1002 {there}"]
    assert texts(posts)[HEAD] == [f"ALERTE 1002 {AGAIN}", f"Sans réponse depuis 30 min. ALERTE 1002 {AGAIN}"]
    assert after(posts, days=9) == Escalated()
    steps = [("raised", None), ("sent_again", None), ("climbed", "district"), ("climbed", "region")]
    assert record(db) == [*steps, ("climbed", "national")]
    db.expire_all()
    assert (alert := db.get(Alert, alert.id)).next_step_at is None
    assert (alert.steps, alert.told_up_to) == (4, "national")
    told = db.execute(select(AlertTold.step, AlertTold.level).order_by(AlertTold.step)).all()
    assert told == [(0, "facility"), (1, "facility"), (2, "district"), (3, "region"), (4, "national")]


def test_after_a_time_in_which_nothing_ran_every_step_is_taken(posts):
    report(posts, "CAS ROUGEOLE F 3")
    assert after(posts, hours=4, minutes=5) == Escalated(again=1, climbed=2, texts=3)


def test_whoever_answered_is_left_alone(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    db.execute(update(Alert).values(state="verified", answered_at=posts.now(), next_step_at=None))
    db.commit()
    assert after(posts, hours=9) == Escalated()


def test_a_level_without_anybody_is_passed_over(posts, db):
    report(posts, "CAS EBOLA M 30", FAR_ASC)  # Sikasso has no officer
    assert set(texts(posts)) == {FAR_HEAD, FAR_OFFICER}
    assert after(posts, hours=2) == Escalated(again=1, climbed=1, texts=3)
    assert len(texts(posts)[NATIONAL]) == 1
    assert record(db)[-1] == ("climbed", "national")


def test_one_that_went_up_at_once_climbs_from_there(posts, db):
    report(posts, "CAS ROUGEOLE F 3", NEAR_ASC)  # no head: the district heard
    assert after(posts, minutes=30).again == 1
    assert after(posts, hours=2) == Escalated(climbed=1, texts=1)
    assert record(db)[-1] == ("climbed", "region")
    assert [len(told) for told in texts(posts).values()] == [2, 1]


def test_with_nobody_anywhere_each_step_is_on_the_record_all_the_same(posts, db):
    db.execute(delete(Role).where(Role.role.in_(("dtc", "officer", "national"))))
    db.commit()
    report(posts, "CAS ROUGEOLE F 3")
    assert after(posts, hours=9) == Escalated(again=1)
    assert record(db) == [("raised", None), ("sent_again", None)]


def test_what_joined_meanwhile_is_in_the_sum(posts, clock):
    report(posts, "CAS ROUGEOLE F 3")
    clock.move(minutes=11)
    report(posts, "CAS ROUGEOLE F 3")
    after(posts, minutes=30)
    assert texts(posts)[HEAD][-1].startswith("Sans réponse depuis 41 min. ALERTE 1002 Rougeole : 2 cas, Kourouba.")


def test_texts_leave_now_whatever_time_is_asked_about(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    after(posts, hours=2)
    sent = db.execute(select(Message.due_at, Message.priority).where(Message.kind == "outbreak")).all()
    assert sent == [(posts.now(), 0)] * 3


def test_two_runs_at_once_take_each_step_once(live_rt):
    settle(live_rt)
    outposts.settle(live_rt)
    for child in range(3):
        report(live_rt, f"CAS ROUGEOLE F {child + 3}", village_id=(211, 212, 213)[child])
    with ThreadPoolExecutor(4) as pool:
        done = [one.result() for one in [pool.submit(after, live_rt, hours=2) for _ in range(4)]]
    total = sum(done, Escalated())
    assert total == Escalated(again=3, climbed=3, texts=6)
    assert len(texts(live_rt)[HEAD]) == 6


def test_an_answer_and_a_run_at_the_same_moment_do_not_cross(live_rt):
    settle(live_rt)
    outposts.settle(live_rt)
    [alert] = report(live_rt, "CAS ROUGEOLE F 3").alerts
    with transaction(live_rt.sessions) as db:
        held = alerts.hold(db, alert.id)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(after, live_rt, hours=2).result() == Escalated()
        held.state, held.next_step_at = "verified", None
    assert after(live_rt, hours=2) == Escalated()
    with transaction(live_rt.sessions) as db:
        assert db.scalar(select(func.count()).where(AlertTold.step > 0)) == 0


@pytest.fixture
def run(live_rt, monkeypatch):
    monkeypatch.setattr(command, "runtime", lambda: live_rt)
    return lambda *words: CliRunner().invoke(command.group, ["escalate", *words])


def test_the_command_says_what_it_did(run, live_rt):
    settle(live_rt)
    outposts.settle(live_rt)
    report(live_rt, "CAS ROUGEOLE F 3")
    late = (live_rt.now() + timedelta(hours=2)).isoformat()
    assert run().output == "0 sent again, 0 sent to the next level, 0 texts queued\n"
    assert run("--now", late).output == "1 sent again, 1 sent to the next level, 2 texts queued\n"
    assert run("--now", late.replace("+00:00", "Z")).output.startswith("0 sent again")


@pytest.mark.parametrize("told", ["tomorrow", "2026-03-12", "2026-03-12T10:00", "", "2026-13-01T00:00Z"])
def test_a_time_without_its_zone_is_refused_in_one_line(run, told):
    done = run("--now", told)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert "no time with its zone" in done.output


def test_a_slip_in_the_year_sends_nothing(run):
    done = run("--now", "9999-12-31T23:59:59-12:00")
    assert done.exit_code == 1
    assert "more than 366 days from now" in done.output
