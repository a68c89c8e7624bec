"""What a file of rows is, whatever its kind: lines of cells, each cell a text as a person would read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

MOST_ROWS = 200_000
# In place of a text: a formula whose result the file does not hold.
NO_RESULT = "\ue000"
# What a spreadsheet shows where a formula went wrong.
ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!"})


class BadSheet(ValueError):
    """One sentence on why nothing of a file can be used: a text of the console's catalogue, filled by `values`."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


class Line(NamedTuple):
    """One row, and the number that a spreadsheet (or an editor, for a CSV) gives it; empty ends are cut off."""

    number: int
    cells: list[str]


class Book(Protocol):
    """A file that was opened: what its visible sheets are called, and their rows that hold something."""

    sheets: Sequence[str]

    @property
    def share(self) -> float:
        """How much of the sheet was read so far, from 0 to 1."""
        ...

    def lines(self, sheet: int = 0) -> Iterator[Line]: ...


def trimmed(cells: list[str]) -> list[str]:
    """Without the empty cells at the end, of which spreadsheets write hundreds."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
