"""Places from rows of a file: added where new, changed where known, refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.places import KINDS, LONGEST_NAME, POSTER, Place, plain
from smsapp.segments import clean, search_key
from smsapp.sheets import Row
from smsapp.tally import Tally

ABOVE = dict(zip(KINDS[1:], KINDS[:-1], strict=True))  # what each kind lies in


@dataclass(frozen=True)
class _Row:
    """One row that says what it has to; which place lies above it is looked up later."""

    line: int
    kind: str
    name: str
    code: str | None
    parent: str


def take(db: Session, rows: Sequence[Row]) -> Tally:
    """Rows with the keys kind, name, code, parent, in any order."""
    tally = Tally()
    good = []
    for line, row in rows:
        try:
            good.append(_read(line, row))
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
        self.db.add(place)
        self.db.flush()
        self.places[place.id] = place
        self._know(place)
        return place

    def same(self, row: _Row, parent: Place | None) -> Place | None:
        """The place that the row is about: the one with its code, else the one of its name in the same parent."""
        if row.code and row.code in self.by_code:
            return self.by_code[row.code]
        above = parent.id if parent else None
        return next((p for p in self._called(row.kind, row.name) if p.parent_id == above), None)

    def change(self, place: Place, row: _Row, parent: Place | None) -> bool:
        """Take over what the row says; a code that it leaves empty stays."""
        wanted = (row.name, row.code or place.code, parent.id if parent else None)
        if wanted == (place.name, place.code, place.parent_id):
            return False
        place.name, place.code, place.parent_id = wanted
        self._know(place)
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


def _read(line: int, row: Mapping[str, str | None]) -> _Row:
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
    return _Row(line, kind, name, code or None, clean(row.get("parent") or ""))
