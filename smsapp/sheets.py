"""Files that people save from a spreadsheet, whatever it makes of a CSV: rows with their lines, or why not."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DELIMITERS = ",;\t"
LONGEST_SAID = 60


class BadSheet(ValueError):
    """One sentence on why nothing of a file can be used."""


class Row(NamedTuple):
    """One row by the names of its columns, and the line on which it begins."""

    line: int
    cells: Mapping[str, str]


@dataclass
class Sheet:
    rows: list[Row] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)  # line and reason


def decoded(raw: bytes) -> str:
    """UTF-8 with or without its mark, "Unicode text" as Excel saves it, else the old Windows letters."""
    if raw.startswith(UTF_16):
        return raw.decode("utf-16", "replace")
    if b"\0" in raw:
        raise BadSheet("this is no text file: save the sheet as CSV")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def read(raw: bytes, columns: Sequence[str]) -> Sheet:
    """The rows below a heading that names the columns, in any order and case; the first of `columns` must be there."""
    text = decoded(raw)
    if not text.strip():
        raise BadSheet("the file is empty")
    lines = _cells(text)
    line, heading = next(lines)
    names = [cell.strip().casefold() for cell in heading]
    while names and not names[-1]:
        names.pop()
    if columns[0] not in names:
        said = ",".join(heading)[:LONGEST_SAID]
        raise BadSheet(f"the first line should name the columns: {','.join(columns)}; it is {said!r}")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadSheet(f"two columns are called {twice!r}")
    sheet = Sheet()
    for line, cells in lines:
        if any(cell.strip() for cell in cells[len(names) :]):
            sheet.refused.append((line, f"more cells than columns: {len(cells)}, not {len(names)}"))
        else:
            sheet.rows.append(Row(line, dict(zip(names, [*cells, *[""] * len(names)], strict=False))))
    if not sheet.rows and not sheet.refused:
        raise BadSheet("there is no row under the heading")
    return sheet


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something, each with the line on which it begins: a quoted cell may hold several."""
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as why:
        raise BadSheet(f"line {begins}: a quotation mark is in the wrong place or not closed ({why})") from why
