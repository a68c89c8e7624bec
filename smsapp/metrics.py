"""What is counted and measured, as Prometheus reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from smsapp import outbox
from smsapp.db import transaction
from smsapp.runtime import Runtime

HOPS = Counter("smsapp_hops", "Hops answered", ["channel", "what"])
HOP_SECONDS = Histogram(
    "smsapp_hop_seconds", "Time to answer a USSD hop", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
)
TEXTS = Counter("smsapp_texts_received", "Text messages received", ["gateway", "what"])
REPORTS = Counter("smsapp_delivery_reports", "Delivery reports received", ["gateway", "status"])
REJECTED = Counter("smsapp_callbacks_rejected", "Callbacks that can never be used", ["gateway", "kind"])
LOST_PLUS = Counter("smsapp_lost_plus", "Numbers whose + had become a space")


class Outbox(Collector):
    """Gauges read from the database at the moment of asking."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with transaction(self.rt.sessions) as db:
            stats = outbox.stats(db, self.rt.now())
        messages = GaugeMetricFamily("smsapp_messages", "Messages by status", labels=["status", "gateway"])
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
    """Everything as Prometheus text; with several web processes, added up over all of them."""
    counted: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    gauges = CollectorRegistry()
    gauges.register(Outbox(rt))
    return generate_latest(counted) + generate_latest(gauges)
