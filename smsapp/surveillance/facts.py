"""What holds for every disease of a country: verification, deadlines of the week, 7-1-7, response actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from smsapp.surveillance.sevenoneseven import ACTIONS

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LANGUAGES = ("fr", "en")

Named = Mapping[str, Mapping[str, str]]  # key -> language -> words


class BadFacts(ValueError):
    """Facts that can not be used; the sentence says which."""


@dataclass(frozen=True)
class Deadline:
    """A time of the week after the one reported; Monday is 0."""

    weekday: int
    at: time

    @property
    def due(self) -> timedelta:
        """How long after the end of the week reported, Sunday at midnight."""
        return timedelta(days=self.weekday, hours=self.at.hour, minutes=self.at.minute)


@dataclass(frozen=True)
class Verification:
    """Hours to verify and to assess the risk, and how many of which facts the reporter has to confirm."""

    hours: int
    risk_hours: int
    response_days: int
    needed: int
    facts: Sequence[str]


@dataclass(frozen=True)
class Facts:
    verification: Verification
    outcomes: Sequence[str]
    deadlines: Mapping[str, Deadline]  # by who reports: village, facility, district
    silent_weeks: int
    early_actions: Named
    actions: Named


def facts(told: Mapping[str, Any]) -> Facts:
    """The facts of a file."""
    weekly = dict(told["weekly"])
    silent = int(weekly.pop("silent_weeks"))
    found = Facts(
        verification=_verification(told["verification"]),
        outcomes=tuple(told["outcomes"]),
        deadlines={who: _deadline(when) for who, when in weekly.items()},
        silent_weeks=silent,
        early_actions=_early(told["early_actions"]),
        actions=_named(told["actions"]),
    )
    if not 1 <= found.silent_weeks <= 52:
        raise BadFacts("`silent_weeks` are 1 to 52")
    return found


def _verification(told: Mapping[str, Any]) -> Verification:
    numbers = {name: int(told[name]) for name in ("hours", "risk_hours", "response_days", "needed")}
    found = Verification(**numbers, facts=tuple(told["facts"]))
    if not 1 <= found.needed <= len(found.facts):
        raise BadFacts(f"`needed` is 1 to {len(found.facts)}, the facts that there are")
    return found


def _early(told: Named) -> Named:
    if set(told) != set(ACTIONS):
        raise BadFacts(f"early_actions are {', '.join(ACTIONS)}")
    return _named({action: told[action] for action in ACTIONS})


def _deadline(told: str) -> Deadline:
    weekday, _, at = told.partition(" ")
    if weekday not in WEEKDAYS:
        raise BadFacts(f"{told!r} is no time of a week like `Monday 12:00`")
    return Deadline(WEEKDAYS.index(weekday), time.fromisoformat(at))


def _named(told: Named) -> Named:
    for key, words in told.items():
        if lacking := [language for language in LANGUAGES if not words.get(language)]:
            raise BadFacts(f"{key} has no name in {lacking[0]}")
    return told
