"""`python -m bench.console`: the console's lists over a million people and ten million messages.

Each page is asked for as staff ask for it, through the application and its real database; nothing is warmed but by the
requests themselves. `--people` and `--messages` make the country smaller.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from bench import country
from bench.place import Failed, Place
from smsapp import figures, logs
from smsapp.app import settle_down
from smsapp.embedded import CanNotRun
from smsapp.runtime import Runtime, build
from tests.desk import Desk

PEOPLE, MESSAGES, TIMES = 1_000_000, 10_000_000, 20
REGION, FACILITY = 1, 20  # those of the viewer and of the facility's staff
# Each list as it opens, and with filters of every kind: of much, of little, of nothing.
ADDRESSES = (
    "/",
    "/people",
    "/people?q=traore",
    "/people?q=aminata+traor",
    "/people?q=kougoro+mariam",
    "/people?q=nobody+at+all",
    "/people?q=70+12+34+56",
    "/people?q=23456",
    "/people?role=asc",
    "/people?role=mother&language=fr",
    "/people?q=diarra&role=member&language=bm",
    f"/people?place={FACILITY}",
    "/people/1234",
    "/people/new",
    "/people/imports",
    "/inbox",
    "/inbox?list=mine",
    "/inbox?list=done",
    "/inbox?list=all",
    "/inbox/count",
    "/inbox/news",
    "/inbox/+22370123450",
    "/messages",
    "/messages?direction=mo",
    "/messages?status=delivered",
    "/messages?status=failed",
    "/messages?status=unknown",
    "/messages?status=unheard&since=2026-01-01",
    "/messages?status=failed&topic=news&kind=broadcast",
    f"/messages?place={FACILITY}",
    f"/messages?place={FACILITY}&status=cancelled",
    "/messages?number=70123450",
    "/messages/more",
    "/messages/50001",
    "/broadcasts",
    "/broadcasts/1",
    "/broadcasts/1/missed",
    "/broadcasts/new",
    "/broadcasts/templates",
    "/places",
    f"/places/{FACILITY}",
    "/savings",
    "/savings?q=benk",
    "/savings?q=nobody",
    f"/savings?place={FACILITY}",
    "/savings?kind=tontine",
    "/savings?state=dispute",
    "/savings?state=overdue",
    "/savings?state=missed",
    "/savings?state=closed",
    "/savings/17",
    "/savings/17/savings.json",
    "/savings/17/book",
    "/savings/17/book/print",
    "/savings/17/members/200",
    "/savings/disputes",
    "/savings/disputes?state=all",
    "/savings/indicators",
    "/savings/indicators?place=region+1",
    "/children",
    "/children?q=traore",
    "/children?q=nobody+at+all",
    "/children?q=23456",
    "/children?state=care",
    "/children?state=due",
    "/children?state=missed",
    "/children?state=unconfirmed&age=1",
    "/children?state=ended",
    "/children?age=2",
    "/children?age=10",
    "/children/1234",
    "/children/export.csv?state=missed",
    "/children/missed",
    "/children/waiting",
    "/children/unsent",
    "/children/pregnancies",
    "/children/pregnancies?q=diarra",
    "/children/pregnancies?state=soon",
    "/children/pregnancies?state=overdue",
    "/children/pregnancies?state=unconfirmed",
    "/children/pregnancies?state=after",
    "/children/pregnancies?state=closed",
    "/children/pregnancies/100",
    "/children/session",
    "/children/session?place=CSCom+1.1.1",
    "/indicators",
    "/indicators?place=1",
    "/indicators.json",
    "/indicators.csv",
    f"/places/{FACILITY}/villages",
    f"/places/{FACILITY}/clinic",
    "/surveillance",
    "/surveillance?disease=measles",
    "/surveillance?state=closed&level=epidemic",
    "/surveillance?state=all&place=District+1.1",
    "/surveillance/news?state=verified",
    "/surveillance/100",
    "/surveillance/signals",
    "/surveillance/map",
    "/surveillance/map?place=District+1.1&days=365",
    "/surveillance/curve?disease=measles",
    "/surveillance/curve?disease=malaria_fever&place=District+1.1&first=2026-01-01",
    "/surveillance/counts",
    "/surveillance/counts?weeks=52&disease=measles",
    "/surveillance/idsr",
    "/surveillance/7-1-7",
    "/surveillance/weeks",
    "/surveillance/silent",
    "/surveillance/rules",
    "/surveillance/rules/versions",
    "/surveillance/cases",
    "/surveillance/cases?disease=measles&standing=all",
    "/surveillance/cases?place=District+1.1&lab=positive",
    "/charts",
    "/charts/messages.json",
    "/staff",
    "/trail",
)
SLOWEST, SLOWEST_SEARCH = 0.300, 0.200
LONGEST_COUNT = 900.0


@dataclass(frozen=True)
class Timed:
    """Seconds that a page took, time after time."""

    address: str
    role: str
    seconds: Sequence[float]

    @property
    def p95(self) -> float:
        return quantiles(self.seconds, n=20, method="inclusive")[18]

    @property
    def target(self) -> float:
        return SLOWEST_SEARCH if self.address.startswith("/people?") else SLOWEST


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--people", type=int, default=PEOPLE)
    asked.add_argument("--messages", type=int, default=MESSAGES)
    options = asked.parse_args()
    logs.configure(quiet=True)
    words = Console(stderr=True)
    try:
        with Place() as place, words.status("starting PostgreSQL and Valkey") as status:
            country.fill(place.settings.database_url, options.people, options.messages, status.update)
            rt = build(place.settings)
            status.update("counting the days")
            figures.count_days(rt, seconds=LONGEST_COUNT)
            timed = list(_measure(rt, status.update))
            place.all_alive()
    except (CanNotRun, Failed) as why:
        words.print(f"bench: {why}", style="red", markup=False)
        return 1
    Console(width=None if sys.stdout.isatty() else 140).print(_table(timed, options.people, options.messages))
    return 0


def _measure(rt: Runtime, say: Callable[[str], None]) -> Iterator[Timed]:
    desks = {
        "administrator": Desk.of(rt),
        "viewer of a region": Desk.of(rt, "viewer", places=[REGION]),
        "facility": Desk.of(rt, "facility", places=[FACILITY]),
    }
    settle_down()
    for role, desk in desks.items():
        for address in ADDRESSES:
            say(f"{role}: {address}")
            if _ask(desk, address):  # what this role may not see takes no time
                yield Timed(address, role, [_ask(desk, address) for _ in range(TIMES)])


def _ask(desk: Desk, address: str) -> float:
    """Seconds that a page took; none where it is not for this role."""
    began = time.perf_counter()
    with desk.get(address) as answer:
        answer.get_data()
        if answer.status_code in {403, 404}:
            return 0.0
        if answer.status_code != 200:
            raise Failed(f"{address}: {answer.status}")
    return time.perf_counter() - began


def _table(timed: Sequence[Timed], people: int, messages: int) -> Table:
    made = Table(title=f"{people:,} people, {messages:,} messages; each page {TIMES} times")
    for name in ("page", "role", "median", "p95", "target", ""):
        made.add_column(name, justify="right" if name in {"median", "p95", "target"} else "left", overflow="fold")
    for each in timed:
        verdict = "[green]met[/]" if each.p95 < each.target else "[bold red]not met[/]"
        figures = [f"{seconds * 1000:.0f} ms" for seconds in (median(each.seconds), each.p95, each.target)]
        made.add_row(each.address, each.role, *figures, verdict)
    return made


if __name__ == "__main__":
    sys.exit(main())
