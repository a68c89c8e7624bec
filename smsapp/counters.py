"""What every process counts for `/metrics`; with PROMETHEUS_MULTIPROC_DIR each in files there, to be added up."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
_writer: list[str] = []  # whose files this process writes, where they are not its own


def write_as(writer: str) -> None:
    """From here on this process goes on in the files of `writer`, which no other process may be at that moment.

    A worker does each job in a process of its own: with files for each, a day would leave thousands to read.
    """
    _writer[:] = [writer]


def _who() -> str:
    return _writer[0] if _writer else str(os.getpid())


if FOLDER:
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    values.ValueClass = values.MultiProcessValue(_who)  # type: ignore[no-untyped-call]

HOPS = Counter("smsapp_hops", "Hops answered, and texts heard", ["channel", "what"])
HOP_SECONDS = Histogram(
    "smsapp_hop_seconds", "Time to answer a USSD hop", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
)
TEXTS = Counter("smsapp_texts_received", "Text messages received", ["gateway", "what"])
REPORTS = Counter("smsapp_delivery_reports", "Delivery reports received", ["gateway", "status"])
REJECTED = Counter("smsapp_callbacks_rejected", "Callbacks that can never be used", ["gateway", "kind"])
LOST_PLUS = Counter("smsapp_lost_plus", "Numbers whose + had become a space")


def text() -> bytes:
    """What was counted, as Prometheus text: by this process, or by all that share the folder, those gone included.

    A count that fell with the process that made it would be taken for a new beginning of the whole service.
    """
    counted: CollectorRegistry = REGISTRY
    if FOLDER:
        counted = CollectorRegistry()
        MultiProcessCollector(counted, FOLDER)  # type: ignore[no-untyped-call]
    return generate_latest(counted)
