"""The line list: every reported case of a time and place, one by one, without anybody's name or number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.db import transaction
from smsapp.paging import PAGE, Page
from smsapp.runtime import Runtime
from smsapp.surveillance import filed
from smsapp.surveillance.filed import Reported
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import AGE_GROUPS, LAB, SEXES, STANDINGS, CaseReport

USUAL = timedelta(days=30)  # of a list whose first day nobody gave
NO_LAB = "none"
AT_ONCE = 1000


@dataclass(frozen=True)
class Wanted:
    """Which cases, from the first to the last day; what is not given narrows nothing."""

    first: date
    last: date
    disease: str = ""
    standing: str = "counted"
    sex: str = ""
    age: str = ""
    lab: str = ""  # a result, or NO_LAB
    villages: tuple[int, ...] = ()


def cases(db: Session, sight: Sight, wanted: Wanted, after: str | None = None, size: int = PAGE) -> Page:
    """The latest first; the rows are `Reported`."""
    found = paging.page(db, _chosen(sight, wanted), (CaseReport.counted_on, CaseReport.id), after, size=size)
    return Page(filed.reported(db, found.rows), found.after, found.first)


def count(db: Session, sight: Sight, wanted: Wanted, most: int) -> int:
    """How many there are, counted no further than one more than `most`."""
    some = _chosen(sight, wanted).with_only_columns(CaseReport.id).limit(most + 1).subquery()
    return db.scalar(select(func.count()).select_from(some)) or 0


def each(rt: Runtime, sight: Sight, wanted: Wanted) -> Iterator[Reported]:
    """All of them, page by page, each in a transaction of its own: a large file takes its time."""
    after: str | None = None
    while True:
        with transaction(rt.sessions) as db:
            page = cases(db, sight, wanted, after, AT_ONCE)
        yield from page.rows
        if (after := page.after) is None:
            return


def _chosen(sight: Sight, wanted: Wanted) -> Select[CaseReport]:
    return select(CaseReport).where(*_conditions(sight, wanted))


def _conditions(sight: Sight, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield sight.within(CaseReport.facility_id, CaseReport.district_id)
    yield CaseReport.counted_on.between(wanted.first, wanted.last)
    yield CaseReport.kind != "zero"
    if wanted.disease:
        yield CaseReport.disease == wanted.disease
    for column, told, known in (
        (CaseReport.standing, wanted.standing, STANDINGS),
        (CaseReport.sex, wanted.sex, SEXES),
        (CaseReport.age_group, wanted.age, AGE_GROUPS),
        (CaseReport.lab, wanted.lab, LAB),
    ):
        if told in known:
            yield column == told
    if wanted.lab == NO_LAB:
        yield CaseReport.lab.is_(None)
    if wanted.villages:
        yield CaseReport.village_id.in_(wanted.villages)
