"""Numbers that somebody pastes or uploads for a broadcast: read from whatever people have, and kept with the draft."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, String, cast, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import sheets
from smsapp.broadcasts.content import Problem
from smsapp.broadcasts.tables import Listed
from smsapp.phones import BadNumber, normalise
from smsapp.sheets import BadSheet, Line

MOST = 200_000
BAD_SHOWN = 50
DIGITS = 6  # a cell with fewer is a name, an age or a line number
AT_ONCE = 5000

_LIKE_A_NUMBER = re.compile(r"(?<!\w)\+?[0-9][0-9 ().-]{6,}(?!\w)")


@dataclass(frozen=True)
class Bad:
    """What stands on a line and is no number that can be used; `reason` is one of `phones.REASONS`."""

    line: int
    words: str
    reason: str


@dataclass(frozen=True)
class Read:
    """The numbers of a list, each once, and what could not be read."""

    numbers: tuple[str, ...] = ()
    bad: tuple[Bad, ...] = ()
    more_bad: int = 0  # than are told


def pasted(words: str, country: str) -> Read:
    """One number or more a line, with whatever stands between and beside them."""
    cells = (re.split("[,;\t|/]", line) for line in words.splitlines())
    return _read((Line(place, row) for place, row in enumerate(cells, start=1)), country)


def uploaded(raw: bytes, country: str) -> Read:
    """A text file, CSV or XLSX: every cell that looks like a number, wherever it stands."""
    try:
        book = sheets.book(raw)
        return _read(book.lines(), country)
    except BadSheet as why:
        raise Problem(why.sentence, about="file", **why.values) from why


def add(db: Session, broadcast_id: int, numbers: Sequence[str]) -> None:
    """Keep these with the draft; those that it has already stay."""
    for start in range(0, len(numbers), AT_ONCE):
        part = func.unnest(literal(list(numbers[start : start + AT_ONCE]), ARRAY(String)))
        rows = select(cast(literal(broadcast_id), BigInteger), part)
        write = insert(Listed).from_select(["broadcast_id", "number"], rows)
        db.execute(write.on_conflict_do_nothing())


def clear(db: Session, broadcast_id: int) -> None:
    db.execute(delete(Listed).where(Listed.broadcast_id == broadcast_id))


def _read(lines: Iterable[Line], country: str) -> Read:
    numbers: dict[str, None] = {}
    bad: list[Bad] = []
    for line, cell in _cells(lines):
        try:
            numbers[_number(cell, country)] = None
        except BadNumber as why:
            bad.append(Bad(line, cell[:40], why.reason))
        if len(numbers) > MOST:
            raise Problem("More than %(most)d numbers at once: choose people by place or group.", most=MOST)
    return Read(tuple(numbers), tuple(bad[:BAD_SHOWN]), max(len(bad) - BAD_SHOWN, 0))


def _number(cell: str, country: str) -> str:
    """Also one beside which a name or a word stands."""
    try:
        return normalise(cell, country)
    except BadNumber as why:
        found = _LIKE_A_NUMBER.findall(cell)
        if why.reason != "letters" or len(found) != 1:
            raise
        return normalise(found[0], country)


def _cells(lines: Iterable[Line]) -> Iterator[tuple[int, str]]:
    for line, cells in lines:
        for cell in cells:
            if sum(c.isdecimal() for c in cell) >= DIGITS:
                yield line, cell.strip()
