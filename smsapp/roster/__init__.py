"""People from the rows of a file: what each row says, and writing it down."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from smsapp.roster.cells import FIELDS, Entry, Problem, Reader, headings, said
from smsapp.roster.writing import Written, alike, foresee, write
from smsapp.runtime import Runtime
from smsapp.sheets import Row
from smsapp.tally import Tally

__all__ = ["FIELDS", "Entry", "Problem", "Reader", "Written", "alike", "foresee", "headings", "said", "take", "write"]


def take(db: Session, rt: Runtime, rows: Sequence[Row]) -> Tally:
    """Rows with the keys phone, name, language, facility, groups (by `;`): those that can be used are written."""
    reader = Reader(db, rt)
    tally = Tally()
    entries = []
    for line, cells in rows:
        found = reader.read(line, cells)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            tally.refused.append((line, "; ".join(map(said, found))))
    written = write(db, rt, entries)
    tally.added, tally.changed = written.added, written.changed
    return tally
