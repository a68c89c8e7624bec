"""The gateway's HTTP API as Africa's Talking has it, with prices, ids, refusals and chosen faults."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import phonenumbers
from flask import Blueprint, Response, jsonify, request

from smsapp import segments
from smsapp.handlers.simulator import faults
from smsapp.handlers.simulator.courier import Courier
from smsapp.handlers.simulator.store import Event, Store
from smsapp.runtime import Runtime

PRICE = Decimal("12")  # francs a part
CURRENCY = "XOF"
NETWORK = "99999"  # their sandbox
REPORT_AFTER = 1.0
MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}

# How one message is reported on: word, failureReason and seconds after the send, in the order of posting.
REPORTS: dict[str, list[tuple[str, str, float]]] = {
    "normal": [("Success", "", REPORT_AFTER)],
    "doubled": [("Success", "", REPORT_AFTER), ("Success", "", REPORT_AFTER + 0.3)],
    "reversed": [("Success", "", REPORT_AFTER), ("Sent", "", REPORT_AFTER + 0.5), ("Buffered", "", REPORT_AFTER + 1)],
    "before": [("Success", "", 0.0)],
    "failed": [("Failed", "DeliveryFailure", REPORT_AFTER)],
    "none": [],
}


class AnswerLost(Exception):
    """Raised in the middle of an answer, so that the server drops the line: a chosen fault."""


@dataclass(frozen=True)
class Recipient:
    number: str
    code: int
    word: str
    message_id: str = "None"
    cost: str = "0"


def register(bp: Blueprint, rt: Runtime, store: Store, courier: Courier) -> None:
    @bp.post("/africastalking/version1/messaging")
    def messaging() -> Response:
        now = faults.happening(store)
        time.sleep(now.get("latency", 0) / 1000)
        refused = _refusal(now)
        if refused:
            return refused
        recipients = _recipients(now)
        _take(store, courier, recipients, now.get("reports", "normal"))
        time.sleep(now.get("slow", 0) / 1000)
        answer = _answer(recipients)
        return _cut(answer) if "lost" in now else answer


def _refusal(now: Mapping[str, Any]) -> Response | None:
    """What is refused as a whole, in their words."""
    if "401" in now or not request.headers.get("apiKey") or not request.form.get("username"):
        asks = {"WWW-Authenticate": 'Basic realm="api",charset=UTF-8'}
        return Response("The supplied authentication is invalid", 401, asks, mimetype="text/plain")
    for needed in ("to", "message"):
        if not request.form.get(needed):
            words = f"Request is missing required form field '{needed}'"
            return Response(words, 400, mimetype="text/plain")
    if "429" in now:
        return Response("Too many requests", 429, {"Retry-After": str(now["429"])}, mimetype="text/plain")
    if "500" in now:
        return Response("There was an internal server error.", 500, mimetype="text/plain")
    if "503" in now:
        return Response("The server is currently unavailable", 503, mimetype="text/plain")
    return _written("InvalidSenderId", []) if "sender" in now else None


def _recipients(now: Mapping[str, Any]) -> list[Recipient]:
    cost = f"{CURRENCY} {PRICE * segments.count(request.form['message']):.4f}"
    taken = 102 if request.form.get("enqueue") == "1" else 101
    blocked = set(now.get("blocked", []))
    recipients = []
    for number in dict.fromkeys(part.strip() for part in request.form["to"].split(",")):
        if word := _trouble(number, blocked, "balance" in now):
            recipients.append(Recipient(number, *word))
        else:
            recipients.append(Recipient(number, taken, "Success", f"ATXid_{uuid.uuid4().hex}", cost))
    return recipients


def _trouble(number: str, blocked: set[str], broke: bool) -> tuple[int, str] | None:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return 403, "InvalidPhoneNumber"
    if not phonenumbers.is_valid_number(parsed):
        return 403, "InvalidPhoneNumber"
    if phonenumbers.number_type(parsed) not in MOBILE:
        return 404, "UnsupportedNumberType"
    if broke:
        return 405, "InsufficientBalance"
    return (406, "UserInBlacklist") if number in blocked else None


def _take(store: Store, courier: Courier, recipients: list[Recipient], how: str) -> None:
    """Put the message on the phones, and its reports on their way."""
    text, sender = request.form["message"], request.form.get("from", "AFRICASTKNG")
    taken = [one for one in recipients if one.message_id != "None"]
    store.add((one.number, _mt(one, text, sender)) for one in taken)
    early = []
    for one in taken:
        for word, reason, after in REPORTS[how]:
            form = {"id": one.message_id, "status": word, "phoneNumber": one.number, "networkCode": NETWORK}
            form |= {"retryCount": "0"} | ({"failureReason": reason} if reason else {})
            tick = {"type": "tick", "id": one.message_id, "status": "failed" if reason else "reported"}
            posted = courier.post("delivery", form, one.number, after, {True: tick})
            if how == "before":
                early.append(posted)
    for posted in early:
        posted.wait(2)


def _mt(one: Recipient, text: str, sender: str) -> Event:
    return {"type": "mt", "id": one.message_id, "text": text, "from": sender, "at": time.time()}


def _answer(recipients: list[Recipient]) -> Response:
    taken = [one for one in recipients if one.message_id != "None"]
    parts = segments.count(request.form["message"])
    total = f"{CURRENCY} {PRICE * parts * len(taken):.4f}" if taken else "0"
    words = f"Sent to {len(taken)}/{len(recipients)} Total Cost: {total}"
    return _written(f"{words} Message parts: {parts}" if taken else words, recipients)


def _written(message: str, recipients: list[Recipient]) -> Response:
    """JSON where it is asked for, else XML, as they do."""
    rows: list[dict[str, Any]] = [
        {
            "statusCode": one.code,
            "number": one.number,
            "status": one.word,
            "cost": one.cost,
            "messageId": one.message_id,
        }
        for one in recipients
    ]
    if "json" in request.headers.get("Accept", ""):
        answer = jsonify(SMSMessageData={"Message": message, "Recipients": rows})
        answer.status_code = 201
        return answer
    root = Element("AfricasTalkingResponse")
    data = SubElement(root, "SMSMessageData")
    SubElement(data, "Message").text = message
    listed = SubElement(data, "Recipients")
    for row in rows:
        entry = SubElement(listed, "Recipient")
        for name, value in row.items():
            SubElement(entry, name).text = str(value)
    return Response(tostring(root, encoding="unicode"), 201, mimetype="application/xml")


def _cut(answer: Response) -> Response:
    """The same answer on a line that drops after its first byte."""
    body = answer.get_data()

    def dropped() -> Iterator[bytes]:
        yield body[:1]
        raise AnswerLost("a fault that was chosen in the simulator, no trouble of the service")

    return Response(dropped(), answer.status_code, {"Content-Length": str(len(body))}, mimetype=answer.mimetype)
