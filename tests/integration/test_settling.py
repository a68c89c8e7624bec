"""What becomes of a message: noted in its row, seen by those whose facility it belongs to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.gateways.base import Rejected, Report, Taken, Throttled, Unclear
from smsapp.messages import Message
from smsapp.outbox.tries import MOST
from smsapp.queues import BULK, REPLIES
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
        assert later.facility_id == SOTUBA, "it is part of what was said there"
        assert outbox.post(db, rt, MOTHER, "Merci", kind="reply").facility_id == BAKON


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


def _messages(db):
    return db.scalars(select(Message).order_by(Message.id)).all()
