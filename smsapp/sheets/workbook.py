"""Workbooks of Excel and LibreOffice (XLSX), row by row: what somebody sees in each cell of a sheet."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import from_excel
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from smsapp.sheets.lines import ERRORS, NO_RESULT, BadSheet, Line, trimmed

MOST_BYTES = 300_000_000  # of all parts unpacked: 100,000 people take 40 million
MOST_TEXTS = 80_000_000  # of the texts that the sheets share, which are held at once
MOST_COLUMN = 16_384  # that Excel has

_NS = f"{{{SHEET_MAIN_NS}}}"
_ROW, _VALUE, _FORMULA, _INLINE, _TEXT, _PHONETIC, _SHARED = (
    _NS + t for t in ("row", "v", "f", "is", "t", "rPh", "si")
)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# All that openpyxl and the parts below it raise over a file that only looks like a workbook.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError,
    EOFError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip
_NO_WORKBOOK = "This file can not be opened as a workbook. Save it again as XLSX or CSV."


class Workbook:
    """An XLSX file that was opened. Hidden sheets are left out."""

    def __init__(self, raw: bytes) -> None:
        try:
            _weigh(zipfile.ZipFile(io.BytesIO(raw)))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of looks that are not understood
                self._open(raw)
        except BadSheet:
            raise
        except _BROKEN as why:
            raise BadSheet(_NO_WORKBOOK) from why
        if not self.sheets:
            raise BadSheet("There is no sheet in this workbook that can be seen.")

    def _open(self, raw: bytes) -> None:
        reader = ExcelReader(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        shown = [
            (sheet.name, rel.target)
            for sheet, rel in reader.parser.find_sheets()
            if sheet.state == "visible" and rel.Type.endswith("/worksheet") and rel.target in reader.valid_files
        ]
        self.sheets: Sequence[str] = [name for name, _ in shown]
        self._parts = [part for _, part in shown]
        self._archive: zipfile.ZipFile = reader.archive
        shared = reader.package.find(SHARED_STRINGS)
        self._shared_part = shared.PartName[1:] if shared is not None else ""
        self._shared: list[str] | None = None
        self.share = 0.0
        self._dates: set[int] = reader.wb._date_formats | reader.wb._timedelta_formats
        self._epoch = reader.wb.epoch

    def lines(self, sheet: int = 0) -> Iterator[Line]:
        """Rows that hold something, as the sheet numbers them; its own word on its size is not believed."""
        try:
            if self._shared is None:
                self._shared = list(self._texts())
            part = self._archive.getinfo(self._parts[sheet])
            with self._archive.open(part) as source:
                for line in self._rows(source):
                    self.share = source.tell() / max(part.file_size, 1)
                    yield line
        except BadSheet:
            raise
        except _BROKEN as why:
            raise BadSheet(_NO_WORKBOOK) from why

    def _rows(self, source: IO[bytes]) -> Iterator[Line]:
        number = 0
        for _, element in iterparse(source):
            if element.tag != _ROW:
                continue
            number = int(float(element.get("r") or number + 1))
            cells = trimmed(self._cells(element))
            element.clear()
            if cells:
                yield Line(number, cells)

    def _cells(self, row: Element) -> list[str]:
        cells: list[str] = []
        for cell in row:
            column = _column(cell.get("r", "")) or len(cells) + 1
            if column > MOST_COLUMN:
                raise ValueError(column)
            if column > len(cells) + 1:
                cells.extend([""] * (column - len(cells) - 1))
            cells.append(self._text(cell))
        return cells

    def _text(self, cell: Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            inline = cell.find(_INLINE)
            return _joined(inline) if inline is not None else ""
        value = cell.findtext(_VALUE)
        if not value:
            return NO_RESULT if cell.find(_FORMULA) is not None else ""
        if kind == "s":
            assert self._shared is not None
            return self._shared[int(value)]
        if kind == "n":
            return self._number(value, int(cell.get("s", 0)))
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        return value if kind == "e" and value in ERRORS else _plain(value)

    def _number(self, value: str, style: int) -> str:
        if style in self._dates:
            return _date(value, self._epoch)
        if value.isdecimal():
            return value
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def _texts(self) -> Iterator[str]:
        """The texts that cells refer to by their place."""
        if not self._shared_part:
            return
        if self._archive.getinfo(self._shared_part).file_size > MOST_TEXTS:
            raise BadSheet("This workbook holds too much text. Keep the list of people alone, and save it again.")
        with self._archive.open(self._shared_part) as source:
            for _, element in iterparse(source):
                if element.tag == _SHARED:
                    yield _joined(element)
                    element.clear()


def _weigh(archive: zipfile.ZipFile) -> None:
    """A small file may unpack to more than there is memory; zipfile reads no further than what is said here."""
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > MOST_BYTES:
        raise BadSheet("This workbook is far too large once it is unpacked. Split the list into several files.")
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise BadSheet("This is no workbook of Excel. Save the list as XLSX or CSV.")


def _column(reference: str) -> int:
    """28 for `AB7`."""
    column = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        column = column * 26 + ord(letter) - 64
    return column


def _joined(element: Element) -> str:
    """A text, of its pieces if some of it is bold; not how it is spoken in Japanese."""
    if len(element) == 1 and element[0].tag == _TEXT:
        return _plain(element[0].text or "")
    pieces = (run for child in element if child.tag != _PHONETIC for run in child.iter(_TEXT))
    return _plain("".join(run.text or "" for run in pieces))


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _date(value: str, epoch: Any) -> str:
    moment: datetime | time | timedelta = from_excel(float(value), epoch)
    if isinstance(moment, datetime):
        return moment.date().isoformat() if moment.time() == time() else moment.isoformat(" ", "seconds")
    return str(moment)
