"""One text a day for one number: which of a family's steps it tells of, and which it leaves for another day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smsapp.vaccines.families import Reader
from smsapp.vaccines.reminding.occasions import ANTENATAL, BIRTH_PLAN, BORN, CHECK_IN, POSTNATAL, VACCINES
from smsapp.vaccines.reminding.steps import Step

# What is said once and never again goes before what has more steps to come.
FIRST = {BORN: 0, BIRTH_PLAN: 1, VACCINES: 2, ANTENATAL: 2, POSTNATAL: 2, CHECK_IN: 3}
WAYS = 2


@dataclass(frozen=True)
class Due:
    """A step whose day it is, of a file with this id, and who reads it."""

    child: bool
    file_id: int
    name: str  # a child's first name, for a frank text
    facility_id: int
    village_id: int | None
    step: Step
    reader: Reader


@dataclass(frozen=True)
class Merged:
    """What one text tells, and what it leaves."""

    of: Sequence[Due]
    left: Sequence[Due]


def merged(due: Sequence[Due]) -> Merged:
    """Of all that is due for one number on one day: what comes first, and whatever the same words tell too."""
    first = min(due, key=_order)
    same = _words(first)
    return Merged([one for one in due if _words(one) == same], [one for one in due if _words(one) != same])


def _order(one: Due) -> tuple[Any, ...]:
    return FIRST[one.step.about.subject], one.step.names, not one.child, one.file_id


def _words(one: Due) -> tuple[Any, ...]:
    """What two steps of one text have in common: the way to the centre, or one question to one person."""
    step, rank = one.step, FIRST[one.step.about.subject]
    if rank == WAYS:
        return rank, one.facility_id, step.names, one.village_id if step.comes else None
    return rank, one.facility_id, one.reader.person_id
