"""Which column of a sheet is which: by what its heading is called, by what it holds, or as somebody says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from smsapp import roster
from smsapp.segments import search_key
from smsapp.sheets import Line

HEADING_WITHIN = 20  # lines: titles, logos and dates stand above it
MOST_COLUMNS = 200  # that are offered; the others of a sheet are not looked at
_LIKE_A_NUMBER = re.compile(r"[+(]?[0-9][0-9 ().+/-]{6,24}(?:\.0)?")


@dataclass(frozen=True)
class Plan:
    """How a file is read. Columns count from 0; `heading` is the number of its line, 0 where there is none."""

    sheet: int = 0
    heading: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)  # our name for a column -> its place
    both: bool = False  # take both of two numbers in one cell
    facility_id: int | None = None  # where people belong whose row names no place

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_stored(cls, told: Mapping[str, Any]) -> Plan:
        return cls(**told)

    def cells(self, line: Line) -> dict[str, str]:
        """A row's cells under our names for their columns."""
        return {name: line.cells[at] if at < len(line.cells) else "" for name, at in self.columns.items()}


def guess(lines: Sequence[Line], sheet: int = 0) -> Plan:
    """The plan that the first lines of a sheet suggest."""
    named = [(line.number, named_columns(line.cells)) for line in lines[:HEADING_WITHIN]]
    heading, columns = max(named, key=lambda found: len(found[1]), default=(0, {}))
    if not columns:
        heading = 0 if not lines or _holds_a_number(lines[0]) else lines[0].number
    if "phone" not in columns:
        below = [line for line in lines if line.number > heading]
        free = [at for at in _like_numbers(below) if at not in columns.values()]
        columns |= {"phone": free[0]} if free else {}
    return Plan(sheet=sheet, heading=heading, columns=columns)


def named_columns(cells: Sequence[str]) -> dict[str, int]:
    """The columns whose heading is a word that we know."""
    columns: dict[str, int] = {}
    for at, heading in enumerate(cells[:MOST_COLUMNS]):
        words = re.findall("[a-z0-9]+", search_key(heading.replace("°", " ").replace("º", " ")))
        name = roster.headings().get(" ".join(words))
        if name is not None:
            columns.setdefault(name, at)
    return columns


def _like_numbers(lines: Sequence[Line]) -> list[int]:
    """Columns that hold phones' numbers in most of their rows, the fullest first."""
    counts: dict[int, int] = {}
    for line in lines:
        for at, cell in enumerate(line.cells[:MOST_COLUMNS]):
            counts[at] = counts.get(at, 0) + bool(_LIKE_A_NUMBER.fullmatch(cell.strip()))
    often = [at for at, count in counts.items() if count * 2 > len(lines)]
    return sorted(often, key=lambda at: (-counts[at], at))


def _holds_a_number(line: Line) -> bool:
    return any(_LIKE_A_NUMBER.fullmatch(cell.strip()) for cell in line.cells)
