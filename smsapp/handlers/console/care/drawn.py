"""A child's calendar as a picture: a row for each vaccine, its doses as marks by age, and what they say in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask_babel import gettext

from smsapp.handlers.console.care import terms
from smsapp.vaccines.planning import GIVEN, INVALID, NOT_APPLICABLE, NOT_NEEDED, Plan, Planned
from smsapp.vaccines.schedule import Dose as Rule
from smsapp.vaccines.schedule import Schedule, Span
from smsapp.vaccines.tables import Child

WIDTH, NAMES, EDGE = 340, 82, 14  # of the picture, in its own units: one is a pixel on a small phone
ROW, HEAD, APART = 24, 26, 17
AGAIN = "again"  # a second mark of a dose that did not count
FARTHEST = timedelta(days=3 * 365)  # what is due later is told in the list alone


@dataclass(frozen=True)
class Mark:
    """One dose: `kind` is one of terms.MARKS."""

    code: str
    kind: str
    x: float
    label: str  # what it says in words


@dataclass(frozen=True)
class Line:
    name: str
    y: int
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Drawn:
    width: int
    height: int
    left: int
    columns: Sequence[tuple[float, str]]
    today: float
    lines: Sequence[Line]
    kinds: Sequence[str]  # those that occur, for the legend


def kind(dose: Planned, reported: Collection[str]) -> str:
    """As which mark a dose is shown."""
    if dose.state == GIVEN:
        return "given_late" if dose.on_time is False else "given"
    if dose.code in reported and dose.state != INVALID:
        return "reported"
    return dose.state


def draw(schedule: Schedule, child: Child, plan: Plan, reported: Collection[str], labels: Mapping[str, str]) -> Drawn:
    hers = (dose for dose in plan.doses.values() if dose.state != NOT_APPLICABLE)
    shown = [dose for dose in hers if _is_near(schedule.by_code[dose.code], child, dose)]
    columns = _columns(schedule, shown)
    scale = _Scale([days for days, _ in columns])
    lines = []
    antigens = dict.fromkeys(schedule.by_code[dose.code].antigen for dose in shown)
    for nth, antigen in enumerate(antigens):
        own = [dose for dose in shown if schedule.by_code[dose.code].antigen == antigen]
        name = labels[own[0].code].rstrip(" 0123456789")
        marks = list(_marks(schedule, child, own, reported, labels, scale))
        lines.append(Line(name, HEAD + nth * ROW + ROW // 2, marks))
    found = {mark.kind for line in lines for mark in line.marks}
    return Drawn(
        width=WIDTH,
        height=HEAD + len(lines) * ROW + 4,
        left=NAMES,
        columns=[(scale.at(days), label) for days, label in columns],
        today=scale.at((plan.today - child.born_on).days),
        lines=lines,
        kinds=[each for each in terms.MARKS if each in found],
    )


class _Scale:
    """Ages on the line: the calendar's own stand equally far apart, all others between them."""

    def __init__(self, stops: Sequence[int]) -> None:
        self.stops = stops
        self.first, self.last = NAMES + EDGE, WIDTH - EDGE - 8
        self.step = (self.last - self.first) / max(len(stops) - 1, 1)

    def at(self, days: int) -> float:
        if days >= self.stops[-1]:
            return self.last + (6.0 if days > self.stops[-1] + 30 else 0.0)
        for nth, (low, high) in enumerate(zip(self.stops, self.stops[1:], strict=False)):
            if low <= days < high:
                return round(self.first + self.step * (nth + (days - low) / (high - low)), 1)
        return float(self.first)


def _is_near(rule: Rule, child: Child, dose: Planned) -> bool:
    return dose.given is not None or rule.due is None or rule.due.after(child.born_on) <= child.born_on + FARTHEST


def _columns(schedule: Schedule, shown: Iterable[Planned]) -> list[tuple[int, str]]:
    spans = {
        _days(rule.due): rule.due for dose in shown if (rule := schedule.by_code[dose.code]).due and not rule.due_of
    }
    return [(days, _age(span)) for days, span in sorted(spans.items())] or [(0, "0")]


def _days(span: Span) -> int:
    return (span.after(date(2001, 1, 1)) - date(2001, 1, 1)).days


def _age(span: Span) -> str:
    """Short, above a column; the words stand below the picture."""
    if not span.count:
        return "0"
    return str(gettext("%(n)sw", n=span.count) if span.unit in {"weeks", "days"} else gettext("%(n)sm", n=span.count))


def _marks(
    schedule: Schedule,
    child: Child,
    own: Sequence[Planned],
    reported: Collection[str],
    labels: Mapping[str, str],
    scale: _Scale,
) -> Iterator[Mark]:
    """From the left to the right, none upon another."""
    shown = [
        (_on(schedule, child, dose), Mark(dose.code, kind(dose, reported), 0, says(dose, reported, labels)))
        for dose in own
    ]
    shown += [
        (dose.due, Mark(dose.code, AGAIN, 0, f"{labels[dose.code]} – {terms.MARKS[AGAIN][0]} ({dose.due:%d/%m/%Y})"))
        for dose in own
        if dose.state == INVALID and dose.due is not None
    ]
    shown.sort(key=lambda one: one[0])
    places = [scale.at((on - child.born_on).days) for on, _ in shown]
    for nth in range(1, len(places)):
        places[nth] = max(places[nth], places[nth - 1] + APART)
    most = WIDTH - EDGE + 4.0
    for nth in reversed(range(len(places))):
        places[nth] = min(places[nth], most - APART * (len(places) - 1 - nth))
    for (_, mark), x in zip(shown, places, strict=True):
        yield replace(mark, x=round(x, 1))


def _on(schedule: Schedule, child: Child, dose: Planned) -> date:
    """Where it stands: on the day it was given, else at its age."""
    rule = schedule.by_code[dose.code]
    if dose.given is not None:
        return dose.given
    if rule.due is not None and not rule.due_of:
        return rule.due.after(child.born_on)
    return dose.due or rule.least.after(child.born_on)


def says(dose: Planned, reported: Collection[str], labels: Mapping[str, str]) -> str:
    """A mark in words."""
    shown = kind(dose, reported)
    word = str(terms.MARKS[shown][0])
    day = dose.given if dose.given is not None else None if dose.state in {NOT_NEEDED, "too_old"} else dose.due
    said = f"{labels[dose.code]} – {word}"
    if day is not None:
        said = f"{said} ({day:%d/%m/%Y})"
    return f"{said} – {terms.REASONS[dose.reason]}" if shown == "invalid" and dose.reason in terms.REASONS else said
