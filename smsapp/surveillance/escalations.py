"""Who hears of an alert at once, and who of one that nobody answers: a table of the file of diseases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEVELS = ("alert", "epidemic")
CHAIN = ("facility", "district", "region", "national")


class BadEscalation(ValueError):
    """A way up that can not be; the sentence says why."""


@dataclass(frozen=True)
class Escalation:
    """Minutes without an answer until an alert is sent again, and from level to level; whom each level tells first."""

    resend: int
    next: int
    told: Mapping[str, Sequence[str]]


def escalation(told: Mapping[str, Any]) -> Escalation:
    """A way up as the file has it."""
    found = Escalation(int(told["resend"]), int(told["next"]), told["told"])
    for level in LEVELS:
        if unknown := [place for place in found.told[level] if place not in CHAIN]:
            raise BadEscalation(f"{unknown[0]!r} is none of {', '.join(CHAIN)}")
        if not found.told[level]:
            raise BadEscalation(f"nobody is told of an {level}")
    if not 0 < found.resend <= found.next:
        raise BadEscalation("`resend` comes before `next`")
    return found
