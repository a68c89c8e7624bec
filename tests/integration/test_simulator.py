"""The simulator's gateway, phones and faults, over real HTTP and a real Valkey; and our own gateway against it."""

import socket
import time
from dataclasses import replace

import pytest
import requests

from smsapp.gateways.base import Misconfigured, OptedOut, Rejected, SendError, Taken, Throttled, Unclear
from tests.integration.simulated import Service

MOTHER, OTHER, LANDLINE = "+22370000101", "+22370000102", "+22320212345"


@pytest.fixture
def service(settings, valkey):
    service = Service(settings)
    yield service
    service.close()


def post(service, headers=None, **form):
    url = f"{service.settings.at_base_url}/version1/messaging"
    usual = {"apiKey": "simulator", "Accept": "application/json"}
    return requests.post(url, data=form, headers=usual if headers is None else headers, timeout=5)


# The gateway's API


def test_a_message_is_taken_as_africas_talking_takes_it(service):
    answer = post(service, username="sandbox", to=MOTHER, message="Bonjour", bulkSMSMode="1")
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json")
    data = answer.json()["SMSMessageData"]
    assert data["Message"] == "Sent to 1/1 Total Cost: XOF 12.0000 Message parts: 1"
    [recipient] = data["Recipients"]
    assert recipient.pop("messageId").removeprefix("ATXid_").isalnum()
    assert recipient == {"statusCode": 101, "number": MOTHER, "status": "Success", "cost": "XOF 12.0000"}


def test_a_queued_one_of_two_parts(service):
    answer = post(service, username="sandbox", to=f"{MOTHER},{OTHER}", message="a" * 161, enqueue="1")
    data = answer.json()["SMSMessageData"]
    assert data["Message"] == "Sent to 2/2 Total Cost: XOF 48.0000 Message parts: 2"
    assert [one["statusCode"] for one in data["Recipients"]] == [102, 102]


@pytest.mark.parametrize(
    ("headers", "form", "status", "words"),
    [
        ({"Accept": "application/json"}, {"username": "sandbox", "to": MOTHER, "message": "x"}, 401, "authentication"),
        (None, {"to": MOTHER, "message": "x"}, 401, "authentication"),
        (None, {"username": "sandbox", "message": "x"}, 400, "'to'"),
        (None, {"username": "sandbox", "to": MOTHER}, 400, "'message'"),
    ],
)
def test_what_is_refused_as_a_whole(service, headers, form, status, words):
    answer = post(service, headers, **form)
    assert answer.status_code == status
    assert words in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert service.events(MOTHER)["events"] == []


def test_without_accept_the_answer_is_xml(service):
    answer = post(service, {"apiKey": "simulator", "Accept": "*/*"}, username="sandbox", to="7", message="x")
    assert answer.status_code == 201
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert "<statusCode>403</statusCode>" in answer.text


def test_our_gateway_reads_what_the_simulator_says(service):
    service.faults(blocked={"numbers": [OTHER]})
    got = service.gateway().send("Bonjour", [MOTHER, OTHER, LANDLINE, "+2237000010"])
    assert isinstance(got[MOTHER], Taken)
    assert (str(got[MOTHER].cost), got[MOTHER].currency) == ("12.0000", "XOF")
    assert [type(got[number]) for number in (OTHER, LANDLINE, "+2237000010")] == [OptedOut, Rejected, Rejected]


def test_many_recipients_at_once(service):
    numbers = [f"+2237000{n:04}" for n in range(1000)]
    got = service.gateway(read=5).send("Bonjour", numbers)
    assert all(isinstance(one, Taken) for one in got.values())
    assert len({one.external_id for one in got.values()}) == 1000


# Delivery reports


def test_a_report_follows_and_ticks_the_message(service):
    taken = service.gateway().send("Bonjour", [MOTHER])[MOTHER]
    sent_at = time.monotonic()
    [(kind, form, at)] = service.wait_for(1)
    assert kind == "delivery"
    assert form == {
        "id": taken.external_id,
        "status": "Success",
        "phoneNumber": MOTHER,
        "networkCode": "99999",
        "retryCount": "0",
    }
    assert 0.5 < at - sent_at < 2.5
    tick = wait_for_tick(service, MOTHER)
    assert tick == {"type": "tick", "id": taken.external_id, "status": "reported"}


def wait_for_tick(service, number):
    ends = time.monotonic() + 3
    while time.monotonic() < ends:
        ticks = [event for event in service.events(number)["events"] if event["type"] == "tick"]
        if ticks:
            return ticks[0]
        time.sleep(0.02)
    raise AssertionError("no tick came")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("doubled", ["Success", "Success"]),
        ("reversed", ["Success", "Sent", "Buffered"]),
        ("failed", ["Failed"]),
    ],
)
def test_reports_come_as_chosen(service, how, words):
    service.faults(reports=how)
    service.gateway().send("Bonjour", [MOTHER])
    assert [form["status"] for _, form, _ in service.wait_for(len(words))] == words


def test_a_report_may_come_before_the_answer(service):
    service.faults(reports="before")
    taken = service.gateway().send("Bonjour", [MOTHER])[MOTHER]
    answered = time.monotonic()
    [(_, form, at)] = service.wait_for(1, seconds=0.01)
    assert form["id"] == taken.external_id
    assert at < answered


def test_no_report_at_all(service):
    service.faults(reports="none")
    service.gateway().send("Bonjour", [MOTHER])
    time.sleep(1.5)
    assert service.posted == []


def test_a_report_that_is_refused_is_posted_again(service):
    service.answers = [503]
    service.gateway().send("Bonjour", [MOTHER])
    first, second = service.wait_for(2)
    assert first[1] == second[1]


# Faults


@pytest.mark.parametrize(
    ("fault", "error", "arrives"),
    [
        ({"429": {"times": 1, "retry_after": 9}}, Throttled, False),
        ({"503": 1}, Throttled, False),
        ({"500": 1}, Unclear, False),
        ({"401": 1}, Misconfigured, False),
        ({"sender": 1}, Rejected, False),
        ({"lost": 1}, Unclear, True),
        ({"slow": {"ms": 1500, "times": 1}}, Unclear, True),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_fault_for_one_request(service, fault, error, arrives, capfd):
    service.faults(**fault)
    gateway = service.gateway(read=1.0)
    with pytest.raises(SendError) as caught:
        gateway.send("Bonjour", [MOTHER])
    assert type(caught.value) is error
    if "429" in fault:
        assert caught.value.retry_after == 9
    came = [event["text"] for event in service.events(MOTHER)["events"] if event["type"] == "mt"]
    assert came == (["Bonjour"] if arrives else [])
    assert isinstance(gateway.send("encore", [MOTHER])[MOTHER], Taken)
    assert requests.get(f"{service.url}/simulator/faults", timeout=5).json() == {"faults": {}}


def test_no_balance_is_said_of_each_recipient(service):
    service.faults(balance=True)
    got = service.gateway().send("Bonjour", [MOTHER, OTHER])
    assert {type(one) for one in got.values()} == {Misconfigured}


def test_a_fixed_latency_until_it_is_switched_off(service):
    assert service.faults(latency=150) == {"latency": {"times": None, "value": 150}}
    assert seconds_of(lambda: service.gateway().send("Bonjour", [MOTHER])) > 0.15
    assert requests.delete(f"{service.url}/simulator/faults", timeout=5).json() == {"faults": {}}
    assert seconds_of(lambda: service.gateway().send("Bonjour", [MOTHER])) < 0.15


def seconds_of(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


def test_faults_count_down_over_all_processes(service, valkey):
    """Two simulators on one Valkey are two web processes: three faults are three, not six."""
    second = Service(replace(service.settings, redis_url=service.settings.redis_url))
    try:
        service.faults(**{"503": 3})
        outcomes = []
        for one in (service, second, service, second, service, second):
            outcomes.append(post(one, username="sandbox", to=MOTHER, message="x").status_code)
        assert outcomes == [503, 503, 503, 201, 201, 201]
        assert len(second.events(MOTHER)["events"]) >= 3
    finally:
        second.close()


@pytest.mark.parametrize(
    "wishes",
    [[], {"flood": 1}, {"slow": {"ms": -1}}, {"slow": {"ms": "1"}}, {"429": {"times": True}}, {"503": {"ms": 5}},
     {"reports": "upside down"}, {"blocked": {"numbers": "all"}}, {"503": 1, "slow": {"ms": 10**9}}],
)  # fmt: skip
def test_a_fault_that_can_not_be_changes_nothing(service, wishes):
    answer = requests.post(f"{service.url}/simulator/faults", json=wishes, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert requests.get(f"{service.url}/simulator/faults", timeout=5).json() == {"faults": {}}


# Phones


def test_a_phone_texts_the_short_code(service):
    answer = requests.post(f"{service.url}/simulator/phones/{MOTHER}/sms", json={"text": "Avis é"}, timeout=5)
    assert answer.status_code == 202
    [(kind, form, _)] = service.wait_for(1)
    assert kind == "sms"
    assert {name: form[name] for name in ("from", "to", "text", "networkCode", "id")} == {
        "from": MOTHER,
        "to": "36223",
        "text": "Avis é",
        "networkCode": "99999",
        "id": answer.json()["id"],
    }
    assert service.gateway().read_inbound(form).sent_at is not None
    assert wait_for_tick(service, MOTHER)["status"] == "taken"


@pytest.mark.parametrize("text", [None, "", "  ", 5, "x" * 1601])
def test_a_text_that_is_none_is_refused(service, text):
    answer = requests.post(f"{service.url}/simulator/phones/{MOTHER}/sms", json={"text": text}, timeout=5)
    assert answer.status_code == 400
    assert service.events(MOTHER)["events"] == []


def test_events_are_read_from_a_cursor_on(service):
    service.gateway().send("un", [MOTHER, OTHER])
    first = service.events(MOTHER)
    service.gateway().send("deux", [MOTHER])
    assert [event["text"] for event in first["events"]] == ["un"]
    assert [event["text"] for event in service.events(MOTHER, first["cursor"])["events"]] == ["deux"]
    assert len(service.events(MOTHER, "not a cursor")["events"]) == 2


def test_a_phone_keeps_a_bounded_number_of_events_for_a_day(service, valkey):
    for n in range(5):
        service.gateway(read=5).send(f"{n}", [MOTHER])
    for _ in range(600):
        valkey.xadd(f"sim:phone:{MOTHER}", {"event": "{}"})
    service.gateway().send("last", [MOTHER])
    assert valkey.xlen(f"sim:phone:{MOTHER}") < 500
    assert 0 < valkey.ttl(f"sim:phone:{MOTHER}") <= 24 * 3600


def test_a_number_is_read_as_people_write_it(service):
    url = f"{service.url}/simulator/phones"
    assert requests.post(url, json={"number": "70 00 03 01"}, timeout=5).json() == {"number": "+22370000301"}
    assert requests.post(url, json={"number": "hello"}, timeout=5).status_code == 400
    assert requests.get(f"{service.url}/simulator/events?phone=hello", timeout=5).status_code == 400


def test_the_page_knows_the_codes_and_the_hooks(service):
    page = requests.get(f"{service.url}/simulator", timeout=5)
    assert page.status_code == 200
    for needed in ("*384*223#", "36223", f"/hooks/africastalking/{service.settings.webhook_token}", MOTHER):
        assert needed in page.text
    assert "//cdn" not in page.text
    for name in ("simulator.js", "simulator.css"):
        assert requests.get(f"{service.url}/static/simulator/{name}", timeout=5).status_code == 200


def test_without_valkey_nothing_is_taken_and_that_is_said(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    service = Service(replace(settings, redis_url=f"redis://127.0.0.1:{port}/0"))
    try:
        with pytest.raises(Throttled):
            service.gateway().send("Bonjour", [MOTHER])
    finally:
        service.close()
