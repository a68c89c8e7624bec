"""Webhooks under bad input: never an error, always what the contract says, everything that can not be used kept."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import replace
from itertools import product
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from smsapp import conversations, db
from smsapp.conversations.tables import MAX_PATH
from smsapp.db import transaction
from smsapp.gateways.base import Report
from smsapp.handlers.forms import MAX_BODY
from smsapp.messages import Message, RejectedCallback, StoredReport, forget_old
from smsapp.segments import fits_ussd
from tests.handset import MOTHER, STRANGER, Handset
from tests.village import settle

KINDS = ("ussd", "sms", "delivery", "ussd-end", "opt-out")
FORM = "application/x-www-form-urlencoded"
NOBODY = "END Service indisponible pour ce téléphone."
AGAIN = "END Votre demande est mal arrivée. Recomposez."


@pytest.fixture
def phone(rt):
    settle(rt)
    return Handset(rt, MOTHER)


def post(phone, kind, body, content_type=FORM):
    return phone.client.post(f"/hooks/africastalking/dev/{kind}", data=body, content_type=content_type)


def rejected(rt):
    with rt.sessions() as own:
        return own.scalars(select(RejectedCallback).order_by(RejectedCallback.id)).all()


def stored(rt):
    with rt.sessions() as own:
        return own.scalars(select(Message).order_by(Message.id)).all()


# ---- who may


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/africastalking/wrong/ussd",
        "/hooks/africastalking/dev/voice",
        "/hooks/pigeon/dev/sms",
        "/hooks/africastalking/d%C3%A9v/sms",
        "/hooks/africastalking/dev",
        "/hooks",
    ],
)
def test_a_wrong_token_gateway_or_kind_is_not_found(phone, path):
    answer = phone.client.post(path, data={"from": MOTHER, "text": "AIDE", "sessionId": "s", "phoneNumber": MOTHER})
    assert (answer.status_code, answer.data) == (404, b"Not found\n")
    assert stored(phone.rt) == []
    assert rejected(phone.rt) == []


def test_only_posts_are_taken(phone):
    assert phone.client.get("/hooks/africastalking/dev/ussd").status_code == 405


# ---- what can never be used

UNUSABLE = {
    "nothing": b"",
    "no number": b"sessionId=s&id=i&text=1&status=Success",
    "empty number": b"sessionId=s&id=i&phoneNumber=&from=&status=Success",
    "letters for a number": b"sessionId=s&id=&phoneNumber=AFRICASTKNG&from=AFRICASTKNG",
    "two numbers": b"sessionId=s&id=&phoneNumber=%2B22370000101&phoneNumber=%2B22370000102"
    b"&from=%2B22370000101&from=%2B22370000102",
    "a number without end": b"sessionId=s&id=&phoneNumber=" + b"7" * 300 + b"&from=" + b"7" * 300,
    "json": b'{"sessionId": "s", "phoneNumber": "+22370000101", "from": "+22370000101"}',
    "bytes": bytes(range(256)),
    "too long": b"sessionId=s&phoneNumber=%2B22370000101&from=%2B22370000101&id=i&text=" + b"x" * MAX_BODY,
}


BY_ID = {("delivery", "no number"), ("delivery", "empty number")}  # a report counts by its id


TYPED = re.compile(rb"text=([^&]+)")


@pytest.mark.parametrize(("kind", "what"), [pair for pair in product(KINDS, UNUSABLE) if pair not in BY_ID])
def test_what_can_never_be_used_is_kept_and_answered_so_that_it_does_not_come_again(phone, kind, what):
    body = UNUSABLE[what]
    answer = post(phone, kind, body)
    assert answer.status_code == 200
    screen = AGAIN if what == "too long" else NOBODY
    assert answer.get_data(as_text=True) == (screen if kind == "ussd" else "")
    [row] = rejected(phone.rt)
    kept = body[: MAX_BODY + 1]
    if kind.startswith("ussd"):
        kept = TYPED.sub(lambda typed: b"text=[%d]" % len(typed[1]), kept)
    assert (row.gateway, row.kind, row.body) == ("africastalking", kind, kept[:4096])
    assert row.reason
    assert stored(phone.rt) == []


HER_NUMBER = {
    "no session": b"phoneNumber=%2B22370000101&text=1",
    "lost plus": b"phoneNumber=+22370000101&text=1",
    "text twice": b"sessionId=s&phoneNumber=%2B22370000101&text=1&text=2",
    "too long": b"sessionId=s&phoneNumber=%2B22370000101&text=" + b"1*" * MAX_BODY,
    "too many fields": b"sessionId=s&phoneNumber=%2B22370000101" + b"&1" * 300,
}


@pytest.mark.parametrize("what", HER_NUMBER)
def test_whose_number_can_be_read_is_asked_to_dial_again_in_her_language(phone, what):
    assert post(phone, "ussd", HER_NUMBER[what]).get_data(as_text=True) == AGAIN
    phone.say("LANGUAGE en")
    assert post(phone, "ussd", HER_NUMBER[what]).get_data(as_text=True) == (
        "END Your request did not arrive whole. Please dial again."
    )
    assert len(rejected(phone.rt)) == 2


def test_a_number_that_the_body_cuts_is_nobodys(phone):
    before = b"sessionId=s&text="
    body = before + b"1" * (MAX_BODY - len(before) - 20) + b"&phoneNumber=%2B22370000101&x=1"
    assert post(phone, "ussd", body).get_data(as_text=True) == NOBODY


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_another_kind_of_body_is_kept_as_rejected(phone, content_type):
    body = json.dumps({"from": MOTHER, "text": "AIDE"}).encode()
    assert post(phone, "sms", body, content_type).status_code == 200
    [row] = rejected(phone.rt)
    assert (row.reason, row.body) == ("not a form", body)


SECRETS = {
    "no session": b"phoneNumber=%2B22370000101&text=2*4711&serviceCode=*384%23",
    "no number": b"sessionId=s&text=2*4711",
    "first": b"text=2*4711&sessionId=s",
    "coded": b"sessionId=s&te%78t=2%2A4711",
    "an & that was not escaped": b"sessionId=s&text=2*1&4711*a&b=4711&networkCode=61002",
    "twice": b"sessionId=s&phoneNumber=%2B22370000101&text=2*4711&text=2*4711*1",
    "json": b'{"sessionId": "s", "text": "2*4711"}',
    "parts": b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n2*4711\r\n--x--',
    "the end": b"sessionId=&phoneNumber=%2B22370000101&input=2*4711&status=Success",
}


@pytest.mark.parametrize("kind", ["ussd", "ussd-end"])
@pytest.mark.parametrize("what", SECRETS)
def test_of_what_was_typed_on_a_keypad_only_the_length_is_kept(phone, kind, what):
    types = {"json": "application/json", "parts": "multipart/form-data; boundary=x"}
    assert post(phone, kind, SECRETS[what], types.get(what, FORM)).status_code == 200
    for row in rejected(phone.rt):
        assert b"4711" not in row.body
        assert b"[" in row.body
        assert b"sessionId" in row.body or b"phoneNumber" in row.body or what == "parts"


def test_a_rejected_sms_is_kept_byte_for_byte(phone):
    post(phone, "sms", b"from=&text=2*4711")
    assert [row.body for row in rejected(phone.rt)] == [b"from=&text=2*4711"]


def test_a_chunked_body_is_read_to_its_end_or_refused(phone):
    def chunked(body):
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        return phone.client.post(
            "/hooks/africastalking/dev/sms", input_stream=io.BytesIO(body), content_type=FORM, environ_overrides=environ
        )

    assert chunked(urlencode({"id": "a", "from": MOTHER, "text": "x" * 9000}).encode()).status_code == 200
    assert len(stored(phone.rt)[0].text) == 9000
    assert chunked(b"from=%2B22370000101&text=" + b"x" * MAX_BODY).status_code == 200
    assert [row.reason for row in rejected(phone.rt)] == ["body too large"]
    assert len(stored(phone.rt)) == 1


# ---- what can be used all the same

TEXTS = {
    b"%ZZ%": "%ZZ%",
    b"%E9t%E9": "été",
    b"a%00b": "ab",
    b"%ED%A0%BD": "\ufffd",
    b"%E2%80%AEAVIS": "AVIS",
    b"%EF%BB%BFAVIS": "AVIS",
    quote("é" * 10_000).encode(): "é" * 10_000,
    quote("\ud83d\ude00", errors="surrogatepass").encode(): "😀",
    b"": "",
}


@pytest.mark.parametrize("raw", TEXTS, ids=range(len(TEXTS)))
def test_a_text_is_kept_whatever_its_bytes(phone, raw):
    assert post(phone, "sms", b"from=%2B22370000101&to=36223&id=1&text=" + raw).status_code == 200
    [row] = stored(phone.rt)
    assert row.text == TEXTS[raw]
    assert conversations.hear_waiting(phone.rt) == 1
    assert phone.arrived()


@pytest.mark.parametrize("raw", TEXTS, ids=range(len(TEXTS)))
def test_a_phone_sees_a_screen_whatever_the_bytes_of_its_answer(phone, raw):
    session = b"sessionId=s&phoneNumber=%2B22370000101&text="
    post(phone, "ussd", session)
    answer = post(phone, "ussd", session + b"1*1*" + raw)
    assert answer.status_code == 200
    screen = answer.get_data(as_text=True)
    assert screen[:4] == ("END " if len(raw) > MAX_PATH else "CON ")  # so long a path ends the session
    assert fits_ussd(screen[4:])
    assert "souci" not in screen


HALF = "%ED%A0%BD"
FIELDS = (
    "sessionId",
    "phoneNumber",
    "networkCode",
    "serviceCode",
    "text",
    "id",
    "from",
    "to",
    "date",
    "linkId",
    "status",
)
FIELDS += ("failureReason", "retryCount", "durationInMillis", "hopsCount", "senderId")
GOOD = dict.fromkeys(FIELDS, "1") | {"phoneNumber": MOTHER, "from": MOTHER, "status": "Success"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", FIELDS)
def test_half_a_character_in_any_field_is_no_error(phone, kind, field):
    body = urlencode({k: v for k, v in GOOD.items() if k != field}) + f"&{field}=x{HALF}%00%E2%80%AE"
    answer = post(phone, kind, body.encode())
    assert answer.status_code == 200
    assert "souci" not in answer.get_data(as_text=True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(KINDS),
    fields=st.dictionaries(
        st.sampled_from(FIELDS) | st.text(max_size=5),
        st.sampled_from([MOTHER, " 22370000101", "٧٠٠٠٠١٠١", "1*1", "AVIS", "Success", "²", "\u202e1", "9" * 999])
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
        | st.binary(max_size=20),
        max_size=8,
    ),
)
def test_any_fields_get_200_and_a_ussd_screen(phone, kind, fields):
    answer = post(phone, kind, urlencode(fields).encode())
    assert answer.status_code == 200
    screen = answer.get_data(as_text=True)
    assert screen.startswith(("CON ", "END ")) if kind == "ussd" else screen == ""
    assert "souci" not in screen
    conversations.hear_waiting(phone.rt)


@pytest.mark.parametrize(
    "written", [" 22370000101", "22370000101", "%2B22370000101", "0022370000101", "٧٠٠٠٠١٠١", "+223 70 00 01 01"]
)
def test_her_number_is_known_however_the_gateway_writes_it(phone, written):
    raw = written if "%" in written else quote(written, safe="+")
    post(phone, "sms", f"from={raw}&id=1&text=AIDE".encode())
    assert [row.number for row in stored(phone.rt)] == [MOTHER]


def test_a_repeated_field_that_says_the_same_is_no_contradiction(phone):
    post(phone, "sms", urlencode([("from", MOTHER), ("from", MOTHER), ("text", "AIDE"), ("id", "1")]).encode())
    assert len(stored(phone.rt)) == 1


def test_a_foreign_caller_gets_a_screen_and_no_paid_answer(phone):
    abroad = Handset(phone.rt, "+33612345678", phone.client)
    assert abroad.dial()[0].startswith("Votre santé")
    assert abroad.say("AIDE") == []
    assert [row.status for row in stored(phone.rt)] == ["heard", "failed"]


def test_the_key_of_a_text_without_an_id_can_not_be_guessed(phone, clock):
    """Beside number and time a plain hash would tell the answer to whoever tries them all."""
    form = {"from": MOTHER, "to": "36223", "text": "AVIS", "date": "2026-03-10 10:00:00"}
    for text in ("AVIS", "oui", "3"):
        for _ in range(2):
            phone.post("sms", {**form, "text": text})
    assert conversations.hear_waiting(phone.rt) == 3
    row = [m for m in stored(phone.rt) if m.direction == "mo"][-1]
    assert (row.text, row.number) == (None, MOTHER)
    known = row.key.partition("africastalking:")[2]
    for guess in "01234":
        whole = f"{MOTHER}\n36223\n{guess}\n2026-03-10T10:00:00+00:00"
        assert hashlib.sha256(whole.encode()).hexdigest() != known
    phone.post("sms", {**form, "text": "3"})
    assert conversations.hear_waiting(phone.rt) == 0  # a repeat all the same
    with transaction(phone.rt.sessions) as own:
        forget_old(own, clock.move(hours=2))
    assert [m.key for m in stored(phone.rt)].count(None) == 0
    with transaction(phone.rt.sessions) as own:
        forget_old(own, clock.move(hours=2))
    assert [m.key is None for m in stored(phone.rt) if m.direction == "mo"] == [False, True, True]


# ---- reports


def test_a_report_is_taken_whatever_it_says(phone):
    for status in ("Success", "Failed", "Borked", "", "x" * 5000):
        answer = phone.post("delivery", {"id": "ATX1", "status": status, "phoneNumber": MOTHER})
        assert (answer.status_code, answer.data) == (200, b"")
    with phone.rt.sessions() as own:
        kept = own.scalars(select(StoredReport).order_by(StoredReport.id)).all()
    assert [r.status for r in kept] == ["delivered", "failed", "", "", ""]
    assert all(len(r.word) <= 5000 for r in kept)


def test_reports_come_before_after_and_again_and_move_a_message_only_up(phone, gateway):
    phone.say("AIDE")
    for status, now in (("Sent", "sent"), ("Success", "delivered"), ("Buffered", "delivered"), ("Failed", "delivered")):
        for _ in range(2):
            phone.post("delivery", {"id": "fake-1", "status": status, "phoneNumber": MOTHER})
        assert stored(phone.rt)[-1].status == now
    with transaction(phone.rt.sessions) as own:
        from smsapp import outbox

        outbox.record_report(own, phone.rt, gateway.name, Report("fake-2", "delivered", "Success", MOTHER))
    phone.say("AIDE")
    assert stored(phone.rt)[-1].status == "delivered"


# ---- trouble of our own


def test_without_a_database_the_gateway_is_asked_to_come_again(phone):
    nowhere = db.sessions(db.connect("postgresql+psycopg://postgres@127.0.0.1:9/none"))
    lost = Handset(replace(phone.rt, sessions=nowhere), MOTHER)
    for kind in ("sms", "delivery", "ussd-end", "opt-out"):
        assert lost.post(kind, GOOD).status_code == 503
        assert lost.post(kind, {}).status_code == 503  # it could not be kept either
    answer = lost.post("ussd", GOOD)
    assert answer.status_code == 200
    assert answer.get_data(as_text=True).startswith("END Le service a un souci.")


def test_an_sms_is_stored_though_the_queue_is_away(phone):
    from smsapp.queues import Bell

    lost = Handset(replace(phone.rt, bell=Bell("redis://127.0.0.1:9/0")), MOTHER)
    lost.text("AIDE")
    assert [row.status for row in stored(phone.rt)] == ["received"]


# ---- what is written down


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_a_hop_is_one_line_with_a_masked_number_and_no_text(phone, capsys):
    capsys.readouterr()
    phone.dial()
    phone.key("Kadiatou\u2028Traoré\r\nsecond line")
    first, second = lines(capsys)
    assert (first["event"], first["channel"], first["what"], first["at"]) == ("hop", "ussd", "dial", "main.title")
    assert (first["number"], second["what"]) == ("…101", "answer")
    assert first["ms"] >= 0
    assert "Kadiatou" not in str(second)


def test_a_text_and_its_answer_are_lines_with_masked_numbers_and_no_text(phone, capsys):
    capsys.readouterr()
    phone.say("Bonjour je suis Kadiatou et mon fils est malade")
    phone.post("delivery", {"id": "fake-1", "status": "Success", "phoneNumber": MOTHER})
    phone.post("sms", {"from": "Kadiatou", "text": "secret"})
    said = lines(capsys)
    assert [line["event"] for line in said] == ["hop", "delivery", "report", "callback rejected"]
    assert said[0]["number"] == said[1]["number"] == said[2]["number"] == "…101"
    for line in said:
        for secret in ("Kadiatou", "malade", "Merci", MOTHER, MOTHER[1:], "70000101"):
            assert secret not in json.dumps(line, ensure_ascii=False)


def test_what_others_say_is_masked_and_short(phone, capsys):
    capsys.readouterr()
    why = "UserIsAbsent +22370000101, 70 00 01 01\r\nand\u2028" + "x" * 500
    phone.post("delivery", {"id": "fake-1", "status": "Failed", "phoneNumber": MOTHER, "failureReason": why})
    phone.post("sms", "from=%2B22370000101&to=36223&text=moi&Awa 70000101=1&Awa 70000101=2", content_type=FORM)
    report, refused = lines(capsys)
    assert report["word"] == "UserIsAbsent +…101, …101  and " + "x" * 10
    assert refused["reason"] == "a field comes twice"


def test_a_failure_is_one_line_too(phone, capsys, monkeypatch):
    def broken(*args, **kwargs):
        typed = "Kadiatou, PIN 1234"
        raise RuntimeError(f"a bug about {MOTHER} and '{typed}'\nin two lines: {typed}")

    monkeypatch.setattr(conversations, "hear", broken)
    capsys.readouterr()
    assert phone.dial()[0].startswith("Le service a un souci.")
    out = capsys.readouterr().out
    assert out.count("\n") == len(lines_of(out))
    failed = next(line for line in lines_of(out) if line["event"] == "hop failed")
    assert failed["number"] == "…101"
    assert failed["exception"][0]["exc_value"] == "a bug about …101 and '…'"
    for secret in (MOTHER[1:], "Kadiatou", "1234"):
        assert secret not in out


def lines_of(out):
    return [json.loads(line) for line in out.splitlines()]


def test_a_caller_is_told_in_her_language(phone):
    stranger = Handset(phone.rt, STRANGER, phone.client)
    stranger.say("LANGUAGE en")
    assert stranger.dial("7")[0].startswith("Invalid choice.")
