"""How many an audience is, in the time that an edit may take, and a few of those whom it reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import ColumnElement, Row, Select, String, cast, func, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import Subquery

from smsapp.broadcasts.audience import Audience, Listing, fits, numbers, reachable
from smsapp.broadcasts.wording import EXPANDING, Figures
from smsapp.people import Number, Person, Phone
from smsapp.places import Place
from smsapp.scopes import Scope

SOON_MS = 1000  # that somebody who edits waits for an exact answer
DEAR = 40_000  # pages' worth of work: more is not even begun, a part is counted instead
SAMPLE_PERCENT = 1
SAMPLE_ROWS = 5
ODD = "[^\u0001-\u02ff\u1e00-\u1eff\u2000-\u206f]"  # letters for which GSM-7 has nothing; a name with one costs more

Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Count:
    """How many numbers an audience has, by the language that is read there, and whether that was estimated."""

    tally: Mapping[str, Figures]
    about: bool = False

    @property
    def total(self) -> int:
        return sum(figures.people for figures in self.tally.values())


@dataclass(frozen=True)
class Sampled:
    """One of those who would get it."""

    number: str
    person_id: int | None
    name: str | None
    facility: str | None
    language: str | None


def count(db: Session, audience: Audience, scope: Scope, listing: Listing, languages: Sequence[str]) -> Count:
    """How many numbers, exactly where that takes no longer than an edit may, else estimated from some of them."""
    everyone = _by_language(numbers(db, audience, scope, listing, languages))
    if _price(db, everyone) < DEAR and (exact := _soon(db, everyone)) is not None:
        return Count(_figures(exact))
    some = _by_language(numbers(db, audience, scope, listing, languages, SAMPLE_PERCENT))
    return Count(_figures(db.execute(some).all(), 100 // SAMPLE_PERCENT), about=True)


def tally(db: Session, chosen: Subquery) -> dict[str, Figures]:
    """By language: how many, how many without a name or a facility, and the names that take most room."""
    return _figures(db.execute(_by_language(chosen)).all())


def _price(db: Session, query: Select[*tuple[Any, ...]]) -> float:
    """What the database thinks that a query costs, in pages read."""
    compiled = query.compile(db.connection(), compile_kwargs={"render_postcompile": True})
    [(plan,)] = db.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params)
    return float(plan[0]["Plan"]["Total Cost"])


def _soon(db: Session, query: Select[*tuple[Any, ...]]) -> Rows | None:
    """The rows, if the database has them in the time that an edit may take."""
    try:
        with db.begin_nested():
            db.execute(text(f"SET LOCAL statement_timeout = {SOON_MS}"))
            rows = db.execute(query).all()
            db.execute(text("SET LOCAL statement_timeout = DEFAULT"))
    except DBAPIError as why:
        if isinstance(why.orig, QueryCanceled):
            return None
        raise
    return rows


def _by_language(chosen: Subquery) -> Select[*tuple[Any, ...]]:
    who = chosen.c
    columns = [func.count(), *_told_of(who.name), *_told_of(Place.name)]
    by_language = select(who.language, *columns).join_from(chosen, Place, Place.id == who.facility_id, isouter=True)
    return by_language.group_by(who.language)


def _figures(rows: Rows, times: int = 1) -> dict[str, Figures]:
    return {
        language: Figures(
            n * times,
            {"name": no_name * times, "facility": no_place * times},
            {"name": _values(name, odd_name), "facility": _values(place, odd_place)},
        )
        for language, n, no_name, name, odd_name, no_place, place, odd_place in rows
    }


def _told_of(value: ColumnElement[Any] | InstrumentedAttribute[Any]) -> list[ColumnElement[Any]]:
    """How often it is empty, its longest value, and the longest that GSM-7 can not write, each behind its length."""
    empty = or_(value.is_(None), value == "")
    room = func.length(value) * 2 - func.length(func.translate(value, EXPANDING, ""))
    ranked = func.lpad(cast(room, String), 4, "0").op("||")(value).collate("C")
    return [func.count().filter(empty), func.max(ranked), func.max(ranked).filter(value.regexp_match(ODD))]


def _values(*ranked: str | None) -> list[str]:
    return list(dict.fromkeys(value[4:] for value in ranked if value))


def sample(
    db: Session, audience: Audience, scope: Scope, listing: Listing, languages: Sequence[str], *, empty: str = ""
) -> list[Sampled]:
    """A few of those whom it reaches; with `empty` a few for whom this variable has no value."""
    if audience.reaches_people:
        return few(db, _one_by_one(db, audience, scope, languages), empty)
    return few(db, numbers(db, audience, scope, listing, languages), empty)


def few(db: Session, found: Subquery, empty: str = "") -> list[Sampled]:
    """The first ones that the database finds; nobody, if that takes it long."""
    who = found.c
    some = select(who.number, who.person_id, who.name, Place.name, who.language)
    some = some.join_from(found, Place, Place.id == who.facility_id, isouter=True).limit(SAMPLE_ROWS)
    if empty:
        some = some.where(func.coalesce(who.name if empty == "name" else Place.name, "") == "")
    return list({row.number: Sampled(*row) for row in _soon(db, some) or ()}.values())


def _one_by_one(db: Session, audience: Audience, scope: Scope, languages: Sequence[str]) -> Subquery:
    """People who fit, each with her number and language looked up: for a few quicker than the statement for all."""
    held = select(Number.number).where(Number.person_id == Person.id, reachable(scope, Number.number))
    number = held.order_by(Number.main.desc(), Number.since, Number.number).limit(1).scalar_subquery().label("number")
    who = select(number, Person.id.label("person_id"), Person.facility_id, Person.language, Person.name)
    one = who.where(*fits(db, audience, scope)).subquery("one")
    chosen = select(Phone.language).where(Phone.number == one.c.number).scalar_subquery()
    spoken = func.coalesce(chosen, one.c.language, languages[0])
    found = select(one.c.number, one.c.person_id, one.c.facility_id, spoken.label("language"), one.c.name)
    if audience.languages:
        found = found.where(spoken.in_(audience.languages))
    return found.where(one.c.number.is_not(None)).subquery("found")
