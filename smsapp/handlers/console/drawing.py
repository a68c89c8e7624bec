"""Small lines drawn on the server, and what a chart says in a sentence for whoever can not see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import format_date, gettext
from markupsafe import Markup

from smsapp.figures.shapes import Week
from smsapp.handlers.console import shell

WIDTH, HEIGHT, EDGE = 240, 36, 4
number = shell.FILTERS["number"]


def line(days: Mapping[date, int]) -> Markup:
    """The days as a line with a dot on the last, and in words."""
    figures = list(days.values())
    most = max([*figures, 1])
    step = (WIDTH - 2 * EDGE) / max(len(figures) - 1, 1)
    points = [(EDGE + n * step, HEIGHT - EDGE - f * (HEIGHT - 2 * EDGE) / most) for n, f in enumerate(figures)]
    words = gettext(
        "The last %(days)s days: from %(least)s to %(most)s a day, %(today)s today.",
        days=len(figures),
        least=number(min(figures)),
        most=number(max(figures)),
        today=number(figures[-1]),
    )
    return Markup(
        '<svg class="line" viewBox="0 0 {w} {h}" preserveAspectRatio="xMinYMid meet" role="img" aria-label="{words}">'
        '<polyline points="{points}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3"/></svg>'
    ).format(
        w=WIDTH,
        h=HEIGHT,
        words=words,
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        x=points[-1][0],
        y=points[-1][1],
    )


def against_before(week: Week) -> str:
    """How this week compares with the same days of the one before."""
    values = {"n": number(week.before)}
    if week.week == week.before:
        return str(gettext("As on the same days last week."))
    if not week.before:
        return str(gettext("None on the same days last week."))
    values["percent"] = number(round(abs(week.week - week.before) * 100 / week.before))
    if week.week > week.before:
        return str(gettext("▲ %(percent)s %% more than on the same days last week (%(n)s).", **values))
    return str(gettext("▼ %(percent)s %% less than on the same days last week (%(n)s).", **values))


def month_name(month: date) -> str:
    return str(format_date(month, "LLLL y"))


def short_month(month: date) -> str:
    return str(format_date(month, "LLL yy"))


def day_name(day: date) -> str:
    return str(format_date(day, "d MMMM"))


def short_day(day: date) -> str:
    return str(format_date(day, "d MMM"))


def trend(points: Sequence[tuple[date, Any]], name: Callable[[date], str] = month_name) -> str:
    """A line in a sentence; days or months without a figure are left out."""
    known = [(at, value) for at, value in points if value is not None]
    if not known:
        return str(gettext("There is no figure yet."))
    first, last = known[0], known[-1]
    values = {
        "first_at": name(first[0]),
        "last_at": name(last[0]),
        "first": number(first[1]),
        "last": number(last[1]),
        "least": number(min(value for _, value in known)),
        "most": number(max(value for _, value in known)),
    }
    if len(known) == 1:
        return str(gettext("There is one figure: %(last)s in %(last_at)s.", **values))
    words = gettext("%(first_at)s: %(first)s; %(last_at)s: %(last)s; never under %(least)s or over %(most)s.", **values)
    return str(words)
