"""Places from rows of a file: added where new, changed where known, refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import geography
from smsapp.geography import BadPoint, Point
from smsapp.places import KINDS, LONGEST_NAME, POSTER, Place, plain
from smsapp.segments import clean, search_key
from smsapp.sheets import Row
from smsapp.surveillance import populations
from smsapp.surveillance.populations import BadCount
from smsapp.surveillance.tables import Population
from smsapp.tally import Tally

IMPORT = "import"  # the source of what a file says
_POINTS = {
    "format": "lat, lon: {lat!r}, {lon!r} should be degrees like 12.66 and -7.93",
    "swapped": "lat, lon: {lat!r}, {lon!r} lies outside the country; swapped they would not: {hint}",
    "minus": "lat, lon: {lat!r}, {lon!r} lies outside the country; west has a minus: {hint}",
    "outside": "lat, lon: {lat!r}, {lon!r} lies outside the country",
}
ABOVE = dict(zip(KINDS[1:], KINDS[:-1], strict=True))  # what each kind lies in


@dataclass(frozen=True)
class _Row:
    """One row that says what it has to; which place lies above it is looked up later."""

    line: int
    kind: str
    name: str
    code: str | None
    parent: str
    point: Point | None = None
    people: int | None = None
    on: date | None = None


def take(db: Session, rows: Sequence[Row], country: str, today: date) -> Tally:
    """Rows with the keys kind, name, code, parent, in any order; lat, lon, population and population_on where known."""
    tally = Tally()
    good = []
    for line, row in rows:
        try:
            good.append(_read(line, row, country, today))
        except ValueError as why:
            tally.refused.append((line, str(why)))
    atlas = _Atlas(db)
    for kind in KINDS:  # a place may lie in one that a later line brings
        for one in good:
            if one.kind == kind:
                _put(atlas, one, tally)
    tally.refused.sort()
    return tally


class _Atlas:
    """Every place, and which line of the file spoke of it."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.places = {place.id: place for place in db.scalars(select(Place))}
        self.named: dict[tuple[str, str], list[Place]] = {}
        self.by_code: dict[str, Place] = {}
        self.lines: dict[int, int] = {}
        for place in self.places.values():
            self._know(place)

    def add(self, row: _Row, parent: Place | None) -> Place:
        place = Place(kind=row.kind, name=row.name, code=row.code, parent_id=parent.id if parent else None)
        place.lat, place.lon = row.point or (None, None)
        self.db.add(place)
        self.db.flush()
        self.places[place.id] = place
        self._know(place)
        self._count(place, row)
        return place

    def same(self, row: _Row, parent: Place | None) -> Place | None:
        """The place that the row is about: the one with its code, else the one of its name in the same parent."""
        if row.code and row.code in self.by_code:
            return self.by_code[row.code]
        above = parent.id if parent else None
        return next((p for p in self._called(row.kind, row.name) if p.parent_id == above), None)

    def change(self, place: Place, row: _Row, parent: Place | None) -> bool:
        """Take over what the row says; what it leaves empty stays."""
        counted = self._count(place, row)
        wanted = (
            row.name,
            row.code or place.code,
            parent.id if parent else None,
            *(row.point or (place.lat, place.lon)),
        )
        if wanted == (place.name, place.code, place.parent_id, place.lat, place.lon):
            return counted
        place.name, place.code, place.parent_id, place.lat, place.lon = wanted
        self._know(place)
        return True

    def _count(self, place: Place, row: _Row) -> bool:
        """Write down how many people live there, if the row says so and nobody knew."""
        if row.people is None or row.on is None:
            return False
        held = self.db.get(Population, (place.id, row.on))
        if held is not None and held.people == row.people:
            return False
        was = held.on if held else None
        populations.put(self.db, place.id, row.on, row.people, held.source if held else IMPORT, row.on, was)
        return True

    def parent(self, row: _Row) -> Place | None:
        """The place that the row names as its parent; `region/name` where one name means several."""
        if row.kind not in ABOVE:
            if row.parent:
                raise ValueError(f"parent: a {row.kind} lies in no other place")
            return None
        above = ABOVE[row.kind]
        if not row.parent:
            raise ValueError(f"parent: a {row.kind} lies in a {above}: name it")
        if above == "facility" and row.parent in self.by_code:
            return self.by_code[row.parent]
        found = self._called(above, row.parent) or self._below(above, row.parent)
        if not found:
            raise ValueError(f"parent: unknown {above} {row.parent!r}")
        if len(found) > 1:
            ways = " or ".join(sorted(repr(self._way(place)) for place in found))
            raise ValueError(f"parent: {row.parent!r} is the name of {len(found)} places: write {ways}")
        return found[0]

    def _below(self, kind: str, way: str) -> list[Place]:
        """`Bamako/Commune I`: the Commune I of Bamako."""
        upper, slash, name = way.rpartition("/")
        if not slash or kind not in ABOVE:
            return []
        uppers = {p.id for p in self._called(ABOVE[kind], upper) or self._below(ABOVE[kind], upper)}
        return [place for place in self._called(kind, name) if place.parent_id in uppers]

    def _way(self, place: Place) -> str:
        upper = self.places.get(place.parent_id or 0)
        return f"{upper.name}/{place.name}" if upper else place.name

    def _called(self, kind: str, name: str) -> list[Place]:
        wanted = plain(name)
        return [place for place in self.named.get((kind, wanted), []) if plain(place.name) == wanted]

    def _know(self, place: Place) -> None:
        here = self.named.setdefault((place.kind, plain(place.name)), [])
        if place not in here:
            here.append(place)
        if place.code:
            self.by_code[place.code] = place


def _put(atlas: _Atlas, row: _Row, tally: Tally) -> None:
    try:
        parent = atlas.parent(row)
    except ValueError as why:
        tally.refused.append((row.line, str(why)))
        return
    place = atlas.same(row, parent)
    if place is not None and place.id in atlas.lines:
        tally.refused.append((row.line, f"the same place as line {atlas.lines[place.id]}"))
        return
    if place is None:
        place = atlas.add(row, parent)
        tally.added += 1
    elif atlas.change(place, row, parent):
        tally.changed += 1
    atlas.lines[place.id] = row.line


def _read(line: int, row: Mapping[str, str | None], country: str, today: date) -> _Row:
    kind = search_key(row.get("kind") or "")
    if kind not in KINDS:
        raise ValueError(f"kind: {(row.get('kind') or '')[:20]!r} is none of {', '.join(KINDS)}")
    name = clean(row.get("name") or "")
    if not name or len(name) > LONGEST_NAME:
        raise ValueError(f"name: should have 1 to {LONGEST_NAME} characters")
    code = clean(row.get("code") or "")
    if code and kind != "facility":
        raise ValueError("code: only a facility has a poster with a number")
    if code and not (code.isascii() and code.isdigit() and len(code) in POSTER):
        raise ValueError(f"code: {code[:20]!r} should be {POSTER[0]} to {POSTER[-1]} digits, the number on the poster")
    told = {key: clean(row.get(key) or "") for key in ("parent", "lat", "lon", "population", "population_on")}
    point = _point(told["lat"], told["lon"], country)
    people, on = _people(told["population"], told["population_on"], today)
    return _Row(line, kind, name, code or None, told["parent"], point, people, on)


def _point(lat: str, lon: str, country: str) -> Point | None:
    if not lat and not lon:
        return None
    try:
        return geography.read(f"{lat}; {lon}", country)
    except BadPoint as wrong:
        raise ValueError(_POINTS[wrong.why].format(lat=lat[:20], lon=lon[:20], hint=wrong.hint)) from wrong


def _people(people: str, on: str, today: date) -> tuple[int | None, date | None]:
    """How many and on which day, neither or both."""
    if not people and not on:
        return None, None
    if not on:
        raise ValueError("population_on: the day of the count is missing, like 2025-01-01")
    try:
        day = date.fromisoformat(on)
    except ValueError as wrong:
        raise ValueError(f"population_on: {on[:20]!r} should be a day like 2025-01-01") from wrong
    digits = "".join(people.split())
    many = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
    try:
        populations.check(many, day, today)
    except BadCount as wrong:
        said = {"people": f"population: {people[:20]!r} should be a whole number like 455000"}
        raise ValueError(said.get(wrong.field, f"population_on: {on!r} should be a day up to today")) from wrong
    return many, day
