"""What goes out on Mondays about weekly reports, and the likely reasons why villages are silent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from smsapp import people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import EVERYTHING, Number, Person
from smsapp.scopes import EVERYWHERE
from smsapp.segments import count, fold
from smsapp.surveillance import silent, weekly_told
from smsapp.surveillance.tables import Reporter
from tests import outposts, village
from tests.handset import Handset
from tests.integration.test_weekly import BEFORE, IN_TIME, WEEK, told
from tests.outposts import ASC, ASC_2, DJOUMANZANA, FAR_ASC, HEAD, KOUROUBA, NEAR_ASC

SILENT = "2*5"  # where the list is in the menu of a head
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
NINE, AFTERNOON = MONDAY + timedelta(hours=9), MONDAY + timedelta(hours=14)


@pytest.fixture
def there(rt, clock):
    village.settle(rt)
    outposts.settle(rt)
    with transaction(rt.sessions) as db:
        db.execute(update(Person).values(created_at=datetime(2026, 1, 5, tzinfo=UTC)))
    clock.at = NINE
    return rt


def texts(rt):
    with transaction(rt.sessions) as db:
        rows = db.execute(select(Message.number, Message.text).where(Message.kind == "weekly").order_by(Message.id))
        return dict(rows.all())


def found(rt):
    """On Monday afternoon."""
    afternoon = rt.at(AFTERNOON)
    with transaction(rt.sessions) as db:
        return {one.id: one for one in silent.villages(db, afternoon, EVERYWHERE)}


def why(rt, village_id):
    return found(rt)[village_id].why


def sent(rt, number, status, days_ago, direction="mt", reason=None):
    at = rt.now() - timedelta(days=days_ago)
    row = {"direction": direction, "number": number, "gateway": "africastalking", "status": status, "reason": reason}
    with transaction(rt.sessions) as db:
        db.execute(insert(Message), [row | {"created_at": at, "due_at": at, "final_at": at if reason else None}])


def test_those_of_whom_nothing_came_are_reminded_once(there):
    told(there, ASC)
    assert weekly_told.remind(there) == 3
    assert weekly_told.remind(there) == 0
    assert texts(there) == {
        ASC_2: "Dɔgɔkun 02/03 - 08/03 kunnafoni : foyi ma bɔ i yɔrɔ. Ni foyi tɛ yen, 99 ci sani 12:00. I ni ce.",
        NEAR_ASC: "Rapport de la semaine du 02/03 au 08/03 : rien reçu de vous."
        " S'il n'y a rien à signaler, envoyez 99 avant 12:00. Merci.",
        FAR_ASC: "Report of the week 02/03 to 08/03: nothing came from you."
        " If there is nothing to report, send 99 before 12:00. Thank you.",
    }
    assert [count(fold(text)) for text in texts(there).values()] == [1, 1, 1]


@pytest.mark.parametrize(
    "at",
    [
        NINE - timedelta(minutes=1),
        MONDAY + timedelta(hours=12),
        NINE - timedelta(days=1),
        NINE + timedelta(days=1),
    ],
)
def test_only_on_monday_in_the_three_hours_before_the_deadline(there, clock, at):
    clock.at = at
    assert weekly_told.remind(there) == 0


def test_who_practises_or_has_just_come_is_left_alone(there):
    with transaction(there.sessions) as db:
        db.add(Reporter(person_id=outposts.person_id(there, ASC), code="4711", training_since=there.now()))
        new = update(Person).where(Person.id == outposts.person_id(there, ASC_2))
        db.execute(new.values(created_at=datetime(2026, 3, 5, tzinfo=UTC)))
    weekly_told.remind(there)
    assert set(texts(there)) == {NEAR_ASC, FAR_ASC}


def test_stop_does_not_hold_it_and_the_deadline_ends_it(there):
    with transaction(there.sessions) as db:
        people.leave(db, there.now(), ASC, EVERYTHING, "sms")
    weekly_told.remind(there)
    with transaction(there.sessions) as db:
        row = db.scalar(select(Message).where(Message.number == ASC))
        assert (row.topic, row.status, row.queue, row.due_at) == (None, "queued", "bulk", NINE)
        assert row.use_by == MONDAY + timedelta(hours=12)


def test_the_head_hears_of_silent_villages_once_in_the_afternoon(there, clock):
    told(there, ASC_2)
    clock.at = AFTERNOON - timedelta(minutes=1)
    assert weekly_told.tell_heads(there) == 0
    clock.at = AFTERNOON
    assert weekly_told.tell_heads(there) == 1
    assert weekly_told.tell_heads(there) == 0
    assert texts(there) == {
        HEAD: "1 village sans rapport depuis 2 semaines ou plus. Agents : Moussa. Liste : composez *384*223#"
    }


def test_several_villages_and_their_workers(there, clock):
    clock.at = AFTERNOON
    weekly_told.tell_heads(there)
    assert texts(there)[HEAD] == (
        "3 villages sans rapport depuis 2 semaines ou plus. Agents : Moussa, Sira. Liste : composez *384*223#"
    )


def test_of_many_names_as_many_as_one_part_holds(there):
    one = silent.Silent(1, "Kourouba", 1, "CSCom Sotuba", 2, "no_report", ())
    many = [silent.Silent(n, "x", 1, "y", 2, "no_report", (f"Mahamadou{n} Keita",)) for n in range(30)]
    text = weekly_told.named(there, "fr", many)
    assert text.startswith("30 villages sans rapport")
    assert "Mahamadou3, Mahamadou4 +25. Liste" in text
    assert count(fold(text)) == 1
    assert "Agents : -." in weekly_told.named(there, "fr", [one])


def test_a_head_whose_villages_all_reported_hears_nothing(there, clock):
    for number in (ASC, ASC_2, NEAR_ASC):
        told(there, number)
    clock.at = AFTERNOON
    assert weekly_told.tell_heads(there) == 0


def test_the_silent_villages_with_their_workers(there):
    told(there, ASC, week=BEFORE, at=IN_TIME - timedelta(weeks=1))
    told(there, ASC_2)
    assert list(found(there)) == [DJOUMANZANA]
    one = found(there)[DJOUMANZANA]
    assert (one.name, one.facility, one.workers) == ("Djoumanzana", "CSCom Boulkassoumbougou", ("Awa Diallo",))
    assert one.weeks == 9  # since the 5th of January


def test_a_report_of_the_week_that_is_not_due_ends_the_silence(there):
    told(there, ASC_2, week=WEEK.plus(1))
    assert list(found(there)) == [DJOUMANZANA, KOUROUBA]
    with transaction(there.sessions) as db:
        assert silent.many(db, there, EVERYWHERE) == 2


def test_merely_no_report(there):
    sent(there, ASC, "delivered", 2)
    assert why(there, KOUROUBA) == "no_report"


def test_her_number_stopped(there):
    with transaction(there.sessions) as db:
        people.leave(db, there.now(), ASC, EVERYTHING, "sms")
    sent(there, ASC, "failed", 2, reason="AbsentSubscriber")
    assert why(there, KOUROUBA) == "stopped"


@pytest.mark.parametrize(
    ("signs", "reason"),
    [
        ([("delivered", 9), ("failed", 3)], "phone_off"),
        ([("failed", 9), ("delivered", 3)], "no_report"),
        ([("failed", 30)], "no_report"),
        ([("failed", 9), ("sent", 3)], "phone_off"),
    ],
)
def test_her_phone_is_off_by_the_last_delivery_report(there, signs, reason):
    for status, days_ago in signs:
        sent(there, ASC, status, days_ago, reason="x" if status == "failed" else None)
    assert why(there, KOUROUBA) == reason


def test_who_wrote_since_has_her_phone_on(there):
    sent(there, ASC, "failed", 5, reason="AbsentSubscriber")
    sent(there, ASC, "heard", 2, direction="mo")
    assert why(there, KOUROUBA) == "no_report"


def test_no_number_at_all(there):
    with transaction(there.sessions) as db:
        db.execute(delete(Number).where(Number.number == ASC))
    assert why(there, KOUROUBA) == "no_number"


def test_of_two_workers_the_one_who_can_be_reached_says_why(there):
    with transaction(there.sessions) as db:
        db.execute(delete(Number).where(Number.number == ASC))
        db.add(people.Post(person_id=outposts.person_id(there, ASC_2), place_id=KOUROUBA))
    one = found(there)[KOUROUBA]
    assert (one.why, one.workers) == ("no_report", ("Moussa Keita", "Sira Koné"))


def test_two_schedulers_at_once_remind_nobody_twice(live_rt, clock):
    village.settle(live_rt)
    outposts.settle(live_rt)
    with transaction(live_rt.sessions) as db:
        db.execute(update(Person).values(created_at=datetime(2026, 1, 5, tzinfo=UTC)))
    clock.at = NINE
    with ThreadPoolExecutor(4) as pool:
        new = [run.result() for run in [pool.submit(weekly_told.remind, live_rt) for _ in range(4)]]
    assert sum(new) == len(texts(live_rt)) == 4


def test_a_head_finds_her_silent_villages_on_the_keypad(there, clock):
    clock.at = AFTERNOON
    told(there, ASC_2)
    head = Handset(there, HEAD)
    assert "1. Kourouba, 9 sem." in head.dial(SILENT)[0]
    assert "Kourouba : pas de rapport depuis 9 semaines, téléphone joignable" in head.key("1")[0]
    assert "A appeler : Moussa Keita +223 70 00 03 01" in head.dial(f"{SILENT}*1")[0]
    told(there, ASC)
    assert "Aucun village silencieux" in head.dial(SILENT)[0]


def test_a_village_that_was_heard_while_the_head_chose_is_not_shown(there, clock):
    clock.at = AFTERNOON
    head = Handset(there, HEAD)
    assert "1. Kourouba, 9 sem." in head.dial(SILENT)[0]
    told(there, ASC)
    assert "Choix invalide" in head.key("1")[0]
    assert "Sala : pas de rapport depuis 9 semaines" in head.key("2")[0]
    told(there, ASC_2)
    assert "Aucun village silencieux" in head.key("3")[0]


def test_a_worker_who_answers_for_nothing_has_no_such_line(there):
    assert "silencieux" not in Handset(there, ASC).dial(SILENT.split("*")[0])[0]
    assert "5. Villages silencieux" in Handset(there, HEAD).dial(SILENT.split("*")[0])[0]
