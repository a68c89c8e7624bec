"""Files that people save from a spreadsheet, whatever it makes of them: rows with their lines, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smsapp.late import Late
from smsapp.sheets import table
from smsapp.sheets.lines import ERRORS, MOST_ROWS, NO_RESULT, BadSheet, Book, Line
from smsapp.sheets.table import Row, Sheet
from smsapp.sheets.text import Text, decoded

if TYPE_CHECKING:
    from smsapp.sheets import workbook as excel
else:
    excel = Late("smsapp.sheets.workbook")

__all__ = ["ERRORS", "MOST_ROWS", "NO_RESULT", "BadSheet", "Book", "Line", "Row", "Sheet", "book", "decoded", "read"]

_OLD = b"\xd0\xcf\x11\xe0"  # begins the workbooks of Excel up to 2003, and all that have a password
_ZIPPED = b"PK\x03\x04"


def book(raw: bytes) -> Book:
    """The file opened, as what it is and not as what its name says."""
    if not raw:
        raise BadSheet("the file is empty")
    if raw.startswith(_OLD):
        raise BadSheet(
            "This is a workbook of an old Excel (.xls), or it has a password. Save it as XLSX without a password."
        )
    return excel.Workbook(raw) if raw.startswith(_ZIPPED) else Text(raw)


def read(raw: bytes, columns: Sequence[str]) -> Sheet:
    """The rows below a heading that names the columns, in any order and case; the first of `columns` must be there."""
    return table.rows(book(raw), columns)
