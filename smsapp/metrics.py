"""What is counted and measured, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from smsapp import counters, outbox
from smsapp.db import transaction
from smsapp.runtime import Runtime

MESSAGES = "Messages to phones by status: all that are still open, and of the others those posted in the last 24 hours"


class Outbox(Collector):
    """Gauges read from the database at the moment of asking."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with transaction(self.rt.sessions) as db:
            stats = outbox.stats(db, self.rt.now())
        messages = GaugeMetricFamily("smsapp_messages", MESSAGES, labels=["status", "gateway"])
        for labels, n in stats["messages"].items():
            messages.add_metric(list(labels), n)
        yield messages
        yield _by_queue("smsapp_due_messages", "Messages due and not yet tried", stats["due"])
        yield _by_queue("smsapp_oldest_due_seconds", "Age of the oldest due message", stats["oldest_due_seconds"])
        yield _by_queue("smsapp_queue_jobs", "Jobs waiting in the queue", self.rt.bell.depth())
        paused = GaugeMetricFamily("smsapp_gateway_paused", "1 for a gateway that is paused", labels=["gateway"])
        for name in self.rt.gateways:
            paused.add_metric([name], 1 if name in stats["paused"] else 0)
        yield paused


def _by_queue(name: str, words: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, words, labels=["queue"])
    for queue in ("replies", "bulk"):
        gauge.add_metric([queue], values.get(queue, 0))
    return gauge


def text(rt: Runtime) -> bytes:
    """Everything as Prometheus text: what all processes counted, and how the outbox stands."""
    gauges = CollectorRegistry()
    gauges.register(Outbox(rt))
    return counters.text() + generate_latest(gauges)
