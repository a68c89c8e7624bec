"""Reports put right, taken back, or judged by the district: counts move, and no alert is raised twice for it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.surveillance import recording, reporters, reports
from smsapp.surveillance.said import Correction, Missing, Wrong
from smsapp.surveillance.tables import Alert, AlertReport, AlertStep, CaseReport
from tests import outposts
from tests.outposts import ASC, ASC_2, FAR_ASC, HEAD, KOUROUBA, OFFICER, SALA, STRANGER, TIENFALA, report, texts
from tests.village import BAKON, CENTRAL, KADIOLO, SOTUBA, settle


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def correct(rt, number, words, by=ASC, **more):
    heard = reports.parse(f"CORRIGE {number} {words}", outposts.diseases(rt), "fr", rt.local_now().date())
    assert isinstance(heard, Correction), heard
    with transaction(rt.sessions) as db:
        return recording.correct(db, rt, number, heard.change, reporters.of_number(db, by), channel="sms", **more)


def withdraw(rt, number, by=ASC):
    with transaction(rt.sessions) as db:
        return recording.withdraw(db, rt, number, reporters.of_number(db, by), channel="sms")


def judge(rt, made, keep, facility_id=None):
    with transaction(rt.sessions) as db:
        return recording.judge(db, rt, made.report.id, keep, facility_id, None, channel="console")


def said(rt, number=HEAD):
    return texts(rt).get(number, [])


def alerts(db):
    db.expire_all()
    return [(a.number, a.disease, a.place_id, a.state) for a in db.scalars(select(Alert).order_by(Alert.id))]


def test_a_correction_keeps_what_was_said_and_is_told_in_one_line(posts, db, clock):
    report(posts, "CAS ROUGEOLE F 3")
    clock.move(minutes=3)
    row = correct(posts, 1001, "4 ANS 2 CAS").report
    assert (row.age_count, row.count, row.sex) == (4, 2, "female")
    [before] = row.history
    assert (before["what"], before["was"]) == ("corrected", {"age_count": 3, "count": 1})
    assert before["at"] == posts.now().isoformat()
    assert said(posts)[1:] == ["Alerte 1002 : rapport 1001 corrigé, 2 cas en tout (Kourouba)."]
    assert not correct(posts, 1001, "4 ANS").new
    assert len(said(posts)) == 2
    correct(posts, 1001, "5 ANS")
    assert len(said(posts)) == 3


def test_another_disease_leaves_its_alert_empty_and_raises_the_other(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    done = correct(posts, 1001, "CHOLERA")
    assert alerts(db) == [(1002, "measles", KOUROUBA, "closed"), (1003, "cholera", KOUROUBA, "open")]
    assert [a.number for a in done.alerts] == [1003]
    _, closed, new = said(posts)
    assert closed == "Alerte 1002 Rougeole : plus aucun cas (Kourouba). Alerte fermée."
    assert new.startswith("ALERTE 1003 Choléra : 1 cas, F 3 ans, Kourouba.")
    assert len(said(posts, OFFICER)) == 1  # of cholera alone
    steps = [(s.alert_id, s.what) for s in db.scalars(select(AlertStep).order_by(AlertStep.id))]
    assert [what for _, what in steps] == ["raised", "changed", "closed", "raised"]


def test_an_alert_moves_to_the_village_where_its_only_case_is(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    correct(posts, 1001, "SALA", village_id=SALA)
    assert alerts(db) == [(1002, "measles", SALA, "open")]
    assert said(posts)[-1] == "Alerte 1002 : rapport 1001 corrigé, 1 cas en tout (Sala)."
    made = report(posts, "CAS ROUGEOLE F 5", ASC_2, village_id=SALA)
    assert [a.number for a in made.joined] == [1002]


def test_one_of_several_cases_leaves_for_the_alert_of_its_village(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    report(posts, "CAS ROUGEOLE F 4")
    report(posts, "CAS ROUGEOLE F 5", ASC_2, village_id=SALA)
    done = correct(posts, 1003, "SALA", village_id=SALA)
    assert (done.alerts, [a.number for a in done.joined]) == ((), [1005])
    assert said(posts)[-2:] == [
        "Alerte 1002 : rapport 1003 corrigé, 1 cas en tout (Sala).",
        "Alerte 1005 : encore 1 cas, 2 en tout (Sala).",
    ]
    third = correct(posts, 1003, "TIENFALA", village_id=TIENFALA)
    assert [a.place_id for a in third.alerts] == [TIENFALA]
    assert [state for *_, state in alerts(db)] == ["open"] * 3


def test_a_report_taken_back_counts_no_more_and_its_alert_ends_with_the_last(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    report(posts, "CAS ROUGEOLE F 4")
    assert withdraw(posts, 1001).report.standing == "withdrawn"
    assert said(posts)[-1] == "Alerte 1002 : rapport 1001 retiré, 1 cas en tout (Kourouba)."
    withdraw(posts, 1003)
    assert alerts(db) == [(1002, "measles", KOUROUBA, "closed")]
    closed = db.scalar(select(Alert))
    assert (closed.outcome, closed.next_step_at) == ("discarded", None)
    again = report(posts, "CAS ROUGEOLE F 3")  # what was taken back is not what is sent now
    assert (again.new, [a.number for a in again.alerts]) == (True, [1005])


def test_an_alert_that_was_answered_is_left_to_those_who_did(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    db.execute(update(Alert).values(state="verified"))
    db.commit()
    withdraw(posts, 1001)
    assert alerts(db) == [(1002, "measles", KOUROUBA, "verified")]
    assert said(posts)[-1] == "Alerte 1002 : rapport 1001 retiré, 0 cas en tout (Kourouba)."


@pytest.mark.parametrize(
    ("number", "by", "why"),
    [
        (1099, ASC, "case.unknown"),
        (1002, ASC, "case.unknown"),  # the alert's
        (1001, FAR_ASC, "case.unknown"),  # nothing is told of other centres
        (1001, ASC_2, "case.not_yours"),
    ],
)
def test_only_who_sent_it_or_the_head_changes_a_report(posts, number, by, why):
    report(posts, "CAS ROUGEOLE F 3")
    for change in (lambda: correct(posts, number, "4 ANS", by), lambda: withdraw(posts, number, by)):
        with pytest.raises(Refused) as no:
            change()
        assert (no.value.key, posts.texts.find("fr", no.value.text) is not None) == (why, True)
    assert withdraw(posts, 1001, HEAD).report.standing == "withdrawn"
    with pytest.raises(Refused, match=r"case\.withdrawn"):
        correct(posts, 1001, "4 ANS")


def test_what_a_correction_lacks_or_gets_wrong_changes_nothing(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    report(posts, "CAS DECES GROUPES")
    assert isinstance(correct(posts, 1003, "ROUGEOLE"), Missing)
    assert isinstance(correct(posts, 1003, "F 4 ANS"), Wrong)
    db.expire_all()
    assert [row.history for row in db.scalars(select(CaseReport))] == [[], []]


def test_a_strangers_signal_that_is_kept_raises_what_it_says(posts, db):
    made = report(posts, "CAS CHOLERA F 30", STRANGER)
    kept = judge(posts, made, True, CENTRAL)
    assert (kept.report.standing, kept.report.facility_id, kept.report.district_id) == ("counted", CENTRAL, KADIOLO)
    assert [(a.disease, a.place_id) for a in kept.alerts] == [("cholera", CENTRAL)]
    with pytest.raises(Refused, match=r"case\.judged"):
        judge(posts, made, False)


def test_one_that_is_not_kept_alerts_nobody(posts):
    made = report(posts, "CAS CHOLERA F 30", STRANGER, village_id=KOUROUBA)
    assert made.report.facility_id == SOTUBA
    done = judge(posts, made, False)
    assert (done.report.standing, done.alerts, texts(posts)) == ("dismissed", (), {})
    assert done.report.history[0]["what"] == "judged"


def test_a_signal_of_another_centres_village_is_of_that_centre_alone(posts):
    made = report(posts, "CAS CHOLERA F 30", STRANGER, village_id=KOUROUBA)
    assert judge(posts, made, True).report.village_id == KOUROUBA
    other = report(posts, "CAS CHOLERA F 31", STRANGER, village_id=KOUROUBA)
    assert judge(posts, other, True, BAKON).report.village_id is None


def test_reports_of_an_alert_keep_to_it_once(posts, db):
    report(posts, "CAS ROUGEOLE F 3")
    correct(posts, 1001, "CHOLERA")
    correct(posts, 1001, "ROUGEOLE")
    assert [disease for _, disease, *_ in alerts(db)] == ["measles", "cholera", "measles"]
    assert [state for *_, state in alerts(db)] == ["closed", "closed", "open"]
    assert len(db.scalars(select(AlertReport)).all()) == 1


def test_who_was_told_of_an_alert_hears_of_its_end_beside_what_is_more(posts, db):
    for age in range(2, 6):
        report(posts, f"CAS ROUGEOLE F {age}", ASC_2, village_id=SALA)
    unplaced = report(posts, "CAS ROUGEOLE F 9", ASC_2)
    [own, wide] = [alert.number for alert in unplaced.alerts]  # of a village that is not known, and of the district
    with transaction(posts.sessions) as here:
        sender = reporters.of_number(here, ASC_2)
        said_now = outposts.said(posts, "CAS ROUGEOLE F 9")
        recording.complete(here, posts, unplaced.report.number, said_now, sender, channel="sms", village_id=SALA)
    assert (own, "measles", SOTUBA, "closed") in alerts(db)
    assert said(posts)[-2:] == [
        f"Alerte {wide} : c'est à Sala, 5 cas en tout. Alerte fermée : {own}.",
        "Alerte 1002 : encore 1 cas, 5 en tout (Sala).",
    ]


def test_a_centre_whose_village_is_not_known_is_named_once(posts):
    report(posts, "CAS CHOLERA F 30", ASC_2)
    assert [words.count("Sotuba") for words in said(posts, OFFICER)] == [1]
