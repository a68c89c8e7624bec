"""Points on the map as people write them, and whether they can lie in the country."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from smsapp import yamls

FILE = Path(__file__).resolve().parent / "data" / "borders.yaml"
DIGITS = 6  # decimals that are kept: a tenth of a metre
LONGEST = 60
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "º": "°", "˚": "°", "’": "'", "′": "'", "‘": "'", "”": '"', "″": '"', "“": '"'}
)
_NUMBER = r"\d{1,3}(?:[.,]\d+)?"
_APART = r"(?:\s*[,;/]\s*|\s+|(?<=[NSEWO\"'°])|(?=[-NSEWO]))"
_OF_LATITUDE, _NEGATIVE = frozenset("NS"), frozenset("SWO")


def _one(n: int) -> str:
    """How one of the two numbers may be written, with or without minutes and seconds, a letter before or after it."""
    seconds = rf"(?:(?P<seconds{n}>{_NUMBER})\s*(?:\"|'')?)?"
    minutes = rf"(?:(?P<minutes{n}>{_NUMBER})\s*'\s*{seconds})?"
    degrees = rf"(?P<minus{n}>-)?\s*(?P<degrees{n}>{_NUMBER})\s*(?:°\s*{minutes})?"
    return rf"(?P<before{n}>[NSEWO])?\s*{degrees}\s*(?(before{n})|(?P<after{n}>[NSEWO])?)"


_PAIR = re.compile(rf"\s*{_one(1)}{_APART}{_one(2)}\s*", re.IGNORECASE)


class Point(NamedTuple):
    """Degrees of WGS 84, north and east positive."""

    lat: float
    lon: float


class BadPoint(ValueError):
    """No point of this country: `why` is format, swapped, minus or outside; `hint` what may have been meant."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


@dataclass(frozen=True)
class Box:
    """The smallest rectangle of degrees that a country fits in."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, point: Point) -> bool:
        return self.south <= point.lat <= self.north and self.west <= point.lon <= self.east


def read(typed: str, country: str) -> Point:
    """`12.66, -7.93` or `12°39'36"N 7°55'48"W`; BadPoint where it can not be in this country."""
    found = _PAIR.fullmatch(typed.translate(_SIGNS)) if len(typed) <= LONGEST else None
    if found is None:
        raise BadPoint("format")
    one, other = (_degrees(found, n) for n in (1, 2))
    if {one[1], other[1]} == {True, False} and one[1] is False:
        one, other = other, one  # with letters either may come first
    elif one[1] is other[1] is not None:
        raise BadPoint("format")
    return within(Point(one[0], other[0]), country)


def within(point: Point, country: str) -> Point:
    """The point, if this country may hold it; BadPoint with what may have been meant if it can not."""
    box = boxes().get(country)
    if not (-90 <= point.lat <= 90 and -180 <= point.lon <= 180):
        raise BadPoint("outside")
    if box is None or box.holds(point):
        return point
    meant = (("swapped", Point(point.lon, point.lat)), ("minus", Point(point.lat, -point.lon)))
    for why, other in meant:
        if box.holds(other):
            raise BadPoint(why, told(other))
    raise BadPoint("outside")


def told(point: Point) -> str:
    """As `read` takes it."""
    return f"{point.lat:.{DIGITS}f}".rstrip("0").rstrip(".") + ", " + f"{point.lon:.{DIGITS}f}".rstrip("0").rstrip(".")


@cache
def boxes() -> dict[str, Box]:
    """Of each country that we know."""
    return {country: Box(**sides) for country, sides in yamls.typed(FILE).items()}


def _degrees(found: re.Match[str], n: int) -> tuple[float, bool | None]:
    """Degrees, and whether a letter says that they are of latitude."""
    before, after = found[f"before{n}"], found[f"after{n}"]
    letter = (before or after or "").upper()
    minutes, seconds = _number(found[f"minutes{n}"]), _number(found[f"seconds{n}"])
    if (letter and found[f"minus{n}"]) or minutes >= 60 or seconds >= 60:
        raise BadPoint("format")
    value = _number(found[f"degrees{n}"]) + minutes / 60 + seconds / 3600
    if found[f"minus{n}"] or letter in _NEGATIVE:
        value = -value
    return round(value, DIGITS), letter in _OF_LATITUDE if letter else None


def _number(typed: str | None) -> float:
    return float((typed or "0").replace(",", "."))
