"""A country's visits before and after a birth, read from `data/antenatal/<country>.yaml`, and their days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from smsapp import yamls

FOLDER = Path(__file__).resolve().parent.parent / "data" / "antenatal"
TERM = timedelta(days=280)  # from the last period to the day of birth
WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Visit:
    """One visit of a pregnancy: it should be from `due` to `latest`, and counts from `opens` to `closes`."""

    code: str
    due: date
    latest: date
    opens: date
    closes: date
    reminders: tuple[int, ...]

    def taken(self, days: Iterable[date]) -> date | None:
        """The first of these days on which it took place."""
        return min((day for day in days if self.opens <= day <= self.closes), default=None)


@dataclass(frozen=True)
class Before:
    """A visit before the birth, in weeks from the last period; `counts` are completed weeks."""

    code: str
    target: tuple[int, int]
    counts: tuple[int, int]


@dataclass(frozen=True)
class After:
    """A visit after the birth, in days."""

    code: str
    target: int
    days: tuple[int, int]
    reminders: tuple[int, ...]


@dataclass(frozen=True)
class Contacts:
    """How often a mother is asked how her child is, and up to which age."""

    every: int
    spared: int
    months: int
    mourning: int


@dataclass(frozen=True)
class Care:
    """What a country does for mothers; `before` by the number of visits."""

    country: str
    reminders: tuple[int, ...]
    before: Mapping[int, Sequence[Before]]
    birth_plan: int
    ask_born: int
    after: Sequence[After]
    contacts: Contacts | None


NONE = Care("", (), {}, 0, 0, (), None)


@cache
def of_country(country: str) -> Care:
    """The visits of COUNTRY; none for a country that has no file here."""
    path = FOLDER / f"{country.lower()}.yaml"
    return read(path) if path.exists() else NONE


def read(path: Path) -> Care:
    raw = yamls.typed(path)
    told, birth = raw["antenatal"], raw["birth"]
    return Care(
        country=raw["country"],
        reminders=tuple(told["reminders"]),
        before={int(n): tuple(_before(each) for each in some) for n, some in told["visits"].items()},
        birth_plan=birth["plan"],
        ask_born=birth["ask"],
        after=tuple(_after(each) for each in raw["postnatal"]),
        contacts=Contacts(**raw["contact"]),
    )


def due_on(last_period: date) -> date:
    """The day of birth."""
    return last_period + TERM


def weeks(last_period: date, day: date) -> int:
    """Completed weeks of a pregnancy."""
    return (day - last_period) // WEEK


def before_birth(care: Care, count: int, birth_due: date) -> Sequence[Visit]:
    """The visits of a pregnancy by its day of birth, where so many are made; the earliest first."""
    start = birth_due - TERM
    return [
        Visit(
            code=one.code,
            due=start + one.target[0] * WEEK,
            latest=start + one.target[1] * WEEK,
            opens=start + one.counts[0] * WEEK,
            closes=start + (one.counts[1] + 1) * WEEK - DAY,
            reminders=care.reminders,
        )
        for one in care.before.get(count, ())
    ]


def after_birth(care: Care, born_on: date) -> Sequence[Visit]:
    """The visits after a birth, the earliest first."""
    return [
        Visit(
            code=one.code,
            due=born_on + one.target * DAY,
            latest=born_on + one.days[1] * DAY,
            opens=born_on + one.days[0] * DAY,
            closes=born_on + one.days[1] * DAY,
            reminders=one.reminders,
        )
        for one in care.after
    ]


def _before(told: Mapping[str, Any]) -> Before:
    return Before(told["code"], _pair(told["target"]), _pair(told["counts"]))


def _after(told: Mapping[str, Any]) -> After:
    return After(told["code"], told["target"], _pair(told["days"]), tuple(told["reminders"]))


def _pair(told: Sequence[int]) -> tuple[int, int]:
    first, last = told
    return first, last
