"""Files of text that people save from a spreadsheet: CSV with whatever letters, line ends and separators it wrote."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from smsapp.sheets.lines import BadSheet, Line, trimmed

DELIMITERS = ",;\t|"
LOOKED_AT = 30  # rows, to tell what separates the cells
SAMPLE = 65_536  # bytes, to tell what kind of file it is

_NO_TEXT = "This is no text file: save the sheet as CSV or XLSX."
_SEPARATED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # a first line that tells Excel
_MARKED = re.compile(r"\A'(?='*[ \u00a0]*[=+\-@\t\r\n|%＝＋－＠])")  # how `smsapp.tabular` marks a text
_FRENCH = frozenset("éèêëàâîïôùûüçœÉÈÊÀÇÔŒ’‘«»°–…")


class Text:
    """A text file that was opened. It has one sheet."""

    sheets: Sequence[str] = ("",)

    def __init__(self, raw: bytes) -> None:
        self._raw, self._encoding = raw, encoding(raw)
        self._source = io.BytesIO(raw)
        first = next((line for line in self._text() if line.strip()), None)
        if first is None:
            raise BadSheet("the file is empty")
        told = _SEPARATED.fullmatch(first.strip())
        self._skips_first = told is not None
        self.delimiter: str = told[1] if told else self._best_delimiter()

    @property
    def share(self) -> float:
        return 1.0 if self._source.closed else self._source.tell() / len(self._raw)

    def lines(self, sheet: int = 0) -> Iterator[Line]:
        """Rows that hold something, each with the line on which it begins: a quoted cell may hold several."""
        del sheet
        for begins, cells in self._split(self.delimiter):
            shown = trimmed([_MARKED.sub("", cell, count=1) for cell in cells])
            if shown and not (begins == 1 and self._skips_first):
                yield Line(begins, shown)

    def _split(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._text(), delimiter=delimiter, strict=True)
        begins = 1
        try:
            for cells in reader:
                yield begins, cells
                begins = reader.line_num + 1
        except csv.Error as why:
            raise BadSheet(
                "line %(line)d: a quotation mark is in the wrong place or not closed (%(why)s)", line=begins, why=why
            ) from why

    def _text(self) -> io.TextIOWrapper:
        """Anew from the beginning; line ends stay what they are, for a quoted cell may hold some."""
        self._source = io.BytesIO(self._raw)
        return io.TextIOWrapper(self._source, self._encoding, errors="replace", newline="")

    def _best_delimiter(self) -> str:
        """The one by which the most rows have the same number of cells, more than one."""
        return max(DELIMITERS, key=self._agreement)

    def _agreement(self, delimiter: str) -> tuple[int, int, int]:
        """Rows of the commonest width, all that it divides, and that width."""
        try:
            widths = [len(cells) for _, cells in islice(self._split(delimiter), LOOKED_AT)]
        except BadSheet:
            return 0, 0, 0
        alike = Counter(width for width in widths if width > 1)
        return max(((count, alike.total(), width) for width, count in alike.items()), default=(0, 0, 0))


def decoded(raw: bytes) -> str:
    """The whole text of a small file."""
    return raw.decode(encoding(raw), "replace")


def encoding(raw: bytes) -> str:
    """UTF-8 with or without its mark, "Unicode text" as Excel saves it, else the old letters of Windows or the Mac."""
    sample = raw[:SAMPLE]
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample:
        return _unmarked_utf_16(sample)
    if b"\0" in raw or sample.startswith((b"%PDF", b"{\\rtf", b"GIF8", b"\xff\xd8")):
        raise BadSheet(_NO_TEXT)
    if re.match(rb"\s*<(!doctype|html|table|\?xml)", sample.removeprefix(codecs.BOM_UTF8), re.IGNORECASE):
        raise BadSheet(
            "This is a web page, whatever its name says: open it in a spreadsheet and save it as XLSX or CSV."
        )
    if sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in sample) > len(sample) // 100:
        raise BadSheet(_NO_TEXT)
    return "utf-8-sig" if _is_utf_8(raw) else _old_letters(sample)


def _unmarked_utf_16(sample: bytes) -> str:
    """Every other byte of a text in our letters is zero; it is the second one where the small end comes first."""
    half = len(sample) // 2
    if half and sample[1::2].count(0) > half * 0.8 and not sample[::2].count(0):
        return "utf-16-le"
    if half and sample[::2].count(0) > half * 0.8 and not sample[1::2].count(0):
        return "utf-16-be"
    raise BadSheet(_NO_TEXT)


def _is_utf_8(raw: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(raw), SAMPLE):
            decoder.decode(raw[start : start + SAMPLE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _old_letters(sample: bytes) -> str:
    """Excel on a Mac saved the Mac's own letters: whichever makes more of French."""

    def french(name: str) -> int:
        return sum(letter in _FRENCH for letter in sample.decode(name, "replace"))

    return "mac-roman" if french("mac-roman") > french("cp1252") else "cp1252"
