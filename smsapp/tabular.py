"""Tables for spreadsheets, as CSV or XLSX, row by row, in which no cell that somebody wrote is run as a formula."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

from smsapp.late import Late

if TYPE_CHECKING:
    import openpyxl
else:
    openpyxl = Late("openpyxl")

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_AT_ONCE = 200  # of a CSV, in one piece of text
ROWS_OF_A_SHEET = 1_000_000  # a little fewer than Excel holds
LONGEST_CELL = 32_767  # characters that Excel holds

# What spreadsheets take for the beginning of a formula, also in the wide letters of East Asia.
_FORMULA = re.compile(r"'*[ \u00a0]*[=+\-@\t\r\n|%＝＋－＠]")
_SIGNED = re.compile(r"[+-][0-9][0-9 .,]*")  # a phone's number, an amount: nothing to run

Cell = str | int | float | date | datetime | None
Rows = Iterable[Sequence[Any]]


def csv_rows(header: Sequence[str], rows: Rows, delimiter: str = ",") -> Iterator[str]:
    """The table as pieces of CSV, for a response that streams; Excel in French opens `;` by itself."""
    lines: list[str] = []
    writer = csv.writer(_Lines(lines), delimiter=delimiter)
    lines.append("\ufeff")  # without this mark Excel takes é for Ã©
    table = chain([header], rows)
    while part := list(islice(table, ROWS_AT_ONCE)):
        writer.writerows([_for_csv(value) for value in row] for row in part)
        yield "".join(lines)
        lines.clear()


def xlsx(header: Sequence[str], rows: Rows, title: str = "") -> BinaryIO:
    """The table as a workbook, in a temporary file to be read from its beginning; closing it removes it."""
    book = openpyxl.Workbook(write_only=True)
    table = iter(rows)
    part = list(islice(table, 1))
    while True:
        sheet = book.create_sheet(_title(title))
        sheet.freeze_panes = "A2"
        heading = [openpyxl.cell.WriteOnlyCell(sheet, value=str(name)) for name in header]
        for cell in heading:
            cell.data_type, cell.font = "s", openpyxl.styles.Font(bold=True)
        sheet.append(heading)
        for row in chain(part, islice(table, ROWS_OF_A_SHEET - len(part))):
            sheet.append([_for_xlsx(sheet, value) for value in row])
        part = list(islice(table, 1))
        if not part:
            break
    file = tempfile.TemporaryFile()  # noqa: SIM115  the caller reads and closes it
    book.save(file)
    file.seek(0)
    return file


class _Lines:
    """What csv.writer writes to."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _for_csv(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if not isinstance(value, str):
        return value
    # An apostrophe is how a spreadsheet marks what is text; reading it back, `smsapp.sheets` takes it off again.
    return f"'{value}" if _FORMULA.match(value) and not _SIGNED.fullmatch(value) else value


def _for_xlsx(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)  # Excel knows no zones: the clock of whoever reads
    if not isinstance(value, str):
        return value
    text = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL]
    if not _FORMULA.match(text) and text not in openpyxl.cell.cell.ERROR_CODES:
        return text
    cell = openpyxl.cell.WriteOnlyCell(sheet, value="")
    cell.value = text
    cell.data_type, cell.quotePrefix = "s", True
    return cell


def _title(words: str) -> str:
    """What Excel takes as the name of a sheet."""
    return re.sub(r"[\\/*?:\[\]']", " ", words).strip()[:31] or "Sheet"
