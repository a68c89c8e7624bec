"""Finding people by name, number, place, role and language, as fast among a million as among a hundred."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from smsapp import paging, scopes
from smsapp.arrays import among_told
from smsapp.paging import PAGE, Page
from smsapp.people import Group, Membership, Number, Person, Role
from smsapp.places import Place, plain
from smsapp.reads import Read
from smsapp.scopes import Scope
from smsapp.segments import clean, search_key

LOOK = 20_000  # of the newest people: what so many do not show often enough is rare enough for its index
AHEAD = 20  # times what a page holds, where that is more
LONGEST = 120  # characters of what is typed
FEWEST_DIGITS = 3

# Words as the database's `search_words` takes a name apart.
_DROPPED = re.compile("['`´ʔ\u02b0-\u02ff\u2018-\u201b]+")
_WORD = re.compile("[a-z0-9\u00c0-\u1fff\u2c00-\ud7ff\uf900-\ufeff]+")
_NUMBER = re.compile(r"(?:tel:)?[\d\s+().\-/]+", re.IGNORECASE)

Columns = ReadOnlyColumnCollection[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Whom somebody looks for; what is empty does not matter. `words` is a name, or a number in any form."""

    words: str = ""
    places: tuple[int, ...] = ()  # people of these places and of all below them
    role: str = ""
    language: str = ""

    @property
    def digits(self) -> str:
        """The last digits of a number, where that is what was typed."""
        typed = unicodedata.normalize("NFKC", clean(self.words[:LONGEST]))
        if not _NUMBER.fullmatch(typed):
            return ""
        digits = "".join(str(unicodedata.decimal(c)) for c in typed if c.isdecimal())
        return digits.removeprefix("00") if len(digits) >= FEWEST_DIGITS else ""

    @property
    def names(self) -> list[str]:
        """The beginnings of words of a name, folded."""
        return [] if self.digits else _WORD.findall(_DROPPED.sub("", search_key(clean(self.words[:LONGEST]))))

    @property
    def unanswerable(self) -> bool:
        """Something was typed, and nothing in it is part of a name or number."""
        return bool(self.words.strip()) and not self.digits and not self.names


@dataclass(frozen=True)
class Found:
    """A person as a list shows her."""

    id: int
    name: str | None
    language: str | None
    facility_id: int | None
    facility: str | None
    numbers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def people(db: Session, scope: Scope, wanted: Wanted, after: str | None = None, size: int = PAGE) -> Page:
    """A page of `Found`, the newest first."""
    scope = _narrowed(db, scope, wanted)
    ids = [] if wanted.unanswerable else _ids(db, scope, wanted, after, size)
    page = paging.cut(ids, [Person.id], after, size)
    return Page(shown(db, list(page.rows)), page.after, page.first)


def count(db: Session, scope: Scope, wanted: Wanted, most: int) -> int:
    """How many they are, counted no further than one above `most`."""
    if wanted.unanswerable:
        return 0
    scope = _narrowed(db, scope, wanted)
    fits = select(Person.id).where(*_fit(Person.__table__.c, scope, wanted)).limit(most + 1)
    return db.scalar(select(func.count()).select_from(fits.subquery())) or 0


def _narrowed(db: Session, scope: Scope, wanted: Wanted) -> Scope:
    return scope.narrowed(scopes.at(db, wanted.places).facilities or ()) if wanted.places else scope


def places_called(db: Session, words: str) -> Sequence[Place]:
    """Places of any kind whose name begins with these words, or holds them; a facility also by its poster number."""
    wanted = plain(words[:LONGEST])
    if not wanted:
        return []
    named = [(place, plain(place.name)) for place in db.scalars(select(Place).order_by(Place.name))]
    exact = [place for place, name in named if wanted in {name, place.code}]
    begins = [place for place, name in named if name.startswith(wanted)]
    return exact or begins or [place for place, name in named if wanted in name]


def _ids(db: Session, scope: Scope, wanted: Wanted, after: str | None, size: int) -> Sequence[Any]:
    """One id more than the page holds.

    The planner would have to guess which is faster: to walk down the newest, where many fit, or to ask the index of a
    rare word. Looking at a few thousand of the newest first answers that, and bounds what either can cost.
    """
    fits = list(_fit(Person.__table__.c, scope, wanted))
    if wanted.digits:
        return db.execute(_among(_holders(wanted.digits, after), fits, size)).all()
    many = max(LOOK, AHEAD * size)
    if wanted.role and not _single(scope):
        quick = _among(_players(wanted.role, after, many), fits, size)
    else:
        newest = _newest(scope, after, many)
        quick = _top(select(newest.c.id).where(*_fit(newest.c, scope, wanted)), newest.c.id, size)
    seen = db.execute(quick).all()
    if len(seen) > size:
        return seen
    every = select(Person.id).where(paging.beyond([Person.id], after), *fits).cte("fits").prefix_with("MATERIALIZED")
    return db.execute(_top(select(every.c.id), every.c.id, size)).all()


def _top(chosen: Select[Any], key: ColumnElement[int], size: int) -> Select[Any]:
    return chosen.order_by(key.desc()).limit(size + 1)


def _among(some: Subquery, fits: Sequence[ColumnElement[bool]], size: int) -> Select[Any]:
    """Of these ids, which come newest first, those who fit: no more persons are read than the page needs."""
    return _top(select(some.c.id).join(Person, Person.id == some.c.id).where(*fits), some.c.id, size)


def _holders(digits: str, after: str | None) -> Subquery:
    """Whoever has a number that ends so."""
    backwards = literal_column("reverse(person_numbers.number)").like(digits[::-1] + "%")
    ids = select(Number.person_id.label("id")).where(backwards, paging.beyond([Number.person_id], after))
    return ids.distinct().order_by(Number.person_id.desc()).offset(0).subquery("holders")


def _players(role: str, after: str | None, many: int) -> Subquery:
    """The newest who have this role."""
    ids = select(Role.person_id.label("id")).where(Role.role == role, paging.beyond([Role.person_id], after))
    return ids.order_by(Role.person_id.desc()).limit(many).subquery("players")


def _newest(scope: Scope, after: str | None, many: int) -> Subquery:
    """The newest of all, or of one facility: each has its index, which hands them over in this order."""
    columns = (Person.id, Person.facility_id, Person.language, Person.search, Person.forgotten_at)
    chosen = select(*columns).where(paging.beyond([Person.id], after))
    if _single(scope):
        chosen = chosen.where(scope.within(Person.facility_id))
    return chosen.order_by(Person.id.desc()).limit(many).subquery("newest")


def _single(scope: Scope) -> bool:
    return scope.facilities is not None and len(scope.facilities) == 1


def _fit(columns: Columns, scope: Scope, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield columns["forgotten_at"].is_(None)
    yield scope.within(columns["facility_id"])
    if names := wanted.names:
        query = " & ".join(f"'{name}':*" for name in names)
        yield columns["search"].bool_op("@@")(cast(query, TSQUERY))
    if wanted.language:
        yield columns["language"] == wanted.language
    if wanted.role:
        yield select(Role.role).where(Role.person_id == columns["id"], Role.role == wanted.role).exists()


def shown(db: Session, ids: Collection[int]) -> list[Found]:
    """What a list shows of these people, in the order of `ids`."""
    rows = _LISTED.rows(db, {"people": list(ids)}) if ids else []
    found = {row[0]: Found(*row[:5], *map(tuple, row[5:])) for row in rows}
    return [found[i] for i in ids if i in found]


def _all(chosen: Select[Any]) -> ColumnElement[Any]:
    """Her own lines of another table, in their order."""
    return func.array(chosen.correlate(Person).scalar_subquery())


_LISTED = Read(
    select(
        *(Person.id, Person.name, Person.language, Person.facility_id, Place.name),
        _all(
            select(Number.number)
            .where(Number.person_id == Person.id)
            .order_by(Number.main.desc(), Number.since, Number.number)
        ),
        _all(select(Role.role).where(Role.person_id == Person.id).order_by(Role.role)),
        _all(
            select(Group.name)
            .join(Membership, Membership.group_id == Group.id)
            .where(Membership.person_id == Person.id)
            .order_by(Group.name)
        ),
    )
    .join(Place, Place.id == Person.facility_id, isouter=True)
    .where(among_told(Person.id, "people"))
)
