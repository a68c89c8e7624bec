"""`python -m bench.year [births]`: a year of births through the real run and outbox, timed, with its totals."""

from __future__ import annotations

import sys
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import time

from rich.console import Console

from bench.place import Failed, Place
from smsapp import logs
from smsapp.app import settle_down
from smsapp.config import QuietHours
from smsapp.embedded import CanNotRun
from smsapp.runtime import build
from tests.fakes import Clock, FakeGateway
from tests.year import Totals, World

BIRTHS = 5000
TARGET = 180.0  # seconds
NIGHT = QuietHours(time(20), time(7))
SHOWN = 20


@dataclass(frozen=True)
class Year:
    """What happened in it, and how long it took to live through it and to check every promise."""

    told: Totals
    seconds: float


def measure(place: Place, say: Callable[[str], None], births: int = BIRTHS) -> Year:
    rt = build(replace(place.settings, quiet_hours=NIGHT))
    gateway = FakeGateway(next(iter(rt.gateways.values())))
    began = clock.perf_counter()
    world = World(replace(rt, now=Clock(), gateways={gateway.name: gateway}), births)
    logs.configure(quiet=True)  # the web side of the phones had its own way
    settle_down()  # as in the service's own processes
    return Year(world.run(say), clock.perf_counter() - began)


def main(births: int = BIRTHS) -> int:
    logs.configure(quiet=True)
    words = Console(stderr=True)
    try:
        with Place() as place, words.status("starting PostgreSQL and Valkey") as status:
            year = measure(place, status.update, births)
    except (CanNotRun, Failed) as why:
        words.print(f"bench: {why}", style="red", markup=False)
        return 1
    print("\n".join(year.told.lines()))
    print("\n".join(f"wrong: {what}" for what in year.told.wrong[:SHOWN]) or "nothing wrong")
    print(f"{year.seconds:.0f} s (target {TARGET:.0f} s: {'met' if year.seconds < TARGET else 'not met'})")
    return 1 if year.told.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
