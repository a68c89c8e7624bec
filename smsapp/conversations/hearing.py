"""One `hear` for every channel, and the worker's round over the messages that wait to be heard."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog

from smsapp import counters
from smsapp.conversations import sms, ussd
from smsapp.conversations.ussd import Heard
from smsapp.gateways.base import Hop
from smsapp.phones import masked
from smsapp.runtime import Runtime

log = structlog.get_logger(__name__)

HEAR_FOR = 45.0  # seconds that one job goes on, like a delivery


@dataclass(frozen=True)
class StoredText:
    """A message from a phone that is already a row."""

    message_id: int
    number: str


def hear(rt: Runtime, said: Hop | StoredText) -> Heard:
    """Take one utterance: one transaction, under its number's lock. An SMS is answered by the outbox."""
    if isinstance(said, Hop):
        return ussd.hear(rt, said)
    return Heard(screen="", end=True, what=sms.hear(rt, said.number))


def hear_waiting(rt: Runtime, seconds: float = HEAR_FOR) -> int:
    """Hear every stored message that waits, each number's in the order they came, or as many as that time holds."""
    until, heard, failed = time.monotonic() + seconds, 0, set[int]()
    while time.monotonic() < until and (row := sms.waiting(rt, failed)):
        text = StoredText(*row)
        if not _hear_one(rt, text):
            failed.add(text.message_id)
        heard += 1
    return heard


def _hear_one(rt: Runtime, text: StoredText) -> bool:
    began = time.perf_counter()
    try:
        heard = hear(rt, text)
    except Exception:  # the edge: one message that makes us fail must not hold up the others
        log.exception("message not heard", message=text.message_id, number=masked(text.number))
        counters.HOPS.labels("sms", "failed").inc()
        sms.fail(rt, text.message_id)
        return False
    counters.HOPS.labels("sms", heard.what).inc()
    took = round((time.perf_counter() - began) * 1000, 1)
    log.info("hop", channel="sms", what=heard.what, message=text.message_id, number=masked(text.number), ms=took)
    return True
