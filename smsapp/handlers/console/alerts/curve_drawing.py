"""An epidemic curve drawn on the server: bars by age, lines of rules, alerts and EARS signals above them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask_babel import format_date, gettext
from markupsafe import Markup

from smsapp.handlers.console import drawing
from smsapp.handlers.console.drawing import number
from smsapp.surveillance.curves import DAY, Curve, Threshold
from smsapp.surveillance.rules import ALERT
from smsapp.surveillance.tallies import SMALL, hidden
from smsapp.surveillance.weeks import Week

PAGE, PHONE = "on-page", "on-phone"  # as the style sheet tells them apart
SIZES = {PAGE: (760, 320), PHONE: (320, 280)}
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 44, 40
ALERTS, EARS = 12, 30  # how high the marks stand
APART = {PAGE: 64, PHONE: 56}  # of the names below the bars
LONG = 45  # weeks, of which a day alone would not tell the year
FAR = 2.5  # a line so many times as high as the highest bar would leave the bars no room
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000)


@dataclass(frozen=True)
class _Frame:
    """Where what stands in the picture."""

    size: str
    bars: int
    most: int

    @property
    def width(self) -> int:
        return SIZES[self.size][0]

    @property
    def height(self) -> int:
        return SIZES[self.size][1]

    @property
    def step(self) -> float:
        return (self.width - LEFT - RIGHT) / max(self.bars, 1)

    def x(self, n: float) -> float:
        return LEFT + n * self.step

    def y(self, cases: float) -> float:
        return self.height - BOTTOM - cases * (self.height - TOP - BOTTOM) / self.most


def lines(curve: Curve) -> list[Threshold]:
    """The rules that have a line in the picture, the lowest first."""
    drawn = [one for one in curve.thresholds if any(value is not None for value in one.line)]
    return sorted(drawn, key=lambda one: max(value or 0 for value in one.line))


def beyond(curve: Curve, one: Threshold) -> bool:
    """Whether the line lies above the picture."""
    return _least(one) > max(FAR * _highest(curve), 10)


def svg(curve: Curve, size: str, exact: bool) -> Markup:
    """The picture; the table beside it says the same."""
    drawn = [one for one in lines(curve) if not beyond(curve, one)]
    heights = [_highest(curve), *(max(value or 0 for value in one.line) for one in drawn), 4]
    if exact:
        heights += [max(one.sums) for one in drawn if one.sums]
    most = max(heights)
    frame = _Frame(size, len(curve.bars), most + max(1, most // 20))
    parts = [*_axes(curve, frame), *_bars(curve, frame, exact)]
    for n, one in enumerate(drawn):
        parts += _line(one, n, frame, exact)
    parts += _marks(curve, frame)
    return Markup('<svg class="curve {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        size, frame.width, frame.height, words(curve, exact), Markup("").join(parts)
    )


def words(curve: Curve, exact: bool) -> str:
    """What it shows in a sentence."""
    total, most = curve.total.cases, max(curve.bars, key=lambda bar: bar.cell.cases)
    if not total:
        return str(gettext("No case in this time."))

    def told(cases: int) -> str:
        return f"< {SMALL}" if hidden(cases) and not exact else number(cases)

    values = {"cases": told(total), "most": told(most.cell.cases), "day": drawing.day_name(most.first)}
    if curve.wanted.by == DAY:
        return str(gettext("%(cases)s cases; most on one day: %(most)s on %(day)s.", **values))
    return str(gettext("%(cases)s cases; most in one week: %(most)s in that of %(day)s.", **values))


def _highest(curve: Curve) -> int:
    return max((bar.cell.cases for bar in curve.bars), default=0)


def _least(one: Threshold) -> int:
    return min(value for value in one.line if value is not None)


def _axes(curve: Curve, frame: _Frame) -> Iterator[Markup]:
    step = next((step for step in STEPS if frame.most / step <= 6), frame.most)
    for value in range(0, frame.most + 1, step):
        y, right = frame.y(value), frame.width - RIGHT
        yield Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, right, y, y)
        yield Markup('<text class="axis end" x="{}" y="{:.1f}">{}</text>').format(LEFT - 5, y + 4, number(value))
    every = max(1, -(-APART[frame.size] // max(1, round(frame.step))))
    for n, bar in enumerate(curve.bars):
        if n % every == 0 and frame.x(n + 0.5) + APART[frame.size] / 2 <= frame.width:
            x, week = frame.x(n + 0.5), Week.of(bar.first)
            name = format_date(bar.first, "EEEEEE d") if curve.wanted.by == DAY else gettext("W%(n)s", n=week.number)
            below = format_date(bar.first, _below(curve, frame))
            y = frame.height - BOTTOM
            yield Markup('<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(x, y, y + 4)
            yield Markup('<text class="axis" x="{:.1f}" y="{}">{}</text>').format(x, y + 17, name)
            yield Markup('<text class="axis" x="{:.1f}" y="{}">{}</text>').format(x, y + 32, below)


def _below(curve: Curve, frame: _Frame) -> str:
    """What stands under the name of a day or week; on a phone there is no room for a day and a year."""
    if curve.wanted.by == DAY:
        return "MMM y" if frame.size == PAGE else "MMM"
    if frame.size == PAGE:
        return "d MMM yy"
    return "d MMM" if len(curve.bars) < LONG else "MMM yy"


def _bars(curve: Curve, frame: _Frame, exact: bool) -> Iterator[Markup]:
    gap = min(2.0, frame.step / 5)
    for n, bar in enumerate(curve.bars):
        if not exact and hidden(bar.cell.cases):
            yield _rect(frame, n, gap, 0, SMALL - 1, "few")
            continue
        parts = [("under", bar.cell.under), ("over", bar.cell.over), ("unknown", bar.cell.unknown)]
        base = 0
        for name, cases in parts if exact else [("all", bar.cell.cases)]:
            if cases:
                yield _rect(frame, n, gap, base, cases, name)
            base += cases


def _rect(frame: _Frame, n: int, gap: float, base: int, cases: int, name: str) -> Markup:
    top = frame.y(base + cases)
    return Markup('<rect class="pillar {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        name, frame.x(n) + gap / 2, top, frame.step - gap, frame.y(base) - top
    )


def _line(one: Threshold, n: int, frame: _Frame, exact: bool) -> Iterator[Markup]:
    """Steps from bar to bar; a gap where nobody can say. The sums that may cross it are a thin line."""
    level = "high" if one.rule.level != ALERT else "low"
    for known, run in groupby(enumerate(one.line), key=lambda told: told[1] is not None):
        if known:
            points = [f"{frame.x(at + end):.1f},{frame.y(value or 0):.1f}" for at, value in run for end in (0, 1)]
            yield Markup('<polyline class="threshold {} t{}" points="{}"/>').format(level, n % 3, " ".join(points))
    if one.sums and exact:
        sums = " ".join(f"{frame.x(at + 0.5):.1f},{frame.y(value):.1f}" for at, value in enumerate(one.sums))
        yield Markup('<polyline class="sums {}" points="{}"/>').format(level, sums)
    last = next(value for value in reversed(one.line) if value is not None)
    yield Markup('<text class="value end {}" x="{}" y="{:.1f}">{}</text>').format(
        level, frame.width - RIGHT, frame.y(last) - 4, number(last)
    )


def _marks(curve: Curve, frame: _Frame) -> Iterator[Markup]:
    for n, bar in enumerate(curve.bars):
        x = frame.x(n + 0.5)
        if bar.alerts:
            level = "low" if all(alert.level == ALERT for alert in bar.alerts) else "high"
            yield diamond(x, ALERTS, level)
        if bar.ears:
            yield triangle(x, EARS)


def diamond(x: float, y: float, level: str) -> Markup:
    return Markup('<path class="mark {}" d="M{:.1f} {}l6 7 -6 7 -6 -7z"/>').format(level, x, y - 7)


def triangle(x: float, y: float) -> Markup:
    return Markup('<path class="mark ears" d="M{:.1f} {}l6 11h-12z"/>').format(x, y - 6)


def named(one: Threshold) -> Sequence[str]:
    """What is to be said of a rate's line: from how many cases on, among how many people."""
    if one.people is None or not one.rule.rate:
        return ()
    last = next((value for value in reversed(one.line) if value is not None), None)
    told = {"people": number(one.people.people), "day": format_date(one.people.on, "short")}
    if last is None:
        return (str(gettext("%(people)s people on %(day)s", **told)),)
    return (str(gettext("%(cases)s cases among %(people)s people (%(day)s)", cases=number(last), **told)),)
