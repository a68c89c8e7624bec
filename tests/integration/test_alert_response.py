"""What is done about a real alert: risk, actions, laboratory, its end; and the dates of 7-1-7 from all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.refusals import Refused
from smsapp.surveillance import alerts, duty, response, timeline, verdicts
from smsapp.surveillance.acting import By
from smsapp.surveillance.tables import Alert, AlertAction, AlertStep, CaseReport
from tests import outposts
from tests.handset import Handset
from tests.outposts import ASC, ASC_2, FAR_ASC, FAR_HEAD, HEAD, OFFICER, SALA
from tests.village import COMMUNE_1, KADIOLO, settle

TODAY = date(2026, 3, 10)


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def do(rt, phone, number, deed, *said, **told):
    """As a conversation does: found, held and written down in one transaction."""
    with transaction(rt.sessions) as db:
        alert, post = alerts.find(db, duty.of_number(db, phone), number)
        return deed(db, rt, alert, By.of(post, "ussd"), *said, **told)


def real(rt, words="CAS ROUGEOLE F 3", number=ASC, head=HEAD, since=None, **more):
    """The number of an alert that the head found real."""
    [alert] = outposts.report(rt, words, number, **more).alerts
    do(rt, head, alert.number, verdicts.verify, since=since)
    return alert.number


def refused(*said, **told):
    with pytest.raises(Refused) as no:
        do(*said, **told)
    return no.value.key


def one(db, number):
    db.expire_all()
    return db.scalars(select(Alert).where(Alert.number == number)).one()


def ticked(db, number):
    db.expire_all()
    rows = db.scalars(select(AlertAction).where(AlertAction.alert_id == one(db, number).id))
    return {row.action: row.done_on for row in rows}


def heard(db, phone=ASC):
    return db.scalars(
        select(Message.text)
        .where(Message.number == phone, Message.kind.in_(("alert", "feedback")))
        .order_by(Message.id)
    ).all()


def steps(db, number):
    return db.scalars(
        select(AlertStep.what).where(AlertStep.alert_id == one(db, number).id).order_by(AlertStep.id)
    ).all()


def test_the_risk_is_assessed_and_may_change(posts, db):
    number = real(posts)
    assert do(posts, HEAD, number, response.assess, "high")
    assert not do(posts, HEAD, number, response.assess, "high")
    assert do(posts, OFFICER, number, response.assess, "very_high")
    alert = one(db, number)
    assert (alert.risk, alert.risk_at) == ("very_high", posts.now())
    assert ticked(db, number) == {"analysis": TODAY}
    assert steps(db, number).count("risk") == 2
    assert heard(db)[-1].endswith("risque très élevé, dit le district.")


def test_actions_are_ticked_off_by_key_or_number_once_with_a_day(posts, db):
    number = real(posts)
    assert do(posts, HEAD, number, response.act, "investigate", date(2026, 3, 9))
    assert not do(posts, HEAD, number, response.act, "1", date(2026, 3, 9))
    assert do(posts, HEAD, number, response.act, "5", TODAY)
    assert do(posts, HEAD, number, response.act, "vaccinate", None)
    assert do(posts, HEAD, number, response.act, "coordination", None)
    assert ticked(db, number) == {
        "investigate": date(2026, 3, 9),
        "investigation": date(2026, 3, 9),
        "inform": TODAY,
        "risk_communication": TODAY,
        "vaccinate": None,
        "coordination": None,
        "public_health_measures": None,  # here nothing else is one
    }
    assert heard(db)[1:] == [
        "Merci Moussa. Rougeole, rapport 1001. C'est fait : Enquêter sur place.",
        "Merci Moussa. Rougeole, rapport 1001. C'est fait : Informer la communauté.",
    ]


def test_another_day_of_an_action_counts_and_is_told_no_second_time(posts, db):
    number = real(posts)
    do(posts, HEAD, number, response.act, "sample", date(2026, 3, 9))
    assert do(posts, HEAD, number, response.act, "sample", date(2026, 3, 8))
    assert ticked(db, number) == {"sample": date(2026, 3, 8)}
    assert len(heard(db)) == 2
    last = db.scalars(select(AlertStep).order_by(AlertStep.id.desc())).first()
    assert (last.told["on"], last.told["before"]) == ("2026-03-08", "2026-03-09")


@pytest.mark.parametrize(
    ("what", "key"),
    [
        ((response.act, "dance", TODAY), "alert.action"),
        ((response.act, "0", TODAY), "alert.action"),
        ((response.act, "13", TODAY), "alert.action"),
        ((response.act, "²", TODAY), "alert.action"),
        ((response.act, "sample", date(2026, 3, 11)), "alert.day"),
        ((response.act, "sample", date(2025, 3, 1)), "alert.day"),
        ((response.lab, "positive", date(2026, 3, 11)), "alert.day"),
    ],
)
def test_what_can_not_be_is_not_written_down(posts, db, what, key):
    number = real(posts)
    assert refused(posts, HEAD, number, *what) == key
    assert ticked(db, number) == {}


def test_nothing_is_done_about_what_is_open_or_not_real(posts):
    [alert] = outposts.report(posts, "CAS ROUGEOLE F 3").alerts
    deeds = [(response.assess, "low"), (response.act, "sample", TODAY), (response.close, "closed")]
    assert {refused(posts, HEAD, alert.number, *deed) for deed in deeds} == {"alert.not_verified"}
    do(posts, HEAD, alert.number, verdicts.dismiss)
    deeds.append((response.lab, "positive", TODAY))
    assert {refused(posts, HEAD, alert.number, *deed) for deed in deeds} == {"alert.not_real"}


def test_a_result_confirms_the_cases_and_the_rules_look_again(posts, db):
    number = real(posts, "CAS CHOLERA F 9")
    assert do(posts, OFFICER, number, response.lab, "positive", date(2026, 3, 9))
    assert not do(posts, OFFICER, number, response.lab, "positive", date(2026, 3, 9))
    alert, [report] = one(db, number), db.scalars(select(CaseReport)).all()
    assert (alert.lab, alert.lab_on, report.lab, report.lab_on) == ("positive", date(2026, 3, 9)) * 2
    assert ticked(db, number) == {"laboratory": date(2026, 3, 9)}
    [rose] = db.scalars(select(Alert).where(Alert.rule == "cholera-confirmed")).all()
    assert (rose.level, rose.place_id, rose.state) == ("epidemic", COMMUNE_1, "open")
    assert "le laboratoire confirme la maladie" in heard(db)[-1]


def test_a_result_of_one_report_confirms_that_one_alone(posts, db):
    number = real(posts)
    other = outposts.report(posts, "CAS ROUGEOLE M 4")
    assert [alert.number for alert in other.joined] == [number]
    do(posts, OFFICER, number, response.lab, "negative", TODAY, reports=[other.report.number])
    assert one(db, number).lab == "negative"
    do(posts, OFFICER, number, response.lab, "positive", TODAY, reports=[1001])
    assert one(db, number).lab == "positive"
    assert db.scalars(select(CaseReport.lab).order_by(CaseReport.id)).all() == ["positive", "negative"]
    assert refused(posts, OFFICER, number, response.lab, "positive", TODAY, reports=[9999]) == "alert.no_reports"


def test_a_negative_result_is_told_too_and_may_come_late(posts, db):
    number = real(posts, number=ASC_2, village_id=SALA)
    do(posts, HEAD, number, response.close, "closed")
    do(posts, HEAD, number, response.lab, "negative", TODAY)
    assert heard(db, ASC_2)[-1].startswith("I ni ce Sira.")
    assert not db.scalars(select(Alert).where(Alert.number != number)).all()


def test_it_ends_with_an_outcome_once(posts, db, clock):
    number = real(posts)
    clock.move(days=2)
    assert do(posts, OFFICER, number, response.close, "confirmed_signal")
    assert not do(posts, OFFICER, number, response.close, "confirmed_signal")
    alert = one(db, number)
    assert (alert.state, alert.outcome, alert.closed_at) == ("closed", "confirmed_signal", posts.now())
    assert refused(posts, HEAD, number, response.assess, "low") == "alert.closed"
    assert refused(posts, HEAD, number, verdicts.dismiss) == "alert.closed"
    assert heard(db)[-1] == "Merci Moussa. Rougeole, rapport 1001 : l'alerte est fermée (confirmée et terminée)."


def test_what_ends_as_no_case_counts_no_more(posts, db):
    number = real(posts)
    do(posts, HEAD, number, response.close, "discarded")
    assert db.scalars(select(CaseReport.standing)).all() == ["dismissed"]


def dates(rt, db, number):
    return timeline.dates(db, rt, [one(db, number).id])[one(db, number).id]


def test_the_dates_are_those_that_were_told_and_none_is_invented(posts, db, clock):
    [alert] = outposts.report(posts, "CAS ROUGEOLE F 3").alerts
    assert dates(posts, db, alert.number) == timeline.Dates(None, TODAY, None, {})  # nothing has been sent yet
    assert timeline.of_alert(db, posts, alert.id).asked[:3] == ("emergence", "notification", "investigation")
    clock.move(days=1)
    outbox.deliver(posts, "replies")
    assert dates(posts, db, alert.number).notification == date(2026, 3, 11)
    clock.move(days=1)
    do(posts, HEAD, alert.number, verdicts.verify, since=date(2026, 3, 2))
    do(posts, HEAD, alert.number, response.act, "coordination", None)
    do(posts, HEAD, alert.number, response.act, "investigate", date(2026, 3, 12))
    found = dates(posts, db, alert.number)
    actions = {"coordination": None, "investigation": date(2026, 3, 12)}
    assert found == timeline.Dates(date(2026, 3, 2), TODAY, date(2026, 3, 11), actions)
    detect, notify, respond = found.timeline(date(2026, 3, 20)).intervals
    assert (detect.days, detect.met, notify.days, notify.met) == (8, False, 1, True)
    assert (respond.days, respond.running, respond.met) == (None, 9, False)


def test_the_first_sign_is_the_earliest_that_anybody_told(posts, db):
    [alert] = outposts.report(posts, "CAS ROUGEOLE F 3 08/03").alerts
    outposts.report(posts, "CAS ROUGEOLE M 9 05/03")
    do(posts, HEAD, alert.number, verdicts.verify, since=date(2026, 3, 7))
    assert dates(posts, db, alert.number).emergence == date(2026, 3, 5)


def test_who_answers_without_a_text_was_told_that_day(posts, db, gateway):
    [alert] = outposts.report(posts, "CAS ROUGEOLE F 3").alerts
    do(posts, HEAD, alert.number, verdicts.verify)
    assert dates(posts, db, alert.number).notification == TODAY


def test_days_are_those_of_the_country(posts, db, clock):
    rt = replace(posts, settings=replace(posts.settings, timezone=ZoneInfo("Africa/Lagos")))
    clock.at = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    number = real(rt)
    found = dates(rt, db, number)
    assert (found.detection, found.notification) == (date(2026, 3, 11), date(2026, 3, 11))


def test_a_village_and_its_outbreak_are_one_event(posts, db, clock):
    clock.at = datetime(2026, 3, 30, 10, 0, tzinfo=UTC)
    village = real(posts)
    do(posts, HEAD, village, response.act, "investigation", date(2026, 3, 30))
    clock.at = datetime(2026, 4, 2, 10, 0, tzinfo=UTC)
    for age in (4, 5, 6, 7):
        outposts.report(posts, f"CAS ROUGEOLE M {age}")
    [outbreak] = [a.number for a in db.scalars(select(Alert)) if a.rule == "measles-outbreak"]
    do(posts, OFFICER, outbreak, verdicts.verify)
    do(posts, OFFICER, outbreak, response.act, "coordination", date(2026, 4, 2))
    [ours, every] = timeline.quarter(db, posts, 2026, 1)
    assert (ours.alerts, every.alerts) == (1, 1)
    assert "investigation" not in ours.slowest
    assert timeline.quarter(db, posts, 2026, 2) == []


def test_a_quarter_says_by_district_where_it_got_stuck(posts, db, clock):
    clock.at = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    late = real(posts, since=date(2025, 12, 20))
    clock.at = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    far = real(posts, "CAS PFA M 4", number=FAR_ASC, head=FAR_HEAD, since=date(2026, 3, 8))
    for action in ("investigation", "analysis", "laboratory", "case_management"):
        do(posts, FAR_HEAD, far, response.act, action, TODAY)
    for action in ("public_health_measures", "risk_communication", "coordination"):
        do(posts, FAR_HEAD, far, response.act, action, None)
    [false] = outposts.report(posts, "CAS CHOLERA F 9").alerts
    do(posts, HEAD, false.number, verdicts.dismiss)
    do(posts, HEAD, real(posts, "CAS PFA M 9"), response.close, "duplicate")
    [ours, theirs, both] = timeline.quarter(db, posts, 2026, 1)
    assert (ours.district, ours.district_id, ours.alerts) == ("Commune I", COMMUNE_1, 1)
    assert ours.intervals["detect"] == {True: 0, False: 1, None: 0}
    assert ours.days == {"detect": 16.0, "notify": 0.0, "respond": None}
    assert (ours.stuck, ours.slowest["coordination"]) == ({"respond": 1}, 1)  # 64 days, and nothing done yet
    assert (theirs.district, theirs.district_id) == ("Kadiolo", KADIOLO)
    assert theirs.intervals["all"] == {True: 1, False: 0, None: 0}
    assert theirs.days == {"detect": 2.0, "notify": 0.0, "respond": 0.0}
    assert (both.district, both.alerts) == (timeline.ALL, 2)
    assert [row.district for row in timeline.quarter(db, posts, 2026, 1, [KADIOLO])] == ["Kadiolo", timeline.ALL]
    assert timeline.quarter(db, posts, 2026, 2) == timeline.quarter(db, posts, 2025, 4) == []
    assert late != far
    with pytest.raises(ValueError):
        timeline.quarter(db, posts, 2026, 5)


def test_several_reports_of_a_worker_are_named_as_several(posts, db):
    number = real(posts)
    for age in (4, 5, 6):
        outposts.report(posts, f"CAS ROUGEOLE F {age}")
    do(posts, HEAD, number, response.assess, "high")
    assert heard(db)[-1].startswith("Merci Moussa. Rougeole, rapports 1001, 1003… : risque élevé")
    outposts.report(posts, "CAS ROUGEOLE F 7", ASC_2, village_id=outposts.KOUROUBA)
    do(posts, HEAD, number, response.act, "investigate", posts.local_now().date())
    assert "rapports 1001, 1003…" in heard(db)[-1]
    assert "kunnafoniw" not in heard(db, ASC_2)[-1]


def test_what_a_worker_need_not_know_at_night_waits_for_the_morning(posts, db, clock):
    """That her case is real she hears at once: she may be with the patient."""
    clock.move(hours=12)
    number = real(posts)
    do(posts, HEAD, number, response.assess, "high")
    due = dict(db.execute(select(Message.kind, Message.due_at).where(Message.number == ASC)).all())
    assert (due["alert"], due["feedback"]) == (posts.now(), datetime(2026, 3, 11, 7, tzinfo=UTC))
    told = Handset(posts, ASC).arrived()
    assert [text.partition(" : ")[2][:10] for text in told] == ["c'est vrai"]
    clock.move(hours=10)
    assert [text.partition(" : ")[2] for text in Handset(posts, ASC).arrived()] == [
        "risque élevé, dit le responsable du centre."
    ]


def test_what_an_action_completes_is_not_there_in_other_words(posts, db):
    """Not needed is an early action where nothing that completes it is."""
    number = real(posts, "CAS CHOLERA M 20")
    known = response.actions(posts, one(db, number))
    assert "inform" in known
    assert not {"risk_communication", "case_management"} & set(known)
    assert {"investigation", "analysis", "laboratory", "coordination"} <= set(known)
    assert do(posts, HEAD, number, response.act, "rehydrate", None)
    assert "case_management" not in ticked(db, number)
    assert do(posts, HEAD, number, response.act, "isolate", None)
    assert ticked(db, number)["case_management"] is None
    assert do(posts, HEAD, number, response.act, "case_management", TODAY)  # by its key it is heard all the same
