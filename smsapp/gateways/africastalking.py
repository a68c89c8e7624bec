"""Africa's Talking: bulk SMS, delivery reports, USSD."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from smsapp import phones
from smsapp.config import Settings
from smsapp.gateways.base import (
    Form,
    Hop,
    Inbound,
    Misconfigured,
    OptedOut,
    OptOut,
    Rejected,
    Report,
    SendError,
    SessionEnd,
    Taken,
    Throttled,
    Unclear,
    Unusable,
)
from smsapp.late import Late

if TYPE_CHECKING:
    from smsapp.gateways import africastalking_sdk as sdk
else:
    sdk = Late("smsapp.gateways.africastalking_sdk")

REQUIRES = ("AT_USERNAME", "AT_API_KEY")

# What a recipient's statusCode means, with the word that stands for it in `status` or in a request's `Message`.
# 500 and 501 were not taken; 502 may have been, for the operator answered.
CODES: dict[int, tuple[str, type[Taken | SendError]]] = {
    100: ("Processed", Taken),
    101: ("Sent", Taken),
    102: ("Queued", Taken),
    401: ("RiskHold", Rejected),
    402: ("InvalidSenderId", Rejected),
    403: ("InvalidPhoneNumber", Rejected),
    404: ("UnsupportedNumberType", Rejected),
    405: ("InsufficientBalance", Misconfigured),
    406: ("UserInBlacklist", OptedOut),
    407: ("CouldNotRoute", Rejected),
    409: ("DoNotDisturbRejection", Rejected),
    500: ("InternalServerError", Throttled),
    501: ("GatewayError", Throttled),
    502: ("RejectedByGateway", Unclear),
}
WORDS = {word.lower(): meaning for word, meaning in CODES.values()} | {"success": Taken}

# The words of delivery reports, as ours. A word that is not here is kept and changes nothing.
REPORTS = {
    "submitted": "sent",
    "buffered": "sent",
    "sent": "sent",
    "success": "delivered",
    "delivered": "delivered",
    "failed": "failed",
    "rejected": "failed",
    "expired": "failed",
    "absentsubscriber": "failed",
    "userinblacklist": "failed",
    "notnetworksubscriber": "failed",
    "notnetworksubcriber": "failed",  # so spelled in their documentation
    "donotdisturbrejection": "failed",
    "deliveryfailure": "failed",
    "couldnotroute": "failed",
    "insufficientcredit": "failed",
    "usermemorycapacityexceeded": "failed",
}

COST = re.compile(r"(?:([A-Z]{3}) )?([0-9]{1,9}(?:\.[0-9]{1,6})?)")
NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")  # the SDK lets other scripts' digits and a trailing newline through
LONGEST_ID = 200
# Those that its pages name; any other is a piece of an answer.
# fmt: off
FIELDS = frozenset({
    "sessionId", "phoneNumber", "networkCode", "serviceCode", "text", "input", "id", "from", "to", "date", "linkId",
    "status", "failureReason", "retryCount", "durationInMillis", "hopsCount", "cost", "errorMessage",
    "lastAppResponse", "senderId"
})
# fmt: on


class AfricasTalking:
    """The gateway; safe for threads, and for processes that fork."""

    name = "africastalking"
    fields = FIELDS
    recipients_per_request = 100  # no limit is published; others keep to 100 or 1000
    requests_at_once = 32

    def __init__(
        self, settings: Settings, timeout: tuple[float, float] | None = None, total: float | None = None
    ) -> None:
        self._settings, self._timeout, self._total = settings, timeout, total
        self._country = settings.country
        self._sender = settings.at_sender_id or None

    @cached_property
    def _sms(self) -> sdk.PooledSMS:
        return sdk.PooledSMS(self._settings, self.requests_at_once, self._total)

    def get_ready(self) -> None:
        _ = self._sms  # made when it is first asked for, and with it the SDK is loaded

    def send(self, text: str, numbers: Sequence[str]) -> dict[str, Taken | SendError]:
        """One request for all; raises SendError when it failed as a whole."""
        outcome: dict[str, Taken | SendError] = {
            number: Rejected(f"not a number that the gateway takes: {number[:20]!r}")
            for number in numbers
            if not NUMBER.fullmatch(number)
        }
        good = [number for number in dict.fromkeys(numbers) if number not in outcome]
        if good:
            answer = self._sms.send(text, good, self._sender, timeout=self._timeout)
            outcome |= read_answer(answer, good)
        return outcome

    def read_hop(self, form: Form) -> Hop:
        return Hop(
            session_id=_needed(form, "sessionId"),
            number=self.read_caller(form),
            path=form.get("text", ""),
            service_code=form.get("serviceCode", ""),
            network=form.get("networkCode", ""),
        )

    def read_caller(self, form: Form) -> str:
        return self._caller(form, "phoneNumber")

    def read_inbound(self, form: Form) -> Inbound:
        return Inbound(
            external_id=form.get("id", "")[:LONGEST_ID],
            number=self._caller(form, "from"),
            to=form.get("to", ""),
            text=form.get("text", ""),
            sent_at=_moment(form.get("date", "")),
            link_id=form.get("linkId", ""),
            network=form.get("networkCode", ""),
        )

    def read_report(self, form: Form) -> Report:
        word = form.get("status", "").strip()
        try:
            number = self._caller(form, "phoneNumber")
        except Unusable:
            number = ""  # the id is what counts
        return Report(
            external_id=_needed(form, "id"),
            status=REPORTS.get(word.lower(), ""),
            reason=form.get("failureReason", "").strip() or word,
            number=number,
            network=form.get("networkCode", ""),
        )

    def read_session_end(self, form: Form) -> SessionEnd:
        return SessionEnd(
            session_id=_needed(form, "sessionId"),
            number=self._caller(form, "phoneNumber"),
            status=form.get("status", ""),
            duration_ms=_count(form.get("durationInMillis", "")),
            hops=_count(form.get("hopsCount", "")),
        )

    def read_opt_out(self, form: Form) -> OptOut:
        return OptOut(number=self._caller(form, "phoneNumber"), sender_id=form.get("senderId", ""))

    def write_hop(self, text: str, end: bool) -> str:
        return f"{'END' if end else 'CON'} {text}"

    def _caller(self, form: Form, field: str) -> str:
        try:
            return phones.caller(_needed(form, field, longest=80), self._country)
        except phones.BadNumber as why:
            raise Unusable(f"{field}: {why}") from why


def create(settings: Settings) -> AfricasTalking:
    return AfricasTalking(settings)


def read_answer(answer: object, numbers: Sequence[str]) -> dict[str, Taken | SendError]:
    """What became of each number, matched by its digits; raises SendError where all share one fate."""
    data = answer.get("SMSMessageData") if isinstance(answer, dict) else None
    entries = data.get("Recipients") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(entries, list):
        raise Unclear(f"an answer that is not what was agreed: {answer!r:.200}")
    if not entries:
        raise _nobody(str(data.get("Message") or ""))
    asked = {_digits(number): number for number in numbers}
    outcome: dict[str, Taken | SendError] = {}
    for entry in entries:
        number = asked.get(_digits(str(entry.get("number")))) if isinstance(entry, dict) else None
        # Named twice: what was taken is taken.
        if number is not None and not isinstance(outcome.get(number), Taken):
            outcome[number] = _one(entry)
    missing = [number for number in numbers if number not in outcome]
    return outcome | {number: Unclear("missing from the gateway's answer") for number in missing}


def _one(entry: Mapping[str, Any]) -> Taken | SendError:
    """What became of one recipient."""
    code = str(entry.get("statusCode", "")).strip()
    word = str(entry.get("status") or "").strip()
    if code:
        known = CODES.get(int(code)) if re.fullmatch("[0-9]{3}", code) else None
        meaning = known[1] if known else Unclear
    else:
        meaning = WORDS.get(word.lower(), Unclear)
    if not issubclass(meaning, Taken):
        return meaning(f"{code} {word}".strip()[:200] or "no status")
    cost = COST.fullmatch(str(entry.get("cost", "")).strip())
    return Taken(
        external_id=_external_id(entry.get("messageId")),
        cost=Decimal(cost[2]) if cost else None,
        currency=(cost[1] or "") if cost else "",
        code=code,
    )


def _nobody(message: str) -> SendError:
    """An answer without recipients: a refusal of the whole, unless its words say otherwise or nothing."""
    words = f"no recipients: {message[:200]!r}"
    if not message.strip() or re.match(r"Sent to 0*[1-9]", message.strip()):
        return Unclear(words)
    meaning = WORDS.get(message.strip().lower(), Rejected)
    # Only our balance is told apart: a refusal of the whole is not tried again.
    return Misconfigured(words) if meaning is Misconfigured else Rejected(words)


def _external_id(raw: object) -> str:
    """The message's id; a rejected recipient has the word None for one."""
    known = isinstance(raw, str | int) and str(raw).strip() not in {"", "None"}
    return str(raw).strip().replace("\0", "")[:LONGEST_ID] if known else ""


def _digits(number: str) -> str:
    return re.sub("[^0-9]", "", number).removeprefix("00")


def _needed(form: Form, field: str, longest: int = LONGEST_ID) -> str:
    value = form.get(field, "").strip()
    if not value:
        raise Unusable(f"{field} is missing")
    if len(value) > longest:
        raise Unusable(f"{field} is longer than {longest} characters")
    return value


def _count(raw: str) -> int | None:
    return int(raw) if re.fullmatch("[0-9]{1,9}", raw) else None


def _moment(raw: str) -> datetime | None:
    """`2021-01-14 08:10:15` (no zone: taken for UTC) or `2017-05-03T06:04:45Z`."""
    try:
        at = datetime.fromisoformat(raw.strip())
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
