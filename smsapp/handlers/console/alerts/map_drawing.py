"""The map of villages drawn on the server from their own points: no tiles, no borders, a scale in kilometres."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, log10, pi, radians, sqrt

from flask_babel import gettext
from markupsafe import Markup

from smsapp.geography import Point
from smsapp.handlers.console.drawing import number
from smsapp.surveillance.clusters import EARTH
from smsapp.surveillance.mapped import NOTHING, OPEN, SILENT, Map, Spot
from smsapp.surveillance.tallies import SMALL, hidden

PAGE, PHONE = "on-page", "on-phone"  # as the style sheet tells them apart
SIZES = {PAGE: (760, 520), PHONE: (320, 380)}
EDGE = {PAGE: 56, PHONE: 40}
FOOT = 34  # where the scale stands
KM = EARTH * pi / 180  # of a degree of latitude
LEAST_KM = 4  # of a picture: one village alone is not a whole country
LARGEST, USUAL = {PAGE: 26, PHONE: 20}, 5
AROUND = 4  # of the ring round an alert to verify
LETTER = {"name": 7.4, "centre-name": 6.6}  # how wide, generously
NAMED = 60  # of either kind; more would find no room
LINE, MARGIN = 14, 4


@dataclass(frozen=True)
class _View:
    """An equirectangular projection: degrees of longitude are as much shorter as the middle's latitude makes them."""

    size: str
    middle: Point
    scale: float  # pixels a kilometre

    @classmethod
    def of(cls, points: Sequence[Point], size: str) -> _View:
        south, north = min(p.lat for p in points), max(p.lat for p in points)
        west, east = min(p.lon for p in points), max(p.lon for p in points)
        middle = Point((south + north) / 2, (west + east) / 2)
        across, high = (east - west) * KM * cos(radians(middle.lat)), (north - south) * KM
        width, height = (side - 2 * EDGE[size] for side in SIZES[size])
        return cls(size, middle, min(width / max(across, LEAST_KM), (height - FOOT) / max(high, LEAST_KM)))

    def at(self, point: Point) -> tuple[float, float]:
        width, height = SIZES[self.size]
        x = (point.lon - self.middle.lon) * KM * cos(radians(self.middle.lat)) * self.scale
        y = (point.lat - self.middle.lat) * KM * self.scale
        return width / 2 + x, (height - FOOT) / 2 - y


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)


def svg(shown: Map, size: str, exact: bool) -> Markup:
    """The picture; the table below it says the same."""
    centres = [(centre.name, centre.point) for centre in shown.centres if centre.point]
    points = [*(point for _, point in centres), *(spot.point for spot in shown.drawn if spot.point)]
    points += [ring.middle for ring in shown.rings]
    view = _View.of(points, size)
    most = max((_weight(spot, exact) for spot in shown.drawn), default=1)
    circles = [(spot, *view.at(spot.point), _radius(spot, most, size, exact)) for spot in shown.drawn if spot.point]
    parts = [_ring(view, ring.middle, ring.km) for ring in shown.rings]
    parts += [circle(spot.state, x, y, r, _title(spot, exact)) for spot, x, y, r in reversed(circles)]
    parts += [centre_mark(*view.at(point)) for _, point in centres]
    taken = [_Box(x - r, y - r, x + r, y + r) for _, x, y, r in circles]
    taken += [_Box(x - 6, y - 6, x + 6, y + 6) for x, y in (view.at(point) for _, point in centres)]
    names = [(spot.name, x, y, r + AROUND * (spot.state == OPEN), "name") for spot, x, y, r in circles]
    names = names[:NAMED] + [(name, *view.at(point), 7.0, "centre-name") for name, point in centres[:NAMED]]
    parts += _names(names, taken, size)
    parts += _scale(view)
    return Markup('<svg class="map {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        size, *SIZES[size], words(shown), Markup("").join(parts)
    )


def words(shown: Map) -> str:
    """What it shows in a sentence."""
    values = {
        "all": number(len(shown.drawn)),
        "open": number(shown.many("open")),
        "verified": number(shown.many("verified")),
        "silent": number(shown.many("silent")),
    }
    return str(
        gettext(
            "Map of %(all)s villages: %(open)s with an alert to verify, %(verified)s with a verified one, "
            "%(silent)s silent.",
            **values,
        )
    )


def circle(state: str, x: float, y: float, r: float, title: str = "") -> Markup:
    """A village; one with an alert to verify has a ring around it, one that is silent a dashed edge."""
    drawn = Markup('<circle class="spot {}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}">{}</circle>').format(
        state, x, y, r, Markup("<title>{}</title>").format(title) if title else ""
    )
    if state == OPEN:
        drawn += Markup('<circle class="around" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, r + AROUND)
    return drawn


def centre_mark(x: float, y: float) -> Markup:
    """A health centre: a cross."""
    return Markup('<path class="centre" d="M{:.1f} {:.1f}h4v4h4v4h-4v4h-4v-4h-4v-4h4z"/>').format(x - 2, y - 6)


def _weight(spot: Spot, exact: bool) -> int:
    """What the size tells; of numbers too small to be shown all are alike."""
    return SMALL - 1 if hidden(spot.cases) and not exact else spot.cases


def _radius(spot: Spot, most: int, size: str, exact: bool) -> float:
    if spot.state in (NOTHING, SILENT) or not spot.cases:
        return USUAL - 1 if spot.state == NOTHING else USUAL
    return USUAL + (LARGEST[size] - USUAL) * sqrt(_weight(spot, exact) / max(most, 10))


def _title(spot: Spot, exact: bool) -> str:
    cases = f"< {SMALL}" if hidden(spot.cases) and not exact else number(spot.cases)
    return str(gettext("%(name)s: %(cases)s cases", name=spot.name, cases=cases)) if spot.cases else spot.name


def _ring(view: _View, middle: Point, km: float) -> Markup:
    x, y = view.at(middle)
    return Markup('<circle class="near" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, km * view.scale + 14)


def _names(names: Sequence[tuple[str, float, float, float, str]], taken: list[_Box], size: str) -> Iterator[Markup]:
    """Each beside its mark, right, left, below or above; one that finds no room is left out."""
    width, height = SIZES[size]
    for name, x, y, r, kind in names:
        long = len(name) * LETTER[kind]
        for anchor, at, base in (
            ("start", x + r + MARGIN, y + 4),
            ("end", x - r - MARGIN, y + 4),
            ("middle", x, y + r + LINE),
            ("middle", x, y - r - 5),
        ):
            left = {"start": at, "end": at - long, "middle": at - long / 2}[anchor]
            box = _Box(left, base - LINE + 3, left + long, base + 3)
            inside = box.left >= 0 and box.right <= width and box.top >= 0 and box.bottom <= height - FOOT
            if inside and not any(box.meets(other) for other in taken):
                taken.append(box)
                text = Markup('<text class="{}" text-anchor="{}" x="{:.1f}" y="{:.1f}">{}</text>')
                yield text.format(kind, anchor, at, base, name)
                break


def _scale(view: _View) -> Iterator[Markup]:
    """A bar of a round number of kilometres, no longer than a third of the picture, and where north is."""
    width, height = SIZES[view.size]
    room = width / 3 / view.scale
    power = 10 ** int(log10(room)) if room >= 1 else 1
    km = max(step * power for step in (1, 2, 5) if step * power <= max(room, 1))
    y, long = height - 12, km * view.scale
    yield Markup('<path class="scale" d="M12 {}v6h{:.1f}v-6"/>').format(y - 6, long)
    yield Markup('<text x="{:.1f}" y="{}">{}</text>').format(long + 18, y, gettext("%(km)s km", km=number(km)))
    yield Markup('<path class="north" d="M{} {}l6 16-6-4-6 4z"/>').format(width - 16, height - 28)
    yield Markup('<text class="axis" x="{}" y="{}">{}</text>').format(width - 32, height - 14, gettext("N"))
