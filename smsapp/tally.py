"""What became of the rows of a file."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Tally:
    """How many rows were added and changed, and which lines were refused and why."""

    added: int = 0
    changed: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.added += other.added
        self.changed += other.changed
        self.refused += other.refused
