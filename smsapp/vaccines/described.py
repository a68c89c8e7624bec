"""A plan asked for and told as plain data, for `flask vaccines plan --json`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from smsapp.vaccines.planning import Child, Planned, plan
from smsapp.vaccines.schedule import Schedule

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KEYS = frozenset({"birth", "given", "today", "district", "sex"})


def describe(schedule: Schedule, told: Any) -> dict[str, Any]:
    """The plan of the child that `told` describes; ValueError with one sentence where it can not be one.

    In: `{"birth": date, "given": {"PENTA1": date, …}, "today": date, "district": "Sikasso", "sex": "F"}`; all but birth
    and today may be missing. Out: `{"doses": {"PENTA1": {"due", "given", "valid", "state", "reason"}, …}, "next": …}`,
    with every dose in use: one that is not for this child is `not_applicable`. `next` is what can be given on one day.
    """
    if not isinstance(told, Mapping):
        raise ValueError("should be one object with birth, given and today")
    if unknown := set(told) - _KEYS:
        raise ValueError(f"{sorted(unknown)[0]!r} is not known; there are {', '.join(sorted(_KEYS))}")
    today, born = _date("today", told.get("today")), _date("birth", told.get("birth"))
    if born > today:
        raise ValueError(f"birth {born} comes after today {today}")
    child = Child(born, _word("district", told.get("district", "")), _sex(told["sex"]) if "sex" in told else "")
    given = _given(schedule, told.get("given", {}), born, today)
    try:
        made = plan(schedule, child, given, today)
    except (OverflowError, ValueError) as why:
        raise ValueError(f"birth {born} is too near to the end of the calendar") from why
    visit = made.next_visit
    return {
        "doses": {code: _one(dose) for code, dose in made.doses.items()},
        "next": {"date": visit[0].isoformat(), "doses": list(visit[1])} if visit else None,
    }


def _given(schedule: Schedule, told: Any, born: date, today: date) -> dict[str, date]:
    if not isinstance(told, Mapping):
        raise ValueError('given should be an object such as {"PENTA1": "2025-02-26"}')
    known = {dose.code for dose in schedule.known}
    given = {}
    for code, raw in told.items():
        if code not in known:
            raise ValueError(f"dose {code!r} is unknown; there are {', '.join(sorted(known))}")
        given[code] = _date(code, raw)
        if given[code] < born:
            raise ValueError(f"{code} on {given[code]} is before the birth on {born}")
        if given[code] > today:
            raise ValueError(f"{code} on {given[code]} is after today {today}")
    return given


def _date(name: str, raw: Any) -> date:
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise ValueError(f"{name} should be a date such as 2025-01-15, not {raw!r}"[:200])


def _word(name: str, raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{name} should be a word")
    return raw


def _sex(raw: Any) -> str:
    if raw not in ("F", "M"):
        raise ValueError(f"sex should be F or M, not {raw!r}"[:200])
    return str(raw)


def _one(dose: Planned) -> dict[str, Any]:
    return {
        "due": dose.due.isoformat() if dose.due else None,
        "given": dose.given.isoformat() if dose.given else None,
        "valid": dose.valid,
        "state": dose.state,
        "reason": dose.reason,
    }
