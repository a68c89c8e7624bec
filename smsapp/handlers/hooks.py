"""The gateways' webhooks: authenticate, read, one call, answer. Never an exception on a handset."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import structlog
from sqlalchemy import Table, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Request, Response

from smsapp import conversations, counters, outbox, people
from smsapp.conversations import UssdSession
from smsapp.db import after_commit, transaction
from smsapp.flows.render import plain
from smsapp.gateways.base import Form, Gateway, Inbound, Unusable
from smsapp.handlers import forms
from smsapp.logs import foreign
from smsapp.messages import MO, SEALED, Message, RejectedCallback
from smsapp.phones import masked
from smsapp.runtime import Runtime
from smsapp.segments import clean, count

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

KEPT_OF_BODY = 4096  # of a body that can not be used
# What was typed on a keypad holds PINs: of these fields only the length is kept.
TYPED = {"ussd": ("text", "input"), "ussd-end": ("text", "input")}
SAME_WITHIN = timedelta(minutes=5)  # the same words without an id and a date are one text


_STORE = (
    insert(cast(Table, Message.__table__))
    .values(facility_id=people.FACILITY_OF_SERVED)
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(Message.id)
)


class Door:
    """`/hooks/<gateway>/<token>/<kind>`, before Flask: its contexts and routes took a tenth of the time of a hop."""

    def __init__(self, rt: Runtime, inner: WSGIApplication) -> None:
        self.rt, self.inner = rt, inner
        self.token = rt.settings.webhook_token.encode()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ, populate_request=False)  # each would hold the other until the collector comes
        match request.path.split("/"):
            case ["", "hooks", gateway, given, kind] if self._known(gateway, given, kind):
                return self._answer(request, gateway, kind)(environ, start_response)
        return self.inner(environ, start_response)

    def _known(self, gateway: str, given: str, kind: str) -> bool:
        known = hmac.compare_digest(given.encode("utf-8", "replace"), self.token)
        return known and gateway in self.rt.gateways and kind in KINDS

    def _answer(self, request: Request, gateway: str, kind: str) -> Response:
        if request.method != "POST":
            return Response("Only POST is taken here\n", status=405, headers={"Allow": "POST"})
        called = Call(forms.body_of(request), request.environ.get("CONTENT_TYPE", ""))
        try:
            return KINDS[kind](self.rt, self.rt.gateways[gateway], called)
        except Exception:
            log.exception("callback failed", gateway=gateway, kind=kind)
            return Response(status=500)


class Call(NamedTuple):
    """What a gateway posted."""

    body: bytes
    content_type: str


def ussd(rt: Runtime, gateway: Gateway, called: Call) -> Response:
    began = time.perf_counter()
    try:
        hop = gateway.read_hop(_form(gateway, called))
    except Unusable as why:
        _reject(rt, gateway, "ussd", called.body, why)
        return _screen(gateway, _dial_again(rt, gateway, called), end=True)
    try:
        heard = conversations.hear(rt, hop)
    except Exception:  # the edge: whatever breaks, she reads a plain sentence
        log.exception("hop failed", session=hop.session_id[-8:], number=masked(hop.number))
        heard = conversations.Heard(_say(rt, hop.number, "sorry"), True, "sorry")
    took = time.perf_counter() - began
    counters.HOPS.labels("ussd", heard.what).inc()
    counters.HOP_SECONDS.observe(took)
    log.info(
        "hop",
        channel="ussd",
        gateway=gateway.name,
        what=heard.what,
        at=heard.at,
        session=hop.session_id[-8:],
        number=masked(hop.number),
        ms=round(took * 1000, 1),
    )
    return _screen(gateway, heard.screen, heard.end)


def sms(rt: Runtime, gateway: Gateway, called: Call) -> Response:
    """Stored, then answered 200; heard by a worker."""

    def store(db: Session, form: Form) -> None:
        said = gateway.read_inbound(form)
        now, text = rt.now(), clean(said.text)
        row = {
            "direction": MO,
            "number": said.number,
            "gateway": gateway.name,
            "text": text,
            "parts": count(text),
            "status": "received",
            "created_at": now,
            "due_at": now,
            "sent_at": said.sent_at,
            "external_id": said.external_id or None,
            "key": _once(db, rt, gateway, said),
            "meta": {"to": said.to, "link": said.link_id, "network": said.network},
            "served": said.number,
        }
        new = db.scalar(_STORE, row)
        counters.TEXTS.labels(gateway.name, "new" if new else "repeat").inc()
        if new:
            after_commit(db, lambda: rt.bell.ring("hear"), key="ring hear")

    return _kept(rt, gateway, "sms", called, store)


def _once(db: Session, rt: Runtime, gateway: Gateway, said: Inbound) -> str:
    """What a repeat of this message has in common with it: the gateway's id, else everything that it says.

    Sealed: beside the number and the time, a plain hash would tell an answer to whoever tries 0 to 4.
    """
    if said.external_id:
        return f"mo:{gateway.name}:{said.external_id}"
    at = said.sent_at.isoformat() if said.sent_at else ""
    whole = f"{said.number}\n{said.to}\n{said.text}\n{at}\n{said.link_id}"
    digest = hmac.digest(rt.settings.secret_key.encode(), whole.encode("utf-8", "surrogatepass"), "sha256")
    seal = f"{SEALED}{gateway.name}:{digest.hex()}"
    return seal if at else _lately(db, rt, said.number, seal)


def _lately(db: Session, rt: Runtime, number: str, seal: str) -> str:
    """Nothing tells when it was sent: it is the text that came a moment ago, or after that the same words anew."""
    now = rt.now()
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(seal, 0))))
    hers = Message.direction == MO, Message.number == number, Message.created_at > now - SAME_WITHIN
    before = db.scalar(select(Message.key).where(*hers, Message.key.startswith(seal, autoescape=True)).limit(1))
    return before or f"{seal}:{now.timestamp()}"


def delivery(rt: Runtime, gateway: Gateway, called: Call) -> Response:
    def store(db: Session, form: Form) -> None:
        report = gateway.read_report(form)
        outbox.record_report(db, rt, gateway.name, report)
        counters.REPORTS.labels(gateway.name, report.status or "unknown word").inc()
        log.info(
            "report",
            gateway=gateway.name,
            status=report.status,
            word=foreign(report.reason),
            number=masked(report.number),
        )

    return _kept(rt, gateway, "delivery", called, store)


def ussd_end(rt: Runtime, gateway: Gateway, called: Call) -> Response:
    def store(db: Session, form: Form) -> None:
        ended = gateway.read_session_end(form)
        db.execute(update(UssdSession).where(UssdSession.id == ended.session_id).values(outcome=ended.status[:40]))

    return _kept(rt, gateway, "ussd-end", called, store)


def opt_out(rt: Runtime, gateway: Gateway, called: Call) -> Response:
    def store(db: Session, form: Form) -> None:
        said = gateway.read_opt_out(form)
        people.leave(db, rt.now(), said.number, people.EVERYTHING, gateway.name)

    return _kept(rt, gateway, "opt-out", called, store)


KINDS: dict[str, Callable[[Runtime, Gateway, Call], Response]] = {
    "ussd": ussd,
    "sms": sms,
    "delivery": delivery,
    "ussd-end": ussd_end,
    "opt-out": opt_out,
}


def _kept(rt: Runtime, gateway: Gateway, kind: str, called: Call, store: Callable[[Session, Form], None]) -> Response:
    """200 once it is stored, or stored as rejected; 503 only if nothing could be: then the gateway comes again."""
    try:
        with transaction(rt.sessions) as db:
            store(db, _form(gateway, called))
    except Unusable as why:
        if not _reject(rt, gateway, kind, called.body, why):
            return Response(status=503)
    except SQLAlchemyError:
        log.exception("callback not stored", gateway=gateway.name, kind=kind)
        return Response(status=503)
    return Response(status=200)


def _form(gateway: Gateway, called: Call) -> Form:
    form = forms.read(called.body, called.content_type, gateway.fields)
    if form.get("phoneNumber", form.get("from", "")).startswith(" "):
        counters.LOST_PLUS.inc()  # an unescaped + became a space; the number is repaired where it is read
    return form


def _reject(rt: Runtime, gateway: Gateway, kind: str, body: bytes, why: Unusable) -> bool:
    """Keep what can never be used, with the reason; was it kept?"""
    reason = clean(str(why))[:200]
    counters.REJECTED.labels(gateway.name, kind).inc()
    log.warning("callback rejected", gateway=gateway.name, kind=kind, reason=reason, size=len(body))
    kept = forms.without(body, TYPED[kind], gateway.fields) if kind in TYPED else body
    row: dict[str, Any] = {"gateway": gateway.name, "kind": kind, "body": kept[:KEPT_OF_BODY], "reason": reason}
    try:
        with transaction(rt.sessions) as db:
            db.add(RejectedCallback(**row, at=rt.now()))
    except SQLAlchemyError:
        log.exception("rejected callback not stored", gateway=gateway.name, kind=kind)
        return False
    return True


def _dial_again(rt: Runtime, gateway: Gateway, called: Call) -> str:
    """What is said to a hop that can not be used: whose phone it was may be known all the same."""
    try:
        number = gateway.read_caller(forms.whatever(called.body, gateway.fields))
    except Unusable:
        return plain(rt.texts.say(None, "nobody"))
    return _say(rt, number, "dial_again")


def _say(rt: Runtime, number: str, key: str) -> str:
    """A plain sentence in her language, where the database still tells which that is."""
    language = None
    try:
        with transaction(rt.sessions) as db:
            language = people.language_of(db, number)
    except SQLAlchemyError:
        log.warning("language not known", number=masked(number))
    return plain(rt.texts.say(language, key))


def _screen(gateway: Gateway, text: str, end: bool) -> Response:
    return Response(gateway.write_hop(text, end), content_type="text/plain; charset=utf-8")
