"""Durable survey hops, against a constant view and one locked and upserted row, in turns on one machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
from sqlalchemy import func, select

from bench import baselines, phones
from bench.memory import Memory, measured
from bench.phones import Phone, Round, Walks, talk
from bench.place import Failed, Place
from smsapp.db import transaction
from smsapp.phones import may_send_to
from smsapp.places import Place as Spot
from smsapp.runtime import Runtime
from smsapp.segments import fold
from smsapp.surveys import Response

PHONES, ROUNDS, SECONDS, WARM_UP = 50, 5, 4.0, 2.0
NUMBERS = 60_000
OURS, CONSTANT, LOCKED = "ours", "constant", "locked"
HOOK = "/hooks/africastalking/dev/ussd"

# What each screen of the walk asks: flow and key of the text that must be on it.
ASKED = (
    ("main", "title"),
    *(
        ("satisfaction", name)
        for name in ("consent", "respect", "explained", "wait", "money", "clean", "again", "thanks")
    ),
)


@dataclass(frozen=True)
class Hops:
    """Medians of the rounds, latencies of all rounds together."""

    rates: dict[str, float]
    p50: dict[str, float]
    p99: dict[str, float]
    surveys: int
    memory: Memory

    def ratio(self, to: str) -> float:
        return self.rates[OURS] / self.rates[to]


def measure(place: Place, rt: Runtime, say: Callable[[str], None]) -> Hops:
    """All three in every round, so that whatever disturbs the machine disturbs them alike."""
    say("starting three web servers")
    _people(place, rt)
    ports = {
        OURS: place.web(OURS),
        CONSTANT: place.web(CONSTANT, "bench.baselines:constant"),
        LOCKED: place.web(LOCKED, "bench.baselines:locked"),
    }
    least = [baselines.SCREEN] * phones.HOPS
    walks = {
        OURS: Walks(HOOK, _learn(rt, ports[OURS]), 1, NUMBERS),
        CONSTANT: Walks(baselines.PATH, least, 1, NUMBERS * 50),
        LOCKED: Walks(baselines.PATH, least, 1, NUMBERS * 50),
    }
    speakers = {name: [Phone(walks[name]) for _ in range(PHONES)] for name in walks}
    rounds: dict[str, list[Round]] = {name: [] for name in walks}
    for turn in range(ROUNDS + 1):
        for name, port in ports.items():
            say(f"hops: {name}, round {turn} of {ROUNDS}" if turn else f"hops: warming up {name}")
            heard = talk(port, speakers[name], SECONDS if turn else WARM_UP)
            rounds[name] += [heard] if turn else []
    _all_kept(rt, walks[OURS].finished + 1)  # and the one that was walked to learn the screens
    return _summed_up(rounds, walks[OURS].finished, measured(place.processes(OURS)))


def _summed_up(rounds: dict[str, list[Round]], surveys: int, memory: Memory) -> Hops:
    cuts = {name: quantiles(_latencies(heard), n=100) for name, heard in rounds.items()}
    return Hops(
        rates={name: median(r.rate for r in heard) for name, heard in rounds.items()},
        p50={name: cut[49] for name, cut in cuts.items()},
        p99={name: cut[98] for name, cut in cuts.items()},
        surveys=surveys,
        memory=memory,
    )


def _latencies(rounds: Sequence[Round]) -> list[float]:
    return [latency for each in rounds for latency in each.latencies]


def _people(place: Place, rt: Runtime) -> None:
    """A centre and its people; a row for each number where the other view looks."""
    if not all(may_send_to(phones.number(n), {rt.settings.country}) for n in (0, NUMBERS)):
        raise Failed("the numbers of this benchmark are no mobile numbers here")
    with transaction(rt.sessions) as db:
        parent = None
        for kind in ("region", "district", "facility"):
            spot = Spot(kind=kind, name=f"Bench {kind}", parent_id=parent, code="9" if kind == "facility" else None)
            db.add(spot)
            db.flush()
            parent = spot.id
    with psycopg.connect(place.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY persons (id, facility_id, created_at) FROM STDIN") as copy:
            for n in range(NUMBERS):
                copy.write_row((n + 1, parent, rt.now()))
        with cursor.copy("COPY person_numbers (number, person_id, main, since) FROM STDIN") as copy:
            for n in range(NUMBERS):
                copy.write_row((phones.number(n), n + 1, True, rt.now()))
        cursor.execute(baselines.TABLE)
    with psycopg.connect(place.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _learn(rt: Runtime, port: int) -> list[str]:
    """Walk one survey slowly, see that each screen asks what it should; every other walk must get the same."""
    typed = [*phones.CONSENT, *"1" * phones.QUESTIONS]
    screens = []
    for hop, (flow, key) in enumerate(ASKED):
        sent = phones.request(HOOK, 0, typed[:hop])
        screen = _post(port, sent.partition(b"\r\n\r\n")[2])
        words = fold(rt.flows.live[flow].text(rt.settings.language, key) or "").partition("{")[0][:30]
        prefix = "END " if hop == len(ASKED) - 1 else "CON "
        if not words or not screen.startswith(prefix) or words not in screen:
            raise Failed(f"hop {hop}: expected {prefix}… {words!r} …, got {screen!r}")
        screens.append(screen)
    return screens


def _post(port: int, body: bytes) -> str:
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{HOOK}", data=body), timeout=10) as answer:
            return str(answer.read().decode())
    except HTTPError as why:
        raise Failed(f"HTTP {why.code}: {why.read().decode(errors='replace')}") from why


def _all_kept(rt: Runtime, finished: int) -> None:
    """Durable means that the rows are there."""
    with transaction(rt.sessions) as db:
        kept = db.scalar(select(func.count()).select_from(Response))
    if kept != finished:
        raise Failed(f"{finished} surveys were finished, {kept} are kept")
