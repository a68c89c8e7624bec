"""Alerts where something comes late, is overruled, or changes while they are open: none is lost, none is left over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number
from smsapp.surveillance import (
    alerting,
    alerts,
    clocks,
    duty,
    locks,
    recording,
    reporters,
    response,
    rulebook,
    rules,
    telling,
    verdicts,
)
from smsapp.surveillance.acting import By
from smsapp.surveillance.escalating import escalate
from smsapp.surveillance.rules import Rule, usual
from smsapp.surveillance.said import Told
from smsapp.surveillance.tables import Alert, CaseReport
from tests import outposts
from tests.counting import hearing
from tests.outposts import ASC, ASC_2, HEAD, KOUROUBA, NEAR_ASC, OFFICER, SALA, STRANGER, report, texts
from tests.village import COMMUNE_1, SOTUBA, settle


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def do(rt, phone, number, deed, *said, **told):
    """As a conversation does: found, held and written down in one transaction."""
    with transaction(rt.sessions) as db:
        alert, post = alerts.find(db, duty.of_number(db, phone), number)
        deed(db, rt, alert, By.of(post, "sms"), *said, **told)
        return alert.number


def known(db):
    db.expire_all()
    return [(one.number, one.rule, one.state) for one in db.scalars(select(Alert).order_by(Alert.id))]


def ruled(rt, *new):
    with transaction(rt.sessions) as db:
        rulebook.save(db, new, "", None, rt.now())


def test_a_result_that_takes_weeks_raises_the_epidemic(posts, db, clock):
    report(posts, "CAS PFA F 3")
    do(posts, HEAD, 1002, verdicts.verify)
    clock.move(days=25)
    do(posts, HEAD, 1002, response.lab, "positive", posts.local_now().date())
    assert known(db) == [(1002, "afp", "verified"), (1003, "afp-confirmed", "open")]
    assert (
        "ALERTE 1003 ÉPIDÉMIE Paralysie flasque aiguë : 1 cas confirmé, F 3 ans, Commune I."
        in texts(posts)[OFFICER][-1]
    )
    do(posts, HEAD, 1003, verdicts.verify)
    do(posts, HEAD, 1003, response.close, "closed")
    clock.move(days=60)
    do(posts, HEAD, 1002, response.lab, "negative", posts.local_now().date())
    do(posts, HEAD, 1002, response.lab, "positive", posts.local_now().date())
    assert len(known(db)) == 2


def test_one_is_one(posts):
    report(posts, "CAS ROUGEOLE F 1 AN")
    assert ": 1 cas, F 1 an, Kourouba." in texts(posts)[HEAD][0]


def test_what_a_stranger_told_is_judged_weeks_later_and_alerts(posts, db, clock):
    made = report(posts, "CAS CHOLERA F 9", STRANGER, village_id=KOUROUBA)
    clock.move(days=20)
    with transaction(posts.sessions) as held:
        recording.judge(held, posts, made.report.id, True, SOTUBA, None, channel="console")
    assert [rule for _, rule, _ in known(db)] == ["cholera"]


def test_an_outbreak_without_any_case_left_wakes_nobody(posts, db, clock):
    two = Rule("cholera-two", "cholera", "count", "epidemic", "district", cases=2, days=7)
    ruled(posts, *(one for one in rules.usual() if one.disease == "cholera"), two)
    report(posts, "CAS CHOLERA M 9")
    report(posts, "CAS CHOLERA M 8", ASC_2, village_id=SALA)
    numbers = {(rule, place): n for n, rule, place in db.execute(select(Alert.number, Alert.rule, Alert.place_id))}
    outbreak = numbers["cholera-two", COMMUNE_1]
    do(posts, HEAD, numbers["cholera", KOUROUBA], verdicts.dismiss)
    assert (outbreak, "cholera-two", "open") in known(db)
    do(posts, HEAD, numbers["cholera", SALA], verdicts.dismiss)
    assert (outbreak, "cholera-two", "closed") in known(db)
    assert texts(posts)[OFFICER][-1] == f"Alerte {outbreak} Choléra : plus aucun cas (Commune I). Alerte fermée."
    assert escalate(posts, posts.now() + timedelta(days=2)).texts == 0
    clock.move(minutes=11)
    for village in (KOUROUBA, SALA):  # the district knows better
        do(posts, OFFICER, numbers["cholera", village], verdicts.verify)
    assert [state for _, rule, state in known(db) if rule == "cholera-two"] == ["closed", "open"]


def test_the_number_of_a_report_leads_to_the_nearest_alert(posts, db):
    for age in (2, 3, 4, 5, 6):
        report(posts, f"CAS ROUGEOLE F {age}")
    last = db.scalars(select(CaseReport.number).order_by(CaseReport.id.desc())).first()
    number = do(posts, HEAD, last, verdicts.dismiss)
    assert (number, "measles", "false") in known(db)
    assert do(posts, HEAD, last, verdicts.verify) == number  # the district's outbreak is none of hers


def test_a_rule_of_another_area_is_another_rule(posts, db):
    ruled(posts, Rule("wide", "measles", "count", "alert", "village", cases=1, days=7))
    report(posts, "CAS ROUGEOLE F 3")
    ruled(posts, Rule("wide", "measles", "count", "epidemic", "district", cases=2, days=7))
    report(posts, "CAS ROUGEOLE F 4")
    found = [(one.within, one.level) for one in db.scalars(select(Alert).order_by(Alert.id))]
    assert found == [("village", "alert"), ("district", "epidemic")]


def test_a_rise_within_a_village_is_told_to_its_centre(posts, db, clock):
    ruled(posts, Rule("rise", "malaria_fever", "growth", "alert", "village", cases=4, times=2, weeks=1))
    report(posts, "CAS PALU F 4")
    clock.move(days=7)
    report(posts, "CAS PALU F 4")
    clock.move(days=7)
    report(posts, "CAS PALU 5 CAS")
    assert alerting.look_all(posts, posts.local_now().date()) == 1
    [alert] = db.scalars(select(Alert)).all()
    assert (alert.place_id, alert.facility_id) == (KOUROUBA, SOTUBA)
    assert list(texts(posts)) == [HEAD]


def test_whoever_a_cluster_grows_to_hears_of_it(posts, db):
    """Kourouba and Djoumanzana are two kilometres apart, and of two centres."""
    ruled(posts, *(rule for rule in usual() if rule.key == "pertussis"))
    report(posts, "CAS COQUELUCHE F 1 AN")
    report(posts, "CAS COQUELUCHE M 2 ANS")
    assert list(texts(posts)) == [HEAD]
    report(posts, "CAS COQUELUCHE M 3 ANS", NEAR_ASC)  # of a centre without a head: the district answers
    [alert] = db.scalars(select(Alert)).all()
    assert texts(posts)[OFFICER] == [
        f"ALERTE {alert.number} Coqueluche : 3 cas, Kourouba (10 km). "
        f"V {alert.number} = vrai, F {alert.number} = faux, ?{alert.number} = détails."
    ]
    assert "encore 1 cas (Djoumanzana), 3 en tout" in texts(posts)[HEAD][-1]
    report(posts, "CAS COQUELUCHE M 4 ANS", NEAR_ASC)
    assert [len(texts(posts)[phone]) for phone in (HEAD, OFFICER)] == [3, 2]
    do(posts, OFFICER, alert.number, verdicts.verify)


def test_a_rate_of_a_centre_is_that_of_its_people(posts, db):
    told = {"rate": 50, "weeks": 1, "small": 5000, "small_cases": 2}
    ruled(posts, Rule("dense", "meningitis", "rate", "alert", "facility", **told))
    report(posts, "CAS MENINGITE F 3")
    report(posts, "CAS MENINGITE F 4")  # of 14,000 people, seven would be as many
    assert known(db) == []
    report(posts, "CAS MENINGITE 5 CAS")
    assert len(known(db)) == 1


def test_the_clock_says_the_step_that_is_taken(posts, db, clock):
    [alert] = report(posts, "CAS ROUGEOLE M 1", NEAR_ASC).alerts  # the centre has no head: the district was told
    way = telling.way_of(posts, alert)
    assert clocks.upcoming(alert, way).what == "again"
    escalate(posts, posts.now() + timedelta(minutes=30))
    db.expire_all()
    assert clocks.upcoming(db.get(Alert, alert.id), way).what == "region"


def correct(rt, number, **told):
    with transaction(rt.sessions) as db:
        return recording.correct(db, rt, number, Told(**told), reporters.of_number(db, ASC), channel="sms")


def test_what_was_another_disease_counts_as_that(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    do(posts, HEAD, 1002, verdicts.dismiss, reason="other_disease")
    assert [one.standing for one in db.scalars(select(CaseReport))] == ["dismissed"]
    assert [one.rule for one in correct(posts, 1001, disease="cholera").alerts] == ["cholera"]
    assert known(db) == [(1002, "measles", "false"), (1003, "cholera", "open")]
    do(posts, HEAD, 1003, verdicts.verify)
    db.expire_all()
    assert [one.standing for one in db.scalars(select(CaseReport))] == ["counted"]


def test_locks_are_taken_in_one_order(db):
    districts = []
    with hearing(db, lambda said, told, many: districts.append(told["district"])):
        locks.take(db, [("pertussis", None), ("pertussis", 7), ("measles", None), ("measles", 3)])
    assert sorted(districts[:2]) == [3, 7]
    assert districts[2:] == [0, 0]


def test_nobody_reads_of_a_case_on_a_phone_that_was_borrowed(posts, db):
    report(posts, "CAS ROUGEOLE F 3", phone=STRANGER)
    own = Number.person_id == outposts.person_id(posts, ASC)
    db.execute(update(Number).where(own).values(main=False))  # her family's
    do(posts, HEAD, 1002, verdicts.verify)
    db.execute(delete(Number).where(own))
    do(posts, HEAD, 1002, response.assess, "high")
    heard = db.execute(select(Message.number, Message.text).where(Message.kind == "alert")).all()
    assert [number for number, _ in heard] == [ASC]
