"""Work lists of the staff: children to be found, files to confirm, pregnancies by the day that is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Integer, and_, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.paging import PAGE, Page
from smsapp.places import Place
from smsapp.scopes import Scope
from smsapp.vaccines import codes, reading
from smsapp.vaccines.births import POSTNATAL
from smsapp.vaccines.promises import Search
from smsapp.vaccines.reading import Family
from smsapp.vaccines.tables import Attended, Child, Pregnancy

EPOCH = date(2000, 1, 1)
WEEK = timedelta(days=7)
SOON = timedelta(days=28)
MOST_WAITING = 100
AHEAD, DUE_SOON, OVERDUE, UNCONFIRMED, AFTER, CLOSED = "all", "soon", "overdue", "unconfirmed", "after", "closed"
PREGNANCIES = (AHEAD, DUE_SOON, OVERDUE, UNCONFIRMED, AFTER, CLOSED)


@dataclass(frozen=True)
class Village:
    """How many of a village are to be found, since when the first, and how the list moved within a week."""

    facility_id: int
    facility: str
    id: int | None
    name: str
    open: int
    first: date
    escalated: int
    opened: int
    closed: int


@dataclass(frozen=True)
class Sought:
    """A child to be found."""

    search: Search
    child: Child
    family: Family
    village: str
    facility: str

    @property
    def code(self) -> str:
        return codes.of(self.child.number)


@dataclass(frozen=True)
class Mother:
    """A pregnancy as a list shows it."""

    file: Pregnancy
    family: Family
    village: str
    facility: str
    visits: int

    @property
    def code(self) -> str:
        return codes.of(self.file.number)


def by_village(db: Session, scope: Scope, today: date) -> Sequence[Village]:
    """Villages with somebody to find, those with most first."""
    is_open, week = Search.closed_on.is_(None), today - WEEK
    count = func.count().filter(is_open)
    rows = db.execute(
        select(
            Search.facility_id,
            Search.village_id,
            count,
            func.min(Search.opened_on).filter(is_open),
            func.count().filter(and_(is_open, Search.escalated_on.is_not(None))),
            func.count().filter(Search.opened_on > week),
            func.count().filter(Search.closed_on > week),
        )
        .where(scope.within(Search.facility_id), or_(is_open, Search.closed_on > week))
        .group_by(Search.facility_id, Search.village_id)
        .having(count > 0)
        .order_by(count.desc(), Search.facility_id, Search.village_id)
    ).all()
    ids = {row[0] for row in rows} | {row[1] for row in rows} - {None}
    names: Mapping[int, str] = dict(db.execute(select(Place.id, Place.name).where(Place.id.in_(ids))).all())
    return [
        Village(at, names[at], village, names.get(village or 0, ""), n, first, late, came, went)
        for at, village, n, first, late, came, went in rows
    ]


def sought(
    db: Session,
    scope: Scope,
    villages: Sequence[int] = (),
    after: str | None = None,
    size: int = PAGE,
    *,
    nowhere: bool = False,
) -> Page:
    """A page of `Sought`, who has waited longest first; of these villages where some are named."""
    chosen = select(Search).where(Search.closed_on.is_(None), scope.within(Search.facility_id))
    if villages or nowhere:
        chosen = chosen.where(Search.village_id.in_(villages) if villages else Search.village_id.is_(None))
    days = type_coerce(Search.opened_on - literal(EPOCH), Integer).label("days")
    page = paging.page(db, chosen.add_columns(days), [days, Search.id], after, newest_first=False, size=size)
    searches = [row[0] for row in page.rows]
    ids = [search.child_id for search in searches]
    children = {child.id: child for child in db.scalars(select(Child).where(Child.id.in_(ids)))}
    names = reading.named(db, list(children.values()))
    rows = []
    for search in searches:
        child = children[search.child_id]
        places = names.place(search.village_id or child.village_id), names.place(child.facility_id)
        rows.append(Sought(search, child, names.of(child), *places))
    return Page(rows, page.after, page.first)


def pregnancies(
    db: Session, scope: Scope, state: str, today: date, words: str = "", after: str | None = None, size: int = PAGE
) -> Page:
    """A page of `Mother`; by the day that is expected, or of birth the last first."""
    chosen = select(Pregnancy).where(scope.within(Pregnancy.facility_id), *_of_state(state, today), *_named(words))
    closed = state in {AFTER, CLOSED}
    if closed:
        page = paging.page(db, chosen, [Pregnancy.id], after, size=size)
        return Page(mothers(db, page.rows), page.after, page.first)
    days = type_coerce(Pregnancy.due_on - literal(EPOCH), Integer).label("days")
    ordered = chosen.add_columns(days)
    page = paging.page(db, ordered, [days, Pregnancy.id], after, newest_first=False, size=size)
    return Page(mothers(db, [row[0] for row in page.rows]), page.after, page.first)


def _of_state(state: str, today: date) -> list[ColumnElement[bool]]:
    if state == AFTER:
        return [Pregnancy.state == "born", Pregnancy.ended_on >= today - POSTNATAL]
    if state == CLOSED:
        over = or_(Pregnancy.state.not_in(["active", "born"]), Pregnancy.ended_on < today - POSTNATAL)
        return [Pregnancy.ended_on.is_not(None), over]
    live = [Pregnancy.state == "active", Pregnancy.due_on.is_not(None)]
    if state == UNCONFIRMED:
        return [*live, Pregnancy.confirmed_on.is_(None)]
    if state == DUE_SOON:
        return [*live, Pregnancy.due_on.between(today, today + SOON)]
    return [*live, Pregnancy.due_on < today] if state == OVERDUE else live


def _named(words: str) -> list[ColumnElement[bool]]:
    """By code, name or number of the mother."""
    return [told] if (told := reading.of_mother(words, Pregnancy.number, Pregnancy.mother_id)) is not None else []


def mothers(db: Session, files: Sequence[Pregnancy]) -> list[Mother]:
    """What a list shows of these pregnancies, in their order."""
    names = reading.named(db, files)
    been = select(Attended.pregnancy_id, func.count()).where(Attended.kind == "antenatal", Attended.struck_at.is_(None))
    hers = been.where(Attended.pregnancy_id.in_([file.id for file in files])).group_by(Attended.pregnancy_id)
    counts = dict(db.execute(hers).all())
    listed = []
    for file in files:
        places = names.place(file.village_id), names.place(file.facility_id)
        listed.append(Mother(file, names.of(file), *places, counts.get(file.id, 0)))
    return listed


def waiting(db: Session, scope: Scope) -> tuple[Sequence[Child], Sequence[Mother], reading.Named]:
    """Files that families began themselves, and their centre has not confirmed: the oldest first.

    One registration is one row: a mother's file that began with a birth is confirmed with the child's.
    """
    open_ones = Child.confirmed_on.is_(None), Child.state == "active", scope.within(Child.facility_id)
    kids = select(Child).where(*open_ones)
    found = db.scalars(kids.order_by(Child.registered_on, Child.id).limit(MOST_WAITING)).all()
    hers = (
        Pregnancy.confirmed_on.is_(None),
        Pregnancy.state.in_(["active", "born"]),
        scope.within(Pregnancy.facility_id),
        ~select(Child.id).where(Child.pregnancy_id == Pregnancy.id, *open_ones).correlate(Pregnancy).exists(),
    )
    files = db.scalars(select(Pregnancy).where(*hers).order_by(Pregnancy.registered_on).limit(MOST_WAITING)).all()
    return found, mothers(db, files), reading.named(db, found)
