"""What becomes of a message: noted in its row, seen by those whose facility it belongs to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.gateways.base import Rejected, Report, Taken, Throttled, Unclear
from smsapp.messages import Message
from smsapp.outbox import settling
from smsapp.outbox.tries import MOST
from smsapp.queues import BULK, REPLIES
from smsapp.staff import AuditEntry, accounts
from tests.desk import employ
from tests.handset import BINTA, MOTHER, STRANGER, Handset
from tests.village import BAKON, SOTUBA, settle


@pytest.fixture
def post(rt):
    """Promise one message and commit; its id."""

    def post(number=MOTHER, text="Bonjour", kind="reply", **more):
        with transaction(rt.sessions) as db:
            return outbox.post(db, rt, number, text, kind=kind, **more).id

    return post


@pytest.fixture
def row(rt):
    """A message as it is stored now."""

    def row(message_id):
        with rt.sessions() as db:
            return db.get(Message, message_id)

    return row


def told(message, *names):
    """What its history says, entry by entry."""
    return [tuple(entry.get(name) for name in names) for entry in message.history]


def unclear(text, number):
    raise Unclear("HTTP 500")


# ---- whose facility a message belongs to


def test_a_message_belongs_to_the_facility_of_whom_the_number_mainly_serves(rt, post, row):
    settle(rt)
    with transaction(rt.sessions) as db:
        people.add(db, rt.now(), number=MOTHER, name="Un voisin", facility_id=BAKON)  # shares her phone
    assert row(post()).facility_id == SOTUBA
    assert row(post(number=STRANGER)).facility_id is None
    assert row(post(facility_id=BAKON)).facility_id == BAKON


def test_a_text_and_its_answer_belong_to_the_facility_that_she_had_then(rt, row):
    settle(rt)
    phone = Handset(rt, MOTHER)
    phone.say("Le puits est à sec depuis lundi")
    with transaction(rt.sessions) as db:
        asked, answered = _messages(db)
        assert [asked.facility_id, answered.facility_id] == [SOTUBA, SOTUBA]
        db.get(people.Person, 1).facility_id = BAKON
    with transaction(rt.sessions) as db:
        later = outbox.post(db, rt, MOTHER, "Merci", kind="reply", reply_to=asked.id)
        assert db.get_one(Message, later.id).facility_id == SOTUBA, "it is part of what was said there"
        alone = outbox.post(db, rt, MOTHER, "Merci", kind="reply")
        assert db.get_one(Message, alone.id).facility_id == BAKON


def test_many_are_placed_at_once_but_those_that_say_where(rt):
    settle(rt)
    drafts = [
        outbox.Draft(MOTHER, "un", "broadcast"),
        outbox.Draft(BINTA, "deux", "broadcast", facility_id=BAKON),
        outbox.Draft(STRANGER, "trois", "broadcast"),
        outbox.Draft(MOTHER, "quatre", "broadcast"),
    ]
    with transaction(rt.sessions) as db:
        outbox.post_many(db, rt, drafts)
        assert [m.facility_id for m in _messages(db)] == [SOTUBA, BAKON, None, SOTUBA]


# ---- every try of it


def test_each_try_is_noted_with_what_came_of_it(rt, gateway, clock, post, row):
    message = post()
    gateway.answer = lambda text, number: Throttled("HTTP 429")
    outbox.deliver(rt, REPLIES)
    clock.move(minutes=5)
    gateway.answer = lambda text, number: Taken("ATX1", cost="25.6", currency="XOF")
    outbox.deliver(rt, REPLIES)
    tried = row(message)
    assert told(tried, "status", "reason", "attempt") == [("queued", "HTTP 429", 1), ("sent", None, 2)]
    assert told(tried, "id", "cost", "currency", "gateway")[1] == ("ATX1", 25.6, "XOF", gateway.name)
    assert told(tried, "at")[1] == (rt.now().isoformat(),)


def test_a_message_held_back_before_it_went_out_was_not_tried(rt, gateway, post, row):
    gateway.requests_at_once = 1
    gateway.answer = lambda text, number: Throttled("HTTP 429", retry_after=60)
    ids = [post(text="un"), post(text="deux")]
    outbox.deliver(rt, REPLIES)
    assert sorted(len(row(i).history) for i in ids) == [0, 1]


def test_a_refusal_is_noted(rt, gateway, post, row):
    message = post()
    gateway.answer = lambda text, number: Rejected("InvalidPhoneNumber")
    outbox.deliver(rt, REPLIES)
    assert told(row(message), "status", "reason") == [("failed", "InvalidPhoneNumber")]


def test_a_message_that_is_tried_for_hours_keeps_its_first_and_last_tries(rt, gateway, clock, post, row):
    message = post(use_by=rt.now() + timedelta(days=30))
    for n in range(MOST + 5):
        gateway.answer = lambda text, number, n=n: Throttled(f"try {n}")
        outbox.deliver(rt, REPLIES)
        clock.move(hours=2)
    reasons = [reason for (reason,) in told(row(message), "reason")]
    assert len(reasons) == MOST
    assert reasons[:2] == ["try 0", "try 1"]
    assert reasons[-1] == f"try {MOST + 4}"


def test_the_end_of_a_lease_and_a_report_that_settles_are_noted(rt, gateway, clock, post, row, monkeypatch):
    message = post()
    monkeypatch.setattr("smsapp.outbox.delivering._record_surely", lambda *_: None)  # the worker dies here
    outbox.deliver(rt, REPLIES)
    clock.move(minutes=3)
    outbox.sweep(rt)
    assert told(row(message), "status", "attempt") == [("unknown", 1)]
    with transaction(rt.sessions) as db:
        outbox.record_report(db, rt, gateway.name, Report("ATX9", "delivered", "Success", MOTHER))
    settled = row(message)
    assert settled.status == "delivered"
    assert told(settled, "status", "reason", "by")[1] == ("delivered", "Success", "report")


def test_what_is_sent_again_expires_is_dropped_or_stopped_is_noted(rt, gateway, clock, post, row):
    again = post(text="question", kind="question")
    gateway.answer = unclear
    outbox.deliver(rt, REPLIES)
    late = post(kind="broadcast", use_by=rt.now() + timedelta(minutes=10))
    stopped = post(number=BINTA, kind="broadcast")
    with transaction(rt.sessions) as db:
        people.leave(db, rt.now(), BINTA, people.EVERYTHING, "sms")
    outbox.deliver(rt, BULK, stop=lambda: True)
    clock.move(minutes=31)
    outbox.sweep(rt)
    outbox.deliver(rt, BULK)
    assert told(row(again), "status") == [("unknown",), ("queued",)]
    assert told(row(late), "status", "reason") == [("expired", "its use-by time had passed")]
    assert told(row(stopped), "status", "reason") == [("cancelled", "stop")]


# ---- settled by a person


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


@pytest.fixture
def unknown(village, rt, gateway, post):
    """A message of which the gateway never told, and what it then does with others."""

    def unknown(kind="broadcast", **more):
        answer, gateway.answer = gateway.answer, unclear
        message = post(kind=kind, **more)
        outbox.deliver(rt, BULK)
        outbox.deliver(rt, REPLIES)
        gateway.answer = answer
        return message

    return unknown


@pytest.fixture
def awa(village, rt):
    """She answers for the facility of the mothers."""
    account = employ(rt, "facility", name="Awa", places=[SOTUBA])
    with transaction(rt.sessions) as db:
        return accounts.staff(db, account)


def say(rt, staff, message, verdict):
    with transaction(rt.sessions) as db:
        return settling.settle(db, rt, staff, message, verdict)


def test_a_person_says_that_it_arrived(rt, awa_and, row):
    awa, message = awa_and
    assert say(rt, awa, message, settling.ARRIVED) is None
    settled = row(message)
    assert (settled.status, settled.final_at, settled.settled_by) == ("delivered", rt.now(), f"staff:{awa.id}")
    assert settled.sent_at == settled.claimed_at
    assert told(settled, "status", "by")[-1] == ("delivered", f"staff:{awa.id}")
    with transaction(rt.sessions) as db:
        assert settling.settler(db, settled) == "Awa"
        [entry] = db.scalars(select(AuditEntry)).all()
        assert (entry.action, entry.subject, entry.details) == (
            "messages.settled",
            f"message:{message}",
            {"verdict": "arrived", "again": None},
        )


@pytest.fixture
def awa_and(awa, unknown):
    return awa, unknown()


def test_sent_again_it_is_exactly_one_new_message(rt, gateway, awa, unknown, row):
    first = unknown(topic="news", language="bm")
    second = say(rt, awa, first, settling.AGAIN)
    with pytest.raises(settling.Settled):
        say(rt, awa, first, settling.AGAIN)
    outbox.deliver(rt, BULK)
    assert gateway.sent == [(MOTHER, "Bonjour"), (MOTHER, "Bonjour")], "the first try, and this one"
    old, new = row(first), row(second)
    assert (old.status, new.status) == ("failed", "sent")
    assert (new.possible_repeat, new.key, new.meta) == (True, f"again:{first}", {"instead_of": first})
    assert (new.text, new.kind, new.topic, new.language) == ("Bonjour", "broadcast", "news", "bm")
    assert (new.person_id, new.facility_id, new.number) == (old.person_id, SOTUBA, MOTHER)


def test_sent_again_to_one_who_left_it_is_stopped_and_not_called_unknown(rt, awa, unknown, row):
    again = say(rt, awa, unknown(), settling.AGAIN)
    with transaction(rt.sessions) as db:
        people.leave(db, rt.now(), MOTHER, people.EVERYTHING, "sms")
    outbox.deliver(rt, BULK)
    assert (row(again).status, row(again).reason) == ("cancelled", "stop")


def test_let_be_it_is_over(rt, gateway, awa_and, row, clock):
    awa, message = awa_and
    say(rt, awa, message, settling.LET_BE)
    clock.move(hours=5)
    outbox.sweep(rt)
    outbox.deliver(rt, BULK)
    assert (row(message).status, len(gateway.sent)) == ("cancelled", 1)


def test_the_second_who_settles_is_told_who_was_first(rt, awa_and, row):
    awa, message = awa_and
    say(rt, awa, message, settling.ARRIVED)
    with pytest.raises(settling.Settled) as first:
        say(rt, awa, message, settling.AGAIN)
    assert (first.value.status, first.value.by) == ("delivered", "Awa")


def test_of_two_at_once_one_settles(live_rt, gateway):
    settle(live_rt)
    gateway.answer = unclear
    with transaction(live_rt.sessions) as db:
        message = outbox.post(db, live_rt, MOTHER, "Bonjour", kind="broadcast").id
    outbox.deliver(live_rt, BULK)
    account = employ(live_rt)
    with transaction(live_rt.sessions) as db:
        chief = accounts.staff(db, account)

    def try_it(n):
        try:
            return say(live_rt, chief, message, settling.AGAIN)
        except settling.Settled:
            return "late"

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(try_it, range(4))).count("late") == 3
    with transaction(live_rt.sessions) as db:
        assert len(_messages(db)) == 2


def test_nobody_settles_what_she_may_not_see_or_what_came_from_a_phone(rt, awa, unknown, post, row):
    stranger = unknown(number=STRANGER)
    Handset(rt, MOTHER).say("Le puits est à sec")
    with transaction(rt.sessions) as db:
        heard = db.scalar(select(Message.id).where(Message.direction == "mo"))
    for message in (stranger, heard, 10**9):
        with pytest.raises(LookupError):
            say(rt, awa, message, settling.ARRIVED)
    assert row(stranger).status == "unknown"


@pytest.mark.parametrize(
    ("verdict", "word", "status"),
    [
        (settling.LET_BE, "delivered", "delivered"),
        (settling.AGAIN, "delivered", "delivered"),
        (settling.LET_BE, "failed", "cancelled"),
        (settling.ARRIVED, "failed", "delivered"),
    ],
)
def test_a_report_that_comes_later_still_tells_the_truth(rt, gateway, awa_and, row, clock, verdict, word, status):
    awa, message = awa_and
    again = say(rt, awa, message, verdict)
    if again:
        gateway.answer = lambda text, number: Taken("ATX2")
        outbox.deliver(rt, BULK)
    clock.move(minutes=1)
    with transaction(rt.sessions) as db:
        outbox.record_report(db, rt, gateway.name, Report("ATX1", word, word, MOTHER))
    assert (row(message).status, row(message).external_id) == (status, "ATX1")
    assert told(row(message), "by")[-1] == ("report",)
    if again:
        assert row(again).status == "sent", "the report was not about this one"


def test_a_report_waits_while_the_second_message_is_under_way(rt, gateway, awa_and, row, clock, monkeypatch):
    awa, message = awa_and
    again = say(rt, awa, message, settling.AGAIN)
    gateway.answer = lambda text, number: Taken("ATX2")

    def report_first(text, number):
        with transaction(rt.sessions) as db:
            outbox.record_report(db, rt, gateway.name, Report("ATX1", "delivered", "Success", MOTHER))
        return Taken("ATX2")

    gateway.answer = report_first
    clock.move(minutes=1)
    outbox.deliver(rt, BULK)
    assert row(message).status == "failed"
    outbox.sweep(rt)
    assert (row(message).status, row(again).status) == ("delivered", "sent")


def _messages(db):
    return db.scalars(select(Message).order_by(Message.id)).all()
