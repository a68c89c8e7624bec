"""Months of the calendar, which end with the month where it is shorter."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def after_months(day: date, months: int) -> date:
    """The same day so many months later; where the month is too short, its last."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
