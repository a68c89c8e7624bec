"""A file comes in: its first lines are looked at, its columns named, and somebody has it checked, then run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from smsapp import sheets
from smsapp.db import after_commit
from smsapp.imports.columns import MOST_COLUMNS, Plan, guess
from smsapp.imports.tables import CANCELLED, CHECKING, NEW, OVER, READY, RUNNING, Import, ImportPart, ImportProblem
from smsapp.roster import Entry, Problem, Reader
from smsapp.runtime import Runtime
from smsapp.segments import clean
from smsapp.sheets import BadSheet, Book, Line
from smsapp.staff import Staff, audit

HEAD_LINES = 30
PREVIEWED = 10
LONGEST_CELL = 60  # characters of a cell that the page shows
LONGEST_NAME = 120
JOB = "import_people"
UNCONFIRMED_FOR = timedelta(hours=24)
PROBLEMS_KEPT = timedelta(days=7)


class NotNow(Exception):
    """The import is not in the state that this needs: somebody was faster, or `why` says what is missing."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Shown:
    """One of the first rows, as it would be taken."""

    line: int
    entry: Entry | None
    problems: Sequence[Problem]


def upload(db: Session, rt: Runtime, staff: Staff, name: str, raw: bytes) -> Import:
    """Keep a file that can be opened; BadSheet says in a sentence why another can not."""
    book = sheets.book(raw)
    best = max(range(min(len(book.sheets), 10)), key=lambda at: (_worth(_head(book, at)), -at))
    head = _head(book, best)
    if not head:
        raise BadSheet("There is no row in this file.")
    row = Import(
        account_id=staff.id,
        who=staff.name,
        name=clean(name).replace("\n", " ")[-LONGEST_NAME:] or "–",
        size=len(raw),
        content=raw,
        sheets=list(book.sheets),
        head=_stored(head),
        plan=replace(guess(head, best), facility_id=_only(staff)).stored(),
        facilities=_facilities(staff),
        status=NEW,
        created_at=rt.now(),
        changed_at=rt.now(),
    )
    db.add(row)
    db.flush()
    audit.note(db, rt.now(), staff, "people.uploaded", f"import:{row.id}", bytes=len(raw))
    return row


def first_lines(row: Import) -> list[Line]:
    """The first lines of the chosen sheet."""
    return [Line(number, cells) for number, cells in row.head]


def change_plan(db: Session, rt: Runtime, row: Import, plan: Plan) -> None:
    """Read the columns otherwise; another sheet is looked at anew. What was checked before counts no longer."""
    if row.status not in {NEW, READY} or row.content is None:
        raise NotNow
    if not 0 <= plan.sheet < len(row.sheets):
        raise NotNow("sheet")
    if plan.sheet != Plan.from_stored(row.plan).sheet:
        head = _head(sheets.book(row.content), plan.sheet)
        if not head:
            raise BadSheet("There is no row in this sheet.")
        row.head = _stored(head)
        plan = replace(guess(head, plan.sheet), both=plan.both, facility_id=plan.facility_id)
    row.plan, row.status, row.changed_at = plan.stored(), NEW, rt.now()
    _unchecked(db, row)


def preview(db: Session, rt: Runtime, row: Import) -> list[Shown]:
    """The first rows below the heading as they would be taken."""
    plan = Plan.from_stored(row.plan)
    reader = reader_of(db, rt, row)
    below = (line for line in first_lines(row) if line.number > plan.heading)
    shown = []
    for line in islice(below, PREVIEWED):
        found = reader.read(line.number, plan.cells(line))
        entry = found if isinstance(found, Entry) else None
        shown.append(Shown(line.number, entry, [] if entry else found))  # type: ignore[arg-type]
    return shown


def reader_of(db: Session, rt: Runtime, row: Import) -> Reader:
    plan = Plan.from_stored(row.plan)
    return Reader(db, rt, row.scope, facility_id=plan.facility_id, both=plan.both)


def begin_check(db: Session, rt: Runtime, staff: Staff, row: Import) -> None:
    """Have a worker read the whole file; nothing is imported by that."""
    if "phone" not in Plan.from_stored(row.plan).columns:
        raise NotNow("phone")
    facilities = _facilities(staff)
    _advance(db, rt, row, NEW, CHECKING, facilities=facilities)
    _unchecked(db, row)


def confirm(db: Session, rt: Runtime, staff: Staff, row: Import) -> None:
    """The one yes after which rows are written. The file itself is not needed any more."""
    if row.facilities != _facilities(staff):
        raise NotNow("scope")
    if not row.good:
        raise NotNow("nothing")
    _advance(db, rt, row, READY, RUNNING, content=None, head=[])
    audit.note(db, rt.now(), staff, "people.import_began", f"import:{row.id}", rows=row.good, refused=row.refused)


def cancel(db: Session, rt: Runtime, staff: Staff, row: Import) -> None:
    """Stop: what is not written yet is not written, what is stays."""
    if row.status in OVER:
        return
    _close(db, rt.now(), [row.id], CANCELLED)
    db.refresh(row)
    audit.note(db, rt.now(), staff, "people.import_cancelled", f"import:{row.id}", rows=row.written)


def forget_old(db: Session, now: datetime) -> None:
    """Files that nobody confirmed, and old lists of refused cells: they hold names and numbers."""
    late = Import.status.in_((NEW, READY)), Import.changed_at < now - UNCONFIRMED_FOR
    _close(db, now, db.scalars(select(Import.id).where(*late)).all(), CANCELLED)
    old = select(Import.id).where(Import.finished_at < now - PROBLEMS_KEPT)
    db.execute(delete(ImportProblem).where(ImportProblem.import_id.in_(old)))


def _close(db: Session, now: datetime, ids: Sequence[int], status: str) -> None:
    empty: dict[str, Any] = {"content": None, "head": [], "leased_until": None, "finished_at": now, "changed_at": now}
    db.execute(delete(ImportPart).where(ImportPart.import_id.in_(ids)))
    db.execute(update(Import).where(Import.id.in_(ids)).values(status=status, **empty))


def _advance(db: Session, rt: Runtime, row: Import, before: str, after: str, **values: Any) -> None:
    """From one state to the next, once however often somebody clicks; and have a worker do it."""
    told = {"status": after, "changed_at": rt.now(), "leased_until": None, **values}
    changed = update(Import).where(Import.id == row.id, Import.status == before).values(told).returning(Import.id)
    if db.scalar(changed) is None:
        raise NotNow
    db.refresh(row)
    after_commit(db, lambda: rt.bell.ring(JOB), key=f"ring {JOB}")


def _unchecked(db: Session, row: Import) -> None:
    row.last_line = row.share = row.rows = row.refused = row.new = row.known = 0
    db.execute(delete(ImportPart).where(ImportPart.import_id == row.id))
    db.execute(delete(ImportProblem).where(ImportProblem.import_id == row.id))


def _facilities(staff: Staff) -> list[int] | None:
    return None if staff.scope.facilities is None else sorted(staff.scope.facilities)


def _only(staff: Staff) -> int | None:
    """Where people belong whose row names no place, if she has one place alone."""
    mine = _facilities(staff) or []
    return mine[0] if len(mine) == 1 else None


def _head(book: Book, sheet: int) -> list[Line]:
    return list(islice(book.lines(sheet), HEAD_LINES))


def _worth(head: Sequence[Line]) -> tuple[int, bool]:
    """How much a sheet looks like a list of people."""
    return len(guess(head).columns), bool(head)


def _stored(head: Iterable[Line]) -> list[Any]:
    return [[line.number, [clean(cell)[:LONGEST_CELL] for cell in line.cells[:MOST_COLUMNS]]] for line in head]
