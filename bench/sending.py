"""Broadcasts against a loop over the plain SDK, and how soon a single reply is with the gateway."""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit
from urllib.request import urlopen

from africastalking.SMS import SMSService
from sqlalchemy import func, select

from bench.memory import Memory, Peak
from bench.phones import number
from bench.place import Failed, Place, listens
from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.outbox import Draft
from smsapp.runtime import Runtime

MANY, LOOPED, REPLIES = 5_000, 50, 100
GATEWAY_SECONDS = 0.1  # a request
WORDS = "Campagne de vaccination samedi au CSCom, de 8 h a 14 h. Amenez le carnet de votre enfant."
LONGEST = 90.0


@dataclass(frozen=True)
class Sending:
    """Messages a second each way, seconds until a reply's request, and the workers' memory."""

    loop: float
    same: float
    different: float
    replies: Sequence[float]  # hundredths: replies[49] is the median
    memory: Memory


def measure(place: Place, rt: Runtime, say: Callable[[str], None]) -> Sending:
    say("starting the gateway and the workers")
    port = urlsplit(rt.settings.at_base_url).port
    assert port
    place.start("gateway", [sys.executable, "-m", "bench.gateway", str(port), str(GATEWAY_SECONDS)])
    place.until(lambda: listens(port), "the gateway does not listen")
    for queue in ("bulk", "replies"):
        place.worker(queue)
    _post_replies(place, rt, 1)  # both workers are up once one message of each kind is through
    _broadcast(place, rt, ["Bonjour"])
    say(f"sending {LOOPED} messages with the plain SDK")
    loop = _loop(rt)
    with Peak(lambda: place.processes("bulk")) as peak:
        say(f"broadcasting one text to {MANY}")
        same = _broadcast(place, rt, [WORDS] * MANY)
        say(f"broadcasting {MANY} texts")
        different = _broadcast(place, rt, [f"{WORDS} No {n}" for n in range(MANY)])
    say("answering single messages")
    replies = _post_replies(place, rt, REPLIES)
    return Sending(loop, same, different, quantiles(replies, n=100), peak.memory)


def _loop(rt: Runtime) -> float:
    """What one writes after reading the SDK's own example."""
    sms = SMSService(rt.settings.at_username, rt.settings.at_api_key)
    sms._baseUrl = f"{rt.settings.at_base_url}/version1"  # its only way to another host
    began = time.perf_counter()
    for n in range(LOOPED):
        answer = sms.send(WORDS, [number(n)])
        if answer["SMSMessageData"]["Recipients"][0]["statusCode"] != 101:
            raise Failed(f"the plain SDK was answered {answer}")
    took = time.perf_counter() - began
    _exactly(rt, [(number(n), WORDS) for n in range(LOOPED)])
    return LOOPED / took


def _broadcast(place: Place, rt: Runtime, texts: Sequence[str]) -> float:
    """Messages a second, from the first row's writing until the last row says that it was sent."""
    drafts = [Draft(number(n), text, "broadcast") for n, text in enumerate(texts)]
    began = time.perf_counter()
    with transaction(rt.sessions) as db:
        outbox.post_many(db, rt, drafts)
    place.until(lambda: _none_open(rt), f"a broadcast is not through after {LONGEST:.0f} seconds", LONGEST)
    took = time.perf_counter() - began
    _exactly(rt, [(draft.number, draft.text) for draft in drafts])
    return len(texts) / took


def _post_replies(place: Place, rt: Runtime, many: int) -> list[float]:
    """Seconds from each post to its request at the gateway."""
    chance, posted = random.Random(7), {}
    for n in range(many):
        text = f"Reponse {n}"
        posted[text] = time.time()
        with transaction(rt.sessions) as db:
            outbox.post(db, rt, number(n), text, kind="reply")
        time.sleep(chance.uniform(0, 0.1))
    place.until(lambda: _none_open(rt), "the replies do not go out")
    came = _exactly(rt, [(number(n), f"Reponse {n}") for n in range(many)])
    return [at - posted[text] for _, text, at in came]


def _none_open(rt: Runtime) -> bool:
    with transaction(rt.sessions) as db:
        return not db.scalar(select(Message.id).where(Message.status.in_(("queued", "sending"))).limit(1))


def _exactly(rt: Runtime, wanted: Sequence[tuple[str, str]]) -> list[tuple[str, str, float]]:
    """What the gateway took since it was last asked: exactly this, once each, and every row says so."""
    with urlopen(f"{rt.settings.at_base_url}/", timeout=10) as answer:
        came = [(number, text, at) for number, text, at in json.loads(answer.read())]
    wrong = Counter((number, text) for number, text, _ in came)
    wrong.subtract(wanted)
    if any(wrong.values()):
        raise Failed(
            f"the gateway took {len(came)} messages instead of {len(wanted)}, or others: {wrong.most_common(3)}"
        )
    with transaction(rt.sessions) as db:
        unsent = db.scalar(select(func.count()).where(Message.status != "sent"))
    if unsent:
        raise Failed(f"{unsent} messages are not `sent`")
    return came
