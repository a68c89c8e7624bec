"""Imports as the console shows them: to the heads, and to those who may see all the places that they touch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.imports.tables import Import, ImportProblem
from smsapp.paging import Page
from smsapp.staff import Staff

AT_ONCE = 1000


class NotHere(LookupError):
    """No import has this id, or none that one may see."""


def one(db: Session, staff: Staff, import_id: int, *, lock: bool = False) -> Import:
    chosen = _visible(staff).where(Import.id == import_id)
    row = db.scalar(chosen.with_for_update() if lock else chosen)
    if row is None:
        raise NotHere(f"import {import_id}")
    return row


def listing(db: Session, staff: Staff, after: str | None = None) -> Page:
    """The newest first."""
    return paging.page(db, _visible(staff), [Import.id], after)


def problems(db: Session, row: Import, after: str | None = None, size: int = paging.PAGE) -> Page:
    """Refused cells in the order of their rows."""
    chosen = select(ImportProblem).where(ImportProblem.import_id == row.id)
    return paging.page(db, chosen, [ImportProblem.id], after, newest_first=False, size=size)


def every_problem(db: Session, row: Import) -> Iterator[ImportProblem]:
    """All refused cells, for a file to download."""
    after: str | None = None
    while True:
        page = problems(db, row, after, AT_ONCE)
        yield from islice(page.rows, AT_ONCE)
        if (after := page.after) is None:
            return


def _visible(staff: Staff) -> Select[Import]:
    chosen = select(Import)
    if staff.scope.facilities is None:
        return chosen
    return chosen.where(Import.facilities.contained_by(sorted(staff.scope.facilities)))
