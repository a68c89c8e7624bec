"""The reminders' run on a real database: one text a day, each step once, and a reason where there is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number, Person
from smsapp.scopes import EVERYWHERE
from smsapp.vaccines import ending, giving, registering, timetable
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Reminder, Wish
from smsapp.vaccines.reminding import not_sent, remind
from smsapp.vaccines.tables import Child, ClinicDay
from tests import nursery
from tests.counting import statements
from tests.nursery import AWA, BINTA, EAST
from tests.village import SOTUBA, settle

BY = Giver("ussd")
BORN = date(2026, 3, 10)  # the day on which the tests' clock stands: a Tuesday
SIX_WEEKS = BORN + timedelta(days=42)  # a Tuesday too


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def give(rt, child, *codes, on=None):
    with transaction(rt.sessions) as db:
        row = db.get_one(Child, child.id, with_for_update=True)
        giving.give(db, rt, row, codes, on or rt.local_now().date(), BY, key=f"{child.id}{codes}{rt.now()}")


def newborn(rt, number=AWA, **told):
    """A child of today who has had what is given at birth."""
    child = nursery.child(rt, rt.local_now().date(), number, **told)
    give(rt, child, "BCG", "OPV0")
    return child


def on(clock, day, hour=6):
    clock.at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def rows(rt):
    with rt.sessions() as db:
        chosen = db.scalars(select(Reminder).order_by(Reminder.planned_for, Reminder.id)).all()
        return [(row.planned_for, row.step, row.why_not) for row in chosen if row.subject != "check_in"]


def texts(rt):
    with rt.sessions() as db:
        chosen = db.scalars(select(Message).where(Message.kind == "reminder").order_by(Message.id)).all()
        return [(row.number, row.sent_text) for row in chosen]


def run(rt, clock, day, hour=6):
    on(clock, day, hour)
    return remind(rt)


def days(rt, clock, first, count):
    """The run of every day on which it finds something."""
    for day in (first + timedelta(days=n) for n in range(count)):
        with rt.sessions() as db:
            waits = db.scalar(select(Child.id).where(Child.look_on <= day).limit(1))
        if waits:
            run(rt, clock, day)


def test_a_visit_is_told_of_before_on_and_after_its_day_and_never_again(care, clock):
    newborn(care)
    days(care, clock, BORN, 80)
    assert rows(care) == [(SIX_WEEKS + timedelta(days=n), n, None) for n in (-3, 0, 7, 28)]
    asked = [text for _, text in texts(care) if "va-t-il bien" in text]
    told = [text for _, text in texts(care) if "va-t-il bien" not in text]
    assert told == [
        "CSCom Sotuba : rappel, rendez-vous mardi 21/04. Répondez 1 je viens, 2 déjà fait, 3 je ne peux pas.",
        "CSCom Sotuba : rappel, rendez-vous aujourd'hui mardi 21/04."
        " Répondez 1 je viens, 2 déjà fait, 3 je ne peux pas.",
        "CSCom Sotuba : nous vous attendons encore, venez aujourd'hui mardi 28/04."
        " Répondez 1 je viens, 2 déjà fait, 3 je ne peux pas.",
        "CSCom Sotuba : nous vous attendons encore, venez aujourd'hui mardi 19/05."
        " Répondez 1 je viens, 2 déjà fait, 3 je ne peux pas.",
    ]
    assert asked == ["CSCom Sotuba : votre enfant va-t-il bien ? Répondez 1 oui, 2 non."] * 3


def test_the_same_day_again_changes_nothing(care, clock):
    newborn(care)
    run(care, clock, SIX_WEEKS - timedelta(days=3))
    before = texts(care)
    assert (run(care, clock, SIX_WEEKS - timedelta(days=3), 9).texts, texts(care)) == (0, before)
    assert remind(care, SIX_WEEKS - timedelta(days=3)).files == 0


def test_one_text_for_twins_and_for_brothers_and_sisters(care, clock):
    for name in ("Fanta", "Sékou"):
        newborn(care, name=name)
    told = run(care, clock, SIX_WEEKS - timedelta(days=3))
    assert (told.texts, told.reminders, told.files) == (1, 2, 2)
    with care.sessions() as db:
        assert len(set(db.scalars(select(Reminder.message_id).where(Reminder.subject == "vaccines")))) == 1


def test_a_second_text_of_a_day_is_not_sent_but_the_next_step_is(care, clock):
    """A child who comes to be thought of after the day's text went out."""
    newborn(care, name="Fanta")
    other = newborn(care, name="Awa")
    day = SIX_WEEKS - timedelta(days=3)
    with transaction(care.sessions) as db:
        db.get_one(Child, other.id).look_on = day + timedelta(days=1)
    assert run(care, clock, day).texts == 1
    with transaction(care.sessions) as db:
        db.get_one(Child, other.id).look_on = day
    told = run(care, clock, day, 10)
    assert (told.texts, told.not_sent) == (0, {"told": 1})
    days(care, clock, day + timedelta(days=1), 3)
    assert rows(care) == [(day, -3, None), (day, -3, "told"), (SIX_WEEKS, 0, None), (SIX_WEEKS, 0, None)]


def test_several_mothers_on_one_phone_get_one_text_that_says_for_whom(care, clock):
    with transaction(care.sessions) as db:
        second = people.add(db, care.now(), number=AWA, name="Kadia Traoré", language="fr", facility_id=SOTUBA)
    newborn(care)
    with transaction(care.sessions) as db:
        mother = nursery.mother_of(db, AWA)
        mother.name = "Awa Keita"
        told = registering.Born(BORN, SOTUBA, mother_id=second.id, sex="M", name="Ali", village_id=EAST)
        ali = registering.child(db, care, told, by=None, channel="console", key="ali")
    give(care, ali, "BCG", "OPV0")
    run(care, clock, SIX_WEEKS - timedelta(days=3))
    [(number, text)] = texts(care)
    assert (number, text[:37]) == (AWA, "Awa et Kadia, CSCom Sotuba : rappel, ")


def test_stop_and_a_refusal_are_kept(care, clock):
    newborn(care), newborn(care, BINTA)
    with transaction(care.sessions) as db:
        people.leave(db, care.now(), AWA, "reminders", "sms")
        mother = nursery.mother_of(db, BINTA)
        db.add(
            people.Consent(
                person_id=mother.id,
                topic="reminders",
                given=False,
                version=1,
                language="fr",
                channel="ussd",
                at=care.now(),
            )
        )
    told = run(care, clock, SIX_WEEKS - timedelta(days=3))
    assert (told.texts, told.not_sent["stopped"]) == (0, 2)
    assert rows(care) == [(SIX_WEEKS - timedelta(days=3), -3, "stopped")] * 2


def test_after_an_outage_nothing_past_its_day_goes_out_and_the_list_says_so(care, clock):
    newborn(care)
    run(care, clock, SIX_WEEKS + timedelta(days=2))
    assert rows(care) == [(SIX_WEEKS - timedelta(days=3), -3, "outage"), (SIX_WEEKS, 0, "outage")]
    assert texts(care) == []
    run(care, clock, SIX_WEEKS + timedelta(days=7))
    assert len(texts(care)) == 1
    with care.sessions() as db:
        listed = not_sent(db, EVERYWHERE, SIX_WEEKS - timedelta(days=3))
        visits = [one for one in listed if one.reminder.subject == "vaccines"]
        assert [(one.why, one.reminder.step, one.child_name) for one in visits] == [
            ("outage", 0, "Fanta"),
            ("outage", -3, "Fanta"),
        ]


def test_a_run_of_a_day_that_is_over_only_writes_down_that_it_is(care, clock):
    newborn(care)
    on(clock, SIX_WEEKS)
    told = remind(care, SIX_WEEKS - timedelta(days=3))
    assert (told.texts, rows(care)) == (0, [(SIX_WEEKS - timedelta(days=3), -3, "outage")])


def test_who_comes_late_hears_of_one_visit_and_not_on_that_day(care, clock):
    nursery.child(care, BORN - timedelta(days=300))
    assert remind(care).texts == 0
    days(care, clock, BORN + timedelta(days=1), 40)
    assert rows(care) == [(BORN + timedelta(days=n), step, None) for n, step in ((1, 0), (8, 7), (29, 28))]
    assert texts(care)[0][1].startswith("CSCom Sotuba : pour etre à jour, rendez-vous aujourd'hui mercredi 11/03")
    with care.sessions() as db:
        first = db.scalars(select(Reminder).order_by(Reminder.id)).first()
        assert {"BCG", "PENTA1", "OPV1", "MR1", "YF"} <= set(first.doses)


def test_a_clinic_day_is_the_one_that_is_named(care, clock):
    with transaction(care.sessions) as db:
        db.execute(insert(ClinicDay), [{"facility_id": SOTUBA, "service": "vaccines", "weekday": 3}])
        db.execute(
            insert(ClinicDay), [{"facility_id": SOTUBA, "service": "vaccines", "weekday": 2, "village_id": EAST}]
        )
    newborn(care)
    newborn(care, BINTA, village_id=nursery.WEST)
    days(care, clock, SIX_WEEKS - timedelta(days=5), 10)
    assert [(day, step) for day, step, _ in rows(care)] == [
        (SIX_WEEKS + timedelta(days=n), step) for n, step in ((-2, -3), (-1, -3), (1, 0), (2, 0))
    ]
    assert "rendez-vous mercredi 22/04 au village Sotuba Est." in texts(care)[0][1]
    assert "alamisadon 23/04." in texts(care)[1][1]


def test_a_closure_moves_the_clinic_day_and_repeats_nothing(care, clock):
    newborn(care)
    run(care, clock, SIX_WEEKS - timedelta(days=3))
    with transaction(care.sessions) as db:
        timetable.close(db, care, SOTUBA, SIX_WEEKS, SIX_WEEKS + timedelta(days=2), "fête")
    days(care, clock, SIX_WEEKS - timedelta(days=2), 15)
    moved = SIX_WEEKS + timedelta(days=3)
    assert rows(care) == [
        (SIX_WEEKS - timedelta(days=3), -3, None),
        (moved, 0, None),
        (moved + timedelta(days=7), 7, None),
    ]


def test_a_dose_given_meanwhile_silences_what_waits(care, clock):
    child = newborn(care)
    run(care, clock, SIX_WEEKS - timedelta(days=3))
    on(clock, SIX_WEEKS, 6)
    remind(care)
    give(care, child, "PENTA1", "OPV1", "PCV1", "ROTA1")
    assert remind(care).texts == 0
    clock.move(hours=4)
    outbox.deliver(care, "bulk")
    assert care.gateways["africastalking"].sent == []
    with care.sessions() as db:
        assert [
            m.status for m in db.scalars(select(Message).where(Message.kind == "reminder").order_by(Message.id))
        ] == ["expired", "cancelled"]
    days(care, clock, SIX_WEEKS + timedelta(days=1), 12)
    assert rows(care) == [(SIX_WEEKS - timedelta(days=3), -3, None)]


def test_what_waits_is_told_again_of_those_who_still_need_it(care, clock):
    fanta, sekou = newborn(care, name="Fanta"), newborn(care, name="Sékou")
    assert run(care, clock, SIX_WEEKS).texts == 1
    give(care, fanta, "PENTA1", "OPV1", "PCV1", "ROTA1")
    told = remind(care)
    assert (told.texts, told.reminders) == (1, 1)
    with care.sessions() as db:
        chosen = select(Reminder.child_id).where(Reminder.message_id.is_not(None), Reminder.planned_for == SIX_WEEKS)
        assert db.scalars(chosen).all() == [sekou.id]


def test_nobody_hears_of_a_file_that_was_closed(care, clock):
    child = newborn(care)
    run(care, clock, SIX_WEEKS - timedelta(days=3))
    with transaction(care.sessions) as db:
        ending.end(db, care, db.get_one(Child, child.id), "dead", by=None, channel="sms")
    days(care, clock, SIX_WEEKS - timedelta(days=2), 40)
    outbox.deliver(care, "bulk")
    assert (len(texts(care)), care.gateways["africastalking"].sent) == (1, [])
    with care.sessions() as db:
        assert not_sent(db, EVERYWHERE, BORN) == []


def test_until_a_centre_confirms_nothing_is_sent_and_then_from_that_day_on(care, clock):
    with transaction(care.sessions) as db:
        told = registering.Born(BORN - timedelta(days=40), SOTUBA, mother_id=nursery.mother_of(db, AWA).id)
        child = registering.child(db, care, told, by=None, channel="ussd", key="own", confirmed=False)
    days(care, clock, BORN, 5)
    assert texts(care) == []
    assert {why for _, _, why in rows(care)} == {"unconfirmed"}
    on(clock, BORN + timedelta(days=4))
    with transaction(care.sessions) as db:
        row = db.get_one(Child, child.id)
        row.confirmed_on = row.look_on = care.local_now().date()
    run(care, clock, BORN + timedelta(days=5))
    assert len(texts(care)) == 1


def test_without_a_phone_the_worker_has_it_on_her_list(care, clock):
    newborn(care)
    with transaction(care.sessions) as db:
        db.delete(db.scalars(select(Number).where(Number.number == AWA)).one())
    run(care, clock, SIX_WEEKS - timedelta(days=3))
    assert rows(care) == [(SIX_WEEKS - timedelta(days=3), -3, "no_phone")]


def test_who_reads_in_the_evening_hears_of_the_day_before_it(care, clock):
    newborn(care)
    with transaction(care.sessions) as db:
        db.add(Wish(person_id=nursery.mother_of(db, AWA).id, hour=17))
    days(care, clock, BORN + timedelta(days=1), 50)
    assert [(day - SIX_WEEKS, step) for day, step, _ in rows(care)] == [
        (timedelta(days=-3), -3),
        (timedelta(days=-1), 0),
        (timedelta(days=7), 7),
    ]
    _, eve, later = (text for _, text in texts(care) if "va-t-il bien" not in text)
    assert f"rendez-vous mardi {SIX_WEEKS:%d/%m}." in eve
    assert f"venez mercredi {SIX_WEEKS + timedelta(days=8):%d/%m}." in later  # not the clinic of that morning


@pytest.mark.parametrize(("hour", "due", "use_by"), [(None, 9, 20), (17, 17, 20), (5, 7, 20), (22, 19, 20)])
def test_at_her_hour_outside_the_quiet_ones_and_not_after_that_day(care, clock, hour, due, use_by):
    newborn(care)
    with transaction(care.sessions) as db:
        db.add(Wish(person_id=nursery.mother_of(db, AWA).id, hour=hour))
    day = SIX_WEEKS - timedelta(days=3)
    run(care, clock, day, 0)
    with care.sessions() as db:
        [row] = db.scalars(select(Message)).all()
        assert (row.due_at, row.use_by) == (
            datetime(day.year, day.month, day.day, due, tzinfo=UTC),
            datetime(day.year, day.month, day.day, use_by, tzinfo=UTC),
        )
    clock.at = datetime(day.year, day.month, day.day, 20, 30, tzinfo=UTC)
    outbox.deliver(care, "bulk")
    assert care.gateways["africastalking"].sent == []
    with care.sessions() as db:
        assert [one.why for one in not_sent(db, EVERYWHERE, day)] == ["expired"]


def test_in_the_evening_its_day_is_over(care, clock):
    newborn(care)
    assert run(care, clock, SIX_WEEKS - timedelta(days=3), 21).not_sent == {"outage": 3}  # how she is, twice


def test_who_wished_it_hears_what_it_is_about(care, clock):
    for name in ("Fanta", "Sékou"):
        newborn(care, name=name)
    with transaction(care.sessions) as db:
        db.add(Wish(person_id=nursery.mother_of(db, AWA).id, frank=True))
    run(care, clock, SIX_WEEKS - timedelta(days=3))
    assert texts(care)[0][1].startswith(
        "CSCom Sotuba : vaccins de Fanta et Sékou contre diphtérie, tétanos, coqueluche, polio, "
    )


def test_told_to_be_done_it_is_not_asked_for_again(care, clock):
    child = newborn(care)
    days(care, clock, SIX_WEEKS - timedelta(days=3), 4)
    with transaction(care.sessions) as db:
        row = db.get_one(Child, child.id, with_for_update=True)
        giving.give(db, care, row, ["PENTA1", "OPV1", "PCV1", "ROTA1"], None, BY, key="told")
    days(care, clock, SIX_WEEKS + timedelta(days=1), 30)
    assert [why for _, _, why in rows(care)][-2:] == ["needless", "needless"]


def test_a_day_to_come_is_promised_and_nothing_before_it_is_over(care, clock):
    newborn(care)
    newborn(care, BINTA, name="Sira")
    with transaction(care.sessions) as db:
        people.leave(db, care.now(), BINTA, "reminders", "sms")
    ahead = remind(care, SIX_WEEKS)
    assert (ahead.texts, remind(care, SIX_WEEKS).texts) == (1, 0)
    assert rows(care) == [(SIX_WEEKS, 0, None)]
    days(care, clock, BORN + timedelta(days=1), 42)
    assert [(day, step) for day, step, why in rows(care) if why is None] == [
        (SIX_WEEKS - timedelta(days=3), -3),
        (SIX_WEEKS, 0),
    ]


def test_a_run_of_many_families_asks_the_database_no_more_than_one_of_few(care, clock, db):
    day = BORN + timedelta(days=39)

    def asked(mothers):
        told = {"facility_id": SOTUBA, "registered_on": BORN, "confirmed_on": BORN, "channel": "sms", "look_on": day}
        with transaction(care.sessions) as own:
            named = [{"id": n, "name": f"M{n}", "facility_id": SOTUBA, "created_at": care.now()} for n in mothers]
            own.execute(insert(Person), named)
            own.execute(
                insert(Number),
                [{"number": f"+2237{n:07d}", "person_id": n, "main": True, "since": care.now()} for n in mothers],
            )
            own.add_all(Child(**told, mother_id=n, born_on=BORN, name="Fanta", state="active") for n in mothers)
        on(clock, day)
        with statements(db) as all_of_it:
            told = remind(care)
        assert (told.files, told.texts) == (len(mothers), len(mothers))
        return len(all_of_it)

    few, many = asked(range(9001, 9003)), asked(range(9003, 9063))
    assert 5 < many <= few
