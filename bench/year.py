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
from smsapp.config import QuietHours
from smsapp.embedded import CanNotRun
from smsapp.runtime import build
from tests import hands
from tests.fakes import Clock
from tests.year import Totals, World

BIRTHS = 5000
TARGET = 180.0  # seconds
WORKERS = 3  # processes, one more than this machine has cores: one of them always waits for the database
NIGHT = QuietHours(time(20), time(7))
SHOWN = 20


@dataclass(frozen=True)
class Year:
    """What happened in it, and how long it took to live through it and to check every promise."""

    told: Totals
    seconds: float


def measure(place: Place, say: Callable[[str], None], births: int = BIRTHS) -> Year:
    settings = replace(place.settings, quiet_hours=NIGHT)
    began = clock.perf_counter()
    with hands.processes(settings, WORKERS) as workers:
        told = World(replace(build(settings), now=Clock()), workers, births).run(say)
    return Year(told, clock.perf_counter() - began)


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
