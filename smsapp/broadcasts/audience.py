"""Whom a broadcast reaches: a definition, the one statement that finds the numbers, and how many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    tablesample,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import Subquery

from smsapp import people, scopes
from smsapp.broadcasts.tables import Listed
from smsapp.people import Consent, Membership, Number, Person, Phone, Role
from smsapp.scopes import Scope


@dataclass(frozen=True)
class Audience:
    """People who are all of this: of one of the roles, at one of the places …; and beside them the listed numbers."""

    everybody: bool = False  # said by hand: an empty definition must not reach a country
    roles: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    consent: str = ""  # a topic to which they agreed
    again: bool = False  # those whom the broadcast before did not reach, and nobody else

    @property
    def narrows(self) -> bool:
        return bool(self.roles or self.places or self.languages or self.groups or self.consent)

    @property
    def reaches_people(self) -> bool:
        return self.everybody or self.narrows

    def told(self) -> dict[str, Any]:
        """As it is stored: only what is said."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Audience:
        """What another release stored beside it means nothing here."""
        known = {field.name for field in fields(cls)} & told.keys()
        values: dict[str, Any] = {k: tuple(v) if isinstance(v := told[k], list) else v for k in known}
        return cls(**values)


@dataclass(frozen=True)
class Listing:
    """Numbers that somebody gave: those stored with a broadcast, and those just pasted."""

    broadcast_id: int | None = None
    pasted: tuple[str, ...] = ()

    def numbers(self) -> CompoundSelect[str]:
        stored = select(Listed.number).where(Listed.broadcast_id == self.broadcast_id)
        return union(stored, select(func.unnest(literal(list(self.pasted), ARRAY(String)))))


NO_LIST = Listing()
NOBODY = select(
    cast(null(), String).label("number"),
    cast(null(), BigInteger).label("person_id"),
    cast(null(), Integer).label("facility_id"),
    cast(null(), String).label("language"),
    cast(null(), String).label("name"),
    literal(True).label("main"),
    literal(True).label("listed"),
).where(false())


def reachable(scope: Scope, number: str | SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether somebody of this scope may have anything sent to a number: whom it mainly serves is one of hers.

    That it stands with one of her people, too, is no leave: she could write it there herself.
    """
    return scope.within(people.facility_of(number)) if scope.facilities is not None else true()


def numbers(
    db: Session, audience: Audience, scope: Scope, listing: Listing, languages: Sequence[str], part: int = 100
) -> Subquery:
    """One row a number, of those whom the scope lets see: number, person_id, facility_id, language, name.

    `part` is how many percent of the numbers are looked at, for an estimate.
    """
    found = _found(db, audience, scope, listing, languages, part)
    who = found.c
    one = select(who.number, who.person_id, who.facility_id, who.language, who.name).ext(distinct_on(who.number))
    return one.order_by(who.number, who.main.desc(), who.person_id).subquery("chosen")


def _found(
    db: Session, audience: Audience, scope: Scope, listing: Listing, languages: Sequence[str], part: int = 100
) -> Subquery:
    """Who fits and who is listed; a number may stand here twice. Whose language is not known reads the first."""
    sources: list[Select[*tuple[Any, ...]]] = []
    if audience.reaches_people:
        sources.append(_people(db, audience, scope, part))
    if listing != NO_LIST:
        sources.append(_listed(listing, scope, part))
    either = union_all(*sources or [NOBODY]).subquery("either")
    who, spoken = either.c, func.coalesce(Phone.language, either.c.language, languages[0])
    found = select(who.number, who.person_id, who.facility_id, spoken.label("language"), who.name, who.main)
    found = found.join(Phone, Phone.number == who.number, isouter=True)
    if audience.languages:
        found = found.where(or_(who.listed, spoken.in_(audience.languages)))
    return found.subquery("found")


def _people(db: Session, audience: Audience, scope: Scope, part: int) -> Select[Any]:
    """Of each person who fits, one number: one that mainly serves her, else one that she shares with somebody."""
    held = Number.__table__.c if part == 100 else _some(part, scope).c
    columns = (held.number, held.person_id, Person.facility_id, Person.language, Person.name, held.main)
    chosen = select(*columns, literal(False).label("listed")).join(Person, Person.id == held.person_id)
    chosen = chosen.where(*fits(db, audience, scope), reachable(scope, held.number))
    if part == 100:
        order = (held.person_id, held.main.desc(), held.since, held.number)
        chosen = chosen.ext(distinct_on(held.person_id)).order_by(*order)
    return select(chosen.subquery())


def _some(percent: int, scope: Scope) -> CTE:
    """All who are reached at one of a few percent of the numbers."""
    drawn = tablesample(Number, func.bernoulli(percent), seed=literal(7))
    numbers = select(drawn.c.number).where(drawn.c.main).cte("drawn").prefix_with("MATERIALIZED")
    held, other = aliased(Number), aliased(Number)
    before = tuple_(~other.main, other.since, other.number) < tuple_(~held.main, held.since, held.number)
    hers = other.person_id == held.person_id, before, reachable(scope, other.number)
    elsewhere = select(other.number).where(*hers).exists()
    reached = select(held.number, held.person_id, held.main).join(numbers, numbers.c.number == held.number)
    return reached.where(~elsewhere).cte("held").prefix_with("MATERIALIZED")


def _listed(listing: Listing, scope: Scope, part: int) -> Select[Any]:
    """Listed numbers with the person whom each mainly serves; for a bounded scope only those of its own people."""
    given = listing.numbers().subquery("given").c.number
    served = (
        select(Person.id, Person.facility_id, Person.language, Person.name, Number.main)
        .join(Number, Number.person_id == Person.id)
        .where(Number.number == given)
        .order_by(Number.main.desc(), Number.since, Person.id)
        .limit(1)
        .lateral("served")
    )
    columns = (given, served.c.id.label("person_id"), served.c.facility_id, served.c.language, served.c.name)
    main = func.coalesce(served.c.main, True).label("main")
    chosen = select(*columns, main, literal(True).label("listed")).join(served, true(), isouter=True)
    chosen = chosen.where(reachable(scope, given))
    return chosen if part == 100 else chosen.where(func.abs(func.hashtext(given) % 100) < part)


def fits(db: Session, audience: Audience, scope: Scope) -> list[ColumnElement[bool]]:
    fits = [scope.within(Person.facility_id)]
    if audience.places:
        fits.append(scopes.at(db, audience.places).within(Person.facility_id))
    if audience.roles:
        fits.append(select(Role.role).where(Role.person_id == Person.id, Role.role.in_(audience.roles)).exists())
    if audience.groups:
        member = Membership.person_id == Person.id, Membership.group_id.in_(audience.groups)
        fits.append(select(Membership.group_id).where(*member).exists())
    if audience.consent:
        last = select(Consent.given).where(Consent.person_id == Person.id, Consent.topic == audience.consent)
        fits.append(last.order_by(Consent.id.desc()).limit(1).scalar_subquery())
    return fits
