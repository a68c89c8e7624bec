"""What the cells of a row say of a person: all of it usable, or every cell that is not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from smsapp import places, yamls
from smsapp.people import ROLES
from smsapp.phones import BadNumber, normalise, several
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.segments import clean, search_key
from smsapp.sheets import ERRORS, NO_RESULT
from smsapp.words import vocabulary

FIELDS = ("phone", "phone2", "first_name", "name", "language", "facility", "groups", "role")
COLUMNS = Path(__file__).parent.parent / "data" / "columns.yaml"
LONGEST_NAME = 120
LONGEST_SAID = 60

# What a spreadsheet makes of a number too wide for its column, and of any number that it takes for a quantity.
_POWER = re.compile(r"\+?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}")
_NO_FRACTION = re.compile(r"(\+?[0-9]+)[.,]0+")


class Problem(NamedTuple):
    """Why a cell can not be used: its column, a word for the reason, what it holds, and what there is to add."""

    column: str
    reason: str
    value: str = ""
    detail: str = ""


class Unusable(Exception):
    """A cell can not be used."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Entry:
    """One row that can be used."""

    line: int
    numbers: tuple[str, ...]
    name: str | None = None
    language: str | None = None
    facility_id: int | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it until it is written."""
        return dict(vars(self))

    @classmethod
    def from_stored(cls, told: Mapping[str, Any]) -> Entry:
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
        return cls(**values)


class Reader:
    """Rows as entries, with what they refer to looked up once.

    Only facilities in the scope may be named. `facility_id` is where people belong whose row names none; `both` takes
    each of two numbers in one cell.
    """

    def __init__(
        self,
        db: Session,
        rt: Runtime,
        scope: Scope = EVERYWHERE,
        *,
        facility_id: int | None = None,
        both: bool = False,
    ) -> None:
        self.country, self.languages = rt.settings.country, rt.settings.languages
        self.scope, self.facility_id, self.both = scope, facility_id, both
        self.facilities: dict[str, list[Place]] = {}
        for place in places.of_kind(db, "facility"):
            for called in {place.code or "", places.plain(place.name)} - {""}:
                self.facilities.setdefault(called, []).append(place)
        self._readers: list[tuple[str, Callable[[str], Any]]] = [(f, getattr(self, f"_{f}")) for f in FIELDS]
        self._places: dict[str, int | Unusable | None] = {}

    def read(self, line: int, cells: Mapping[str, str]) -> Entry | list[Problem]:
        """The entry of a row, or all that is wrong with it."""
        problems: list[Problem] = []
        told: dict[str, Any] = {}
        for field, read in self._readers:
            cell = cells.get(field) or ""
            try:
                told[field] = read(_usable(cell))
            except Unusable as why:
                said = "" if cell == NO_RESULT else clean(cell)[:LONGEST_SAID]
                problems.append(Problem(field, why.reason, said, why.detail))
        if problems:
            return problems
        name = " ".join(filter(None, (told["first_name"], told["name"])))[:LONGEST_NAME]
        numbers = tuple(dict.fromkeys([*told["phone"], *told["phone2"]]))
        return Entry(line, numbers, name or None, told["language"], told["facility"], told["groups"], told["role"])

    def _phone(self, cell: str) -> list[str]:
        return self._numbers(cell)

    def _phone2(self, cell: str) -> list[str]:
        return self._numbers(cell) if cell.strip() else []

    def _numbers(self, cell: str) -> list[str]:
        written = _unspoilt(cell.strip())
        try:
            return [normalise(written, self.country)]
        except BadNumber as why:
            if why.reason != "two numbers" or not self.both:
                raise Unusable(why.reason) from why
        try:
            return several(written, self.country)
        except BadNumber as why:
            raise Unusable(why.reason) from why

    def _name(self, cell: str) -> str:
        return " ".join(clean(cell).split())[:LONGEST_NAME]

    _first_name = _name

    def _language(self, cell: str) -> str | None:
        from_word = vocabulary().languages.get(search_key(cell))
        if cell.strip() and from_word not in self.languages:
            raise Unusable("unknown", ", ".join(self.languages))
        return from_word

    def _facility(self, cell: str) -> int | None:
        words = clean(cell)
        if words not in self._places:
            self._places[words] = self._place(words)
        found = self._places[words]
        if isinstance(found, Unusable):
            raise found
        return found

    def _place(self, words: str) -> int | Unusable | None:
        """A facility by its name or poster number; the same words mean the same thing in every row."""
        if not words:
            needed = self.facility_id is None and not self.scope.covers(None)
            return Unusable("missing") if needed else self.facility_id
        here = self.facilities.get(words) or self.facilities.get(places.plain(words)) or []
        mine = [place for place in here if self.scope.covers(place.id)]
        if len(mine) > 1:
            return Unusable("ambiguous", str(len(mine)))
        if not mine:
            return Unusable("not yours") if here else Unusable("unknown", self._examples())
        return mine[0].id

    def _examples(self) -> str:
        names = sorted({p.name for found in self.facilities.values() for p in found if self.scope.covers(p.id)})
        return ", ".join(names[:5])

    def _groups(self, cell: str) -> tuple[str, ...]:
        if not cell:
            return ()
        names = (" ".join(clean(name).split())[:LONGEST_NAME] for name in re.split(r"[;\n]", cell))
        return tuple(dict.fromkeys(filter(None, names)))

    def _role(self, cell: str) -> tuple[str, ...]:
        if not cell:
            return ()
        words = [search_key(word) for word in re.split(r"[;,/\n]", cell)]
        known = [(word, _roles().get(" ".join(re.findall("[a-z]+", word)))) for word in words if word]
        if unknown := [word for word, role in known if role is None]:
            raise Unusable("unknown", unknown[0][:LONGEST_SAID])
        return tuple(dict.fromkeys(role for _, role in known if role))


def _usable(cell: str) -> str:
    if cell == NO_RESULT:
        raise Unusable("formula")
    if "#" in cell and cell.strip() in ERRORS:
        raise Unusable("error")
    return cell


def _unspoilt(written: str) -> str:
    """A number that the spreadsheet took for a quantity: as it was, if all of its digits are still there."""
    if _POWER.fullmatch(written):
        value = Decimal(written.replace(",", ".").upper())
        if int(value.as_tuple().exponent) > 0:  # 2.237E+10 may have been any of ten million numbers
            raise Unusable("shortened")
        return f"{value:f}".partition(".")[0] if value == int(value) else written
    found = _NO_FRACTION.fullmatch(written)
    return found[1] if found else written


@cache
def headings() -> Mapping[str, str]:
    """What people call each column -> our name for it."""
    return {word: field for field in FIELDS for word in _columns()[field]}


@cache
def _columns() -> Mapping[str, Any]:
    told: dict[str, Any] = yamls.plain(COLUMNS)
    return told


@cache
def _roles() -> Mapping[str, str]:
    return {word: role for role in ROLES for word in [role, *_columns()["roles"].get(role, ())]}


def said(problem: Problem) -> str:
    """In English, for whoever runs a command."""
    column, reason, value, detail = problem
    if column == "language":
        return f"language: {value[:20]!r} is none of {detail}"
    if (column, reason) == ("facility", "unknown"):
        return f"unknown facility {value!r} (known: {detail or 'none yet'})"
    if (column, reason) == ("facility", "ambiguous"):
        return f"{value!r} is the name of {detail} facilities: give its poster number"
    return f"{column}: {reason}"
