"""A village of the demonstration, and who reports from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Village:
    """`workers` are persons and their numbers."""

    id: int
    name: str
    facility_id: int
    district_id: int | None
    workers: Sequence[tuple[int, str]]
