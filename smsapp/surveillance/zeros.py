"""The week that a report of no case names: `99 S46`, `RAS semaine 46`."""

from __future__ import annotations

import re
from datetime import date, timedelta

from smsapp.surveillance.said import Unread
from smsapp.surveillance.weeks import Week

MOST_BACK = 12  # weeks: a number further back was mistyped
_NAMED = re.compile(
    r"(?P<nothing>.+?)(?:[\s,.;:-]+|(?<=\d))(?:(?:de )?la )?(?:semaine|sem|s|week|w|dogokun)[\s.:]*(?P<week>\d{1,4})\W*"
)


def named(key: str) -> tuple[str, int] | None:
    """What stands before the week at the end of a text, and its number."""
    found = _NAMED.fullmatch(key)
    return (found["nothing"], int(found["week"])) if found else None


def monday(number: int, code: int, today: date) -> date:
    """Of the last week of this number that has begun."""
    last = Week.of(today)
    for back in range(MOST_BACK + 1):
        if (week := last.plus(-back)).number == number:
            return week.monday
    raise Unread("week", typed=f"S{number}", most=MOST_BACK, example=written(code, today - timedelta(weeks=1)))


def written(code: int, day: date) -> str:
    """A text that tells of the week of this day."""
    return f"{code} S{Week.of(day).number}"
