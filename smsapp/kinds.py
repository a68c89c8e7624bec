"""The kinds of message and what is promised for each, read once from `data/kinds.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from smsapp import yamls

FILE = Path(__file__).resolve().parent / "data" / "kinds.yaml"
QUEUES = ("replies", "bulk")
UNKNOWN = ("hold", "resend_once_after", "drop")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
SOONEST_RESEND = timedelta(minutes=30)


class BadKinds(ValueError):
    """The file of kinds says something that the service does not understand."""


@dataclass(frozen=True)
class Kind:
    """What is promised for one kind of message."""

    name: str
    queue: str
    use_by: timedelta
    unknown: str
    priority: int = 5
    topic: str | None = None
    quiet_hours: bool = False
    resend_after: timedelta | None = None

    def __post_init__(self) -> None:
        if self.queue not in QUEUES:
            raise BadKinds(f"queue {self.queue!r} is none of {', '.join(QUEUES)}")
        if self.unknown not in UNKNOWN:
            raise BadKinds(f"unknown {self.unknown!r} is none of {', '.join(UNKNOWN)}")
        if (self.unknown == "resend_once_after") != (self.resend_after is not None):
            raise BadKinds("resend_after belongs to unknown: resend_once_after")
        if self.resend_after is not None and self.resend_after < SOONEST_RESEND:
            raise BadKinds("resend_after is at least 30m")


def read(words: Mapping[str, Mapping[str, str]]) -> Mapping[str, Kind]:
    """Kinds by name; a word that is not understood is refused with its place."""
    kinds = {}
    for name, told in words.items():
        try:
            kinds[name] = Kind(name=name, **{key: _value(key, raw) for key, raw in told.items()})
        except (BadKinds, TypeError) as why:
            raise BadKinds(f"kind {name!r}: {why}") from why
    return MappingProxyType(kinds)


def _value(key: str, raw: str) -> Any:
    match key:
        case "queue" | "topic" | "unknown":
            return raw
        case "priority" if re.fullmatch("[0-9]", raw):
            return int(raw)
        case "quiet_hours" if raw in {"yes", "no"}:
            return raw == "yes"
        case "use_by" | "resend_after" if parts := re.fullmatch("([1-9][0-9]*)([mhd])", raw):
            return timedelta(**{UNITS[parts[2]]: int(parts[1])})
    raise BadKinds(f"{key}: {raw!r} is not understood")


# BaseLoader keeps `yes` a word: the reader above decides what it means.
KINDS = read(yamls.plain(FILE))
