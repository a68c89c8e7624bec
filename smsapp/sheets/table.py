"""A file whose heading names its columns as we do: rows by the names of the columns, and what can not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from smsapp.sheets.lines import BadSheet, Book

LONGEST_SAID = 60


class Row(NamedTuple):
    """One row by the names of its columns, and the line on which it begins."""

    line: int
    cells: Mapping[str, str]


@dataclass
class Sheet:
    rows: list[Row] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)  # line and reason


def rows(book: Book, columns: Sequence[str]) -> Sheet:
    """The rows below a heading that names the columns, in any order and case; the first of `columns` must be there."""
    lines = book.lines()
    heading = next(lines, None)
    if heading is None:
        raise BadSheet("the file is empty")
    names = [cell.strip().casefold() for cell in heading.cells]
    if columns[0] not in names:
        said = ",".join(heading.cells)[:LONGEST_SAID]
        raise BadSheet(f"the first line should name the columns: {','.join(columns)}; it is {said!r}")
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise BadSheet(f"two columns are called {twice!r}")
    sheet = Sheet()
    for line, cells in lines:
        if len(cells) > len(names):
            sheet.refused.append((line, f"more cells than columns: {len(cells)}, not {len(names)}"))
        else:
            sheet.rows.append(Row(line, dict(zip(names, [*cells, *[""] * len(names)], strict=False))))
    if not sheet.rows and not sheet.refused:
        raise BadSheet("there is no row under the heading")
    return sheet
