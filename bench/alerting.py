"""From a report's webhook to its alert's request at the gateway, while a broadcast goes out."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from sqlalchemy import func, select, text

from bench.hops import NUMBERS
from bench.phones import number
from bench.place import Failed, Place
from bench.sending import LONGEST, WORDS
from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.outbox import Draft
from smsapp.people import Post
from smsapp.places import Place as Spot
from smsapp.runtime import Runtime

CROWD, REPORTS = 20_000, 100
WEB = "reports"
HOOK = "/hooks/africastalking/dev/sms"
REPORT = "CAS FIEVRE JAUNE F 3"  # one case is an alert, and only in its village
HEAD = NUMBERS  # nobody else in this run has this number, or those after it
GAPS = (0.2, 0.8)  # seconds between two reports


@dataclass(frozen=True)
class Alerting:
    """Seconds from each report to its alert in hundredths, and how much of the broadcast was still to go."""

    took: Sequence[float]
    left: int


def measure(place: Place, rt: Runtime, say: Callable[[str], None]) -> Alerting:
    """Beside the workers and the gateway of `bench.sending`."""
    say("starting a web server for reports")
    port = place.web(WEB)
    villages = _people(rt)
    _report(port, HEAD + 1, "one")  # the first text makes the workers read what they need
    place.until(lambda: _alerts(rt, "sent") == 1, "the first report raises no alert")
    _taken(rt)
    say(f"broadcasting to {CROWD} while {REPORTS} cases are reported")
    with transaction(rt.sessions) as db:
        outbox.post_many(db, rt, (Draft(number(n), f"{WORDS} No {n}", "broadcast") for n in range(CROWD)))
    chance, posted = random.Random(7), {}
    for n in range(1, REPORTS + 1):
        posted[villages[n]] = time.time()
        _report(port, HEAD + 1 + n, f"report-{n}")
        time.sleep(chance.uniform(*GAPS))
    place.until(lambda: _alerts(rt, "sent") == REPORTS + 1, "the alerts do not go out", LONGEST)
    left = _left(rt)
    if not left:
        raise Failed(f"the broadcast to {CROWD} was over before the last report: raise bench.alerting.CROWD")
    return Alerting(quantiles(_took(rt, posted), n=100), left)


def _people(rt: Runtime) -> list[str]:
    """A head, and a worker in each of as many villages as there are reports; their names."""
    names = [f"Village{n:03}" for n in range(REPORTS + 1)]
    with transaction(rt.sessions) as db:
        db.execute(text("SELECT setval(pg_get_serial_sequence('persons', 'id'), max(id)) FROM persons"))
        centre = db.scalars(select(Spot.id).where(Spot.kind == "facility")).one()
        spots = [Spot(kind="village", name=name, parent_id=centre) for name in names]
        db.add_all(spots)
        db.flush()
        known: dict[str, Any] = {"language": "fr", "facility_id": centre}
        people.add(db, rt.now(), number=number(HEAD), name="Head", roles=["dtc"], **known)
        for n, spot in enumerate(spots):
            worker = people.add(db, rt.now(), number=number(HEAD + 1 + n), name="Worker", roles=["asc"], **known)
            db.add(Post(person_id=worker.id, place_id=spot.id))
    return names


def _report(port: int, n: int, external_id: str) -> None:
    """What Africa's Talking posts for a text."""
    told = {"from": number(n), "to": "36223", "text": REPORT, "id": external_id, "linkId": external_id}
    body = urlencode({**told, "date": "2026-03-10 10:00:00"}).encode()
    with urlopen(Request(f"http://127.0.0.1:{port}{HOOK}", data=body), timeout=10) as answer:
        answer.read()


def _alerts(rt: Runtime, status: str) -> int:
    with transaction(rt.sessions) as db:
        which = Message.kind == "outbreak", Message.status == status
        return db.scalar(select(func.count()).where(*which)) or 0


def _left(rt: Runtime) -> int:
    with transaction(rt.sessions) as db:
        return db.scalar(select(func.count()).where(Message.kind == "broadcast", Message.status == "queued")) or 0


def _taken(rt: Runtime) -> list[tuple[str, str, float]]:
    with urlopen(f"{rt.settings.at_base_url}/", timeout=10) as answer:
        return [(to, words, at) for to, words, at in json.loads(answer.read())]


def _took(rt: Runtime, posted: Mapping[str, float]) -> list[float]:
    """Of each report; its alert came once, and names its village."""
    came = [(words, at) for to, words, at in _taken(rt) if to == number(HEAD)]
    named = [(village, at) for words, at in came for village in posted if village in words]
    if Counter(village for village, _ in named) != Counter(posted.keys()) or len(came) != len(posted):
        raise Failed(f"{len(posted)} cases were reported, {len(came)} alerts came or others: {came[:2]}")
    return [at - posted[village] for village, at in named]
