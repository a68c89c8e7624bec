"""Alerts: raised once, joined by those that follow, told to whoever is on duty in one text each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from smsapp.db import transaction
from smsapp.people import Role
from smsapp.surveillance import alerting, phrasing, rulebook, rules
from smsapp.surveillance.phrasing import About
from smsapp.surveillance.tables import Alert, AlertReport, AlertStep, AlertTold, CaseReport
from tests import outposts
from tests.outposts import (
    ASC_2,
    FAR_ASC,
    FAR_HEAD,
    FAR_OFFICER,
    HEAD,
    KOUROUBA,
    NATIONAL,
    NEAR_ASC,
    OFFICER,
    SALA,
    STRANGER,
    TIENFALA,
    ZEGOUA,
    report,
    texts,
)
from tests.village import COMMUNE_1, SOTUBA, settle

MEASLES = "ALERTE 1002 Rougeole : 1 cas, F 3 ans, Kourouba. V 1002 = vrai, F 1002 = faux, ?1002 = détails."


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def steps(db):
    db.expire_all()
    return [(row.alert_id, row.what) for row in db.scalars(select(AlertStep).order_by(AlertStep.id))]


def test_one_case_of_measles_alerts_the_head_of_the_centre_at_once(posts, db):
    made = report(posts, "CAS ROUGEOLE F 3")
    [alert] = made.alerts
    assert (alert.number, alert.rule, alert.within, alert.place_id) == (1002, "measles", "village", KOUROUBA)
    assert (alert.facility_id, alert.district_id, alert.state) == (SOTUBA, COMMUNE_1, "open")
    assert alert.next_step_at == posts.now() + timedelta(minutes=30)
    assert texts(posts) == {HEAD: [MEASLES]}
    assert db.scalars(select(AlertReport.report_id)).all() == [made.report.id]
    assert [(t.step, t.level, t.message_id is None) for t in db.scalars(select(AlertTold))] == [(0, "facility", False)]
    assert [(s.what, s.channel) for s in db.scalars(select(AlertStep))] == [("raised", "service")]


def test_the_next_case_joins_and_is_said_in_one_line(posts, db, clock):
    report(posts, "CAS ROUGEOLE F 3")
    clock.move(hours=30)
    made = report(posts, "CAS ROUGEOLE M 5 2 CAS")
    assert (made.alerts, [a.number for a in made.joined]) == ((), [1002])
    assert texts(posts)[HEAD] == [MEASLES, "Alerte 1002 : encore 2 cas, 3 en tout (Kourouba)."]
    assert steps(db) == [(made.joined[0].id, "raised"), (made.joined[0].id, "joined")]
    assert db.get(Alert, made.joined[0].id).last_on == posts.local_now().date()


def test_another_village_and_a_later_episode_are_alerts_of_their_own(posts, db, clock):
    first = report(posts, "CAS ROUGEOLE F 3").alerts
    other = report(posts, "CAS ROUGEOLE F 3", ASC_2, village_id=SALA).alerts
    clock.move(days=21)
    assert [a.id for a in report(posts, "CAS ROUGEOLE F 3").joined] == [first[0].id]  # three weeks of silence, not more
    clock.move(days=22)
    later = report(posts, "CAS ROUGEOLE F 3").alerts
    assert len({alert.id for alert in (*first, *other, *later)}) == 3


def test_nobody_is_alerted_in_training_by_strangers_or_by_nothing_to_report(posts, db):
    outposts.in_training(posts, ASC_2)
    assert report(posts, "CAS EBOLA F 3", ASC_2, village_id=SALA).report.standing == "training"
    assert report(posts, "CAS EBOLA F 3", STRANGER).report.standing == "signal"
    report(posts, "99")
    assert db.scalars(select(Alert)).all() == []
    assert texts(posts) == {}


def test_levels_hear_by_the_table_of_the_disease(posts):
    report(posts, "CAS CHOLERA F 30")  # urgent: the district at once
    assert set(texts(posts)) == {HEAD, OFFICER}


def test_where_a_level_has_nobody_the_next_one_hears_at_once(posts, db):
    [alert] = report(posts, "CAS ROUGEOLE F 3", NEAR_ASC).alerts
    assert set(texts(posts)) == {OFFICER}
    assert (alert.told_up_to, [t.level for t in db.scalars(select(AlertTold))]) == ("district", ["district"])
    db.execute(delete(Role).where(Role.role == "officer"))
    db.commit()
    [far] = report(posts, "CAS EBOLA M 30", FAR_ASC, village_id=ZEGOUA).alerts
    assert far.told_up_to == "national"
    assert set(texts(posts)) == {OFFICER, FAR_HEAD, NATIONAL}


def test_with_nobody_anywhere_an_alert_is_kept_all_the_same(posts, db):
    db.execute(delete(Role).where(Role.role.in_(("dtc", "officer", "national"))))
    db.commit()
    [alert] = report(posts, "CAS EBOLA M 30").alerts
    assert (alert.told_up_to, texts(posts)) == ("national", {})


def test_what_rises_together_is_one_text_a_person_that_names_the_highest(posts, db):
    for child in range(4):
        report(posts, f"CAS ROUGEOLE F {child + 3}", ASC_2, village_id=SALA)
    before = texts(posts)
    made = report(posts, "CAS ROUGEOLE M 9")  # a village's first, and the district's fifth in 30 days
    assert [alert.rule for alert in made.alerts] == ["measles", "measles-outbreak"]
    village, district = (alert.number for alert in made.alerts)
    assert texts(posts)[HEAD][len(before[HEAD]) :] == [
        f"ALERTE {district} ÉPIDÉMIE Rougeole : 5 cas en 30 jours, Commune I. "
        f"V {district} = vrai, F {district} = faux, ?{district} = détails. Aussi {village}."
    ]
    assert len(texts(posts)[OFFICER]) == 1
    told = db.execute(select(AlertTold.alert_id, AlertTold.message_id).where(AlertTold.step == 0)).all()
    assert len(told) == 4  # Sala's, both to the head, and the district's to its officer
    assert len({message for _, message in told}) == 3
    again = report(posts, "CAS ROUGEOLE M 10")
    assert len(again.joined) == 2
    assert texts(posts)[HEAD][-1] == f"Alerte {district} Commune I : encore 1 cas (Kourouba), 6 en tout."
    assert texts(posts)[OFFICER][1:] == [texts(posts)[HEAD][-1]]


def test_rates_need_people_and_counts_stand_for_them_below_thirty_thousand(posts):
    first = report(posts, "CAS MENINGITE F 8", FAR_ASC, village_id=ZEGOUA)
    made = report(posts, "CAS MENINGITE M 9", FAR_ASC, village_id=ZEGOUA)  # Kadiolo has 29,000
    assert [a.rule for a in made.alerts] == ["meningitis-alert"]
    assert (made.alerts[0].numbers["population"], made.alerts[0].within) == (29_000, "district")
    assert [a.rule for a in made.joined] == [a.rule for a in first.alerts] == ["meningitis"]
    assert "2 cas en 7 jours, Kadiolo" in texts(posts)[FAR_OFFICER][0]  # a district's alert is its officer's too
    assert texts(posts)[FAR_HEAD][1].startswith("ALERT 1004 Meningitis: 2 cases in 7 days, Kadiolo. V 1004 = real")


def test_a_report_without_a_village_stands_for_its_centre(posts):
    made = report(posts, "CAS ROUGEOLE F 3", ASC_2)
    assert [(a.within, a.place_id) for a in made.alerts] == [("village", SOTUBA)]
    assert "CSCom Sotuba" in texts(posts)[HEAD][0]


def test_clusters_by_kilometres_join_villages_even_of_two_districts(posts, db):
    outposts.move(posts, ZEGOUA, 12.67, -7.94)
    assert report(posts, "CAS COQUELUCHE F 3").alerts == ()
    made = report(posts, "CAS COQUELUCHE F 4", FAR_ASC, village_id=ZEGOUA)
    assert [(a.rule, a.place_id) for a in made.alerts] == [("pertussis", KOUROUBA)]
    assert len(db.scalars(select(AlertReport.report_id)).all()) == 2
    assert report(posts, "CAS COQUELUCHE F 5", ASC_2, village_id=TIENFALA).joined == ()  # twenty kilometres away


def test_what_was_found_not_real_or_closed_is_raised_again_by_new_cases_only(posts, db):
    [alert] = report(posts, "CAS ROUGEOLE F 3").alerts
    db.execute(update(Alert).values(state="false", next_step_at=None))
    db.commit()
    [again] = report(posts, "CAS ROUGEOLE F 4").alerts
    assert (again.id != alert.id, again.episode) == (True, f"{alert.episode}/2")
    with transaction(posts.sessions) as own:
        first = own.get(CaseReport, min(own.scalars(select(CaseReport.id))))
        assert alerting.look(own, posts, first) == alerting.Found()


def test_rules_that_compare_weeks_and_days_are_looked_at_by_themselves(posts, db, clock):
    new = []
    for many in (2, 2, 2, 2, 9):
        for n in range(many):
            report(posts, f"CAS DIARRHEE ROUGE F {20 + n}", village_id=(KOUROUBA, SALA, TIENFALA)[n % 3])
        new.append(alerting.look_all(posts, posts.local_now().date()))
        clock.move(days=7)
    assert new == [0, 0, 0, 0, 2]
    raised = [(a.rule, a.within, a.facility_id) for a in db.scalars(select(Alert).order_by(Alert.rule))]
    assert raised == [
        ("bloody-diarrhoea-doubling", "facility", SOTUBA),
        ("bloody-diarrhoea-ears", "district", None),
    ]
    assert [len(told) for told in texts(posts).values()] == [1, 1]  # the officer hears of both in one
    assert alerting.look_all(posts, posts.local_now().date()) == 0


def test_a_version_of_the_rules_counts_from_its_writing_on(posts, db):
    changed = [rule for rule in rules.usual() if rule.key != "measles"]
    with transaction(posts.sessions) as own:
        number = rulebook.save(own, changed, "one case is enough no more", None, posts.now())
    assert report(posts, "CAS ROUGEOLE F 3").alerts == ()
    [alert] = report(posts, "CAS CHOLERA F 30").alerts
    assert alert.rules_id == number


@pytest.mark.parametrize("language", ["fr", "bm", "en"])
def test_every_alert_is_one_part_in_every_language(posts, language):
    report_row = CaseReport(sex="female", age_count=11, age_unit="months", count=1, died=1)
    for disease in outposts.diseases(posts).all:
        report_row.disease = disease.key
        for kind, level in (("case", "alert"), ("count", "epidemic"), ("growth", "epidemic"), ("ears", "alert")):
            numbers = (
                {"kind": kind, "cases": 345, "days": 30, "km": 10} if kind != "case" else {"kind": kind, "cases": 1}
            )
            alert = Alert(number=987654, disease=disease.key, level=level, numbers=numbers)
            about = About(alert, "Kassorola de l'Ouest près du grand baobab", report_row)
            why = phrasing.waited(posts, language, 4320)
            for text in (
                phrasing.raised(posts, language, about),
                phrasing.raised(posts, language, about, also=[987653, 987655]),
                phrasing.raised(posts, language, about, why=why),
                *(
                    phrasing.line(posts, language, key, about, n=345, total=999, report=987650, area="Commune III")
                    for key in LINES
                ),
            ):
                assert phrasing.fits(text), (len(text), text)
                assert "{" not in text
            assert "V 987654" in phrasing.raised(posts, language, about, why=why)
            assert "F 987654" in phrasing.raised(posts, language, about, why=why)


LINES = ("joined", "joined_wide", "changed", "taken_back", "emptied")
