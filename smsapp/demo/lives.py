"""Invented lives: how a pregnancy of the demonstration went, and which doses a child was given, all from one chance."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from smsapp.months import after_months
from smsapp.vaccines import planning
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.clinic import Calendar
from smsapp.vaccines.giving import CARD, REPORTED
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.schedule import Schedule

GAP = timedelta(days=28)
YEAR = 12.0


def rising(told: Sequence[float], on: date, today: date) -> float:
    """From the first figure a year ago, and before, to the last one now."""
    months = (today - on).days / 365 * YEAR
    share = min(max(1 - months / YEAR, 0.0), 1.0)
    return told[0] + (told[1] - told[0]) * share


@dataclass(frozen=True)
class Given:
    """A dose as it was written down; without a day it is only reported."""

    code: str
    on: date | None
    said_on: date

    @property
    def source(self) -> str:
        return CARD if self.on else REPORTED


@dataclass(frozen=True)
class Lives:
    """What they are invented from: the data file, the calendar of vaccines, a chance, and the day that it is."""

    told: Mapping[str, Any]
    schedule: Schedule
    chance: random.Random
    today: date

    def doses(self, born: date, clinic: Calendar, village_id: int | None) -> list[Given]:
        """Visit by visit, until one is missed; some come late, some too early, and of some only the word is there."""
        given: list[Given] = []
        last = born
        bcg = self.chance.random() < rising(self.told["bcg"], born, self.today)
        drops = self.chance.random()
        for visit in self.told["visits"]:
            if drops >= self._reached(visit, born):
                break
            late = 0 if visit.get("birth") else self._late()
            wanted = max(born + timedelta(days=visit["days"] + late), last + (GAP if given else timedelta(0)))
            day = clinic.next_day(wanted, "vaccines", village_id)
            if visit["days"] == self.told["early"]["visit"] and self.chance.random() < self.told["early"]["share"]:
                day = born + timedelta(days=self.told["early"]["days"])
            if day > self.today:
                break
            given += self._visit(visit, born, day, bcg=bcg, had={dose.code for dose in given})
            last = day
        return given

    def _reached(self, visit: Mapping[str, Any], born: date) -> float:
        """How likely a child comes to this visit: the later the visit the less, and every month more."""
        if visit.get("birth"):
            return 1.0
        mr1 = rising(self.told["mr1"], born + timedelta(days=275), self.today)
        return mr1 + (1 - mr1) * float(visit["more"]) if visit["more"] >= 0 else mr1 * (1 + float(visit["more"]))

    def _visit(self, visit: Mapping[str, Any], born: date, day: date, *, bcg: bool, had: set[str]) -> list[Given]:
        at_birth = self.chance.random() < rising(self.told["bcg_at_birth"], born, self.today)
        codes = [code for code in visit["doses"] if code != "BCG"]
        if visit.get("birth") and not at_birth:
            codes = []  # she came home before anybody could; BCG is given with the next
        if bcg and "BCG" not in had and (at_birth or not visit.get("birth")):
            codes.append("BCG")
        if codes and self.chance.random() < self.told["reported"] and not visit.get("birth"):
            return [Given(code, None, day) for code in codes]
        known = self.schedule.by_code
        last = {code: known[code].last_day(born) for code in codes if code in known}
        return [Given(code, day, day) for code, end in last.items() if end is None or day <= end]

    def _late(self) -> int:
        """Days: most come within the week, some after more than a month."""
        few, many = self.told["late"]["few"], self.told["late"]["many"]
        return (
            self.chance.randint(*many)
            if self.chance.random() < self.told["late"]["share"]
            else self.chance.randint(*few)
        )

    def plan(self, born: date, sex: str, district: str, given: Sequence[Given]) -> Plan:
        days: dict[str, list[date]] = {}
        for dose in given:
            if dose.on:
                days.setdefault(dose.code, []).append(dose.on)
        return planning.plan(self.schedule, planning.Child(born, district, sex), days, self.today)

    def last_period(self, born: date) -> date:
        return born - TERM + timedelta(days=round(self.chance.gauss(0, 8)))

    def antenatal(self, last_period: date, born: date, clinic: Calendar, village_id: int | None) -> list[date]:
        """The days of none to five visits before the birth; more of them every month."""
        before, now = self.told["antenatal"]["weights"]
        weights = [rising((a, b), born, self.today) for a, b in zip(before, now, strict=True)]
        [count] = self.chance.choices(range(len(weights)), weights)
        weeks = sorted(
            self.chance.sample([self.chance.randint(*span) for span in self.told["antenatal"]["weeks"]], count)
        )
        days = {clinic.next_day(last_period + timedelta(weeks=week), "antenatal", village_id) for week in weeks}
        return sorted(day for day in days if day < born and day <= self.today)

    def postnatal(self, born: date, born_at: str) -> list[date]:
        days = []
        for visit in self.told["postnatal"]:
            day = born + timedelta(days=self.chance.randint(*visit["days"]))
            likely = visit["share"] if born_at == "centre" else visit["share"] * visit["elsewhere"]
            if self.chance.random() < likely and day <= self.today:
                days.append(day)
        return sorted(set(days))

    def born_at(self, born: date) -> str:
        if self.chance.random() < rising(self.told["born_at_centre"], born, self.today):
            return "centre"
        return "elsewhere" if self.chance.random() < self.told["born_elsewhere"] else "home"

    def birthdays(self, a_month: Sequence[int], months: int) -> list[date]:
        """Of the months before this one and of this one, the oldest first; those of the months to come are expected."""
        first = self.today.replace(day=1)
        days = []
        for n in range(-months, self.told["births"]["expected"] + 1):
            days += [
                after_months(first, n) + timedelta(days=self.chance.randrange(28))
                for _ in range(self.chance.randint(*a_month))
            ]
        return days
