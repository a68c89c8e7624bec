"""Alerts answered: found real or not, once, by whose duty it is, and what that does to the reports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select

from smsapp import people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.refusals import Refused
from smsapp.surveillance import alerts, details, duty, response, verdicts
from smsapp.surveillance.acting import By
from smsapp.surveillance.tables import Alert, AlertReport, AlertStep, CaseReport
from tests import outposts
from tests.desk import Desk
from tests.handset import Handset
from tests.outposts import ASC, ASC_2, FAR_HEAD, HEAD, NATIONAL, NEAR_ASC, OFFICER, REGIONAL, SALA
from tests.village import COMMUNE_1, SOTUBA, settle

TODAY = date(2026, 3, 10)


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def raised(rt, words="CAS ROUGEOLE F 3", number=ASC, **more):
    """The number of the alert that a report raises, and the report's own."""
    found = outposts.report(rt, words, number, **more)
    [alert] = found.alerts
    return alert.number, found.report.number


def outbreak(rt, numbers, state="open"):
    """An alert of the district on these reports, as five in a month raise one."""
    with transaction(rt.sessions) as db:
        told = {"rule": "measles-outbreak", "disease": "measles", "level": "epidemic", "within": "district"}
        days = {"began_on": TODAY, "last_on": TODAY, "opened_at": rt.now()}
        made = Alert(episode="outbreak", district_id=COMMUNE_1, place_id=COMMUNE_1, state=state, **told, **days)
        db.add(made)
        db.flush()
        for report in db.scalars(select(CaseReport).where(CaseReport.number.in_(numbers))):
            db.add(AlertReport(alert_id=made.id, report_id=report.id, joined_at=rt.now()))
        return made.number


def answer(rt, phone, what, number, **told):
    """As a conversation does: found, held and answered in one transaction."""
    with transaction(rt.sessions) as db:
        alert, post = alerts.find(db, duty.of_number(db, phone), number)
        do = {"V": verdicts.verify, "F": verdicts.dismiss}[what]
        return do(db, rt, alert, By.of(post, "sms"), **told)


def refused(rt, *said, **told):
    with pytest.raises(Refused) as no:
        answer(rt, *said, **told)
    return no.value


def one(db, number):
    db.expire_all()
    return db.scalars(select(Alert).where(Alert.number == number)).one()


def standing(db, *numbers):
    db.expire_all()
    rows = db.scalars(select(CaseReport).where(CaseReport.number.in_(numbers)).order_by(CaseReport.number)).all()
    return [row.standing for row in rows]


def texts(db, phone, *kinds):
    which = Message.kind.in_(kinds or ("alert", "feedback"))
    return db.scalars(select(Message.text).where(Message.number == phone, which).order_by(Message.id)).all()


def test_the_head_says_that_it_is_real(posts, db):
    number, report = raised(posts)
    assert one(db, number).next_step_at is not None
    told = answer(posts, HEAD, "V", number, since=date(2026, 3, 8))
    alert = one(db, number)
    assert (alert.state, alert.answered_at, alert.next_step_at) == ("verified", posts.now(), None)
    assert (alert.answered_by, alert.emerged_on) == (outposts.person_id(posts, HEAD), date(2026, 3, 8))
    assert (told.new, told.overruled, standing(db, report)) == (True, "", ["counted"])
    step = db.scalars(select(AlertStep).where(AlertStep.what == "verified")).one()
    assert (step.channel, step.person_id) == ("sms", alert.answered_by)
    assert step.told == {"level": "facility", "since": "2026-03-08"}


def test_the_worker_hears_of_it_thanked_by_her_first_name(posts, db):
    number, report = raised(posts)
    answer(posts, HEAD, "V", number)
    words = f"Merci Moussa. Rougeole, rapport {report} : c'est vrai, dit le responsable du centre. On s'en occupe."
    assert texts(db, ASC) == [words]
    assert texts(db, HEAD) == []  # she said it herself


def test_whoever_was_told_of_it_hears_that_it_is_answered_and_nobody_else(posts, db):
    number, _ = raised(posts, "CAS CHOLERA F 9")  # the district was told at once
    answer(posts, HEAD, "V", number)
    assert texts(db, OFFICER) == [
        f"Alerte {number} Choléra, Kourouba : vraie, dit le responsable du centre (10/03 10:00)."
    ]
    assert [texts(db, phone) for phone in (HEAD, REGIONAL, NATIONAL, FAR_HEAD, ASC_2)] == [[]] * 5


def test_a_head_who_reported_herself_is_not_thanked_by_herself(posts, db):
    number, _ = raised(posts, number=HEAD, village_id=SALA)
    answer(posts, HEAD, "V", number)
    assert texts(db, HEAD) == []


def test_a_worker_of_another_language_hears_it_in_hers(posts, db):
    number, _ = raised(posts, number=ASC_2, village_id=SALA)
    answer(posts, HEAD, "F", number)
    [text] = texts(db, ASC_2)
    assert text.startswith("I ni ce Sira.")
    assert "tɛ" in text


def test_an_alert_that_is_not_real_takes_its_report_out(posts, db):
    number, report = raised(posts)
    answer(posts, HEAD, "F", number, reason="  une varicelle ")
    alert = one(db, number)
    assert (alert.state, alert.reason, alert.next_step_at) == ("false", "une varicelle", None)
    assert standing(db, report) == ["dismissed"]
    assert "ce n'est pas un cas" in texts(db, ASC)[0]
    assert "varicelle" not in texts(db, ASC)[0]  # what somebody typed may name a patient


def test_a_centre_takes_its_case_out_of_the_outbreak_of_the_district(posts, db):
    number, mine = raised(posts)
    _, other = raised(posts, number=NEAR_ASC)
    wide = outbreak(posts, [mine, other])
    answer(posts, HEAD, "F", number)
    assert standing(db, mine, other) == ["dismissed", "counted"]
    assert details.more(db, one(db, wide)).cases == 1


def test_a_district_without_an_outbreak_keeps_the_cases_of_the_centres(posts, db):
    number, mine = raised(posts)
    lone = outposts.report(posts, "CAS PALU F 3").report.number
    wide = outbreak(posts, [mine, lone])
    answer(posts, HEAD, "V", number)
    answer(posts, OFFICER, "F", wide)
    assert standing(db, mine, lone) == ["counted", "dismissed"]


def test_reports_count_again_where_the_level_above_says_that_it_is_real(posts, db, clock):
    number, report = raised(posts)
    answer(posts, HEAD, "F", number, reason="non")
    clock.move(hours=1)
    told = answer(posts, OFFICER, "V", number)
    alert = one(db, number)
    assert (told.overruled, alert.state, alert.reason) == ("facility", "verified", None)
    assert standing(db, report) == ["counted"]
    assert texts(db, HEAD)[-1] == f"Alerte {number} Rougeole, Kourouba : vraie, dit le district (10/03 11:00)."
    assert [step.what for step in db.scalars(select(AlertStep).order_by(AlertStep.id))][-2:] == [
        "dismissed",
        "verified",
    ]


def test_nobody_of_the_same_level_or_below_changes_an_answer(posts, db, clock):
    number, _ = raised(posts)
    answer(posts, OFFICER, "V", number)
    no = refused(posts, HEAD, "F", number)
    assert (no.key, no.values) == (
        "alert.answered.verified",
        {"number": number, "at": "10/03 10:00", "level": "district"},
    )
    clock.move(minutes=11)
    assert answer(posts, REGIONAL, "F", number).overruled == "district"
    assert refused(posts, OFFICER, "V", number).values["level"] == "region"
    clock.move(minutes=11)
    assert answer(posts, NATIONAL, "V", number).overruled == "region"


def test_who_pressed_the_wrong_letter_takes_it_back_herself(posts, db):
    number, report = raised(posts)
    answer(posts, HEAD, "F", number)
    assert answer(posts, HEAD, "V", number).overruled == "facility"
    assert (one(db, number).state, standing(db, report)) == ("verified", ["counted"])


def test_who_answered_changes_her_mind_once_and_soon(posts, db, clock):
    number, _ = raised(posts)
    answer(posts, HEAD, "V", number)
    clock.move(minutes=9)
    answer(posts, HEAD, "F", number)
    no = refused(posts, HEAD, "V", number)
    assert (no.key, no.values["at"]) == ("alert.twice.dismissed", "10/03 10:09")
    assert one(db, number).state == "false"
    assert answer(posts, HEAD, "F", number, reason="doublon").added  # that says nothing else
    clock.move(minutes=11)
    assert answer(posts, OFFICER, "V", number).overruled == "facility"
    assert refused(posts, HEAD, "F", number).key == "alert.answered.verified"


def test_later_she_does_not_by_phone_but_from_the_console(posts, db, clock):
    number, _ = raised(posts)
    answer(posts, HEAD, "V", number)
    clock.move(minutes=11)
    assert refused(posts, HEAD, "F", number).key == "alert.twice.verified"
    console = By("facility", "console", account_id=Desk.of(posts, "facility", places=[SOTUBA], name="Bureau").staff.id)
    with transaction(posts.sessions) as own:
        alert, _ = alerts.find(own, duty.of_number(own, HEAD), number)
        assert verdicts.dismiss(own, posts, alert, console).overruled == "facility"
        assert verdicts.verify(own, posts, alert, console).overruled == "facility"  # there she sees what she does
        own.rollback()
    assert one(db, number).state == "verified"


def test_the_same_answer_again_adds_what_was_not_said(posts, db):
    number, _ = raised(posts)
    answer(posts, HEAD, "V", number, confirmed=["sign", "age"])
    assert not answer(posts, HEAD, "V", number).new
    told = answer(posts, OFFICER, "V", number, since=TODAY, confirmed=["place"])
    assert (told.new, told.added, told.given.level) == (False, True, "facility")
    alert = one(db, number)
    assert (alert.emerged_on, alert.confirmed) == (TODAY, ["age", "place", "sign"])
    assert alert.answered_by == outposts.person_id(posts, HEAD)
    assert len(texts(db, ASC)) == 1


def test_a_reason_may_follow(posts, db):
    number, _ = raised(posts)
    answer(posts, HEAD, "F", number)
    assert answer(posts, HEAD, "F", number, reason="essai").added
    assert not answer(posts, HEAD, "F", number, reason="autre").added
    assert one(db, number).reason == "essai"


@pytest.mark.parametrize("since", [date(2026, 3, 11), date(2025, 3, 9), date(2027, 1, 1)])
def test_a_first_sign_that_can_not_be_answers_nothing(posts, db, since):
    number, _ = raised(posts)
    assert refused(posts, HEAD, "V", number, since=since).key == "alert.since"
    assert one(db, number).state == "open"


def test_a_first_sign_is_not_after_the_first_report(posts, clock):
    number, _ = raised(posts)
    clock.move(days=2)
    no = refused(posts, HEAD, "V", number, since=date(2026, 3, 11))
    assert no.values == {"day": "11/03/2026", "first": "10/03/2026"}


def test_alerts_are_found_by_whom_they_concern_alone(posts):
    number, report = raised(posts)
    assert answer(posts, HEAD, "V", report).alert.number == number  # by the number of its report
    assert refused(posts, FAR_HEAD, "V", number).key == "alert.other_area"
    assert refused(posts, FAR_HEAD, "V", report).key == "alert.other_area"
    assert refused(posts, HEAD, "V", 9999).key == "alert.unknown"
    assert refused(posts, ASC, "V", number).key == "alert.stranger"
    quiet = outposts.report(posts, "CAS PALU F 3").report.number
    assert refused(posts, HEAD, "V", quiet).values == {"number": quiet}


def test_a_report_leads_to_its_alert_that_is_open(posts):
    number, report = raised(posts)
    answer(posts, HEAD, "V", number)
    wide = outbreak(posts, [report])
    assert answer(posts, OFFICER, "V", report).alert.number == wide


def test_what_is_open_stands_first_the_oldest_before_the_others(posts, db, clock):
    first, _ = raised(posts)
    clock.move(hours=1)
    second, _ = raised(posts, number=ASC_2, village_id=SALA)
    clock.move(hours=1)
    third, _ = raised(posts, number=NEAR_ASC)
    answer(posts, HEAD, "V", first)

    def listed(phone):
        return [alert.number for alert in alerts.listed(db, duty.of_number(db, phone))]

    assert listed(HEAD) == [second, first]
    assert listed(OFFICER) == listed(REGIONAL) == listed(NATIONAL) == [second, third, first]
    assert listed(FAR_HEAD) == listed(ASC) == []
    answer(posts, HEAD, "F", second)
    assert listed(HEAD) == [first]


def test_a_head_and_a_district_at_once_do_not_overrule_unawares(live_rt):
    settle(live_rt)
    outposts.settle(live_rt)
    number, _ = raised(live_rt)
    both = Barrier(2, timeout=5)

    def tell(phone, what):
        both.wait()
        try:
            return answer(live_rt, phone, what, number).given.state
        except Refused as no:
            return no.key

    with ThreadPoolExecutor(2) as pool:
        done = tuple(pool.map(tell, (HEAD, OFFICER), "VF"))
    assert done in {("verified", "alert.just_now.verified"), ("alert.answered.dismissed", "false")}
    with transaction(live_rt.sessions) as db:
        steps = db.scalars(select(AlertStep.what).where(AlertStep.what.in_(["verified", "dismissed"]))).all()
        assert len(steps) == 1


def test_of_two_who_answer_at_once_one_wins_and_the_other_is_told(live_rt):
    settle(live_rt)
    outposts.settle(live_rt)
    phones = [HEAD, "+22370000409"]
    with transaction(live_rt.sessions) as db:
        people.add(db, live_rt.now(), number=phones[1], name="Binta Sow", language="fr", facility_id=6, roles=["dtc"])
    for turn in range(3):
        number, report = raised(live_rt, "CAS ROUGEOLE F 3" if turn == 0 else f"CAS {('CHOLERA', 'PFA')[turn - 1]} F 9")
        both = Barrier(2, timeout=5)

        def tell(phone, what, number=number, both=both):
            both.wait()
            try:
                return answer(live_rt, phone, what, number).given.state
            except Refused as no:
                return no.key, no.values["level"], no.values["at"]

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(tell, phones, "VF"))
        won = next(state for state in done if isinstance(state, str))
        lost = next(said for said in done if not isinstance(said, str))
        step = {"verified": "verified", "false": "dismissed"}[won]
        assert lost == (f"alert.answered.{step}", "facility", "10/03 10:00")
        with transaction(live_rt.sessions) as db:
            alert = one(db, number)
            assert alert.state == won
            assert standing(db, report) == ["counted" if won == "verified" else "dismissed"]
            steps = db.scalars(select(AlertStep.what).where(AlertStep.alert_id == alert.id)).all()
            assert steps.count("verified") + steps.count("dismissed") == 1
            assert len([text for text in texts(db, ASC) if f"rapport {report} " in text]) == 1


def test_a_worker_hears_once_of_her_report_whatever_alerts_stand_on_it(posts, db):
    number, report = raised(posts)
    wide = outbreak(posts, [report])
    answer(posts, HEAD, "V", number)
    assert len(texts(db, ASC)) == 1
    answer(posts, OFFICER, "F", wide)  # no outbreak; her case stays one
    assert standing(db, report) == ["counted"]
    assert len(texts(db, ASC)) == 1


def test_a_worker_is_kindly_told_that_it_was_no_case(posts, db):
    number, report = raised(posts)
    answer(posts, HEAD, "V", number)
    with transaction(posts.sessions) as own:
        alert, post = alerts.find(own, duty.of_number(own, HEAD), number)
        response.close(own, posts, alert, By.of(post, "ussd"), "discarded")
    assert texts(db, ASC)[-1] == (
        f"Merci Moussa. Rougeole, rapport {report} : vérifié, ce n'était pas un cas. Vous avez bien fait de signaler."
    )


def test_a_worker_who_asks_of_a_number_that_is_not_hers_is_told_so(posts):
    assert Handset(posts, ASC).say("?2571") == ["Refus : 2571 n'est pas le numéro d'un de vos rapports. Ex. ?1003"]
