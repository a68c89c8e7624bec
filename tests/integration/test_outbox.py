"""The outbox on a real database: each promise is kept once, or it is known why not."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.gateways.base import Misconfigured, Rejected, Report, Taken, Throttled, Unclear, Unreachable
from smsapp.messages import GatewayState, Message, StoredReport
from smsapp.outbox.claims import claim
from smsapp.queues import BULK, REPLIES

AWA, BINTA = "+22370000101", "+22370000102"


@pytest.fixture
def post(rt):
    """Promise one message and commit; its id."""

    def post(number=AWA, text="Bonjour", kind="reply", **more):
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


@pytest.fixture
def many(rt):
    """Promise so many answers, each with a text of its own."""

    def many(count):
        with transaction(rt.sessions) as db:
            outbox.post_many(db, rt, [outbox.Draft(AWA, f"texte {n}", "reply") for n in range(count)])

    return many


@pytest.fixture
def every(rt):
    """One column of all messages, as they are stored now."""

    def every(column):
        with rt.sessions() as db:
            return db.scalars(select(column).order_by(Message.id)).all()

    return every


@pytest.fixture
def report(rt, gateway):
    def report(external_id, status, number=AWA, reason=""):
        with transaction(rt.sessions) as db:
            outbox.record_report(db, rt, gateway.name, Report(external_id, status, reason or status, number))

    return report


def raises(error):
    def answer(text, number):
        raise error

    return answer


# ---- posting


def test_a_reply_goes_out_folded_and_is_sent(rt, gateway, post, row):
    message = row(post(text="Forêt et œuvre"))
    assert (message.status, message.text, message.sent_text) == ("queued", "Forêt et œuvre", "Foret et oeuvre")
    assert (message.parts, message.due_at, message.use_by) == (1, rt.now(), rt.now() + timedelta(hours=6))
    assert outbox.deliver(rt, REPLIES) == 1
    assert gateway.sent == [(AWA, message.sent_text)]
    message = row(message.id)
    assert (message.status, message.attempts, message.external_id) == ("sent", 1, "fake-1")
    assert message.sent_at == rt.now()


def test_a_key_is_posted_once(rt, post, row):
    first = post(text="un", key="visit-7")
    assert post(text="deux", key="visit-7") == first
    assert row(first).text == "un"


def test_a_rolled_back_post_leaves_no_promise_and_rings_nobody(rt, gateway):
    with rt.sessions() as db:
        outbox.post(db, rt, AWA, "non", kind="reply")
        db.rollback()
    assert rt.bell.depth() == {REPLIES: 0, BULK: 0}
    assert outbox.deliver(rt, REPLIES) == 0


@pytest.mark.parametrize("number", ["+22320225555", "+254700000001", "+1900", "36223", "", "+2237000010²"])
def test_a_destination_that_is_no_mobile_here_fails_at_once(rt, gateway, post, row, number):
    message = row(post(number=number))
    assert (message.status, message.reason) == ("failed", "not a mobile number of an allowed country")
    outbox.deliver(rt, REPLIES)
    assert gateway.sent == []


def test_text_that_a_database_can_not_hold_is_cleaned(rt, post, row):
    assert row(post(text="a\x00b\ud800c")).text == "ab\ufffdc"


def test_many_are_posted_at_once_and_again_without_doubles(rt, row):
    drafts = [outbox.Draft(f"+2237{n:07d}", f"texte {n}", "broadcast", key=f"b1-{n}") for n in range(2500)]
    with transaction(rt.sessions) as db:
        assert outbox.post_many(db, rt, drafts[:1500]) == 1500
    with transaction(rt.sessions) as db:
        assert outbox.post_many(db, rt, drafts) == 1000
        assert outbox.post_many(db, rt, []) == 0
        assert len(outbox.listing(db, state="queued")) == 2500


def test_an_answer_goes_back_the_way_the_question_came(rt, row, post):
    with transaction(rt.sessions) as db:
        asked = Message(
            direction="mo", number=AWA, gateway="another", status="received", created_at=rt.now(), due_at=rt.now()
        )
        db.add(asked)
        db.flush()
        asked_id = asked.id
    assert row(post(reply_to=asked_id)).gateway == next(iter(rt.gateways)), "a gateway that is gone is not used"
    rt.gateways["another"] = rt.gateways[next(iter(rt.gateways))]
    assert row(post(reply_to=asked_id)).gateway == "another"


def test_answers_of_the_last_hour_are_counted_by_kind(rt, clock, post):
    post(kind="unheard")
    clock.move(minutes=30)
    post(kind="unheard")
    post(kind="reply")
    post(number=BINTA, kind="unheard")
    with rt.sessions() as db:
        assert outbox.answers_in_last_hour(db, AWA, ["unheard"], rt.now()) == 2
        assert outbox.answers_in_last_hour(db, AWA, ["unheard", "reply"], rt.now()) == 3
        assert outbox.answers_in_last_hour(db, AWA, ["unheard"], rt.now() + timedelta(minutes=45)) == 1


# ---- delivering


def test_one_text_is_one_request_and_each_recipient_has_an_answer_of_her_own(rt, gateway, post, row):
    numbers = [f"+2237000020{n}" for n in range(6)]
    ids = [post(number=n, text="Vaccination demain", kind="broadcast") for n in numbers]
    other = post(text="Autre texte", kind="broadcast")
    wrong = {numbers[1]: Rejected("InvalidPhoneNumber"), numbers[2]: Unclear("RejectedByGateway")}
    gateway.answer = lambda text, number: wrong.get(number) or Taken(f"id-{number}")
    outbox.deliver(rt, BULK)
    assert sorted(len(to) for _, to in gateway.requests) == [1, 6]
    assert [row(i).status for i in ids] == ["sent", "failed", "unknown", "sent", "sent", "sent"]
    assert row(ids[0]).external_id == f"id-{numbers[0]}"
    assert row(ids[1]).reason == "InvalidPhoneNumber"
    assert row(other).status == "sent"


def test_a_request_holds_no_more_recipients_than_the_gateway_takes(rt, gateway, post):
    gateway.recipients_per_request = 10
    for n in range(25):
        post(number=f"+223700003{n:02d}", text="A tous", kind="broadcast")
    outbox.deliver(rt, BULK)
    assert sorted(len(to) for _, to in gateway.requests) == [5, 10, 10]


def test_the_same_text_twice_to_one_number_is_two_promises(rt, gateway, post):
    post(text="Merci")
    post(text="Merci")
    assert outbox.deliver(rt, REPLIES) == 2
    assert [to for _, to in gateway.requests] == [[AWA], [AWA]]


def test_a_recipient_that_the_answer_does_not_name_is_unknown(rt, gateway, post, row, monkeypatch):
    first, second = post(number=AWA), post(number=BINTA)
    monkeypatch.setattr(gateway, "send", lambda text, numbers: {AWA: Taken("id-1")})
    outbox.deliver(rt, REPLIES)
    assert [row(first).status, row(second).status] == ["sent", "unknown"]


def test_a_gateway_that_breaks_in_our_hands_may_have_sent(rt, gateway, post, row):
    message = post()
    gateway.answer = raises(ZeroDivisionError())
    outbox.deliver(rt, REPLIES)
    assert row(message).status == "unknown"


def test_replies_come_before_less_urgent_ones_and_a_campaign_is_not_theirs(rt, gateway, post):
    gateway.requests_at_once = 1
    post(text="campagne", kind="broadcast")
    post(text="aide", kind="unheard")
    post(text="reponse", kind="reply")
    outbox.deliver(rt, REPLIES)
    assert [text for _, text in gateway.sent] == ["reponse", "aide"]


def test_a_worker_that_is_asked_to_stop_claims_nothing(rt, gateway, post, row):
    message = post()
    assert outbox.deliver(rt, REPLIES, stop=lambda: True) == 0
    assert row(message).status == "queued"


# ---- what should not go out any more


def test_what_is_past_its_use_by_is_listed_and_not_sent(rt, clock, gateway, post, row):
    claimed, swept = post(kind="question"), post(kind="question", text="autre", use_by=rt.now() + timedelta(hours=1))
    clock.move(hours=1)
    outbox.sweep(rt)
    assert row(swept).status == "expired"
    assert row(claimed).status == "queued"
    clock.move(hours=1)
    outbox.deliver(rt, REPLIES)
    assert gateway.sent == []
    with rt.sessions() as db:
        assert [m["id"] for m in outbox.listing(db, state="expired")] == [swept, claimed]


@pytest.mark.parametrize("left", ["survey", "*"])
def test_stop_between_post_and_claim_is_kept(rt, db, gateway, post, row, left):
    held, answer = post(kind="invitation"), post(kind="reply", text="Vous avez quitte")
    other = post(number=BINTA, kind="invitation")
    db.add(people.TopicLeft(number=AWA, topic=left, channel="sms", at=rt.now()))
    db.commit()
    outbox.deliver(rt, BULK)
    outbox.deliver(rt, REPLIES)
    assert (row(held).status, row(held).reason) == ("cancelled", "stop")
    assert row(answer).status == "sent", "an answer to what she has just sent is not held"
    assert row(other).status == "sent"


def test_another_topic_left_holds_nothing(rt, db, gateway, post, row):
    message = post(kind="invitation")
    db.add(people.TopicLeft(number=AWA, topic="news", channel="sms", at=rt.now()))
    db.commit()
    outbox.deliver(rt, BULK)
    assert row(message).status == "sent"


def test_quiet_hours_are_planned_for_and_kept_when_claimed(rt, clock, gateway, post, row):
    early = post(kind="broadcast")
    clock.move(hours=11)  # 21:00 in Bamako: the worker comes too late for the first, the second is posted now
    late, answer = post(kind="broadcast", text="autre"), post(kind="reply")
    morning = clock.at.replace(hour=7) + timedelta(days=1)
    assert row(late).due_at == morning
    outbox.deliver(rt, BULK)
    outbox.deliver(rt, REPLIES)
    assert [text for _, text in gateway.sent] == [row(answer).sent_text]
    assert (row(early).status, row(early).due_at) == ("queued", morning)
    clock.at = morning
    outbox.deliver(rt, BULK)
    assert [row(early).status, row(late).status] == ["sent", "sent"]


# ---- trouble


def test_what_surely_did_not_go_out_is_tried_again_within_ten_seconds_then_ever_later(rt, clock, gateway, post, row):
    gateway.answer = raises(Unreachable("refused"))
    message, waits = post(), []
    for _ in range(4):
        outbox.deliver(rt, REPLIES)
        waits.append((row(message).due_at - rt.now()).total_seconds())
        assert row(message).status == "queued"
        clock.at = row(message).due_at
    assert waits[0] < 5
    assert waits == sorted(waits)
    gateway.answer = lambda text, number: Taken("id-1")
    outbox.deliver(rt, REPLIES)
    assert (row(message).status, row(message).attempts) == ("sent", 5)
    assert row(message).reason is None


def test_retry_after_is_kept_also_when_the_gateway_is_reached_again(rt, clock, gateway, post, row):
    message, began = post(), rt.now()
    gateway.answer = raises(Throttled("429", retry_after=600))
    outbox.deliver(rt, REPLIES)
    assert row(message).due_at == began + timedelta(seconds=600)
    gateway.answer = lambda text, number: Taken("id-1")
    clock.move(minutes=5)
    hers = post(number=BINTA)
    assert outbox.deliver(rt, REPLIES) == 0, "it was asked for the whole gateway"
    outbox.sweep(rt)
    assert row(message).due_at == began + timedelta(seconds=600)
    outbox.sweep(rt, now_too=True)
    assert row(message).due_at == rt.now(), "a person may say otherwise"
    outbox.deliver(rt, REPLIES)
    assert (row(message).status, row(hers).status) == ("sent", "sent")


def test_a_gateway_that_asks_to_wait_is_left_alone_and_then_tried_with_one_request(rt, clock, gateway, many, every):
    def throttled(text, number):
        time.sleep(0.05)  # so that requests stand at the gateway's door together, as they do in life
        raise Throttled("429", retry_after=30)

    gateway.answer = throttled
    many(200)
    outbox.deliver(rt, REPLIES)
    first = len(gateway.requests)
    assert 1 <= first <= gateway.requests_at_once, "those that were under way; none of those that waited for their turn"
    assert sorted(set(every(Message.attempts))) == [0, 1]
    assert sum(every(Message.attempts)) == first
    for _ in range(5):
        clock.move(seconds=5)
        outbox.deliver(rt, REPLIES)
    assert len(gateway.requests) == first
    clock.move(seconds=6)
    outbox.deliver(rt, REPLIES)
    assert len(gateway.requests) == first + 1, "one tries"
    clock.move(seconds=29)
    outbox.deliver(rt, REPLIES)
    assert len(gateway.requests) == first + 1
    gateway.answer = lambda text, number: Taken(f"id-{text}")
    clock.move(seconds=20)
    outbox.deliver(rt, REPLIES)
    assert every(Message.status) == ["sent"] * 200
    assert len(gateway.requests) == first + 1 + 200


def test_while_one_request_tries_a_gateway_nobody_else_does(rt, clock, gateway, post):
    gateway.answer = raises(Throttled("503", retry_after=30))
    post(text="un")
    outbox.deliver(rt, REPLIES)
    for text in ("deux", "trois"):
        post(text=text)
    clock.move(seconds=31)
    with transaction(rt.sessions) as db:
        assert claim(db, rt, REPLIES, {gateway.name: 32}).rows == 1
    with transaction(rt.sessions) as db:
        assert claim(db, rt, REPLIES, {gateway.name: 32}).rows == 0
    clock.move(seconds=31)  # its worker died
    with transaction(rt.sessions) as db:
        assert claim(db, rt, REPLIES, {gateway.name: 32}).rows == 1


def test_a_try_that_finds_the_gateway_away_makes_room_for_the_next(rt, clock, gateway, post):
    gateway.answer = raises(Throttled("429", retry_after=5))
    post(text="un")
    outbox.deliver(rt, REPLIES)
    gateway.answer = lambda text, number: raises(Unreachable("503"))(text, number) if text == "un" else Taken("id-2")
    clock.move(seconds=6)
    post(text="deux")
    outbox.deliver(rt, REPLIES)
    assert [text for _, text in gateway.sent] == ["un", "un", "deux"], "not half a minute later"


def test_a_refusal_of_one_message_ends_the_wait_too(rt, clock, gateway, post):
    gateway.answer = raises(Throttled("429", retry_after=30))
    post(text="un")
    outbox.deliver(rt, REPLIES)
    gateway.answer = lambda text, number: Rejected("UserInBlacklist") if text == "deux" else Taken(f"id-{text}")
    for text in ("deux", "trois", "quatre"):
        post(text=text)
    clock.move(seconds=31)
    outbox.deliver(rt, REPLIES)
    assert {text for _, text in gateway.sent} == {"un", "deux", "trois", "quatre"}


def test_when_a_gateway_comes_back_what_waited_for_it_goes_within_two_minutes(rt, clock, gateway, post, row):
    gateway.answer = raises(Unreachable("refused"))
    ids = [post(text=f"texte {n}") for n in range(5)]
    for _ in range(12):  # three quarters of an hour: the pauses have grown to half an hour
        for i in ids:
            clock.at = max(clock.at, row(i).due_at)
        outbox.deliver(rt, REPLIES)
    back = clock.move(seconds=1)
    assert min(row(i).due_at for i in ids) > back + timedelta(minutes=10)
    gateway.answer = lambda text, number: Taken(f"id-{text}")
    while any(row(i).status == "queued" for i in ids):
        outbox.sweep(rt)
        outbox.deliver(rt, REPLIES)
        assert clock.move(seconds=15) <= back + timedelta(seconds=120)


def test_a_refusal_is_final(rt, gateway, post, row):
    message = post()
    gateway.answer = lambda text, number: Rejected("UserInBlacklist")
    outbox.deliver(rt, REPLIES)
    assert (row(message).status, row(message).reason) == ("failed", "UserInBlacklist")
    assert row(message).final_at == rt.now()


def test_a_refused_key_pauses_the_gateway_with_one_alert_and_a_probe_a_minute(rt, clock, gateway, many, every, capsys):
    gateway.answer = raises(Misconfigured("HTTP 401"))
    many(60)
    outbox.deliver(rt, REPLIES)
    assert capsys.readouterr().out.count("gateway paused") == 1
    assert set(every(Message.status)) == {"queued"}
    tried = len(gateway.requests)
    assert tried <= gateway.requests_at_once * 2
    for _ in range(4):
        outbox.deliver(rt, REPLIES)
    assert len(gateway.requests) == tried, "before its minute nothing probes"
    for _ in range(3):
        clock.move(seconds=61)
        outbox.deliver(rt, REPLIES)
        outbox.deliver(rt, BULK)
    assert len(gateway.requests) == tried + 3
    gateway.answer = lambda text, number: Taken(f"id-{text}")
    clock.move(seconds=61)
    outbox.deliver(rt, REPLIES)
    assert every(Message.status) == ["sent"] * 60
    assert "gateway paused" not in capsys.readouterr().out


def test_no_balance_for_one_recipient_pauses_too_and_a_person_may_probe_at_once(rt, gateway, post, row):
    gateway.answer = lambda text, number: Misconfigured("InsufficientBalance")
    message = post()
    outbox.deliver(rt, REPLIES)
    assert (row(message).status, row(message).reason) == ("queued", "InsufficientBalance")
    gateway.answer = lambda text, number: Taken("id-1")
    outbox.deliver(rt, REPLIES)
    assert row(message).status == "queued"
    outbox.sweep(rt, now_too=True)
    outbox.deliver(rt, REPLIES)
    assert row(message).status == "sent"
    with rt.sessions() as db:
        state = db.scalars(select(GatewayState)).one()
        assert (state.paused_at, state.resumed_at) == (None, rt.now())


def test_an_old_success_does_not_end_a_pause(rt, clock, gateway, post, row):
    """Two requests are under way; the balance is gone for one of them, the other had been in time."""
    post(text="un"), post(text="deux")

    def answer(text, number):
        return Taken("id-1") if text == "un" else Misconfigured("InsufficientBalance")

    gateway.answer = answer
    outbox.deliver(rt, REPLIES)
    with rt.sessions() as db:
        assert db.scalars(select(GatewayState)).one().paused_at == rt.now()


# ---- unknown, and reports


def test_unknown_is_not_sent_again_and_a_report_settles_it(rt, gateway, post, row, report):
    message = post()
    gateway.answer = raises(Unclear("read timed out"))
    outbox.deliver(rt, REPLIES)
    for _ in range(3):
        outbox.sweep(rt, now_too=True)
        outbox.deliver(rt, REPLIES)
    assert (row(message).status, len(gateway.requests)) == ("unknown", 1)
    report("ATX1", "sent")
    assert (row(message).status, row(message).settled_by, row(message).external_id) == ("sent", "report", "ATX1")
    report("ATX1", "delivered")
    assert row(message).status == "delivered"


@pytest.mark.parametrize("status", ["unknown", "sending"])
def test_a_report_that_may_be_about_two_messages_settles_neither(rt, gateway, post, row, report, db, status):
    gateway.answer = raises(Unclear("read timed out"))
    first = post(text="un")
    outbox.deliver(rt, REPLIES)
    second = post(text="deux")
    if status == "unknown":
        outbox.deliver(rt, REPLIES)
    else:
        claim(db, rt, REPLIES, {gateway.name: 9})
        db.commit()
    report("ATX1", "delivered")
    assert [row(first).status, row(second).status] == ["unknown", status]


def test_a_report_before_the_answer_to_its_send_counts_once_it_is_recorded(rt, gateway, post, row, report):
    def answer(text, number):
        report("ATX9", "delivered")
        report("ATX9", "sent")
        return Taken("ATX9")

    gateway.answer = answer
    message = post()
    outbox.deliver(rt, REPLIES)
    assert row(message).status == "delivered"
    with rt.sessions() as db:
        assert {r.message_id for r in db.scalars(select(StoredReport))} == {message}


def test_a_report_for_a_message_of_a_worker_that_died_settles_it_after_the_lease(
    rt, clock, gateway, post, row, report, db
):
    message = post()
    claim(db, rt, REPLIES, {gateway.name: 9})
    db.commit()
    report("ATX7", "delivered")
    assert row(message).status == "sending"
    clock.move(seconds=119)
    outbox.sweep(rt)
    assert row(message).status == "sending"
    clock.move(seconds=2)
    assert outbox.sweep(rt).unknown == 1
    assert (row(message).status, row(message).settled_by) == ("delivered", "report")


def test_reports_move_a_message_up_in_any_order_and_of_one_gateway_only(rt, gateway, post, row, report):
    message = post()
    outbox.deliver(rt, REPLIES)
    with transaction(rt.sessions) as db:
        outbox.record_report(db, rt, "another", Report("fake-1", "failed", "Failed", AWA))
    assert row(message).status == "sent"
    report("fake-1", "failed", reason="AbsentSubscriber")
    assert (row(message).status, row(message).reason) == ("failed", "AbsentSubscriber")
    report("fake-1", "delivered", reason="Success")
    report("fake-1", "sent")
    report("fake-1", "", reason="Borked")
    assert row(message).status == "delivered"
    with rt.sessions() as db:
        assert len(db.scalars(select(StoredReport)).all()) == 5


def test_a_kind_that_may_be_sent_again_is_once_and_not_before_half_an_hour(rt, clock, gateway, post, row):
    gateway.answer = raises(Unclear("read timed out"))
    message = post(kind="invitation")
    outbox.deliver(rt, BULK)
    clock.move(minutes=29)
    outbox.sweep(rt)
    outbox.deliver(rt, BULK)
    assert len(gateway.requests) == 1
    for _ in range(10):
        clock.move(minutes=31)
        outbox.sweep(rt)
        outbox.deliver(rt, BULK)
    assert (len(gateway.requests), row(message).status, row(message).possible_repeat) == (2, "unknown", True)


def test_a_possible_repeat_that_comes_too_late_is_not_called_unsent(rt, clock, gateway, post, row):
    gateway.answer = raises(Unclear("read timed out"))
    message = post(kind="question")
    outbox.deliver(rt, REPLIES)
    clock.move(minutes=31)
    outbox.sweep(rt)
    assert row(message).status == "queued"
    clock.move(hours=3)
    outbox.sweep(rt)
    assert row(message).status == "unknown"


def test_a_late_answer_counts_after_the_lease_but_not_after_a_new_claim(rt, clock, gateway, post, row):
    def late(text, number):
        clock.move(seconds=200)
        outbox.sweep(rt)
        return Taken("late")

    gateway.answer = late
    first = post(kind="question")
    outbox.deliver(rt, REPLIES)
    assert (row(first).status, row(first).external_id) == ("sent", "late")

    def later_still(text, number):
        gateway.answer = lambda text, number: Taken("second")
        late(text, number)
        clock.move(minutes=31)
        outbox.sweep(rt)
        outbox.deliver(rt, REPLIES)
        return Taken("first")

    gateway.answer = later_still
    second = post(kind="question", use_by=rt.now() + timedelta(hours=2))
    outbox.deliver(rt, REPLIES)
    assert (row(second).status, row(second).external_id) == ("sent", "second")


# ---- reading


def test_the_list_and_the_gauges_say_what_is_there(rt, clock, gateway, post):
    first, second = post(text="Forêt"), post(number=BINTA, text="deux")
    outbox.deliver(rt, REPLIES)
    third = post(text="trois")
    clock.move(seconds=90)
    with rt.sessions() as db:
        listed = outbox.listing(db)
        assert [m["id"] for m in listed] == [third, second, first]
        assert [m["id"] for m in outbox.listing(db, number=AWA, limit=1)] == [third]
        assert [m["id"] for m in outbox.listing(db, state="sent")] == [second, first]
        assert listed[2] == {
            "id": first,
            "to": AWA,
            "text": "Foret",
            "state": "sent",
            "gateway_id": "fake-1",
            "attempts": 1,
            "created": "2026-03-10T10:00:00+00:00",
        }
        with pytest.raises(ValueError, match="lost"):
            outbox.listing(db, state="lost")
        stats = outbox.stats(db, rt.now())
    assert stats["messages"] == {("sent", gateway.name): 2, ("queued", gateway.name): 1}
    assert stats["due"] == {"replies": 1}
    assert stats["oldest_due_seconds"] == {"replies": 90.0}


def test_a_gateway_that_answers_nothing_clear_does_not_burn_a_campaign(rt, gateway, row):
    gateway.answer = raises(Unclear("HTTP 500"))
    with transaction(rt.sessions) as db:
        outbox.post_many(db, rt, [outbox.Draft(f"+2237{n:07d}", f"texte {n}", "broadcast") for n in range(300)])
    outbox.deliver(rt, BULK)
    assert len(gateway.requests) < 100
