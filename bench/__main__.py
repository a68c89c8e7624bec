"""`python -m bench`: one run, one table. A missed target is only said; a measurement that went wrong is an error."""

from __future__ import annotations

import sys

from rich.console import Console

from bench import alerting, books, hops, plans, sending, year
from bench.place import Failed, Place
from bench.report import table
from smsapp import logs
from smsapp.embedded import CanNotRun
from smsapp.runtime import build

WEB_THREADS = 16  # as wsgi.py has them


def main() -> int:
    logs.configure(quiet=True)
    words = Console(stderr=True)
    try:
        with Place() as place, words.status("starting PostgreSQL and Valkey") as status:
            rt = build(place.settings)
            heard = hops.measure(place, rt, status.update)
            sent = sending.measure(place, rt, status.update)
            alerted = alerting.measure(place, rt, status.update)
            place.all_alive()
        with Place() as place, words.status("starting a database of its own for the books") as status:
            noted = books.measure(build(place.settings, pool_size=WEB_THREADS), status.update)
        with Place() as place, words.status("starting a database of its own for the year") as status:
            lived = year.measure(place, status.update)
        if lived.told.wrong:
            raise Failed(f"a promise of the year was not kept: {lived.told.wrong[0]}")
    except (CanNotRun, Failed) as why:
        words.print(f"bench: {why}", style="red", markup=False)
        return 1
    planned = plans.measure()
    Console(width=None if sys.stdout.isatty() else 120).print(table(heard, sent, alerted, noted, planned, lived))
    return 0


if __name__ == "__main__":
    sys.exit(main())
