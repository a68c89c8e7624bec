"""Searches of the demonstration: for each visit that a child missed since the programme began, how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from smsapp.demo.lives import GAP, Given, Lives
from smsapp.vaccines import sought
from smsapp.vaccines.planning import MISSED, Plan

PROGRAMME = timedelta(days=365)
ESCALATED = timedelta(days=14)


def searches(
    lives: Lives, born: date, came: date, given: Sequence[Given], made: Plan, ended: tuple[str, date | None]
) -> Iterator[dict[str, Any]]:
    """One after the other: a visit that came late was found, one that never came is open or was refused."""
    on = {dose.code: dose.said_on for dose in given}
    free = last = None
    for visit in lives.told["visits"]:
        due = max(born + timedelta(days=visit["days"]), last + GAP if last else born)
        seen = min((on[code] for code in visit["doses"] if code in on), default=None)
        last = seen or last
        opened = max(sought.missed_from(lives.schedule, due, came), free or due)
        missed = [code for code in visit["doses"] if code in made.doses]
        if opened >= lives.today or (ended[1] and opened >= ended[1]):
            return
        if opened < lives.today - PROGRAMME or (seen and seen <= opened):
            continue
        if seen:
            free = seen
            yield _row(opened, missed, closed_on=seen, outcome=sought.VACCINATED, outcome_on=seen)
        elif any(made.doses[code].state == MISSED for code in missed) or ended[1]:
            yield _without(lives, opened, missed, ended)
            return


def _without(lives: Lives, opened: date, doses: list[str], ended: tuple[str, date | None]) -> dict[str, Any]:
    """She has not come: her family went away, refused, or is still looked for."""
    chance, told, today = lives.chance, lives.told["searches"], lives.today
    if ended[1]:
        outcome = sought.ENDED.get(ended[0])
        return _row(opened, doses, closed_on=ended[1], outcome=outcome, outcome_on=ended[1] if outcome else None)
    answered = opened + timedelta(days=chance.randint(8, 40))
    drawn = chance.random()
    if answered > today or drawn >= told["refused"] + told["seen"]:
        row = _row(opened, doses)
        late = row["told_on"] and row["told_on"] + ESCALATED
        return row | {"told_on": _so_far(row["told_on"], today), "escalated_on": _so_far(late, today)}
    if drawn < told["refused"]:
        return _row(opened, doses, closed_on=answered, outcome="refused", outcome_on=answered)
    late = _so_far(answered + ESCALATED, today)
    return _row(opened, doses, outcome="seen", outcome_on=answered, escalated_on=late)


def _row(opened: date, doses: list[str], closed_on: date | None = None, **ended: Any) -> dict[str, Any]:
    """Told on the Monday after, where it lasted until then."""
    monday = opened + timedelta(days=(7 - opened.weekday()) % 7)
    told_on = None if closed_on and closed_on < monday else monday
    row = {"opened_on": opened, "doses": doses, "told_on": told_on, "escalated_on": None, "closed_on": closed_on}
    return row | {"outcome": None, "outcome_on": None} | ended


def _so_far(day: date | None, today: date) -> date | None:
    return day if day and day <= today else None
