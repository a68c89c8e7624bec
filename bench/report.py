"""The table: each figure beside its target."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

from bench.alerting import CROWD, REPORTS, Alerting
from bench.books import AT_ONCE, Books
from bench.hops import CONSTANT, LOCKED, OURS, PHONES, Hops
from bench.memory import MB, Memory
from bench.plans import PLANS
from bench.sending import GATEWAY_SECONDS, LOOPED, MANY, REPLIES, Sending
from bench.year import TARGET, Year

OF_LOCKED = 0.5
SLOWEST_P99 = 0.250
TIMES_LOOP = 20
LARGEST = 130 * MB
REPLY_P95 = 10.0
ALERT_P95 = 5.0
DEPOSIT_P95 = 1.0
PLANS_SECONDS = 5.0


@dataclass(frozen=True)
class Row:
    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def table(hops: Hops, sending: Sending, alerts: Alerting, books: Books, plans: float, year: Year) -> Table:
    made = Table(title=f"Ratios of one run, {PHONES} phones at once, everything on this machine")
    made.add_column("what")
    made.add_column("figure", justify="right")
    made.add_column("target", justify="right")
    made.add_column("")
    memory = _memory_rows(hops.memory, sending.memory)
    sent = _sending_rows(sending) + _alert_rows(alerts)
    for part in (_hop_rows(hops), sent, _book_rows(books), _vaccine_rows(plans, year), memory):
        for row in part:
            verdict = {None: "", True: "[green]met[/]", False: "[bold red]not met[/]"}[row.met]
            made.add_row(row.what, row.figure, row.target, verdict)
        made.add_section()
    return made


def _hop_rows(hops: Hops) -> list[Row]:
    ratio, p99 = hops.ratio(LOCKED), hops.p99[OURS]
    return [
        Row(f"durable survey hops a second ({hops.surveys} surveys, each counted in the database)", _rate(hops, OURS)),
        Row("a Flask view that returns a constant", _rate(hops, CONSTANT)),
        Row("a Flask view with one SELECT … FOR UPDATE and one upsert, committed", _rate(hops, LOCKED)),
        Row("survey hops : constant view", f"{hops.ratio(CONSTANT):.2f}"),
        Row("survey hops : locked and upserted row", f"{ratio:.2f}", f"≥ {OF_LOCKED}", ratio >= OF_LOCKED),
        Row("survey hop, median latency", _ms(hops.p50[OURS])),
        Row("survey hop, 99th percentile", _ms(p99), f"< {_ms(SLOWEST_P99)}", p99 < SLOWEST_P99),
        Row("  the same of the locked and upserted row", _ms(hops.p99[LOCKED])),
    ]


def _sending_rows(sending: Sending) -> list[Row]:
    target, p95 = f"≥ {TIMES_LOOP}", sending.replies[94]
    same, different = sending.same / sending.loop, sending.different / sending.loop
    return [
        Row(
            f"a gateway that takes {_ms(GATEWAY_SECONDS)}: loop over the plain SDK, extrapolated from {LOOPED}",
            f"{sending.loop:.1f}/s",
        ),
        Row(f"broadcast of {MANY} identical texts", f"{sending.same:.0f}/s"),
        Row(f"broadcast of {MANY} different texts", f"{sending.different:.0f}/s"),
        Row("identical texts : loop", f"{same:.1f}", target, same >= TIMES_LOOP),
        Row("different texts : loop", f"{different:.1f}", target, different >= TIMES_LOOP),
        Row(f"post to gateway of a single reply, median of {REPLIES}", _ms(sending.replies[49])),
        Row("post to gateway of a single reply, 95th percentile", _ms(p95), f"< {REPLY_P95:.0f} s", p95 < REPLY_P95),
    ]


def _alert_rows(alerts: Alerting) -> list[Row]:
    p95, under = alerts.took[94], f"in a broadcast to {CROWD} ({alerts.left} still to go)"
    return [
        Row(f"a report's webhook to its alert at the gateway, median of {REPORTS} {under}", _ms(alerts.took[49])),
        Row("  the same, 95th percentile", _ms(p95), f"< {ALERT_P95:.0f} s", p95 < ALERT_P95),
    ]


def _book_rows(books: Books) -> list[Row]:
    p95, times, target = books.p95, books.p95 / books.median_alone, f"< {DEPOSIT_P95:.0f} s"
    return [
        Row("a deposit that comes alone, with its receipts, median", _ms(books.median_alone)),
        Row(f"{AT_ONCE} deposits to one group at once, 95th percentile", _ms(p95), target, p95 < DEPOSIT_P95),
        Row("  the same : one alone", f"{times:.1f}"),
    ]


def _vaccine_rows(plans: float, year: Year) -> list[Row]:
    told, took = year.told, year.seconds
    return [
        Row(
            f"{PLANS} plans of children's vaccines", f"{plans:.1f} s", f"< {PLANS_SECONDS:.0f} s", plans < PLANS_SECONDS
        ),
        Row(
            f"a year of {told.births} births: {told.doses} doses, {told.texts} texts, every visit checked",
            f"{took:.0f} s",
            f"< {TARGET:.0f} s",
            took < TARGET,
        ),
    ]


def _memory_rows(web: Memory, worker: Memory) -> list[Row]:
    return [_memory("web process after the hops", web), _memory("worker, at its largest in the broadcasts", worker)]


def _memory(what: str, memory: Memory) -> Row:
    shared = f", PSS {memory.pss / MB:.0f}" if memory.pss is not None else ""
    return Row(f"memory of a {what} (RSS{shared})", _mb(memory.rss), f"< {_mb(LARGEST)}", memory.rss < LARGEST)


def _rate(hops: Hops, name: str) -> str:
    return f"{hops.rates[name]:.0f}/s"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _mb(size: int) -> str:
    return f"{size / MB:.0f} MB"
