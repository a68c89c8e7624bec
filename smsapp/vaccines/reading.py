"""Files as the staff read them: children found by name, code, number, place, age and what they need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, false, func, literal_column, or_, select, union
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from smsapp import checked, paging, registry
from smsapp.arrays import among, among_told
from smsapp.months import after_months
from smsapp.paging import PAGE, Page
from smsapp.people import Number, Person
from smsapp.places import Place
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.vaccines import codes, giving, lacking, visits
from smsapp.vaccines.families import File, hold, reads
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.visits import Visit

IN_CARE, DUE, MISSED, UNCONFIRMED, ENDED = "care", "due", "missed", "unconfirmed", "ended"
STATES = (IN_CARE, DUE, MISSED, UNCONFIRMED, ENDED)
AGES: Mapping[str, tuple[int, int | None]] = {"1": (0, 12), "2": (12, 24), "5": (24, 60), "10": (60, None)}  # months
Found = TypeVar("Found", Child, Pregnancy)
LOOK = 8_000  # of the newest files: as in the register of people
MOST_PLANNED, AT_ONCE = 500, 100  # for one page, and in one look for it
_MAIN = select(Number.number).where(Number.person_id == Person.id)
_FIRST = _MAIN.order_by(Number.main.desc(), Number.since, Number.number).limit(1).scalar_subquery()
_WHOSE = among_told(Person.id, "people")
_FAMILIES = Read(select(Person.id, Person.name, _FIRST, Person.facility_id, Person.language).where(_WHOSE))


class NotHere(LookupError):
    """No such file for whoever asks."""


@dataclass(frozen=True)
class Wanted:
    """Which children somebody looks for; what is empty does not matter."""

    words: str = ""  # a name of hers or of her family, a code, the last digits of a number
    state: str = ""  # one of STATES
    age: str = ""  # one of AGES
    villages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Family:
    """Who reads for a file."""

    id: int
    name: str
    number: str = ""
    facility_id: int | None = None
    language: str | None = None
    mother: bool = True


@dataclass(frozen=True)
class Row:
    """A child as a list shows her; `now` can be given today, `visit` is her next one."""

    child: Child
    family: Family
    facility: str
    village: str
    plan: Plan
    visit: Visit | None
    now: tuple[str, ...]
    missed_since: date | None

    @property
    def id(self) -> int:
        return self.child.id

    @property
    def code(self) -> str:
        return codes.of(self.child.number)


@dataclass(frozen=True)
class Named:
    """Names that lists show, by the id of a person or place."""

    families: Mapping[int, Family] = field(default_factory=dict)
    places: Mapping[int, str] = field(default_factory=dict)

    def of(self, file: File) -> Family:
        return self.families.get(reads(file), Family(reads(file), ""))

    def place(self, place_id: int | None) -> str:
        return self.places.get(place_id or 0, "")


# ---- finding


def children(
    db: Session, rt: Runtime, scope: Scope, wanted: Wanted, after: str | None = None, size: int = PAGE
) -> Page:
    """A page of `Row`, the newest files first. What is due is read from plans: of those who lack a dose for their age.

    A page of them may be shorter than the others where few of many have anything due.
    """
    today = rt.local_now().date()
    fits = list(_fit(scope, wanted, today))
    if wanted.state != DUE:
        page = paging.page(db, _chosen(db, wanted, fits, (), after, size), [Child.id], after, size=size)
        return Page(rows(db, rt, page.rows), page.after, page.first)
    return _due(db, rt, wanted, fits, after, size)


def _due(
    db: Session,
    rt: Runtime,
    wanted: Wanted,
    fits: Sequence[ColumnElement[bool]],
    after: str | None,
    size: int,
) -> Page:
    lacks = [lacking.something(db, giving.calendar(rt), rt.local_now().date())]
    found: list[Row] = []
    mark, looked, first = after, 0, None
    while True:
        part = paging.page(db, _chosen(db, wanted, fits, lacks, mark, AT_ONCE), [Child.id], mark, size=AT_ONCE)
        some = [row for row in rows(db, rt, part.rows) if row.now]
        first = part.first if first is None else first
        room, looked = size - len(found), looked + len(part.rows)
        found += some[:room]
        if len(some) > room:
            last = db.execute(select(Child.id).where(Child.id == found[-1].id)).one()
            return Page(found, paging.mark(last, [Child.id]), first)
        mark = part.after
        if mark is None or looked >= MOST_PLANNED:
            return Page(found, mark, first)


def _chosen(
    db: Session,
    wanted: Wanted,
    fits: Sequence[ColumnElement[bool]],
    lacks: Sequence[ColumnElement[bool]],
    after: str | None,
    size: int,
) -> Select[Child]:
    """What is costly, names and what is lacking, is asked of some of the newest first; that answers nearly always."""
    query = _query(wanted)
    if query is None and not lacks:
        return select(Child).where(*fits)
    look = LOOK // 5 if lacks else LOOK
    newest = select(Child.id).where(*fits, paging.beyond([Child.id], after)).order_by(Child.id.desc()).limit(look)
    looked = newest.cte("newest").prefix_with("MATERIALIZED")
    quick = select(Child.id).join(looked, looked.c.id == Child.id).where(*lacks)
    if query is not None:
        family = select(Person.id).where(Person.id.in_([Child.mother_id, Child.carer_id]))
        hers = family.where(Person.search.bool_op("@@")(query)).correlate(Child).exists()
        quick = quick.where(or_(Child.search.bool_op("@@")(query), hers))
    many = select(func.count()).select_from(looked).scalar_subquery()
    ids = quick.order_by(Child.id.desc()).limit(size + 1).scalar_subquery()
    found, seen = db.execute(select(many, func.array(ids))).one()
    if len(seen) > size or found < look:
        return select(Child).where(Child.id.in_(seen))
    if query is None:
        return select(Child).where(*fits, *lacks)
    people = select(Person.id).where(Person.search.bool_op("@@")(query))
    own = select(Child.id).where(Child.search.bool_op("@@")(query))
    every = own.union(*_children_of(people)).cte("named").prefix_with("MATERIALIZED")
    return select(Child).where(Child.id.in_(select(every.c.id)), *fits, *lacks)


def _query(wanted: Wanted) -> ColumnElement[Any] | None:
    names = registry.Wanted(wanted.words).names
    if not names or checked.read(wanted.words):
        return None
    return sql_cast(" & ".join(f"'{name}':*" for name in names), TSQUERY)


def _fit(scope: Scope, wanted: Wanted, today: date) -> Iterator[ColumnElement[bool]]:
    yield scope.within(Child.facility_id)
    if wanted.state == ENDED:
        yield Child.state != "active"
    elif wanted.state in STATES:
        yield Child.state == "active"
    if wanted.state in {IN_CARE, UNCONFIRMED}:
        yield Child.confirmed_on.is_(None) if wanted.state == UNCONFIRMED else Child.confirmed_on.is_not(None)
    if wanted.state == MISSED:
        yield Child.id.in_(select(Search.child_id).where(Search.closed_on.is_(None)))
    if wanted.villages:
        yield Child.village_id.in_(wanted.villages)
    if ages := AGES.get(wanted.age):
        yield Child.born_on <= after_months(today, -ages[0])
        if ages[1] is not None:
            yield Child.born_on > after_months(today, -ages[1])
    yield from _told(wanted.words)


def _told(words: str) -> Iterator[ColumnElement[bool]]:
    """A code, or digits of a number; a name is looked for in indexes of its own."""
    typed = registry.Wanted(words)
    if code := checked.read(words):
        yield Child.number == int(code[:-1])
    elif typed.digits:
        backwards = literal_column("reverse(person_numbers.number)").like(typed.digits[::-1] + "%")
        holders = select(Number.person_id).where(backwards)
        yield Child.id.in_(union(*_children_of(holders)))
    elif typed.unanswerable:
        yield false()


def _children_of(people: Select[int]) -> list[Select[int]]:
    """Of these people as mothers, and as carers: apart, each is found by its own index."""
    return [select(Child.id).where(who.in_(people)) for who in (Child.mother_id, Child.carer_id)]


def of_mother(words: str, number: Any, mother: Any) -> ColumnElement[bool] | None:
    """The condition on a file's columns that its code, or its mother's name or number, is what was typed."""
    typed = registry.Wanted(words)
    if code := checked.read(words):
        return cast(ColumnElement[bool], number == int(code[:-1]))
    if typed.digits:
        backwards = literal_column("reverse(person_numbers.number)").like(typed.digits[::-1] + "%")
        return cast(ColumnElement[bool], mother.in_(select(Number.person_id).where(backwards)))
    if (query := _query(Wanted(words))) is not None:
        return cast(ColumnElement[bool], mother.in_(select(Person.id).where(Person.search.bool_op("@@")(query))))
    return false() if typed.unanswerable else None


def rows(db: Session, rt: Runtime, found: Sequence[Child]) -> list[Row]:
    """What a list shows of these children, in their order."""
    today = rt.local_now().date()
    names, plans = named(db, found), giving.plans_of(db, rt, found)
    searched = select(Search.child_id, Search.opened_on).where(Search.closed_on.is_(None))
    missed = dict(db.execute(searched.where(Search.child_id.in_([child.id for child in found]))).all())
    listed = []
    for child in found:
        live, plan = child.state == "active", plans[child.id]
        ahead = visits.visits(plan, today) if live else ()
        now = lacking.together(plan) if live else ()
        places = names.place(child.facility_id), names.place(child.village_id)
        visit = next(iter(ahead), None)
        listed.append(Row(child, names.of(child), *places, plan, visit, now, missed.get(child.id)))
    return listed


def named(db: Session, found: Collection[File]) -> Named:
    """Who reads for these files, and what their places are called."""
    places = {file.facility_id for file in found} | {file.village_id for file in found} - {None}
    chosen = select(Place.id, Place.name).where(among(Place.id, places))
    return Named(families(db, {reads(file) for file in found}), dict(db.execute(chosen).all()))


def families(db: Session, person_ids: Collection[int]) -> Mapping[int, Family]:
    """These people, each with the number that mainly serves her."""
    found = _FAMILIES.rows(db, {"people": list(person_ids)})
    return {i: Family(i, name or "", told or "", at, tongue) for i, name, told, at, tongue in found}


# ---- one file


def child(db: Session, scope: Scope, child_id: int, *, lock: bool = False) -> Child:
    """This child; NotHere where the scope does not let one see her."""
    if lock and child_id < paging.LARGEST:
        hold(db, Child, Child.id == child_id, scope.within(Child.facility_id))
    chosen = select(Child).where(Child.id == child_id, scope.within(Child.facility_id))
    return _one(db, chosen, child_id, lock)


def pregnancy(db: Session, scope: Scope, pregnancy_id: int, *, lock: bool = False) -> Pregnancy:
    if lock and pregnancy_id < paging.LARGEST:
        hold(db, Pregnancy, Pregnancy.id == pregnancy_id, scope.within(Pregnancy.facility_id))
    chosen = select(Pregnancy).where(Pregnancy.id == pregnancy_id, scope.within(Pregnancy.facility_id))
    return _one(db, chosen, pregnancy_id, lock)


def _one(db: Session, chosen: Select[Found], file_id: int, lock: bool) -> Found:
    if lock:
        chosen = chosen.with_for_update().execution_options(populate_existing=True)
    found = db.scalar(chosen) if file_id < paging.LARGEST else None
    if found is None:
        raise NotHere(file_id)
    return found


def of_person(db: Session, scope: Scope, person_id: int) -> tuple[Sequence[Child], Sequence[Pregnancy]]:
    """The files of somebody: children whose mother or carer she is, and her pregnancies, the newest first."""
    hers = or_(Child.mother_id == person_id, Child.carer_id == person_id), scope.within(Child.facility_id)
    kids = db.scalars(select(Child).where(*hers).order_by(Child.born_on.desc(), Child.id)).all()
    own = Pregnancy.mother_id == person_id, scope.within(Pregnancy.facility_id)
    return kids, db.scalars(select(Pregnancy).where(*own).order_by(Pregnancy.id.desc())).all()
