"""The page with the phones, and what its script (or a terminal) asks of the server."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, render_template, request

from smsapp import phones
from smsapp.config import Settings
from smsapp.handlers.simulator import faults
from smsapp.handlers.simulator.api import NETWORK
from smsapp.handlers.simulator.courier import Courier
from smsapp.handlers.simulator.store import Store
from smsapp.runtime import Runtime

FIRST_PHONES = ("+22370000101", "+22370000103")  # of the demonstration; both read French
OFFERED = {  # of the demonstration, too
    "+22370000102": "une mère (bambara)",
    "+22370000201": "la trésorière de Benkadi (code 1234)",
    "+22370000211": "une membre de Benkadi (code 1111)",
    "+22370000301": "un agent de santé",
}
MOST_PHONES = 20  # read in one request
LONGEST_TEXT = 1600

Answer = Response | tuple[Response, int]


def register(bp: Blueprint, rt: Runtime, store: Store, courier: Courier) -> None:
    @bp.get("")
    @bp.get("/")
    def show() -> str:
        offered = OFFERED if rt.settings.demo else {}
        shown = {"phones": FIRST_PHONES, "offered": offered, "reports": faults.REPORTS}
        return render_template("simulator.html", settings=rt.settings, **shown)

    _register_phones(bp, rt.settings, store, courier)
    _register_faults(bp, store)


def _register_phones(bp: Blueprint, settings: Settings, store: Store, courier: Courier) -> None:
    @bp.get("/events")
    def events() -> Answer:
        """`?phone=+223…,cursor`, as often as there are phones."""
        asked = [raw.partition(",") for raw in request.args.getlist("phone")[:MOST_PHONES]]
        return jsonify(phones=store.read({_number(raw, settings): cursor for raw, _, cursor in asked}))

    @bp.post("/phones")
    def add_phone() -> Answer:
        """A number as a person writes it, as E.164."""
        return jsonify(number=_number(str(_json().get("number", "")), settings))

    @bp.post("/phones/<number>/sms")
    def text_short_code(number: str) -> Answer:
        """The phone texts the short code."""
        text = _json().get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_TEXT:
            return jsonify(error=f"text should have 1 to {LONGEST_TEXT} characters"), 400
        return jsonify(id=_text(_number(number, settings), text, settings, store, courier)), 202

    @bp.errorhandler(phones.BadNumber)
    def no_number(why: phones.BadNumber) -> Answer:
        return jsonify(error=f"not a number: {why.reason}"), 400


def _register_faults(bp: Blueprint, store: Store) -> None:
    @bp.get("/faults")
    def show_faults() -> Response:
        return jsonify(faults=faults.chosen(store))

    @bp.post("/faults")
    def choose_faults() -> Answer:
        try:
            faults.choose(store, request.get_json(silent=True))
        except faults.BadFault as why:
            return jsonify(error=str(why)), 400
        return jsonify(faults=faults.chosen(store))

    @bp.delete("/faults")
    def clear_faults() -> Response:
        faults.clear(store)
        return jsonify(faults={})


def _text(number: str, text: str, settings: Settings, store: Store, courier: Courier) -> str:
    """Put it on the phone's thread and on its way to the webhook; the id that it has there."""
    external_id = str(uuid.uuid4())
    store.add([(number, {"type": "mo", "id": external_id, "text": text, "at": time.time()})])
    form = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "from": number,
        "id": external_id,
        "linkId": uuid.uuid4().hex,
        "text": text,
        "to": settings.short_code,
        "networkCode": NETWORK,
    }
    ticks = {ok: {"type": "tick", "id": external_id, "status": "taken" if ok else "refused"} for ok in (True, False)}
    courier.post("sms", form, number, ticks=ticks)
    return external_id


def _number(raw: str, settings: Settings) -> str:
    return phones.caller(raw, settings.country)


def _json() -> dict[str, object]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}
