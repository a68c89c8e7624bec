"""What a worker does of imports, in slices: files checked, rows written. Killed at any moment, it repeats nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp import roster, sheets
from smsapp.db import transaction
from smsapp.imports.columns import Plan
from smsapp.imports.seen import Seen
from smsapp.imports.tables import AT_WORK, CHECKING, DONE, FAILED, READY, RUNNING, Import, ImportPart, ImportProblem
from smsapp.imports.uploads import JOB, reader_of
from smsapp.roster import Entry, Problem, Reader
from smsapp.runtime import Runtime
from smsapp.sheets import MOST_ROWS, BadSheet, Line
from smsapp.staff import Account, accounts, audit

SLICE_SECONDS = 20.0  # of one job: broadcasts wait in the same queue
RUN_UP_SECONDS = 20.0  # at most, to come back to where the slice before ended
LEASE = timedelta(seconds=30)  # renewed with every part
PART = 500  # rows in one transaction

log = structlog.get_logger(__name__)


class _Watch:
    """How long a slice goes on."""

    def __init__(self, seconds: float, stop: Callable[[], bool]) -> None:
        self.seconds, self.stop = seconds, stop
        self.until = time.monotonic() + seconds

    def over(self) -> bool:
        return self.stop() or time.monotonic() >= self.until

    def restart(self) -> None:
        """What the slices before have read had to be read again: only from here on the time counts."""
        self.until = min(time.monotonic(), self.until + RUN_UP_SECONDS) + self.seconds


def work(rt: Runtime, seconds: float = SLICE_SECONDS, stop: Callable[[], bool] = lambda: False) -> None:
    """Check and write what is to be checked and written, until nothing is, time is up or `stop` says so."""
    watch = _Watch(seconds, stop)
    while not watch.over() and (mine := _claim(rt)):
        _slice(rt, *mine, watch)
    if not stop() and _waiting(rt):
        rt.bell.ring(JOB)


def _claim(rt: Runtime) -> tuple[int, str] | None:
    """The eldest import that nobody has in hand."""
    now = rt.now()
    free = Import.status.in_(AT_WORK), or_(Import.leased_until.is_(None), Import.leased_until < now)
    with transaction(rt.sessions) as db:
        row = db.scalar(select(Import).where(*free).order_by(Import.id).limit(1).with_for_update(skip_locked=True))
        if row is None:
            return None
        row.leased_until = now + LEASE
        return row.id, row.status


def _waiting(rt: Runtime) -> bool:
    free = Import.status.in_(AT_WORK), or_(Import.leased_until.is_(None), Import.leased_until < rt.now())
    with transaction(rt.sessions) as db:
        return db.scalar(select(Import.id).where(*free).limit(1)) is not None


def _slice(rt: Runtime, import_id: int, status: str, watch: _Watch) -> None:
    try:
        (_check if status == CHECKING else _write)(rt, import_id, watch)
    except BadSheet as why:
        with transaction(rt.sessions) as db:
            _fail(db, rt, import_id, why)
    with transaction(rt.sessions) as db:
        row = _held(db, import_id)
        row.leased_until = None


def _fail(db: Session, rt: Runtime, import_id: int, why: BadSheet) -> None:
    row = _held(db, import_id)
    row.status, row.reason, row.finished_at = FAILED, why.sentence, rt.now()
    row.details = {name: str(value) for name, value in why.values.items()}
    row.content, row.head = None, []
    db.execute(delete(ImportPart).where(ImportPart.import_id == import_id))


def _held(db: Session, import_id: int) -> Import:
    """Its row, locked: whoever cancels it waits, and is waited for."""
    chosen = select(Import).where(Import.id == import_id).with_for_update()
    return db.scalars(chosen.execution_options(populate_existing=True)).one()


# ---- checking


def _check(rt: Runtime, import_id: int, watch: _Watch) -> None:
    with transaction(rt.sessions) as db:
        row = db.get_one(Import, import_id)
        content, plan, last_line, rows = row.content or b"", Plan.from_stored(row.plan), row.last_line, row.rows
        reader, seen = reader_of(db, rt, row), _seen(db, import_id)
    book = sheets.book(content)
    lines = (line for line in book.lines(plan.sheet) if line.number > max(plan.heading, last_line))
    for place, part in enumerate(iter(lambda: list(islice(lines, PART)), [])):
        if place == 0:
            watch.restart()
        rows += len(part)
        if rows > MOST_ROWS:
            raise BadSheet("There are more than %(most)d rows in this file. Split it into several.", most=MOST_ROWS)
        entries, problems = _judge(part, plan, reader, seen)
        with transaction(rt.sessions) as db:
            if not _checked(db, rt, import_id, part, entries, problems, book.share):
                return
        if watch.over():
            return
    if not rows:
        raise BadSheet("There is no row under the heading.")
    with transaction(rt.sessions) as db:
        row = _held(db, import_id)
        if row.status == CHECKING:
            row.status, row.share, row.changed_at = READY, 100, rt.now()


def _seen(db: Session, import_id: int) -> Seen:
    """The rows of parts that an earlier slice has checked."""
    seen = Seen()
    parts = select(ImportPart.entries).where(ImportPart.import_id == import_id).order_by(ImportPart.part)
    for entries in db.scalars(parts.execution_options(yield_per=20)):
        for told in entries:
            seen.problem(Entry.from_stored(told))
    return seen


def _judge(
    part: Sequence[Line], plan: Plan, reader: Reader, seen: Seen
) -> tuple[list[Entry], list[tuple[int, Problem]]]:
    """What can be used of these lines, and every cell that can not."""
    entries: list[Entry] = []
    problems: list[tuple[int, Problem]] = []
    for line in part:
        found = reader.read(line.number, plan.cells(line))
        if isinstance(found, Entry):
            twice = seen.problem(found)
            if twice is None:
                entries.append(found)
                continue
            found = [twice]
        problems += [(line.number, problem) for problem in found]
    return entries, problems


def _checked(
    db: Session,
    rt: Runtime,
    import_id: int,
    part: Sequence[Line],
    entries: Sequence[Entry],
    problems: Sequence[tuple[int, Problem]],
    share: float,
) -> bool:
    """Keep what came of a part; False where the import was stopped meanwhile, or another worker has it."""
    row = _held(db, import_id)
    if row.status != CHECKING or row.last_line >= part[0].number:
        return False
    foreseen = roster.foresee(db, entries, row.scope)
    if entries:
        stored = [entry.stored() for entry in entries]
        db.add(ImportPart(import_id=import_id, part=part[0].number, entries=stored))
    if problems:
        told = [{"import_id": import_id, "line": line} | _row(problem) for line, problem in problems]
        db.execute(insert(ImportProblem), told)
    row.rows += len(part)
    row.refused += len(part) - len(entries)
    row.new += foreseen.added
    row.known += foreseen.changed
    row.last_line, row.share = part[-1].number, int(share * 100)
    row.leased_until = rt.now() + LEASE
    return True


def _row(problem: Problem) -> dict[str, Any]:
    return {"field": problem.column, "reason": problem.reason, "value": problem.value, "detail": problem.detail}


# ---- writing


def _write(rt: Runtime, import_id: int, watch: _Watch) -> None:
    while not watch.over():
        with transaction(rt.sessions) as db:
            row = _held(db, import_id)
            if row.status != RUNNING:
                return
            parts = select(ImportPart).where(ImportPart.import_id == import_id)
            part = db.scalar(parts.order_by(ImportPart.part).limit(1))
            if part is None:
                _finish(db, rt, row)
                return
            entries = [Entry.from_stored(told) for told in part.entries]
            written = roster.write(db, rt, entries, row.scope)
            # The part goes in the transaction that writes its rows: so they are written once.
            db.delete(part)
            row.written += len(entries)
            row.added += written.added
            row.changed += written.changed
            row.leased_until = rt.now() + LEASE


def _finish(db: Session, rt: Runtime, row: Import) -> None:
    row.status, row.finished_at, row.changed_at = DONE, rt.now(), rt.now()
    account = db.get(Account, row.account_id)
    told: dict[str, Any] = {"added": row.added, "changed": row.changed, "refused": row.refused}
    who = accounts.staff(db, account) if account else None
    audit.note(db, rt.now(), who, "people.imported", f"import:{row.id}", **told)
    log.info("imported", file=row.id, **told)
