"""Reports of the demonstration: what villages always have, what happened once, and weeks with nothing to tell."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from smsapp.demo.villages import Village
from smsapp.runtime import Runtime
from smsapp.surveillance.diseases import Disease, of_country
from smsapp.surveillance.weeks import Week

WEEK = timedelta(days=7)
CODES = 0.4  # share of reports that are sent by number, and tell no more of an age than its group
BY_KEYPAD = 0.3


class Reports:
    """The rows of a year; `of_event` tells which of them belong to what happened."""

    def __init__(
        self, rt: Runtime, told: Mapping[str, Any], chance: random.Random, villages: Sequence[Village], first: int
    ) -> None:
        self.rt, self.told, self.chance = rt, told, chance
        self.villages = {village.name: village for village in villages}
        self.first = first
        self.diseases = of_country(rt.settings.country)
        self.now = rt.local_now()
        self.of_event: dict[int, set[int]] = {}

    def all(self) -> list[dict[str, Any]]:
        """In the order in which they came."""
        rows = [row for village in self.villages.values() for row in self._usual(village)]
        rows += [row for event in self.told["events"] for row in self._event(event)]
        rows += self._zeros(rows)
        rows.sort(key=lambda row: row["received_at"])
        for number, row in enumerate(rows, start=self.first):
            row["number"] = number
            event = row.pop("event")
            if event is not None:
                self.of_event.setdefault(event, set()).add(number)
        return rows

    def _usual(self, village: Village) -> Iterator[dict[str, Any]]:
        monday = Week.of(self.now.date()).monday - self.told["weeks"] * WEEK
        quiet = self._silent_from(village)
        while monday < self.now.date():
            for disease, by_month in self.told["usual"].items():
                for _ in range(self._many(by_month[monday.month - 1])):
                    at = self._hour(monday + timedelta(days=self.chance.randrange(7)))
                    if at < self.now and (quiet is None or at.date() < quiet):
                        yield self._row(self.diseases.by_key[disease], village, at)
            monday += WEEK

    def _many(self, mean: float) -> int:
        """So many as there are at a time of this mean, without the runs of chance that would be outbreaks."""
        return int(mean) + (self.chance.random() < mean - int(mean))

    def _event(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        disease, village = self.diseases.by_key[event["disease"]], self.villages[event["village"]]
        for back in event["cases"]:
            day = self.now.date() - timedelta(days=back)
            at = self._hour(day) if back else self.now - timedelta(minutes=25)
            since = self.now.date() - timedelta(days=event["emerged"]) if "emerged" in event else None
            young = self.chance.random() < event.get("under_five", 0.3)
            row = self._row(disease, village, at, young=young)
            yield row | {"since": since if back == event["cases"][0] else None, "event": id(event)}

    def _row(self, disease: Disease, village: Village, at: datetime, young: bool | None = None) -> dict[str, Any]:
        chance = self.chance
        person_id, number = chance.choice(village.workers)
        row = self._base(village, person_id, number, at) | {"kind": "case", "disease": disease.key}
        if disease.kind == "event":
            return row | {"kind": "event", "count": disease.counts, "died": disease.counts if disease.deaths else 0}
        row["died"] = int(disease.deaths)
        if young is None:
            young = chance.random() < 0.55
        sex = disease.sex or chance.choice(("female", "male"))
        row |= {"sex": sex, "age_group": "under_five" if young else "five_or_more"}
        if disease.ages.under is not None and disease.ages.under <= WEEK.days * 5:
            return row | {"age_group": "under_five", "age_count": chance.randint(2, 20), "age_unit": "days"}
        if chance.random() >= CODES:
            row |= {"age_count": chance.randint(1, 4) if young else chance.randint(15, 44), "age_unit": "years"}
        return row

    def _base(self, village: Village, person_id: int, number: str, at: datetime) -> dict[str, Any]:
        return {
            "standing": "counted",
            "sex": None,
            "age_count": None,
            "age_unit": None,
            "age_group": None,
            "count": 1,
            "died": 0,
            "village_id": village.id,
            "facility_id": village.facility_id,
            "district_id": village.district_id,
            "since": None,
            "counted_on": at.date(),
            "week": Week.of(at.date()).monday,
            "received_at": at,
            "reporter_id": person_id,
            "phone": number,
            "channel": "ussd" if self.chance.random() < BY_KEYPAD else "sms",
            "event": None,
        }

    def _zeros(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """A report of nothing for most of the weeks in which a village had nothing to tell."""
        told = {(row["village_id"], row["week"]) for row in rows}
        last = Week.of(self.now.date()).plus(-1).monday
        weeks = [last - n * WEEK for n in range(self.told["weeks"])]
        return [
            zero
            for village in self.villages.values()
            for monday in weeks
            if (village.id, monday) not in told and (zero := self._zero(village, monday)) is not None
        ]

    def _zero(self, village: Village, monday: date) -> dict[str, Any] | None:
        chance, quiet = self.chance, self._silent_from(village)
        if chance.random() >= self.told["zero"] or (quiet is not None and monday >= quiet):
            return None
        end = datetime.combine(monday + WEEK, time(), self.rt.settings.timezone)
        hours = chance.uniform(13, 44) if chance.random() < self.told["late"] else chance.uniform(-6, 11)
        if (at := end + timedelta(hours=hours)) >= self.now:
            return None
        person_id, number = chance.choice(village.workers)
        zero = {"kind": "zero", "disease": self.diseases.zero.key, "count": 0, "week": monday}
        return self._base(village, person_id, number, at) | zero

    def _silent_from(self, village: Village) -> date | None:
        weeks = self.told["silent"].get(village.name)
        return Week.of(self.now.date()).plus(-weeks).monday if weeks else None

    def _hour(self, day: date) -> datetime:
        at = time(7 + self.chance.randrange(12), self.chance.randrange(60))
        return datetime.combine(day, at, self.rt.settings.timezone)
